//! The document the chat verbs work on.
