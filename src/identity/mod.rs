//! Who is asking: clients, their keys and users, tokens, sessions, and the guards of the API.

pub mod api;
pub mod api_key;
mod cipher;
pub mod client;
pub mod debug;
pub mod demo;
pub mod door;
pub mod gatekeeper;
pub mod guard;
pub mod key;
pub mod keyring;
pub mod origin;
pub mod profile;
pub mod rewrap;
pub mod session;
mod store;
pub mod token;
mod usage;
pub mod user;

use std::sync::Arc;

use time::OffsetDateTime;

pub use self::{
    gatekeeper::Gatekeeper,
    guard::{Caller, Member},
    user::{Realm, Role},
};
use crate::{
    error::{Error, Result},
    ids::{ApiKeyId, ClientNo, UserId},
};

/// What an ordinary user may do with the knowledge of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, poem_openapi::Enum, sqlx::Type)]
#[oai(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum MembersMay {
    /// Read the client's bases.
    Read,
    /// Read them, and keep bases of their own.
    Own,
    /// Write the client's bases too.
    Manage,
}

/// How a client's v1 tokens are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum V1Tokens {
    /// With every request, as existing systems do.
    Header,
    /// Once, to open a session.
    ExchangeOnce,
}

/// Who a credential proved the caller to be.
#[derive(Clone, Debug)]
pub struct Who {
    /// The client.
    pub client: ClientNo,
    /// The client's public name.
    pub client_id: Arc<str>,
    /// What its users may do.
    pub members_may: MembersMay,
    /// Where the chat page goes when a session ends.
    pub reentry_url: Option<Arc<str>>,
    /// The user or machine.
    pub party: Party,
    /// When the credential ends.
    pub until: OffsetDateTime,
}

/// A person or a program.
#[derive(Clone, Debug)]
pub enum Party {
    /// A user of the client.
    User(Arc<user::User>),
    /// A program of the client.
    Machine(ApiKeyId, Arc<[api_key::Scope]>),
}

impl Who {
    /// The user, when it is one.
    pub fn user_id(&self) -> Option<UserId> {
        match &self.party {
            Party::User(user) => Some(user.user_id),
            Party::Machine(..) => None,
        }
    }

    /// Whether the client's own bases may be written.
    pub fn may_manage(&self) -> bool {
        match &self.party {
            Party::User(user) => {
                user.role == Role::Manager || self.members_may == MembersMay::Manage
            }
            Party::Machine(_, scopes) => scopes.contains(&api_key::Scope::KnowledgeWrite),
        }
    }

    /// Whether the caller may keep bases of their own.
    pub fn may_own(&self) -> bool {
        match &self.party {
            Party::User(user) => user.role == Role::Manager || self.members_may >= MembersMay::Own,
            Party::Machine(..) => false,
        }
    }

    /// The same with the rights of a manager: for a secret that the operator gave to a program of the
    /// client.
    #[must_use]
    pub fn as_manager(&self) -> Self {
        let party = match &self.party {
            Party::User(user) => Party::User(Arc::new(user::User {
                role: Role::Manager,
                ..user::User::clone(user)
            })),
            machine @ Party::Machine(..) => machine.clone(),
        };
        Self {
            party,
            ..self.clone()
        }
    }

    /// Fails unless the client's bases may be read.
    pub fn needs_read(&self) -> Result<()> {
        match &self.party {
            Party::User(_) => Ok(()),
            Party::Machine(_, scopes) if !scopes.is_empty() => Ok(()),
            Party::Machine(..) => Err(Error::Forbidden("This key has no scope for that.".into())),
        }
    }
}
