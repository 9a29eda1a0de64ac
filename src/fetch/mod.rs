//! The only HTTP client for addresses that users give.
//!
//! What a user writes must not reach what only this machine can reach. So an address is checked
//! in the form in which it is dialled: names are resolved here, every address they have must be
//! public, and the connection goes to one of those, without asking again. Redirects are followed
//! by hand, each with the complete check. Proxy settings of the environment are not looked at.

mod address;
mod body;
mod dial;
mod exchange;
mod name;
mod target;
mod tls;

use std::{net::IpAddr, sync::Arc, time::Duration};

use anyhow::Context;
use http::{HeaderMap, StatusCode, header};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::Url;

use crate::error::{Error, Result};
use exchange::Answer;
use target::Target;
use tls::Tls;

pub use address::is_public;
pub use dial::{Dial, Resolve, SystemDialler, SystemResolver};

/// What may be fetched, and how much of it.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Bytes of the document, counted after unpacking.
    pub bytes_max: u64,
    /// Seconds for everything: names, redirects, the document.
    pub seconds_max: u64,
    /// Redirects that are followed.
    pub redirects_max: u32,
    /// Ports that are dialled.
    pub ports: Vec<u16>,
    /// Media types that are taken, without parameters, in lower case.
    pub media_types: Vec<String>,
    /// Networks an operator allows although they are not public.
    pub allow: Vec<IpNet>,
    /// Sent along, a key for instance; not to be combined with redirects.
    pub headers: HeaderMap,
}

impl Policy {
    /// The policy for documents: web ports, the formats that can be read, up to `bytes_max`.
    /// `allow` are networks like `10.1.0.0/16`, or single addresses.
    ///
    /// # Errors
    /// When one of `allow` is not a network; the text names it.
    pub fn documents(bytes_max: u64, allow: &[&str]) -> anyhow::Result<Self> {
        let network = |text: &&str| {
            let address = text.parse::<IpAddr>().map(IpNet::from);
            address
                .or_else(|_| text.parse::<IpNet>())
                .with_context(|| format!("{text:?} is not a network like 10.1.0.0/16"))
        };
        Ok(Self {
            bytes_max,
            seconds_max: 60,
            redirects_max: 3,
            ports: vec![80, 443],
            media_types: DOCUMENT_TYPES.map(str::to_owned).to_vec(),
            allow: allow.iter().map(network).collect::<anyhow::Result<_>>()?,
            headers: HeaderMap::new(),
        })
    }

    /// The policy for a service that the operator names by its address: it may be anywhere, also
    /// inside, at any port; it speaks JSON, and leads nowhere else.
    ///
    /// # Errors
    /// When the address is none of http or https.
    pub fn service(url: &str, headers: HeaderMap, seconds_max: u64) -> anyhow::Result<Self> {
        let parsed = Url::parse(url).with_context(|| format!("{url:?} is not an address"))?;
        let port = parsed.port_or_known_default();
        let port = port.filter(|_| matches!(parsed.scheme(), "http" | "https"));
        let everywhere = [Ipv4Net::default().into(), Ipv6Net::default().into()];
        Ok(Self {
            bytes_max: SERVICE_BYTES_MAX,
            seconds_max,
            redirects_max: 0,
            ports: vec![port.with_context(|| format!("{url:?} is no http or https address"))?],
            media_types: vec!["application/json".to_owned()],
            allow: everywhere.to_vec(),
            headers,
        })
    }
}

/// Bytes of what a service says.
const SERVICE_BYTES_MAX: u64 = 4 << 20;

/// Media types of documents; `application/octet-stream` leaves it to the name and the bytes.
const DOCUMENT_TYPES: [&str; 7] = [
    "application/pdf",
    "text/html",
    "application/xhtml+xml",
    "text/markdown",
    "text/x-markdown",
    "text/plain",
    "application/octet-stream",
];

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it was found, after redirects.
    pub final_url: String,
    /// The media type as the server gives it, with parameters such as `charset`;
    /// `application/octet-stream` if it gives none.
    pub media_type: String,
    /// What the server, else the address, calls the document. Not clean: it may contain anything.
    pub file_name: Option<String>,
    /// The document.
    pub bytes: Vec<u8>,
}

/// Fetches what users point at. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    resolver: Arc<dyn Resolve>,
    dialler: Arc<dyn Dial>,
    tls: Arc<Tls>,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Fetcher {
    /// A fetcher that asks and dials through the operating system.
    pub fn new() -> Self {
        Self::with(Arc::new(SystemResolver), Arc::new(SystemDialler))
    }

    /// A fetcher that asks `resolver` and dials by `dialler`.
    pub fn with(resolver: Arc<dyn Resolve>, dialler: Arc<dyn Dial>) -> Self {
        Self {
            resolver,
            dialler,
            tls: Arc::default(),
        }
    }

    /// Fetches a document.
    ///
    /// # Errors
    /// `Invalid` for an address that is malformed, not allowed, or answers 4xx, for too many
    /// redirects and for a server that is too slow; `TooLarge` past `bytes_max`; `Unsupported`
    /// for a media type that is not taken; `Upstream` when the server fails.
    pub async fn get(&self, url: &str, policy: &Policy) -> Result<Fetched> {
        let time_max = Duration::from_secs(policy.seconds_max);
        tokio::time::timeout(time_max, self.follow(url, policy))
            .await
            .map_err(|_| {
                Error::invalid(format!(
                    "The address did not deliver its document within {} seconds.",
                    policy.seconds_max
                ))
            })?
    }

    async fn follow(&self, url: &str, policy: &Policy) -> Result<Fetched> {
        let mut target = Target::parse(url, policy)?;
        for _ in 0..=policy.redirects_max {
            match self.ask(&target, policy).await? {
                Answer::Moved(place) => target = target.join(&place, policy)?,
                Answer::Failed(status) => return Err(failed(status)),
                Answer::Found { headers, bytes } => return Ok(found(&target, &headers, bytes)),
            }
        }
        Err(Error::invalid(format!(
            "The address redirects more than {} times.",
            policy.redirects_max
        )))
    }

    /// One request, on a connection of its own to an address that has been checked.
    async fn ask(&self, target: &Target, policy: &Policy) -> Result<Answer> {
        let addresses = target.addresses(self.resolver.as_ref(), policy).await?;
        let stream = dial::first(self.dialler.as_ref(), &addresses).await?;
        if let Some(name) = target.tls_name()? {
            let stream = self.tls.connect(name, stream).await?;
            exchange::ask(stream, target, policy).await
        } else {
            exchange::ask(stream, target, policy).await
        }
    }
}

fn failed(status: StatusCode) -> Error {
    if status.is_client_error() || status.is_success() {
        Error::invalid(format!(
            "There is no document at this address: it answers {status}."
        ))
    } else {
        Error::Upstream(anyhow::anyhow!("the server answers {status}"))
    }
}

fn found(target: &Target, headers: &HeaderMap, bytes: Vec<u8>) -> Fetched {
    let disposition = headers.get(header::CONTENT_DISPOSITION);
    Fetched {
        final_url: target.to_string(),
        media_type: exchange::media_type(headers),
        file_name: disposition
            .and_then(|value| name::from_disposition(value.as_bytes()))
            .or_else(|| name::from_path(target.path())),
        bytes,
    }
}
