//! Origins of pages: `https://shop.example`, as browsers write them.

use url::Url;

use crate::error::{Error, Result};

/// A client's list, or that of all: nothing else is ever let in, and an empty one lets nobody in.
#[derive(Debug, Default)]
pub struct Origins(Vec<Box<str>>);

impl Origins {
    /// Out of the database; what is no origin is left out.
    pub fn of(texts: Vec<String>) -> Self {
        let mut origins: Vec<Box<str>> = texts
            .iter()
            .filter_map(|text| check(text).ok())
            .map(Into::into)
            .collect();
        origins.sort_unstable();
        Self(origins)
    }

    /// Whether it stands in the list.
    pub fn lists(&self, origin: &str) -> bool {
        self.0.binary_search_by(|own| (**own).cmp(origin)).is_ok()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|origin| &**origin)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An origin as browsers write it: small letters, no port that goes without saying, nothing behind.
///
/// # Errors
/// `Invalid` for anything else, `null` and `*` included.
pub fn check(text: &str) -> Result<String> {
    let wrong = || {
        Error::invalid(format!(
            "An origin is written like https://shop.example or http://127.0.0.1:8000, without a path: {text} is none."
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let origin = url.origin().ascii_serialization();
    // it is put into a header among others
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:/-[]_".contains(&byte);
    if bare && origin.len() <= 300 && origin.bytes().all(plain) {
        Ok(origin)
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_maybe_a_port() {
        for (text, origin) in [
            ("https://shop.example", Some("https://shop.example")),
            ("HTTPS://Shop.Example:443/", Some("https://shop.example")),
            ("http://127.0.0.1:8000", Some("http://127.0.0.1:8000")),
            ("http://[::1]:8000", Some("http://[::1]:8000")),
            (
                "https://bücher.example",
                Some("https://xn--bcher-kva.example"),
            ),
            ("https://shop.example/page", None),
            ("https://shop.example?x", None),
            ("https://user@shop.example", None),
            ("https://*.example", None),
            ("https://a.example;frame-src", None),
            ("*", None),
            ("null", None),
            ("", None),
            ("shop.example", None),
            ("file:///x", None),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(check(text).ok().as_deref(), origin, "{text}");
        }
    }

    #[test]
    fn an_empty_list_lists_nobody() {
        let none = Origins::of(vec!["*".into(), "nonsense".into()]);
        assert!(none.is_empty() && !none.lists("*") && !none.lists("https://a.example"));
        let some = Origins::of(vec![
            "https://b.example/".into(),
            "https://a.example".into(),
        ]);
        assert!(some.lists("https://a.example") && some.lists("https://b.example"));
        for other in ["https://a.example.evil", "http://a.example", "null", ""] {
            assert!(!some.lists(other), "{other}");
        }
    }
}
