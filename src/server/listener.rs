//! A listener that sends small frames at once.

use std::io::Result;

use poem::{
    http::uri::Scheme,
    listener::{Acceptor, TcpAcceptor},
    web::{LocalAddr, RemoteAddr},
};
use tokio::net::{TcpListener, TcpStream};

/// poem 3.1 never sets `TCP_NODELAY`: the first token of a stream would wait 40 ms for the
/// acknowledgement of the head.
pub struct NoDelay(TcpAcceptor);

impl NoDelay {
    /// Around a bound listener.
    pub fn new(listener: TcpListener) -> Result<Self> {
        Ok(Self(TcpAcceptor::from_tokio(listener)?))
    }
}

impl Acceptor for NoDelay {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> Result<(TcpStream, LocalAddr, RemoteAddr, Scheme)> {
        let accepted = self.0.accept().await?;
        accepted.0.set_nodelay(true)?;
        Ok(accepted)
    }
}
