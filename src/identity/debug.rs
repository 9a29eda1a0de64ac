//! Why a token does not count, step by step: for the operator who pasted it. Each step is the one
//! that the real check takes.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{
    Gatekeeper, V1Tokens,
    api_key::hash,
    client::Client,
    gatekeeper::Rules,
    key::{self, AnyKey},
    store,
    token::{Claims, Envelope, Flaw, TOKEN_BYTES_MAX},
};
use crate::error::{Error, Result};

/// What a token was found to be.
#[derive(Debug, Default)]
pub struct Examination {
    /// The steps, in order, up to the first that fails and those that can be told besides.
    pub steps: Vec<Step>,
    /// The client it says it is of.
    pub client_id: Option<String>,
    /// The partner's id of the user, once a key has opened it.
    pub user: Option<String>,
}

/// A step of the check.
#[derive(Debug)]
pub struct Step {
    /// Which one.
    pub name: StepName,
    /// What came of it.
    pub found: Finding,
    /// What was measured.
    pub values: BTreeMap<String, String>,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "TokenStepName", rename_all = "snake_case")]
pub enum StepName {
    /// How long the token is.
    Length,
    /// Its outer layer.
    Envelope,
    /// The client that it names.
    Client,
    /// The key that opens it.
    Key,
    /// The fields inside.
    Content,
    /// Its timestamp.
    Time,
    /// For a client with `exchange_once`: whether it can be exchanged.
    Exchange,
    /// The user that it names.
    User,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "TokenFinding", rename_all = "snake_case")]
pub enum Finding {
    /// As it should be.
    Ok,
    /// More bytes than a token has.
    TooLong,
    /// The whole is not base64.
    OuterNotBase64,
    /// What it decodes to is not UTF-8.
    OuterNotText,
    /// There is no `|` behind the client.
    NoBar,
    /// What stands behind the `|` is not base64.
    InnerNotBase64,
    /// No client has this id.
    ClientUnknown,
    /// The client is disabled.
    ClientDisabled,
    /// The client has no key that counts.
    NoKey,
    /// No key of the client has the size of what was sealed.
    KeySizeDiffers,
    /// No key of the client opens it: sealed with another key, or with another padding.
    NoKeyOpens,
    /// A key opens it that was killed.
    KeyKilled,
    /// A key opens it that has retired.
    KeyRetired,
    /// A key opens it that is too small while `small_keys` is off.
    KeyTooSmall,
    /// What was sealed is not UTF-8.
    ContentNotText,
    /// There are not four fields.
    FieldCount,
    /// The client inside is not the one outside.
    ClientsDiffer,
    /// The user's id is empty or longer than 200 characters.
    UserIdLength,
    /// The user's name is longer than 200 characters.
    UsernameLength,
    /// The timestamp is not a number.
    TimestampNotANumber,
    /// The timestamp is not finite.
    TimestampNotFinite,
    /// The timestamp lies too far back.
    TooOld,
    /// The timestamp lies too far ahead: the partner's clock, or milliseconds for seconds.
    TooFarAhead,
    /// It can no more be exchanged, though it is not too old otherwise.
    ExchangeOver,
    /// It was exchanged before.
    Burnt,
    /// The user is disabled.
    UserDisabled,
    /// The user was not seen before, and will be made.
    UserNew,
}

impl Examination {
    /// Whether the token counts.
    pub fn accepted(&self) -> bool {
        self.steps.iter().all(|step| step.found.is_well())
    }

    fn add(&mut self, name: StepName, found: Finding, values: &[(&str, String)]) {
        let pair = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        let values = values.iter().map(pair).collect();
        self.steps.push(Step {
            name,
            found,
            values,
        });
    }
}

impl Finding {
    /// Whether the token may count all the same.
    pub fn is_well(self) -> bool {
        matches!(self, Self::Ok | Self::UserNew)
    }

