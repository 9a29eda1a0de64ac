//! An address a user gave, checked as far as that goes without asking anybody.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use super::{Policy, address::may_dial, dial::Resolve};
use crate::error::{Error, Result};

/// Bytes of an address.
const URL_BYTES_MAX: usize = 2_048;
/// Addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 16;

/// An http or https address with an allowed port and without credentials.
#[derive(Clone, Debug)]
pub struct Target {
    url: Url,
    host: Host<String>,
    port: u16,
}

impl Target {
    /// Reads an address as browsers do: `0x7f.1`, `１２７.0.0.1` and the like come out as the
    /// addresses they mean.
    pub fn parse(text: &str, policy: &Policy) -> Result<Self> {
        check_length(text)?;
        let url = Url::parse(text).map_err(|error| {
            Error::invalid(format!("This is not an address of a document: {error}."))
        })?;
        Self::check(url, policy)
    }

    /// The address a redirect leads to.
    pub fn join(&self, place: &str, policy: &Policy) -> Result<Self> {
        check_length(place)?;
        let url = self.url.join(place).map_err(|error| {
            Error::invalid(format!("The address redirects to nowhere: {error}."))
        })?;
        Self::check(url, policy)
    }

    fn check(mut url: Url, policy: &Policy) -> Result<Self> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::invalid(
                "Only addresses that begin with http:// or https:// are fetched.",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::invalid(
                "The address must not contain a user name or a password.",
            ));
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Error::invalid("The address names no server."));
        };
        if !policy.ports.contains(&port) {
            let ports: Vec<String> = policy.ports.iter().map(u16::to_string).collect();
            return Err(Error::invalid(format!(
                "Port {port} is not fetched from; allowed: {}.",
                ports.join(", ")
            )));
        }
        let host = host.to_owned();
        url.set_fragment(None);
        Ok(Self { url, host, port })
    }

    /// The addresses to dial. Every address of the host must be allowed: one that also leads
    /// inside is not trusted to lead outside.
    pub async fn addresses(
        &self,
        resolver: &dyn Resolve,
        policy: &Policy,
    ) -> Result<Vec<SocketAddr>> {
        let found = match &self.host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => resolver.resolve(name).await.unwrap_or_default(),
        };
        let allowed = |address: &IpAddr| may_dial(*address, &policy.allow);
        // one text for both, so that nobody can ask which names exist inside
        if found.is_empty() || !found.iter().all(allowed) {
            return Err(Error::invalid(
                "The server of this address does not exist or is not public; only public servers \
                 are fetched from.",
            ));
        }
        let dialled = found.into_iter().take(ADDRESSES_MAX);
        Ok(dialled
            .map(|address| SocketAddr::new(address.to_canonical(), self.port))
            .collect())
    }

    /// The name the server must prove to have; `None` without encryption.
    pub fn tls_name(&self) -> Result<Option<ServerName<'static>>> {
        if self.url.scheme() != "https" {
            return Ok(None);
        }
        let name = match &self.host {
            Host::Ipv4(address) => ServerName::from(IpAddr::V4(*address)),
            Host::Ipv6(address) => ServerName::from(IpAddr::V6(*address)),
            Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned())
                .map_err(|_| Error::invalid("The name of this server cannot be proven."))?,
        };
        Ok(Some(name))
    }

    /// Path and query, for the request line.
    pub fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// Host and, unless it is the usual one, port.
    pub fn authority(&self) -> &str {
        &self.url[url::Position::BeforeHost..url::Position::AfterPort]
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

fn check_length(text: &str) -> Result<()> {
    if text.len() > URL_BYTES_MAX {
        return Err(Error::invalid(format!(
            "The address is longer than {URL_BYTES_MAX} bytes."
        )));
    }
    Ok(())
}
