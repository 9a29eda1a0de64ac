//! The prompts of a client and of its bases: read, changed, taken back. Every change is a version
//! that says who made it.

use time::OffsetDateTime;

use super::{
    layers::{Layer, Layers},
    shipped::{self, ANSWER, FREE, NO_ANSWER, TITLE},
    store::{self, PromptRow, VersionRow},
    template::{TEXT_CHARS_MAX, Template},
};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    http::revision::IfMatch,
    identity::Who,
    ids::{BaseId, PromptId},
    knowledge::base,
    models::Language,
};

/// Prompts of a client, or of a base, at most.
const PROMPTS_MAX: usize = 100;
/// Versions of a prompt that are kept.
const VERSIONS_KEPT: i32 = 100;
/// Characters of a name, a title, a description and a note at most.
const NAME_CHARS_MAX: usize = 50;
const TITLE_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 2_000;
const NOTE_CHARS_MAX: usize = 500;

/// The texts of a prompt in one layer; none in a language means that the layer below counts in it.
#[derive(Clone, Debug, Default, PartialEq, sqlx::FromRow)]
pub struct Texts {
    /// In Chinese.
    pub zh: Option<String>,
    /// In English.
    pub en: Option<String>,
}

/// Where the text of a prompt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "PromptSource", rename_all = "snake_case")]
pub enum Source {
    /// The server's.
    Shipped,
    /// The client's.
    Client,
    /// The knowledge base's.
    Base,
}

/// A prompt as it counts.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Its name.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// The highest layer that has a text for it.
    pub source: Source,
    /// Of the last change in the layer that is asked for; 0 before the first.
    pub version: i32,
    /// The texts that count.
    pub texts: Texts,
}

/// What is to change in a prompt.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The new texts.
    pub texts: Texts,
    /// For people; stays when `None`.
    pub title: Option<String>,
    /// What it is for; stays when `None`.
    pub description: Option<String>,
    /// Why it was changed.
    pub note: String,
}

/// All prompts that there are for a client, or for one of its bases, by name.
pub async fn list(tx: &mut ClientTx, who: &Who, base: Option<BaseId>) -> Result<Vec<Prompt>> {
    who.needs_read()?;
    if let Some(base) = base {
        base::find(tx, who, base).await?;
    }
    let rows = store::rows(tx, base, PROMPTS_MAX as i64 * 2).await?;
    let mut names: Vec<&str> = shipped::all().iter().map(|shipped| shipped.name).collect();
    names.extend(rows.iter().map(|row| row.name.as_str()));
    names.sort_unstable();
    names.dedup();
    let prompts = names
        .into_iter()
        .filter_map(|name| shape(name, base, &rows));
    Ok(prompts.collect())
}

/// A prompt with its versions, the latest first.
///
/// # Errors
/// `Forbidden` for who may not manage, `NotFound` for a prompt or a base that is not there.
pub async fn find(
    tx: &mut ClientTx,
    who: &Who,
    name: &str,
    base: Option<BaseId>,
) -> Result<(Prompt, Vec<VersionRow>)> {
    may(tx, who, base).await?;
    let rows = store::rows(tx, base, PROMPTS_MAX as i64 * 2).await?;
    let prompt = shape(name, base, &rows).ok_or(Error::NotFound("prompt"))?;
    let versions = match own(name, base, &rows) {
        Some(row) => store::versions(tx, row.prompt_id, i64::from(VERSIONS_KEPT)).await?,
        None => Vec::new(),
    };
    Ok((prompt, versions))
}

/// Makes a new version of a prompt, the first one of it included.
///
/// # Errors
/// `Stale` when it is not the version that was seen, `Invalid` with what is wrong in name or text.
pub async fn put(
    tx: &mut ClientTx,
    who: &Who,
    at: At<'_>,
    seen: IfMatch,
    change: Change,
    now: OffsetDateTime,
) -> Result<()> {
    may(tx, who, at.base).await?;
    check_name(at.name)?;
    check_texts(at.name, &change.texts)?;
    check_words(&change)?;
    store::lock(tx).await?;
    let rows = store::rows(tx, at.base, PROMPTS_MAX as i64 * 2).await?;
    check_base(at, &rows)?;
    let old = own(at.name, at.base, &rows);
    let version = old.map_or(0, |row| row.version);
    // whoever sees nothing there says 0, also where something was removed
    let gone = old.is_none_or(|row| row.zh.is_none() && row.en.is_none());
    let current = seen.is(version) || gone && seen.is(0);
    if !current {
        return Err(Error::Stale(format!(
            "This prompt was changed meanwhile: it is at version {version}. Load it again."
        )));
    }
    let there = rows.iter().filter(|row| row.base_id == at.base);
    if old.is_none() && there.count() >= PROMPTS_MAX {
        return Err(Error::Conflict(format!(
            "There are {PROMPTS_MAX} prompts already: remove one first."
        )));
    }
    let stays = |new: Option<String>, old: Option<&String>| {
        new.or_else(|| old.cloned()).unwrap_or_default()
    };
    let row = PromptRow {
        prompt_id: old.map_or_else(|| PromptId::new(now), |row| row.prompt_id),
        name: at.name.to_owned(),
        base_id: at.base,
        version: version + 1,
        title: stays(change.title, old.map(|row| &row.title)),
        description: stays(change.description, old.map(|row| &row.description)),
        zh: change.texts.zh,
        en: change.texts.en,
    };
    if old.is_none() {
        store::add(tx, &row).await?;
    } else {
        store::change(tx, &row).await?;
    }
    keep(tx, who, &row, &change.note, now).await
}

