//! Cuts a text into chunks along its structure.
