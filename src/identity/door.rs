//! The door of the API: who comes through it is counted, and noted for the head of the answer.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use poem::{Request, http::header::ORIGIN};

use super::{
    Gatekeeper,
    gatekeeper::{Credential, Proof, Verdict},
};
use crate::{
    error::{Error, Result},
    quota::{Quota, Share},
};

/// What a client allows beside its own server.
#[derive(Debug, sqlx::FromRow)]
pub struct Allows {
    /// Origins whose pages may ask.
    pub origins: Vec<String>,
    /// Requests of all its callers in a minute.
    pub requests_per_minute: Option<i32>,
    /// Requests of each of its users in a minute.
    pub user_requests_per_minute: Option<i32>,
}

/// How much a caller may ask; `None` is no limit.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    /// As this user.
    pub user: Option<Arc<Share>>,
    /// With everybody else of the client.
    pub client: Option<Arc<Share>>,
}

/// What a request carries to its guard.
#[derive(Clone)]
pub struct Door {
    /// Proves credentials.
    pub gatekeeper: Arc<Gatekeeper>,
    /// Counts.
    pub quota: Arc<Quota>,
    /// What is to be told in the head of the answer.
    pub noted: Arc<Noted>,
}

/// What was found out about the caller of one request.
#[derive(Debug, Default)]
pub struct Noted {
    /// Who it is.
    pub proof: OnceLock<Arc<Proof>>,
    /// The limit that the request ran into.
    pub refused: OnceLock<Arc<Share>>,
    /// That the credential counted once: some contracts say so.
    pub expired: AtomicBool,
}

impl Door {
    /// Proves the credential of a request, and lets it in.
    ///
    /// # Errors
    /// As [`Gatekeeper::prove`]; `Forbidden` for a page of another site that the client does not
    /// list, `Throttled` past a limit.
    pub async fn admit(
        &self,
        request: &Request,
        kind: Credential,
        text: &str,
    ) -> Result<Arc<Proof>> {
        let proof = match self.gatekeeper.judge(kind, text).await? {
            Verdict::Holds(proof) => proof,
            Verdict::Expired => {
                self.noted.expired.store(true, Ordering::Relaxed);
                return Err(Error::Unauthenticated);
            }
            Verdict::Fails => return Err(Error::Unauthenticated),
        };
        self.noted.proof.get_or_init(|| proof.clone());
        check_origin(request, &proof)?;
        // the user first: whoever asks too much takes nothing from the others of the client
        for share in [&proof.shares.user, &proof.shares.client]
            .into_iter()
            .flatten()
        {
            self.count(share).await?;
        }
        Ok(proof)
    }

    async fn count(&self, share: &Arc<Share>) -> Result<()> {
        let taken = match self.quota.take_now(share) {
            Some(taken) => taken,
            None => self.quota.take(share).await,
        };
        if taken.is_err() {
            self.noted.refused.get_or_init(|| share.clone());
        }
        taken
    }
}

/// A token that was copied into a page of another site is of no use there: the browser says where
/// the page comes from, and it may come from here or out of the client's list.
fn check_origin(request: &Request, proof: &Proof) -> Result<()> {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return Ok(());
    };
    let elsewhere = matches!(
        request.header("sec-fetch-site"),
        Some("cross-site" | "same-site")
    );
    let listed = || origin.to_str().is_ok_and(|own| proof.origins.lists(own));
    if elsewhere && !listed() {
        return Err(Error::Forbidden(
            "This site is not among the origins that the client allows.".into(),
        ));
    }
    Ok(())
}
