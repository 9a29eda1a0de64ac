//! Signing in: a link that opens once sets password and authenticator, which then open sessions. One
//! error for every reason, and the same work for names that nobody has.

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    By, Console, Role,
    audit::{self, Act},
    operator::place,
    session, store, totp, tries,
};
use crate::{
    error::{Error, Result},
    identity::api_key::hash,
    ids::OperatorId,
    secret::Secret,
};

/// Who is signed in now.
pub struct Opened {
    /// The name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// For the cookie.
    pub secret: Secret,
    /// When the session ends.
    pub until: OffsetDateTime,
}

/// What a link offers.
pub struct Offer {
    /// Whose link it is.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The secret for the authenticator, in base32.
    pub secret: Secret,
    /// The same as an authenticator app scans it.
    pub otpauth_url: Secret,
}

/// What proves an operator.
pub struct Proof {
    /// The password.
    pub password: Secret,
    /// The code of the authenticator.
    pub totp: String,
}

/// What an operator is proved by.
#[derive(sqlx::FromRow)]
pub struct Credentials {
    /// The operator.
    pub operator_id: OperatorId,
    /// The name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The hash of the password.
    pub password_hash: Option<String>,
    /// The sealed secret of the authenticator.
    pub totp_sealed: Option<Vec<u8>>,
    /// The last step whose code counted.
    pub totp_step: i64,
}

/// What the link offers to set up. Looking at it does not use it up: pages are loaded twice.
pub async fn look_at_link(console: &Console, code: &str, address: &str) -> Result<Offer> {
    let now = console.app.clock.now();
    let tried = tries::begin(&console.app.db, "", address, now).await?;
    let mut tx = console.app.db.admin().await?;
    let found = store::link(&mut tx, &hash(code), now).await?;
    let found = found.ok_or(Error::Unauthenticated)?;
    store::forget_try(&mut tx, tried.id).await?;
    tx.commit().await?;
    let secret = reveal(console, found.operator_id, found.totp_sealed.as_deref())?;
    Ok(Offer {
        secret: Secret::from(totp::base32(&secret)),
        otpauth_url: Secret::from(totp::otpauth_url(&found.name, &secret)),
        name: found.name,
        role: found.role,
    })
}

/// Uses the link up: sets the password, takes the authenticator over, and signs in.
pub async fn set_up(console: &Console, code: &str, proof: Proof, address: &str) -> Result<Opened> {
    let now = console.app.clock.now();
    let tried = tries::begin(&console.app.db, "", address, now).await?;
    let mut tx = console.app.db.admin().await?;
    let found = store::link(&mut tx, &hash(code), now).await?;
    let found = found.ok_or(Error::Unauthenticated)?;
    drop(tx);
    let password_hash = console.passwords.hash(&proof.password).await?;
    let secret = reveal(console, found.operator_id, found.totp_sealed.as_deref())?;
    let step = totp::step_of(&secret, &proof.totp, now.unix_timestamp(), 0).ok_or_else(|| {
        Error::invalid("The code is not the one of this authenticator now: check its clock.")
    })?;
    let mut tx = console.app.db.admin().await?;
    // of two at the same time one finds it
    if !store::burn_link(&mut tx, &hash(code)).await? {
        return Err(Error::Unauthenticated);
    }
    let id = found.operator_id;
    store::set_credentials(&mut tx, &found, &password_hash, step).await?;
    store::forget_try(&mut tx, tried.id).await?;
    store::end_sessions(&mut tx, id, &[]).await?;
    enter(tx, found, "operator.set_up", address, now).await
}

