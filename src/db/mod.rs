//! The only door to PostgreSQL.

pub mod embedded;
