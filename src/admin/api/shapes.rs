//! What is said of clients.

use poem_openapi::{
    Object,
    types::{Example, MaybeUndefined},
};
use time::OffsetDateTime;

use crate::{
    http::example,
    identity::{MembersMay, Realm, V1Tokens, profile::Profile},
};

/// A client with its settings.
#[derive(Object)]
#[oai(rename = "Client", example)]
pub struct ClientBody {
    /// The public name, in every token.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether its users are let in.
    pub enabled: bool,
    /// How its tokens are accepted.
    pub v1_tokens: V1Tokens,
    /// Where the ids of its users come from.
    pub token_realm: Realm,
    /// What its users may do with knowledge.
    pub members_may: MembersMay,
    /// Where the chat page goes when a session ends.
    pub reentry_url: Option<String>,
    /// In which its days begin, such as Asia/Shanghai.
    pub time_zone: String,
    /// Sites whose pages may call the API and frame the chat page.
    pub origins: Vec<String>,
    /// Requests a minute of all its callers; null: the server's own limit.
    pub requests_per_minute: Option<i32>,
    /// Requests a minute of each user; null: the server's own limit.
    pub user_requests_per_minute: Option<i32>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// A client to be.
#[derive(Object)]
#[oai(rename = "NewClient", example)]
pub struct ClientToMake {
    /// The name for people, 1 to 200 characters.
    pub name: String,
    /// The public name in tokens: 1 to 32 of `A-Z a-z 0-9 _ -`; made at random when absent.
    pub id: Option<String>,
    /// What it is for, at most 2,000 characters.
    pub description: Option<String>,
    /// How its tokens are accepted; `exchange_once` unless said otherwise.
    pub v1_tokens: Option<V1Tokens>,
    /// What its users may do with knowledge; `own` unless said otherwise.
    pub members_may: Option<MembersMay>,
    /// Bits of its key: 2048, 3072 or 4096; the server's setting when absent.
    pub key_bits: Option<u32>,
    /// The PEM of a private key (PKCS#8 or PKCS#1) to go on with, instead of a new one.
    pub import_key: Option<String>,
}

/// A client and its key.
#[derive(Object)]
#[oai(example)]
pub struct ClientMade {
    /// The client.
    pub client: ClientBody,
    /// PEM, shown here only. Whoever holds it can make tokens for this client's users.
    pub client_key: String,
}

/// What is to change of a client; what is absent stays.
#[derive(Object)]
#[oai(example)]
pub struct ClientChange {
    /// The name for people, 1 to 200 characters.
    pub name: Option<String>,
    /// What it is for, at most 2,000 characters.
    pub description: Option<String>,
    /// Whether its users are let in.
    pub enabled: Option<bool>,
    /// How its tokens are accepted.
    pub v1_tokens: Option<V1Tokens>,
    /// What its users may do with knowledge.
    pub members_may: Option<MembersMay>,
    /// Where the chat page goes when a session ends; null for nowhere.
    pub reentry_url: MaybeUndefined<String>,
    /// In which its days begin, such as Asia/Shanghai.
    pub time_zone: Option<String>,
    /// Sites whose pages may call the API and frame the chat page, at most 50.
    pub origins: Option<Vec<String>>,
    /// Requests a minute of all its callers; null for the server's own limit.
    pub requests_per_minute: MaybeUndefined<i32>,
    /// Requests a minute of each user; null for the server's own limit.
    pub user_requests_per_minute: MaybeUndefined<i32>,
}

impl From<Profile> for ClientBody {
    fn from(profile: Profile) -> Self {
        Self {
            id: profile.client_id,
            name: profile.name,
            description: profile.description,
            enabled: profile.enabled,
            v1_tokens: profile.v1_tokens,
            token_realm: profile.token_realm,
            members_may: profile.members_may,
            reentry_url: profile.reentry_url,
            time_zone: profile.time_zone,
            origins: profile.origins,
            requests_per_minute: profile.requests_per_minute,
            user_requests_per_minute: profile.user_requests_per_minute,
            created_at: profile.created_at,
        }
    }
}

impl ClientChange {
    /// The client after the change, and what changed, for the record.
    pub fn apply(self, before: &Profile) -> (Profile, String) {
        let mut after = before.clone();
        let mut changed = Vec::new();
        set(&mut changed, "name", &mut after.name, self.name);
        set(
            &mut changed,
            "description",
            &mut after.description,
            self.description,
        );
        set(&mut changed, "enabled", &mut after.enabled, self.enabled);
        set(
            &mut changed,
            "v1_tokens",
            &mut after.v1_tokens,
            self.v1_tokens,
        );
        set(
            &mut changed,
            "members_may",
            &mut after.members_may,
            self.members_may,
        );
        set(
            &mut changed,
            "time_zone",
            &mut after.time_zone,
            self.time_zone,
        );
        set(&mut changed, "origins", &mut after.origins, self.origins);
        let reentry = told(self.reentry_url);
        set(&mut changed, "reentry_url", &mut after.reentry_url, reentry);
        let limit = told(self.requests_per_minute);
        set(
            &mut changed,
            "requests_per_minute",
            &mut after.requests_per_minute,
            limit,
        );
        let limit = told(self.user_requests_per_minute);
        set(
            &mut changed,
            "user_requests_per_minute",
            &mut after.user_requests_per_minute,
            limit,
        );
        (after, changed.join(", "))
    }
}

fn set<T: PartialEq + std::fmt::Debug>(
    changed: &mut Vec<String>,
    name: &str,
    field: &mut T,
    value: Option<T>,
) {
    if let Some(value) = value.filter(|value| value != field) {
        changed.push(format!("{name}: {field:?} -> {value:?}"));
        *field = value;
    }
}

fn told<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// The PEM in examples.
pub const PEM: &str = "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n";

impl Example for ClientBody {
    fn example() -> Self {
        Self {
            id: "morningstar".into(),
            name: "Morningstar".into(),
            description: "The shop's help".into(),
            enabled: true,
            v1_tokens: V1Tokens::ExchangeOnce,
            token_realm: Realm::Partner,
            members_may: MembersMay::Own,
            reentry_url: None,
            time_zone: "UTC".into(),
            origins: vec!["https://shop.example".into()],
            requests_per_minute: None,
            user_requests_per_minute: Some(60),
            created_at: example::time(),
        }
    }
}

impl Example for ClientToMake {
    fn example() -> Self {
        Self {
            name: "Morningstar".into(),
            id: Some("morningstar".into()),
            description: None,
            v1_tokens: Some(V1Tokens::ExchangeOnce),
            members_may: None,
            key_bits: None,
            import_key: None,
        }
    }
}

impl Example for ClientMade {
    fn example() -> Self {
        Self {
            client: Example::example(),
            client_key: PEM.into(),
        }
    }
}

impl Example for ClientChange {
    fn example() -> Self {
        Self {
            name: None,
            description: Some("The shop's help, in two languages".into()),
            enabled: None,
            v1_tokens: None,
            members_may: None,
            reentry_url: MaybeUndefined::Undefined,
            time_zone: Some("Asia/Shanghai".into()),
            origins: None,
            requests_per_minute: MaybeUndefined::Value(600),
            user_requests_per_minute: MaybeUndefined::Null,
        }
    }
}
