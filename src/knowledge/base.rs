//! Knowledge bases: the client's, which its users share, and those that users keep for themselves.

use time::OffsetDateTime;

use super::{recommend, search, store};
use crate::{
    db::ClientTx,
    error::{Error, Result},
    http::paging::Window,
    identity::Who,
    ids::{BaseId, BaseNo, UserId},
    queue::{self, Job},
};

/// What is said when nothing was found for a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, poem_openapi::Enum)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum NoAnswer {
    /// That nothing was found.
    Refuse,
    /// What the model knows by itself.
    Model,
}

/// A knowledge base.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Base {
    /// Its id.
    pub base_id: BaseId,
    /// Its number in the tables of search.
    pub base_no: BaseNo,
    /// The user who keeps it; the client's when `None`.
    pub owner_id: Option<UserId>,
    /// Its name among those of the same owner.
    pub name: String,
    /// A title for people.
    pub title: String,
    /// What is in it.
    pub description: String,
    /// What is said when nothing was found.
    pub no_answer: NoAnswer,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// A base with what it holds.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CountedBase {
    /// The base.
    #[sqlx(flatten)]
    pub base: Base,
    /// Its documents.
    pub documents: i64,
    /// The chunks that are searched.
    pub chunks: i64,
    /// Questions that a page may offer.
    pub suggestions: Vec<String>,
}

/// What a new base is made of.
#[derive(Clone, Debug)]
pub struct NewBase {
    /// Unique among the bases of the same owner.
    pub name: String,
    /// For people.
    pub title: String,
    /// What is in it.
    pub description: String,
    /// What is said when nothing was found.
    pub no_answer: NoAnswer,
    /// Whether it is to be the client's, not the caller's own.
    pub shared: bool,
}

/// What is to change in a base.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The title for people.
    pub title: Option<String>,
    /// What is in it.
    pub description: Option<String>,
    /// What is said when nothing was found.
    pub no_answer: Option<NoAnswer>,
    /// Questions that a page may offer.
    pub suggestions: Option<Vec<String>>,
}

impl Change {
    /// These questions, and nothing else.
    pub fn suggesting(suggestions: Vec<String>) -> Self {
        Self {
            suggestions: Some(suggestions),
            ..Self::default()
        }
    }
}

impl Base {
    /// Whether the caller may change it and what it holds.
    pub fn is_writable(&self, who: &Who) -> bool {
        match self.owner_id {
            None => who.may_manage(),
            Some(owner) => who.user_id() == Some(owner) && who.may_own(),
        }
    }
}

/// Makes a base.
///
/// # Errors
/// `Forbidden` when the caller may not keep such a base, `Invalid` for a name that cannot be one,
/// `Taken` for one in use.
pub async fn create(
    tx: &mut ClientTx,
    who: &Who,
    new: &NewBase,
    now: OffsetDateTime,
) -> Result<CountedBase> {
    check_name(&new.name)?;
    check_texts(Some(&new.title), Some(&new.description))?;
    let machine = who.user_id().is_none();
    let owner = who.user_id().filter(|_| !new.shared);
    let may = if new.shared || machine {
        who.may_manage()
    } else {
        who.may_own()
    };
    if !may {
        return Err(Error::Forbidden(
            "You may not make a knowledge base here.".into(),
        ));
    }
    let base = store::add_base(tx, BaseId::new(now), owner, new, now).await?;
    Ok(CountedBase {
        base,
        documents: 0,
        chunks: 0,
        suggestions: Vec::new(),
    })
}

/// The base, when the caller may read it.
pub async fn find(tx: &mut ClientTx, who: &Who, id: BaseId) -> Result<CountedBase> {
    who.needs_read()?;
    store::base(tx, who.user_id(), id)
        .await?
        .ok_or(Error::NotFound("knowledge base"))
}

/// The base of this name that the caller may read: the client's, else the caller's own.
pub async fn named(tx: &mut ClientTx, who: &Who, name: &str) -> Result<Option<CountedBase>> {
    who.needs_read()?;
    if check_name(name).is_err() {
        return Ok(None);
    }
    match store::base_named(tx, who.user_id(), name).await? {
        Some(id) => store::base(tx, who.user_id(), id).await,
        None => Ok(None),
    }
}

/// The base, when the caller may write it.
pub async fn find_writable(tx: &mut ClientTx, who: &Who, id: BaseId) -> Result<Base> {
    let base = find(tx, who, id).await?.base;
    if !base.is_writable(who) {
        return Err(Error::Forbidden(
            "You may read this knowledge base, not change it.".into(),
        ));
    }
    Ok(base)
}

