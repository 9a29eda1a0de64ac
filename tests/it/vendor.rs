//! Tests of vendor.
