//! The least that poem can do: what authentication is compared with.

use std::{
    io::Result as IoResult,
    process::{Child, Command},
};

use anyhow::{Context, Result};
use concierge::db::embedded::free_port;
use poem::{
    Route, Server,
    endpoint::make_sync,
    http::uri::Scheme,
    listener::{Acceptor, TcpAcceptor},
    web::{LocalAddr, RemoteAddr},
};
use tokio::net::{TcpListener, TcpStream};

use crate::{machine, server::until_answered};

/// Makes this program the bare server.
pub const COMMAND: &str = "--bare";
/// What it answers.
pub const PATH: &str = "/hello";

/// A process that answers [`PATH`].
pub struct Bare {
    child: Child,
    /// Where.
    pub port: u16,
}

impl Bare {
    /// Starts it on the server's core.
    pub fn start() -> Result<Self> {
        let port = free_port()?;
        let program = std::env::current_exe()?;
        let child = machine::on_cores([machine::SERVER_CORE], || {
            Command::new(program)
                .args([COMMAND, &port.to_string()])
                .spawn()
        });
        let bare = Self {
            child: child?,
            port,
        };
        until_answered(port, PATH)?;
        Ok(bare)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Serves until it is killed.
pub fn serve(port: &str) -> Result<()> {
    let port: u16 = port.parse().context("the port")?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let acceptor = NoDelay(TcpAcceptor::from_tokio(listener)?);
        let routes = Route::new().at(PATH, make_sync(|_| "hello"));
        Ok(Server::new_with_acceptor(acceptor).run(routes).await?)
    })
}

/// As the server's own listener.
struct NoDelay(TcpAcceptor);

impl Acceptor for NoDelay {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> IoResult<(TcpStream, LocalAddr, RemoteAddr, Scheme)> {
        let accepted = self.0.accept().await?;
        accepted.0.set_nodelay(true)?;
        Ok(accepted)
    }
}
