//! How a partner's server makes tokens: the files of `examples/embed`, with the client filled in.

use url::Url;

use crate::error::{Error, Result};

/// A language there is a snippet in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "SnippetLanguage", rename_all = "lowercase")]
pub enum Language {
    /// TypeScript, for Node 20 or newer.
    Typescript,
    /// Python 3, with the package `cryptography`.
    Python,
    /// Java 17 or newer.
    Java,
    /// PHP 8, with the package `phpseclib`.
    Php,
    /// A shell with `openssl` and `curl`.
    Curl,
}

/// What stands in the files for the client and the address of the server.
const CLIENT: &str = "CLIENT_ID";
const ADDRESS: &str = "https://concierge.example";

/// The files in this language: names and texts.
pub fn of(
    language: Language,
    client_id: &str,
    address: Option<&str>,
) -> Result<Vec<(String, String)>> {
    let address = match address {
        None => ADDRESS.to_owned(),
        Some(address) => origin(address)?,
    };
    let file = match language {
        Language::Typescript => (
            "api_token.ts",
            include_str!("../../examples/embed/api_token.ts"),
        ),
        Language::Python => (
            "api_token.py",
            include_str!("../../examples/embed/api_token.py"),
        ),
        Language::Java => (
            "ApiToken.java",
            include_str!("../../examples/embed/ApiToken.java"),
        ),
        Language::Php => (
            "api_token.php",
            include_str!("../../examples/embed/api_token.php"),
        ),
        Language::Curl => (
            "api_token.sh",
            include_str!("../../examples/embed/api_token.sh"),
        ),
    };
    let page = (
        "embed.html",
        include_str!("../../examples/embed/embed.html"),
    );
    let filled = |(name, text): (&str, &str)| {
        let text = text.replace(CLIENT, client_id).replace(ADDRESS, &address);
        (name.to_owned(), text)
    };
    Ok([file, page].into_iter().map(filled).collect())
}

/// What would stand in a page is checked to be an address and nothing else.
fn origin(address: &str) -> Result<String> {
    let url = Url::parse(address).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| {
        Error::invalid("The address is like https://concierge.example, without a path.")
    })?;
    Ok(url.origin().ascii_serialization())
}
