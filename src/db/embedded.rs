//! The PostgreSQL that the server brings along and runs itself.
