//! Operators: made by a command or by another operator, set up by a link that opens once.

use aws_lc_rs::rand::fill;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::{
    By,
    audit::{self, Act},
    store, totp,
};
use crate::{
    db::AdminTx,
    error::{Error, Result},
    identity::api_key::{hash, random_secret},
    ids::{ClientNo, OperatorId},
    secret::Secret,
    vault::{Place, Vault},
};

/// Hours that a link lasts.
const LINK_HOURS: i64 = 24;
const TABLE: &str = "operator";

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type, clap::ValueEnum)]
#[oai(rename = "OperatorRole", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Reads; money comes later.
    Finance,
    /// Reads, and writes documents.
    Knowledge,
    /// Reads.
    ReadOnly,
}

impl Role {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Finance => "finance",
            Self::Knowledge => "knowledge",
            Self::ReadOnly => "read_only",
        }
    }
}

/// An operator.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Operator {
    /// The id.
    pub operator_id: OperatorId,
    /// What one signs in with.
    pub name: String,
    /// What the operator may do.
    pub role: Role,
    /// Whether the operator is let in.
    pub enabled: bool,
    /// Whether a link was used to set the password.
    pub set_up: bool,
    /// When the operator was made.
    pub created_at: OffsetDateTime,
}

/// Adds an operator; the secret opens the set-up, once.
///
/// # Errors
/// `Invalid` for a name that is none, `Taken` for one in use.
pub async fn create(
    tx: &mut AdminTx,
    vault: &Vault,
    by: &By,
    name: &str,
    role: Role,
    now: OffsetDateTime,
) -> Result<(Operator, Secret)> {
    check_name(name)?;
    let operator = store::add(tx, OperatorId::new(now), name, role, now).await?;
    let code = link(tx, vault, operator.operator_id, now).await?;
    let act = Act {
        what: "operator.create",
        subject: Some(name.to_owned()),
        detail: Some(role.word().to_owned()),
        ..Act::default()
    };
    audit::write(tx, by, act, now).await?;
    Ok((operator, code))
}

/// Takes password, authenticator and sessions away; the secret opens the set-up, once.
pub async fn reset(
    tx: &mut AdminTx,
    vault: &Vault,
    by: &By,
    id: OperatorId,
    now: OffsetDateTime,
) -> Result<(Operator, Secret)> {
    let operator = find(tx, id).await?;
    store::forget_credentials(tx, id).await?;
    store::end_sessions(tx, id, &[]).await?;
    let code = link(tx, vault, id, now).await?;
    let act = Act {
        what: "operator.reset",
        subject: Some(operator.name.clone()),
        ..Act::default()
    };
    audit::write(tx, by, act, now).await?;
    Ok((operator, code))
}

/// Changes what an operator may do, or whether they are let in. Ends the sessions of who is not.
///
/// # Errors
/// `Conflict` when nobody would be left who may do everything.
pub async fn change(
    tx: &mut AdminTx,
    by: &By,
    id: OperatorId,
    role: Option<Role>,
    enabled: Option<bool>,
    now: OffsetDateTime,
) -> Result<Operator> {
    store::lock(tx).await?;
    let before = find(tx, id).await?;
    let (role, enabled) = (
        role.unwrap_or(before.role),
        enabled.unwrap_or(before.enabled),
    );
    let operator = store::change(tx, id, role, enabled).await?;
    if store::admins(tx).await? == 0 {
        return Err(Error::Conflict(
            "Nobody would be left who may do everything: make another admin first.".into(),
        ));
    }
    if !enabled {
        store::end_sessions(tx, id, &[]).await?;
        store::end_links(tx, id).await?;
    }
    let act = Act {
        what: "operator.change",
        subject: Some(operator.name.clone()),
        detail: Some(format!("role {}, enabled {enabled}", role.word())),
        ..Act::default()
    };
    audit::write(tx, by, act, now).await?;
    Ok(operator)
}

/// Where the console opens a link: behind `#`, which browsers do not send to servers, and so no log
/// keeps it.
pub fn address_of(code: &Secret) -> String {
    format!("/admin/#code={}", code.expose())
}

/// All operators, by name.
pub async fn list(tx: &mut AdminTx) -> Result<Vec<Operator>> {
    store::operators(tx).await
}

/// The operator of this id.
pub async fn find(tx: &mut AdminTx, id: OperatorId) -> Result<Operator> {
    store::operator(tx, id)
        .await?
        .ok_or(Error::NotFound("operator"))
}

/// The operator of this name.
pub async fn named(tx: &mut AdminTx, name: &str) -> Result<Operator> {
    let found = list(tx).await?.into_iter();
    let mut found = found.filter(|operator| operator.name == name);
    found.next().ok_or(Error::NotFound("operator"))
}

/// A new link; those before it do not open any more.
async fn link(
    tx: &mut AdminTx,
    vault: &Vault,
    id: OperatorId,
    now: OffsetDateTime,
) -> Result<Secret> {
    let mut secret = Zeroizing::new([0; totp::SECRET_BYTES]);
    fill(&mut *secret).map_err(|_| anyhow::anyhow!("no random numbers"))?;
    store::lock_seals_shared(tx).await?;
    let sealed = vault.seal(place(id), &*secret)?;
    let code = random_secret();
    store::end_links(tx, id).await?;
    let expires_at = now + Duration::hours(LINK_HOURS);
    store::add_link(tx, &hash(code.expose()), id, &sealed, now, expires_at).await?;
    Ok(code)
}

/// Where the secret of the authenticator stands; in the link that offers it too, so that it moves as
/// it is. Clients are numbered from 1: 0 is none of them.
pub(super) fn place(id: OperatorId) -> Place<'static> {
    Place {
        table: TABLE,
        client: ClientNo(0),
        row: id.0,
    }
}

fn check_name(name: &str) -> Result<()> {
    let of_shape = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '@' | '-')
    };
    if name.is_empty() || name.len() > 64 || !name.chars().all(of_shape) {
        return Err(Error::invalid(
            "The name of an operator has 1 to 64 of the characters a-z 0-9 . _ @ -.",
        ));
    }
    Ok(())
}
