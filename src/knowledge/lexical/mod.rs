//! Words, packed postings and BM25.
