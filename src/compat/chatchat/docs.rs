//! Entries of `docs`: where an answer comes from, in Markdown.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Chatchat, stream::Docs};
use crate::{chat::event::FoundPassage, compat::Call};

/// The one entry when nothing was found.
pub const NOTHING_FOUND: &str =
    "<span style='color:red'>未找到相关文档,该回答为大模型自身能力解答！</span>";

/// What Python's `quote` and `urlencode` leave as it is.
pub(super) const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');

/// Makes them for a base of this name.
pub fn of_base(base_url: String, base: String) -> Docs {
    Box::new(move |found| entries(&base_url, &base, found))
}

/// The entries for what was found.
pub fn entries(base_url: &str, base: &str, found: &[FoundPassage]) -> Vec<String> {
    if found.is_empty() {
        return vec![NOTHING_FOUND.to_owned()];
    }
    let entry = |passage: &FoundPassage| {
        let (n, file, text) = (passage.n, &passage.document_name, &passage.text);
        let (base, name) = (encode(base), encode(file));
        format!(
            "出处 [{n}] [{file}]({base_url}knowledge_base/download_doc?knowledge_base_name={base}&file_name={name}) \n\n{text}\n\n"
        )
    };
    found.iter().map(entry).collect()
}

/// The entries for pages of the web: address and what stands there.
pub fn of_web(pages: Vec<(String, String)>) -> Docs {
    Box::new(move |_| {
        let entry = |((url, snippet), n): (&(String, String), usize)| {
            format!("出处 [{n}] [{url}]({url}) \n\n{snippet}\n\n")
        };
        pages.iter().zip(1..).map(entry).collect()
    })
}

/// In the query of an address, with spaces as Python writes them there.
fn encode(text: &str) -> String {
    utf8_percent_encode(text, QUERY)
        .to_string()
        .replace("%20", "+")
}

/// The address of this server, with a slash at its end: the one that is set, else the one asked for.
pub fn base_url(chatchat: &Chatchat, call: &Call) -> String {
    let public = chatchat.app.config.text("server", "public_url");
    if !public.is_empty() {
        return format!("{}/", public.trim_end_matches('/'));
    }
    let host = call.header("host").filter(|host| is_host(host));
    let scheme = call.request.scheme();
    format!("{scheme}://{}/", host.unwrap_or("localhost"))
}

/// A host goes into a link: what could end one is none.
fn is_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_[]".contains(&byte);
    !host.is_empty() && host.len() <= 255 && host.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::{ChunkId, DocumentId};

    #[test]
    fn an_entry_is_a_link_and_the_text() {
        let found = FoundPassage {
            n: 1,
            document_id: DocumentId(Uuid::nil()),
            document_name: "保修 1.md".into(),
            version: 1,
            chunk_id: ChunkId(Uuid::nil()),
            start: 0,
            end: 2,
            page: None,
            text: "两年".into(),
        };
        assert_eq!(
            entries("http://h/", "政策", &[found]),
            [
                "出处 [1] [保修 1.md](http://h/knowledge_base/download_doc?knowledge_base_name=%E6%94%BF%E7%AD%96&file_name=%E4%BF%9D%E4%BF%AE+1.md) \n\n两年\n\n"
            ]
        );
        assert_eq!(entries("http://h/", "x", &[]), [NOTHING_FOUND]);
    }

    #[test]
    fn a_host_cannot_write_markdown() {
        assert!(is_host("chat.example:8080") && is_host("[::1]:80"));
        for other in ["", "a)b", "a b", "a/b", "a](x"] {
            assert!(!is_host(other), "{other}");
        }
    }
}
