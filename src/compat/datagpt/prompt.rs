//! `POST /upload_prompt`: text files become prompts of the client, by the names of the files.

use std::sync::Arc;

use poem::{Response, http::StatusCode};
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::{
    DataGpt,
    envelope::{bad, success},
    fields::Given,
    train::kilobytes,
};
use crate::{
    compat::{Call, Fault, fastapi},
    error::{Error, Result},
    http::revision::IfMatch,
    identity::Who,
    prompts::prompt::{self, At, Change, Texts},
};

/// Files of one call.
const FILES_MAX: usize = 20;

#[derive(Serialize)]
struct Uploaded {
    size_type: &'static str,
    all_file_size: f64,
}

/// `{file_list: [addresses of .txt files]}`
pub async fn upload(state: Arc<DataGpt>, mut call: Call) -> Result<Response, Fault> {
    let given = Given::read(&mut call).await?;
    let asker = state.guard.admit(&call, given.text("secret")).await?;
    prompt::check_may(&asker.who)?;
    let list = given.texts("file_list")?;
    if list.is_empty() || list.len() > FILES_MAX {
        return Err(bad(format!("file_list has 1 to {FILES_MAX} files.")));
    }
    let names: Option<Vec<String>> = list.iter().map(|url| name_of(url)).collect();
    let names = names.ok_or_else(not_txt)?;
    let mut texts = Vec::with_capacity(list.len());
    for url in list {
        texts.push(
            state
                .app
                .fetcher
                .get(url, &state.prompt_policy)
                .await?
                .bytes,
        );
    }
    let bytes: usize = texts.iter().map(Vec::len).sum();
    put_all(&state, &asker.who, &names, texts).await?;
    Ok(success(Uploaded {
        size_type: "kb",
        all_file_size: kilobytes(bytes as i64),
    }))
}

async fn put_all(state: &DataGpt, who: &Who, names: &[String], texts: Vec<Vec<u8>>) -> Result<()> {
    let now = state.app.clock.now();
    let mut tx = state.app.db.client(who.client).await?;
    for (name, text) in names.iter().zip(texts) {
        let text = String::from_utf8(text)
            .map_err(|_| Error::invalid(format!("{name}.txt is no text in UTF-8.")))?;
        let text = Some(template(text.trim_start_matches('\u{feff}')));
        let change = Change {
            texts: Texts {
                zh: text.clone(),
                en: text,
            },
            note: "upload_prompt".to_owned(),
            ..Change::default()
        };
        let at = At { name, base: None };
        // whatever was there: sent again, a file counts again
        let seen = match prompt::find(&mut tx, who, name, None).await {
            Ok((there, _)) => IfMatch::Revision(there.version),
            Err(Error::NotFound(_)) => IfMatch::Revision(0),
            Err(error) => return Err(error),
        };
        prompt::put(&mut tx, who, at, seen, change, now).await?;
    }
    tx.commit().await
}

/// The name of the prompt that a file is; `None` for one that is not called `.txt`.
fn name_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let file = url.path_segments()?.next_back()?.to_owned();
    let stem = file.to_lowercase();
    let stem = stem.strip_suffix(".txt")?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let name: String = stem
        .chars()
        .map(|c| if fits(c) { c } else { '_' })
        .collect();
    (!name.is_empty()).then_some(name)
}

fn not_txt() -> Fault {
    let text = json!({"code": 1, "msg": "file is not txt"});
    fastapi::json(StatusCode::BAD_REQUEST, &text).into()
}

/// What the places are in which the original put its values. Passages have a place here too;
/// earlier messages and the question follow as messages of their own.
const PLACES: [(&str, &str); 3] = [
    ("{context}", "{{passages}}"),
    ("{history}", "(the conversation that follows · 见下文对话)"),
    ("{question}", "(the last message · 见最后一条消息)"),
];

/// A template of Python's `format` as one of ours.
fn template(text: &str) -> String {
    // written twice, a brace was meant as one; `{{` would open a place here
    let mut text = text.replace("{{", "{ ").replace("}}", " }");
    for (place, ours) in PLACES {
        text = text.replace(place, ours);
    }
    if !text.contains("{{passages}}") {
        text.push_str("\n\n{{passages}}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::template::Template;

    #[test]
    fn a_file_gives_its_name_to_the_prompt() {
        for (url, name) in [
            ("https://a.example/p/master.txt", Some("master")),
            ("https://a.example/Sales%20Bot.TXT?x=1", Some("sales_20bot")),
            ("https://a.example/master.md", None),
            ("https://a.example/txt", None),
            ("https://a.example/.txt", None),
            ("master.txt", None),
            ("", None),
        ] {
            assert_eq!(name_of(url).as_deref(), name, "{url}");
        }
    }

    #[test]
    fn places_of_the_original_become_ours() {
        let text = template("Use {context}.\n{history}\nQ: {question}\n{{\"a\": {{}}}}");
        let passages = Template::read(&text).unwrap().render(&[("passages", "P")]);
        assert!(passages.starts_with("Use P.\n("), "{passages}");
        assert!(passages.contains("{ \"a\":"), "{passages}");
        assert!(!passages.contains("{question}"), "{passages}");
        assert!(template("Be kind.").ends_with("{{passages}}"));
    }
}