    fn of(flaw: &Flaw) -> Self {
        match flaw {
            Flaw::OuterBase64 => Self::OuterNotBase64,
            Flaw::OuterText => Self::OuterNotText,
            Flaw::NoBar => Self::NoBar,
            Flaw::InnerBase64 => Self::InnerNotBase64,
            Flaw::Sealed => Self::NoKeyOpens,
            Flaw::InnerText => Self::ContentNotText,
            Flaw::Fields(_) => Self::FieldCount,
            Flaw::InnerClient => Self::ClientsDiffer,
            Flaw::UserId(_) => Self::UserIdLength,
            Flaw::Username(_) => Self::UsernameLength,
            Flaw::NotANumber => Self::TimestampNotANumber,
            Flaw::NotFinite => Self::TimestampNotFinite,
            Flaw::TooOld(_) => Self::TooOld,
            Flaw::TooFarAhead(_) => Self::TooFarAhead,
        }
    }
}

/// Takes a token through the check, and writes down what each step finds. Writes nothing.
pub async fn examine(gatekeeper: &Gatekeeper, token: &str) -> Result<Examination> {
    let rules = gatekeeper.rules();
    let mut found = Examination::default();
    let bytes = [
        ("bytes", token.len().to_string()),
        ("bytes_max", TOKEN_BYTES_MAX.to_string()),
    ];
    if token.len() > TOKEN_BYTES_MAX {
        found.add(StepName::Length, Finding::TooLong, &bytes);
        return Ok(found);
    }
    found.add(StepName::Length, Finding::Ok, &bytes);
    let envelope = match Envelope::open(token) {
        Ok(envelope) => envelope,
        Err(flaw) => {
            found.add(StepName::Envelope, Finding::of(&flaw), &[]);
            return Ok(found);
        }
    };
    let sealed = [("sealed_bytes", envelope.sealed_bytes().to_string())];
    found.add(StepName::Envelope, Finding::Ok, &sealed);
    found.client_id = Some(envelope.client_id.clone());
    let mut tx = rules.db.gate().await?;
    let Some(client) = store::client_at_gate(&mut tx, &envelope.client_id).await? else {
        found.add(StepName::Client, Finding::ClientUnknown, &[]);
        return Ok(found);
    };
    let finding = if client.enabled {
        Finding::Ok
    } else {
        Finding::ClientDisabled
    };
    found.add(StepName::Client, finding, &[("name", client.name.clone())]);
    let keys = key::all(&mut tx, rules.vault, client.client_no).await?;
    drop(tx);
    let Some(claims) = open(&rules, envelope, keys, &mut found).await? else {
        return Ok(found);
    };
    found.user = Some(claims.user_id.clone());
    time(&rules, &claims, &mut found);
    exchange(&rules, &client, &claims, token, &mut found).await?;
    user(&rules, &client, &claims, &mut found).await?;
    Ok(found)
}

/// Tries the keys, those that count first, and looks inside with the one that opens.
async fn open(
    rules: &Rules<'_>,
    envelope: Envelope,
    mut keys: Vec<AnyKey>,
    found: &mut Examination,
) -> Result<Option<Claims>> {
    keys.sort_by_key(|key| state(key, rules) != Finding::Ok);
    let sizes: Vec<String> = keys
        .iter()
        .map(|key| (key.bits.div_ceil(8)).to_string())
        .collect();
    let fits = keys
        .iter()
        .any(|key| key.bits.div_ceil(8) == envelope.sealed_bytes());
    let sealed = envelope.sealed_bytes();
    let work = move || {
        keys.into_iter()
            .find_map(|key| match envelope.claims(&key.key.decryptor) {
                Err(Flaw::Sealed) => None,
                opened => Some((key, opened)),
            })
    };
    let opened = tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?;
    let Some((key, inside)) = opened else {
        let finding = match (sizes.is_empty(), fits) {
            (true, _) => Finding::NoKey,
            (_, false) => Finding::KeySizeDiffers,
            (_, true) => Finding::NoKeyOpens,
        };
        let values = [
            ("sealed_bytes", sealed.to_string()),
            ("keys_bytes", sizes.join(", ")),
        ];
        found.add(StepName::Key, finding, &values);
        return Ok(None);
    };
    let mut values = vec![
        ("key", key.key.key_id.to_string()),
        ("bits", key.bits.to_string()),
    ];
    values.extend(key.key.retires_at.map(|at| ("retires_at", rfc3339(at))));
    values.extend(key.killed_at.map(|at| ("killed_at", rfc3339(at))));
    found.add(StepName::Key, state(&key, rules), &values);
    match inside {
        Ok(claims) => {
            let values = [("username", claims.username.clone())];
            found.add(StepName::Content, Finding::Ok, &values);
            Ok(Some(claims))
        }
        Err(flaw) => {
            let values = match flaw {
                Flaw::Fields(count) => vec![("fields", count.to_string())],
                Flaw::UserId(chars) | Flaw::Username(chars) => vec![("chars", chars.to_string())],
                _ => vec![],
            };
            found.add(StepName::Content, Finding::of(&flaw), &values);
            Ok(None)
        }
    }
}