/// Makes a new version with the text of an old one.
///
/// # Errors
/// `NotFound` for a version that is not kept.
pub async fn roll_back(
    tx: &mut ClientTx,
    who: &Who,
    at: At<'_>,
    version: i32,
    now: OffsetDateTime,
) -> Result<()> {
    may(tx, who, at.base).await?;
    store::lock(tx).await?;
    let rows = store::rows(tx, at.base, PROMPTS_MAX as i64 * 2).await?;
    let old = own(at.name, at.base, &rows).ok_or(Error::NotFound("prompt"))?;
    let texts = store::version(tx, old.prompt_id, version).await?;
    let texts = texts.ok_or(Error::NotFound("version of this prompt"))?;
    // by today's rules
    if texts != Texts::default() {
        check_texts(at.name, &texts)?;
    }
    let row = PromptRow {
        version: old.version + 1,
        zh: texts.zh,
        en: texts.en,
        ..old.clone()
    };
    store::change(tx, &row).await?;
    let note = format!("= {version}");
    keep(tx, who, &row, &note, now).await
}

/// Has the prompt below count again: the client's under a base's, the shipped one under a client's.
/// One that a client has named itself is gone then. Its versions are kept.
pub async fn remove(tx: &mut ClientTx, who: &Who, at: At<'_>, now: OffsetDateTime) -> Result<()> {
    may(tx, who, at.base).await?;
    store::lock(tx).await?;
    let rows = store::rows(tx, at.base, PROMPTS_MAX as i64 * 2).await?;
    let there = shape(at.name, at.base, &rows).is_some();
    let old = own(at.name, at.base, &rows).filter(|row| row.zh.is_some() || row.en.is_some());
    let Some(old) = old else {
        // nothing of this layer counts already
        return if there {
            Ok(())
        } else {
            Err(Error::NotFound("prompt"))
        };
    };
    let row = PromptRow {
        version: old.version + 1,
        zh: None,
        en: None,
        ..old.clone()
    };
    store::change(tx, &row).await?;
    keep(tx, who, &row, "", now).await
}

/// A prompt with values put in.
///
/// # Errors
/// `Invalid` for a text that cannot be one, and for values of variables that it does not have.
pub async fn preview(
    tx: &mut ClientTx,
    who: &Who,
    at: At<'_>,
    text: Option<&str>,
    language: Language,
    values: &[(&str, &str)],
) -> Result<String> {
    may(tx, who, at.base).await?;
    let variables = shipped::variables(at.name);
    let known = |name: &str| variables.iter().any(|variable| variable.name == name);
    if let Some((name, _)) = values.iter().find(|(name, _)| !known(name)) {
        return Err(Error::invalid(format!(
            "values: there is no variable {name} in this prompt."
        )));
    }
    if values
        .iter()
        .any(|(_, value)| value.chars().count() > TEXT_CHARS_MAX)
    {
        return Err(Error::invalid(format!(
            "values: a value has at most {TEXT_CHARS_MAX} characters."
        )));
    }
    let Some(text) = text else {
        let rows = store::layers(tx, &[at.name], at.base).await?;
        let text = Layers(rows).render(at.name, language, values);
        return text.ok_or(Error::NotFound("prompt"));
    };
    check_text(at.name, text)?;
    Ok(Template::read(text)?.render(values))
}

/// Fails unless a conversation may name this prompt.
pub async fn check_chosen(tx: &mut ClientTx, name: &str) -> Result<()> {
    // a NUL is in no name, and no text of the database's
    let name = if check_name(name).is_ok() { name } else { FREE };
    let layers = store::layers(tx, &[name], None).await?;
    let own = shipped::find(name).is_none() && Layers(layers).has(name);
    if own || name == ANSWER {
        return Ok(());
    }
    Err(Error::invalid(
        "settings.prompt: there is no such prompt; GET /prompts has the names.",
    ))
}

/// The client's texts of these prompts.
pub async fn layers(tx: &mut ClientTx, names: &[&str]) -> Result<Layers> {
    Ok(Layers(store::layers(tx, names, None).await?))
}

/// A prompt of the client's, or of a base.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// Its name.
    pub name: &'a str,
    /// The base; the client's when `None`.
    pub base: Option<BaseId>,
}

/// Fails for who may change no prompt.
pub fn check_may(who: &Who) -> Result<()> {
    if who.may_manage() {
        return Ok(());
    }
    Err(Error::Forbidden(
        "Prompts are for managers, and for keys with `knowledge:write`.".into(),
    ))
}

