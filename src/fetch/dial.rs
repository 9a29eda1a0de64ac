//! How names become addresses and addresses become connections.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::net::TcpStream;

use crate::error::{Error, Result};

/// Seconds after which the next address of a name is tried.
const DIAL_SECONDS_MAX: u64 = 8;

/// Finds the addresses of a name.
pub trait Resolve: Send + Sync {
    /// All addresses of `name`, which is never an address itself. Fails when there are none.
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// Opens connections.
pub trait Dial: Send + Sync {
    /// A connection to exactly this address.
    fn dial(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<TcpStream>>;
}

/// Asks the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Dials by the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemDialler;

impl Dial for SystemDialler {
    fn dial(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<TcpStream>> {
        Box::pin(TcpStream::connect(address))
    }
}

/// A connection to the first address that answers.
pub async fn first(dialler: &dyn Dial, addresses: &[SocketAddr]) -> Result<TcpStream> {
    let mut last = anyhow::anyhow!("there is no address to dial");
    for address in addresses {
        let time_max = Duration::from_secs(DIAL_SECONDS_MAX);
        match tokio::time::timeout(time_max, dialler.dial(*address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = anyhow::Error::new(error).context(format!("dial {address}")),
            Err(_) => last = anyhow::anyhow!("{address} does not answer"),
        }
    }
    Err(Error::Upstream(last))
}