/// Whether the check would use this key.
fn state(key: &AnyKey, rules: &Rules<'_>) -> Finding {
    if key.killed_at.is_some() {
        return Finding::KeyKilled;
    }
    if key.key.retires_at.is_some_and(|end| end <= rules.now) {
        return Finding::KeyRetired;
    }
    if key::is_left_out(key.bits, rules.small_keys) {
        return Finding::KeyTooSmall;
    }
    Finding::Ok
}

fn time(rules: &Rules<'_>, claims: &Claims, found: &mut Examination) {
    let finding = match claims.until(rules.window, rules.now) {
        Ok(_) => Finding::Ok,
        Err(flaw) => Finding::of(&flaw),
    };
    let values = [
        ("timestamp", claims.timestamp.to_string()),
        ("server_time", rfc3339(rules.now)),
        ("age_seconds", format!("{:.0}", claims.age(rules.now))),
        (
            "age_seconds_max",
            rules.window.age_max.whole_seconds().to_string(),
        ),
        (
            "ahead_seconds_max",
            rules.window.ahead_max.whole_seconds().to_string(),
        ),
    ];
    found.add(StepName::Time, finding, &values);
}

async fn exchange(
    rules: &Rules<'_>,
    client: &Client,
    claims: &Claims,
    token: &str,
    found: &mut Examination,
) -> Result<()> {
    if client.v1_tokens != V1Tokens::ExchangeOnce {
        return Ok(());
    }
    let mut tx = rules.db.client(client.client_no).await?;
    let burnt = store::keyring::is_burnt(&mut tx, &hash(token)).await?;
    let over = claims.age(rules.now) > rules.exchange.as_seconds_f64();
    let finding = match (burnt, over) {
        (true, _) => Finding::Burnt,
        (_, true) => Finding::ExchangeOver,
        _ => Finding::Ok,
    };
    let values = [
        ("age_seconds", format!("{:.0}", claims.age(rules.now))),
        (
            "exchange_seconds_max",
            rules.exchange.whole_seconds().to_string(),
        ),
    ];
    found.add(StepName::Exchange, finding, &values);
    Ok(())
}

async fn user(
    rules: &Rules<'_>,
    client: &Client,
    claims: &Claims,
    found: &mut Examination,
) -> Result<()> {
    let mut tx = rules.db.client(client.client_no).await?;
    let user = store::user_by_name(&mut tx, client.token_realm, &claims.user_id).await?;
    let finding = match &user {
        None => Finding::UserNew,
        Some(user) if user.enabled => Finding::Ok,
        Some(_) => Finding::UserDisabled,
    };
    found.add(StepName::User, finding, &[("user", claims.user_id.clone())]);
    Ok(())
}

fn rfc3339(at: OffsetDateTime) -> String {
    use ::time::format_description::well_known::Rfc3339;
    at.format(&Rfc3339).unwrap_or_default()
}
