//! How vendors are spoken to over HTTP: one kind of client, with limits on waiting.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, Url, redirect};

use crate::error::{Error, Result};

const CONNECT_SECONDS_MAX: u64 = 10;
const POOL_IDLE_SECONDS_MAX: u64 = 60;
const POOL_IDLE_CONNECTIONS_MAX: usize = 64;
const KEEPALIVE_SECONDS: u64 = 30;

/// A client for the vendor at `base`. It has a limit on connecting and none on a whole answer,
/// which may take minutes; how long a silence may last is for the caller to say, by `idle_max`.
///
/// The proxies of the environment are used, except for loopback addresses, which no proxy could
/// reach. Redirects are not followed: a key would travel with them to another host.
///
/// # Errors
/// `Internal` when TLS cannot be set up.
pub fn http_client(base: &Url, idle_max: Duration) -> Result<Client> {
    let mut builder = Client::builder()
        .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
        .read_timeout(idle_max)
        .pool_idle_timeout(Duration::from_secs(POOL_IDLE_SECONDS_MAX))
        .pool_max_idle_per_host(POOL_IDLE_CONNECTIONS_MAX)
        .tcp_keepalive(Duration::from_secs(KEEPALIVE_SECONDS))
        .tcp_nodelay(true)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("concierge/", env!("CARGO_PKG_VERSION")));
    if is_loopback(base) {
        builder = builder.no_proxy();
    }
    builder
        .build()
        .context("set up a client for model vendors")
        .map_err(Error::Internal)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}
