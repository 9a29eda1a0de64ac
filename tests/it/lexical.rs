//! Tests of lexical.