/// Opens a session for name, password and code.
pub async fn sign_in(console: &Console, name: &str, proof: Proof, address: &str) -> Result<Opened> {
    let now = console.app.clock.now();
    // as long as a name can be: what is counted has a bound
    let name: String = name.chars().take(64).collect();
    let tried = tries::begin(&console.app.db, &name, address, now).await?;
    let found = prove(console, &name, proof, now).await?;
    let (found, step) = found.ok_or(Error::Unauthenticated)?;
    let mut tx = console.app.db.admin().await?;
    if !store::use_code(&mut tx, &found, step).await? {
        return Err(Error::Unauthenticated);
    }
    store::forget_try(&mut tx, tried.id).await?;
    store::forget_tries_of(&mut tx, &name, address).await?;
    enter(tx, found, "operator.sign_in", address, now).await
}

/// Sets another password, and ends all other sessions.
pub async fn change_password(
    console: &Console,
    by: &By,
    session: &[u8],
    proof: Proof,
    new: &Secret,
) -> Result<()> {
    let now = console.app.clock.now();
    let tried = tries::begin(&console.app.db, &by.name, &by.address, now).await?;
    let found = prove(console, &by.name, proof, now).await?;
    let (found, step) = found
        .ok_or_else(|| Error::Forbidden("The present password or the code is not right.".into()))?;
    let password_hash = console.passwords.hash(new).await?;
    let mut tx = console.app.db.admin().await?;
    if !store::use_code(&mut tx, &found, step).await? {
        return Err(Error::Forbidden(
            "This code was used before: wait for the next.".into(),
        ));
    }
    store::set_password(&mut tx, found.operator_id, &password_hash).await?;
    store::end_sessions(&mut tx, found.operator_id, session).await?;
    store::forget_try(&mut tx, tried.id).await?;
    let act = Act {
        what: "operator.password",
        subject: Some(found.name),
        ..Act::default()
    };
    audit::write(&mut tx, by, act, now).await?;
    tx.commit().await
}

/// Ends this session.
pub async fn sign_out(console: &Console, by: &By, session: &[u8]) -> Result<()> {
    let now = console.app.clock.now();
    let mut tx = console.app.db.admin().await?;
    store::end_session(&mut tx, session).await?;
    let act = Act {
        what: "operator.sign_out",
        subject: Some(by.name.clone()),
        ..Act::default()
    };
    audit::write(&mut tx, by, act, now).await?;
    tx.commit().await
}

/// The operator of this name and the step of the code, if both are right.
async fn prove(
    console: &Console,
    name: &str,
    proof: Proof,
    now: OffsetDateTime,
) -> Result<Option<(Credentials, i64)>> {
    let mut tx = console.app.db.admin().await?;
    let found = store::credentials(&mut tx, name).await?;
    drop(tx);
    let hash = found.as_ref().and_then(|found| found.password_hash.clone());
    let fits = console.passwords.fits(&proof.password, hash).await?;
    let (secret, last) = match &found {
        Some(found) if found.totp_sealed.is_some() => {
            let sealed = found.totp_sealed.as_deref();
            (reveal(console, found.operator_id, sealed)?, found.totp_step)
        }
        _ => (Zeroizing::new(vec![0; totp::SECRET_BYTES]), i64::MAX),
    };
    let step = totp::step_of(&secret, &proof.totp, now.unix_timestamp(), last);
    Ok(found.zip(step).filter(|_| fits))
}

async fn enter(
    mut tx: crate::db::AdminTx,
    found: Credentials,
    what: &'static str,
    address: &str,
    now: OffsetDateTime,
) -> Result<Opened> {
    let id = found.operator_id;
    let (secret, until) = session::open(&mut tx, id, address, now).await?;
    store::remember_place(&mut tx, id, address, now).await?;
    let by = By {
        operator: Some(id),
        name: found.name,
        address: address.to_owned(),
    };
    let act = Act {
        what,
        subject: Some(by.name.clone()),
        ..Act::default()
    };
    audit::write(&mut tx, &by, act, now).await?;
    tx.commit().await?;
    Ok(Opened {
        name: by.name,
        role: found.role,
        secret,
        until,
    })
}

fn reveal(console: &Console, id: OperatorId, sealed: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>> {
    let sealed = sealed.ok_or(Error::Unauthenticated)?;
    Ok(console.app.vault.reveal(place(id), sealed)?)
}
