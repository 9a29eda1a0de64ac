//! Statements of `prompts`: one function, one statement, no decisions.

use time::OffsetDateTime;

use super::{layers::Layer, prompt::Texts};
use crate::{
    db::{ClientTx, constraint},
    error::{Error, Result},
    identity::{Party, Who},
    ids::{ApiKeyId, BaseId, PromptId, UserId},
};

/// A prompt in one layer.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PromptRow {
    pub prompt_id: PromptId,
    pub name: String,
    pub base_id: Option<BaseId>,
    pub version: i32,
    pub title: String,
    pub description: String,
    pub zh: Option<String>,
    pub en: Option<String>,
}

/// A change of a prompt.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct VersionRow {
    pub version: i32,
    pub zh: Option<String>,
    pub en: Option<String>,
    pub note: String,
    pub by_user: Option<UserId>,
    pub by_machine: Option<ApiKeyId>,
    pub created_at: OffsetDateTime,
}

/// The prompts of the client, and of a base.
pub async fn rows(
    tx: &mut ClientTx,
    base: Option<BaseId>,
    rows_max: i64,
) -> Result<Vec<PromptRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "with theirs as (select prompt_id, name, base_id, version, title, description, zh, en from prompt
           where client_no = $1 and base_id is null
           order by base_id, name limit $3),
         its as (select prompt_id, name, base_id, version, title, description, zh, en from prompt
           where client_no = $1 and base_id = $2
           order by base_id, name limit $3)
         select prompt_id, name, base_id, version, title, description, zh, en from theirs
         union all select prompt_id, name, base_id, version, title, description, zh, en from its",
    )
    .bind(client)
    .bind(base)
    .bind(rows_max)
    .fetch_all(tx.conn())
    .await?)
}

/// The prompts of these names that the client has, and a base.
pub async fn layers(tx: &mut ClientTx, names: &[&str], base: Option<BaseId>) -> Result<Vec<Layer>> {
    let client = tx.client();
    let rows: Vec<PromptRow> = sqlx::query_as(
        "select prompt_id, name, base_id, version, title, description, zh, en from prompt
         where client_no = $1 and name = any($2) and (base_id is null or base_id = $3)",
    )
    .bind(client)
    .bind(names)
    .bind(base)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

impl From<PromptRow> for Layer {
    fn from(row: PromptRow) -> Self {
        Self {
            of_base: row.base_id.is_some(),
            name: row.name,
            zh: row.zh,
            en: row.en,
        }
    }
}

/// Has those who change the prompts of this client do it one after the other.
pub async fn lock(tx: &mut ClientTx) -> Result<()> {
    let client = tx.client();
    sqlx::query("select pg_advisory_xact_lock($1, hashtext('prompt'))")
        .bind(client)
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub async fn add(tx: &mut ClientTx, row: &PromptRow) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into prompt (client_no, prompt_id, name, base_id, version, title, description, zh, en)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(client)
    .bind(row.prompt_id)
    .bind(&row.name)
    .bind(row.base_id)
    .bind(row.version)
    .bind(&row.title)
    .bind(&row.description)
    .bind(&row.zh)
    .bind(&row.en)
    .execute(tx.conn())
    .await
    .map_err(|error| match constraint(&error) {
        Some("prompt_name_key") => Error::Taken("name of a prompt"),
        // removed since it was looked at
        Some("prompt_client_no_base_id_fkey") => Error::NotFound("knowledge base"),
        _ => error.into(),
    })?;
    Ok(())
}

pub async fn change(tx: &mut ClientTx, row: &PromptRow) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "update prompt set version = $3, title = $4, description = $5, zh = $6, en = $7
         where client_no = $1 and prompt_id = $2",
    )
    .bind(client)
    .bind(row.prompt_id)
    .bind(row.version)
    .bind(&row.title)
    .bind(&row.description)
    .bind(&row.zh)
    .bind(&row.en)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes down what a prompt has become, and by whom.
pub async fn add_version(
    tx: &mut ClientTx,
    row: &PromptRow,
    note: &str,
    who: &Who,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    let machine = match &who.party {
        Party::Machine(key, _) => Some(*key),
        Party::User(_) => None,
    };
    sqlx::query(
        "insert into prompt_version (client_no, prompt_id, version, zh, en, note, by_user, by_machine, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(client)
    .bind(row.prompt_id)
    .bind(row.version)
    .bind(&row.zh)
    .bind(&row.en)
    .bind(note)
    .bind(who.user_id())
    .bind(machine)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets the versions before this one.
pub async fn forget_versions(tx: &mut ClientTx, id: PromptId, before: i32) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "delete from prompt_version where client_no = $1 and prompt_id = $2 and version < $3",
    )
    .bind(client)
    .bind(id)
    .bind(before)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The versions of a prompt, the latest first.
pub async fn versions(tx: &mut ClientTx, id: PromptId, rows_max: i64) -> Result<Vec<VersionRow>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select version, zh, en, note, by_user, by_machine, created_at from prompt_version
         where client_no = $1 and prompt_id = $2 order by version desc limit $3",
    )
    .bind(client)
    .bind(id)
    .bind(rows_max)
    .fetch_all(tx.conn())
    .await?)
}

pub async fn version(tx: &mut ClientTx, id: PromptId, version: i32) -> Result<Option<Texts>> {
    let client = tx.client();
    Ok(sqlx::query_as(
        "select zh, en from prompt_version
         where client_no = $1 and prompt_id = $2 and version = $3",
    )
    .bind(client)
    .bind(id)
    .bind(version)
    .fetch_optional(tx.conn())
    .await?)
}
