//! What connections come by: small frames are sent at once, TLS where the settings name a
//! certificate, and nobody holds one for nothing.

use std::{io::Result, time::Duration};

use poem::{
    http::uri::Scheme,
    listener::{Acceptor, TcpAcceptor},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

use super::watched::Watched;

/// poem asks again at once after an error: with too many open files it would do nothing else.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

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

/// Watches the connections of another acceptor.
pub struct Patient<A>(pub A);

impl<A: Acceptor> Acceptor for Patient<A> {
    type Io = Watched<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        match self.0.accept().await {
            Ok((stream, local, remote, scheme)) => {
                Ok((Watched::new(stream), local, remote, scheme))
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(ERROR_PAUSE).await;
                Err(error)
            }
        }
    }
}
