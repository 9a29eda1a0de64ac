//! The only HTTP client for addresses that users give.
