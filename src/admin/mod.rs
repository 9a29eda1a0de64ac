//! Operators: who runs this server, how they sign in, and what they do to clients, each act written
//! down in the transaction that does it.

pub mod api;
pub mod audit;
mod guard;
pub mod looks;
pub mod operator;
mod password;
pub mod rewrap;
mod session;
mod sign_in;
pub mod snippets;
mod store;
mod totp;
mod trial;
mod tries;

use std::sync::Arc;

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

pub use self::operator::Role;
use self::password::Passwords;
use crate::{
    app::App,
    error::{Error, Result},
    http::address::TrustedProxies,
    identity::{Gatekeeper, key::NewKey},
    ids::OperatorId,
};

/// Key pairs made at the same time: each takes a core for up to seconds.
const KEYS_AT_ONCE_MAX: usize = 1;

/// What the operations of the console share.
pub struct Console {
    /// Handles to the world.
    pub app: App,
    /// Proves credentials: the debugger of tokens asks it.
    pub gatekeeper: Arc<Gatekeeper>,
    passwords: Passwords,
    proxies: TrustedProxies,
    secure: bool,
    keys: Semaphore,
}

/// Who does something, from where.
#[derive(Clone, Debug)]
pub struct By {
    /// The operator; nobody for the command line.
    pub operator: Option<OperatorId>,
    /// The operator's name.
    pub name: String,
    /// The address that the request came from.
    pub address: String,
}

impl Console {
    /// Reads what the settings say about callers.
    pub fn new(app: App, gatekeeper: Arc<Gatekeeper>) -> anyhow::Result<Self> {
        Ok(Self {
            passwords: Passwords::new()?,
            proxies: TrustedProxies::parse(&app.config.list("server", "trusted_proxies"))?,
            secure: app.config.path("server", "tls_cert").is_some(),
            keys: Semaphore::new(KEYS_AT_ONCE_MAX),
            app,
            gatekeeper,
        })
    }
}

impl Console {
    /// A key pair: a new one of this size, or the one in this PEM. Made off the async threads, few
    /// at a time.
    async fn new_key(&self, bits: Option<u32>, import: Option<String>) -> Result<NewKey> {
        let config = &self.app.config;
        let small = config.flag("identity", "small_keys")?;
        let usual = config.number("identity", "key_bits", 2_048..=4_096)?;
        let bits = bits.map_or(usual, u64::from);
        if ![2_048, 3_072, 4_096].contains(&bits) {
            return Err(Error::invalid("A key has 2048, 3072 or 4096 bits."));
        }
        let _slot = self.keys.acquire().await.map_err(Error::internal)?;
        let made = tokio::task::spawn_blocking(move || match import.map(Zeroizing::new) {
            Some(pem) => NewKey::import(&pem, small),
            None => NewKey::generate(usize::try_from(bits).map_err(Error::internal)?),
        });
        made.await.map_err(Error::internal)?
    }
}

impl By {
    /// Whoever may run commands beside the server.
    pub fn command_line() -> Self {
        Self {
            operator: None,
            name: "command line".into(),
            address: String::new(),
        }
    }
}