async fn may(tx: &mut ClientTx, who: &Who, base: Option<BaseId>) -> Result<()> {
    check_may(who)?;
    if let Some(base) = base {
        base::find_writable(tx, who, base).await?;
    }
    Ok(())
}

async fn keep(
    tx: &mut ClientTx,
    who: &Who,
    row: &PromptRow,
    note: &str,
    now: OffsetDateTime,
) -> Result<()> {
    store::add_version(tx, row, note, who, now).await?;
    store::forget_versions(tx, row.prompt_id, row.version - VERSIONS_KEPT + 1).await
}

fn own<'r>(name: &str, base: Option<BaseId>, rows: &'r [PromptRow]) -> Option<&'r PromptRow> {
    rows.iter()
        .find(|row| row.name == name && row.base_id == base)
}

/// The prompt as it counts; `None` when nobody has a text for it.
fn shape(name: &str, base: Option<BaseId>, rows: &[PromptRow]) -> Option<Prompt> {
    let of_name = rows.iter().filter(|row| row.name == name);
    let layers = Layers(of_name.cloned().map(Layer::from).collect());
    let client = own(name, None, rows);
    // a base changes what the client has, and has none of its own
    if shipped::find(name).is_none()
        && client.is_none_or(|row| row.zh.is_none() && row.en.is_none())
    {
        return None;
    }
    let has_text = |of_base: bool| {
        let mut layers = layers.0.iter().filter(|layer| layer.of_base == of_base);
        layers.any(|layer| layer.zh.is_some() || layer.en.is_some())
    };
    let source = match (has_text(true), has_text(false)) {
        (true, _) => Source::Base,
        (false, true) => Source::Client,
        (false, false) => Source::Shipped,
    };
    let shipped = shipped::find(name);
    let words = |own: Option<&String>, shipped: Option<&str>| {
        let own = own.filter(|text| !text.is_empty()).cloned();
        own.or_else(|| shipped.map(str::to_owned))
            .unwrap_or_default()
    };
    let in_language = |language| {
        let mut texts = [true, false].into_iter().filter_map(|of_base| {
            let mut layers = layers.0.iter().filter(|layer| layer.of_base == of_base);
            layers.find_map(|layer| layer.text(language))
        });
        let text = texts
            .next()
            .or(shipped.map(|shipped| shipped.text(language)));
        text.map(str::to_owned)
    };
    Some(Prompt {
        name: name.to_owned(),
        title: words(client.map(|row| &row.title), shipped.map(|s| s.title)),
        description: words(
            client.map(|row| &row.description),
            shipped.map(|s| s.description),
        ),
        source,
        version: own(name, base, rows).map_or(0, |row| row.version),
        texts: Texts {
            zh: in_language(Language::Chinese),
            en: in_language(Language::English),
        },
    })
}

fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins || name.len() > NAME_CHARS_MAX || !name.chars().all(fits) {
        return Err(Error::invalid(format!(
            "The name of a prompt has 1 to {NAME_CHARS_MAX} small letters, digits, `_` or `-`, and begins with a letter."
        )));
    }
    Ok(())
}

/// A base has its own text only for what is asked of it.
fn check_base(at: At<'_>, rows: &[PromptRow]) -> Result<()> {
    if at.base.is_none() || [ANSWER, FREE, NO_ANSWER].contains(&at.name) {
        return Ok(());
    }
    if at.name == TITLE {
        return Err(Error::invalid(
            "Titles are made for conversations, not for a knowledge base: change the client's prompt.",
        ));
    }
    let theirs = own(at.name, None, rows).filter(|row| row.zh.is_some() || row.en.is_some());
    theirs.map(drop).ok_or(Error::NotFound("prompt"))
}

fn check_texts(name: &str, texts: &Texts) -> Result<()> {
    let given: Vec<&String> = texts.zh.iter().chain(&texts.en).collect();
    if given.is_empty() {
        return Err(Error::invalid(
            "text has neither zh nor en: write one of them.",
        ));
    }
    given
        .into_iter()
        .try_for_each(|text| check_text(name, text))
}

fn check_text(name: &str, text: &str) -> Result<()> {
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > TEXT_CHARS_MAX || text.contains('\0') {
        return Err(Error::invalid(format!(
            "A prompt has 1 to {TEXT_CHARS_MAX} characters, and no NUL; this one has {chars}."
        )));
    }
    Template::read(text)?.check(shipped::variables(name))
}

fn check_words(change: &Change) -> Result<()> {
    let words = [
        ("note", Some(&change.note), NOTE_CHARS_MAX),
        ("title", change.title.as_ref(), TITLE_CHARS_MAX),
        (
            "description",
            change.description.as_ref(),
            DESCRIPTION_CHARS_MAX,
        ),
    ];
    for (what, text, chars_max) in words {
        if text.is_some_and(|text| text.chars().count() > chars_max || text.contains('\0')) {
            return Err(Error::invalid(format!(
                "{what} has at most {chars_max} characters, and no NUL."
            )));
        }
    }
    Ok(())
}