/// The bases the caller may read, oldest first.
pub async fn list(tx: &mut ClientTx, who: &Who, window: &Window) -> Result<Vec<CountedBase>> {
    who.needs_read()?;
    store::bases(tx, who.user_id(), window).await
}

/// The client's own base of this name.
pub async fn shared(tx: &mut ClientTx, name: &str) -> Result<Option<Base>> {
    store::shared_base(tx, name).await
}

/// All bases that a user may read.
pub async fn readable(tx: &mut ClientTx, user: UserId) -> Result<Vec<Base>> {
    store::readable_bases(tx, user).await
}

/// The base of this name that the caller would write: the client's, else their own.
pub async fn writable_named(tx: &mut ClientTx, who: &Who, name: &str) -> Result<Option<Base>> {
    if check_name(name).is_err() {
        return Ok(None);
    }
    if who.may_manage() {
        return store::shared_base(tx, name).await;
    }
    match who.user_id().filter(|_| who.may_own()) {
        Some(owner) => store::base_owned(tx, owner, name).await,
        None => Ok(None),
    }
}

/// How much a base holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Sizes {
    /// Bytes of the texts of its chunks.
    pub text_bytes: i64,
    /// Bytes of their vectors.
    pub vector_bytes: i64,
}

/// How much a base holds of what is found.
pub async fn sizes(tx: &mut ClientTx, base: BaseNo) -> Result<Sizes> {
    store::sizes(tx, base).await
}

/// Removes a base in which there is nothing.
pub async fn remove_empty(
    tx: &mut ClientTx,
    who: &Who,
    id: BaseId,
    now: OffsetDateTime,
) -> Result<()> {
    match find(tx, who, id).await?.documents {
        0 => remove(tx, who, id, now).await,
        _ => Ok(()),
    }
}

/// Changes what people read about it.
///
/// # Errors
/// `Invalid` for texts that are too long, and for suggestions that are too many or empty.
pub async fn change(
    tx: &mut ClientTx,
    who: &Who,
    id: BaseId,
    change: &Change,
    now: OffsetDateTime,
) -> Result<CountedBase> {
    check_texts(change.title.as_deref(), change.description.as_deref())?;
    recommend::check_suggestions(change.suggestions.as_deref().unwrap_or_default())?;
    let base = find_writable(tx, who, id).await?;
    store::change_base(tx, id, change).await?;
    if let Some(suggestions) = &change.suggestions {
        recommend::suggest(tx, base.base_no, suggestions, now).await?;
    }
    find(tx, who, id).await
}

/// Whether a base has room for so many chunks more, until the caller's commit.
///
/// # Errors
/// `TooLarge` when it has not.
pub async fn check_room(tx: &mut ClientTx, base: BaseNo, more: i64, chunks_max: i64) -> Result<()> {
    // what is counted stays so until the commit that adds to it
    store::lock_base(tx, base).await?;
    let held = store::chunks_of_base(tx, base).await?;
    if held + more > chunks_max {
        return Err(Error::TooLarge(format!(
            "The knowledge base holds {held} chunks, {more} more were to come, and {chunks_max} fit."
        )));
    }
    Ok(())
}

/// Removes a base with everything in it, in the caller's commit; the bytes follow by a job.
pub async fn remove(tx: &mut ClientTx, who: &Who, id: BaseId, now: OffsetDateTime) -> Result<()> {
    let base = find_writable(tx, who, id).await?;
    // first the rows that a document being ingested would add to
    store::lock_documents(tx, base.base_no).await?;
    search::drop_base(tx, base.base_no).await?;
    store::remove_base(tx, id).await?;
    queue::enqueue(tx, Job::SweepBlobs, now).await
}

fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let chars = name.chars().count();
    if chars == 0 || chars > 100 || !name.chars().all(fits) || name.starts_with('.') {
        return Err(Error::invalid(
            "The name of a knowledge base has 1 to 100 letters, digits, `_`, `-` or `.`, and does not begin with a dot.",
        ));
    }
    Ok(())
}

fn check_texts(title: Option<&str>, description: Option<&str>) -> Result<()> {
    if title.is_some_and(|text| text.chars().count() > 200 || text.contains('\0')) {
        return Err(Error::invalid("A title has at most 200 characters."));
    }
    if description.is_some_and(|text| text.chars().count() > 2_000 || text.contains('\0')) {
        return Err(Error::invalid(
            "A description has at most 2,000 characters.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        for name in ["policy", "产品手册", "a.b-c_1"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        let long = "a".repeat(101);
        for name in [
            "",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "a\0b",
            ".hidden",
            "a b",
            "\u{202e}a",
            &long,
        ] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
