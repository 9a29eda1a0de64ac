//! One test binary; a file per feature.

mod cluster;
mod embedded;
mod extract;
mod fetch;
mod lexical;
mod models;
mod vendor;
