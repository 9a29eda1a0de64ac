//! Which revision of a thing a caller means: `ETag` in an answer, `If-Match` in the request that
//! changes it.

use crate::error::{Error, Result};

/// What a caller saw of a thing that it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// This revision.
    Revision(i32),
    /// Whichever there is (`*`).
    Any,
    /// Something that is none of ours, so it never is what is there.
    Other,
}

impl IfMatch {
    /// Reads the header.
    ///
    /// # Errors
    /// `Invalid` when it is missing: whoever changes a thing says what it saw of it.
    pub fn needed(header: Option<&str>) -> Result<Self> {
        let header = header.map(str::trim).filter(|header| !header.is_empty());
        let header = header.ok_or_else(|| {
            Error::invalid("The header If-Match is missing: send the ETag of what you change.")
        })?;
        if header == "*" {
            return Ok(Self::Any);
        }
        let bare = header
            .strip_prefix("W/")
            .unwrap_or(header)
            .trim_matches('"');
        Ok(bare.parse().map_or(Self::Other, Self::Revision))
    }

    /// Whether this is the revision that is there.
    pub fn is(self, revision: i32) -> bool {
        match self {
            Self::Revision(seen) => seen == revision,
            Self::Any => true,
            Self::Other => false,
        }
    }
}

/// The `ETag` of a revision.
pub fn etag(revision: i32) -> String {
    format!("\"{revision}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_read_as_it_is_written() {
        for (header, is) in [("\"3\"", true), ("3", true), ("W/\"3\"", true), ("*", true)] {
            assert_eq!(IfMatch::needed(Some(header)).unwrap().is(3), is, "{header}");
        }
        assert!(IfMatch::needed(Some(&etag(3))).unwrap().is(3));
        for header in [
            "\"2\"",
            "\"03x\"",
            "\"abc\"",
            "\"99999999999\"",
            "\"3\", \"4\"",
        ] {
            assert!(!IfMatch::needed(Some(header)).unwrap().is(3), "{header}");
        }
        for header in [None, Some(""), Some(" ")] {
            assert_eq!(IfMatch::needed(header).unwrap_err().code(), "invalid");
        }
    }
}
