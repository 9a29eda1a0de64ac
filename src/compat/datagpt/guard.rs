//! Who is asking: whoever brings a secret of the operator's, a key of the client or a user's token.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::{
    compat::Call,
    config::Config,
    error::{Error, Result},
    identity::{
        Member, Party, Who,
        door::Door,
        gatekeeper::Credential,
        guard::{bearer, door, token},
    },
    ids::UserId,
    secret::Secret,
};

/// The guard.
pub struct Guard {
    secrets: Vec<Known>,
    /// The client of callers who bring nothing.
    bound: Option<String>,
}

/// A secret of `[datagpt.NAME]`.
struct Known {
    client: String,
    secret: Secret,
    /// The base that the legacy route asks.
    model: Option<String>,
}

/// Who asks, and as which user.
pub struct Asker {
    /// Whose rights count.
    pub who: Who,
    /// The user under whom it is asked.
    pub user: UserId,
    /// The base that the legacy route asks; all when `None`.
    pub model: Option<String>,
}

impl Asker {
    /// Fails for a key that may read only: what is asked costs money, and is booked on no user of
    /// its own.
    pub fn check_may_ask(&self) -> Result<()> {
        if self.who.user_id().is_some() || self.who.may_manage() {
            return Ok(());
        }
        Err(Error::Forbidden(
            "This key may read, not ask: that needs `knowledge:write`.".into(),
        ))
    }
}

impl Guard {
    /// Reads secrets and who is bound.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let mut secrets = Vec::new();
        for name in config.named("datagpt") {
            secrets.extend(known(config, name)?);
        }
        let bound = config.text("dialects", "datagpt_client");
        Ok(Self {
            secrets,
            bound: (!bound.is_empty()).then(|| bound.to_owned()),
        })
    }

    /// Lets a caller in; `secret` is that of the body.
    ///
    /// # Errors
    /// `Unauthenticated` for a secret that is none, and for none where nobody is bound.
    pub async fn admit(&self, call: &Call, secret: Option<&str>) -> Result<Asker> {
        let (request, door) = (&call.request, door(&call.request)?);
        if let Some(token) = token(request).filter(|token| !token.is_empty()) {
            let proof = door.admit(request, Credential::Token, token).await?;
            let member = Member::of(proof)?;
            return asker(door, Who::clone(&member)).await;
        }
        let given = secret.or_else(|| bearer(request));
        let given = given.or_else(|| call.header("x-api-secret"));
        let Some(given) = given.filter(|given| !given.is_empty()) else {
            let bound = self.bound.as_deref().ok_or(Error::Unauthenticated)?;
            let proof = door.admit(request, Credential::Bound, bound).await?;
            return asker(door, proof.who.clone()).await;
        };
        if let Some(known) = self.find(given) {
            let proof = door
                .admit(request, Credential::Bound, &known.client)
                .await?;
            // the operator gave the secret to a program of the partner's, not to a user
            let asker = asker(door, proof.who.as_manager()).await?;
            let model = known.model.clone();
            return Ok(Asker { model, ..asker });
        }
        let proof = door.admit(request, Credential::Bearer, given).await?;
        asker(door, proof.who.clone()).await
    }

    /// Looks at all of them, so that the time tells nothing.
    fn find(&self, given: &str) -> Option<&Known> {
        let mut found = None;
        for known in &self.secrets {
            let own = known.secret.expose().as_bytes();
            if verify_slices_are_equal(own, given.as_bytes()).is_ok() {
                found = Some(known);
            }
        }
        found
    }
}

fn known(config: &Config, name: &str) -> anyhow::Result<Option<Known>> {
    let section = format!("datagpt.{name}");
    let (client, model) = (
        config.text(&section, "client"),
        config.text(&section, "model"),
    );
    let secret = config.secret(&section, "api_secret")?;
    Ok(secret.map(|secret| Known {
        client: if client.is_empty() { name } else { client }.to_owned(),
        model: (!model.is_empty()).then(|| model.to_owned()),
        secret,
    }))
}

/// A program asks as the user that stands for callers without a name.
async fn asker(door: &Door, who: Who) -> Result<Asker> {
    let user = match &who.party {
        Party::User(user) => user.user_id,
        Party::Machine(..) => {
            who.needs_read()?;
            let stands_in = door.gatekeeper.prove(Credential::Bound, &who.client_id);
            let stands_in = stands_in.await?.who.user_id();
            stands_in.ok_or(Error::Unauthenticated)?
        }
    };
    Ok(Asker {
        who,
        user,
        model: None,
    })
}
