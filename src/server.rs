//! Assembles every API into services.
