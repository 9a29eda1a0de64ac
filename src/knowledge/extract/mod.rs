//! Bytes of a document to its text.
