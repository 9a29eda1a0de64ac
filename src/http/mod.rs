//! Envelope, paging and tags of the native API.
