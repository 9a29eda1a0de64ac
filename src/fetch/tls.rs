//! Encryption, with the certificates the operating system trusts.

use std::sync::Arc;

use anyhow::Context;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{net::TcpStream, sync::OnceCell};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, crypto::aws_lc_rs, pki_types::ServerName},
};

use crate::error::{Error, Result};

/// Opens encrypted connections. Certificates are loaded when the first one is needed.
#[derive(Default)]
pub struct Tls {
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    /// Encrypts a connection to the server that can prove to be `name`.
    ///
    /// # Errors
    /// `Upstream` when it cannot; `Internal` when this machine trusts no certificates.
    pub async fn connect(
        &self,
        name: ServerName<'static>,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>> {
        let config = self.config.get_or_try_init(system).await?;
        TlsConnector::from(Arc::clone(config))
            .connect(name, stream)
            .await
            .context("encrypt the connection")
            .map_err(Error::Upstream)
    }
}

async fn system() -> Result<Arc<ClientConfig>> {
    let load = || {
        ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()
    };
    let config = tokio::task::spawn_blocking(load)
        .await
        .map_err(Error::internal)?
        .context("load the certificates this system trusts")?;
    Ok(Arc::new(config.with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{IpAddr, SocketAddr, TcpListener},
    };

    use futures_util::future::BoxFuture;
    use tokio_rustls::rustls::{
        RootCertStore, ServerConfig, ServerConnection, Stream,
        pki_types::{CertificateDer, PrivateKeyDer},
    };

    use super::*;
    use crate::fetch::{Dial, Fetcher, Policy, Resolve};

    /// Every name leads to this server.
    struct Local(SocketAddr);

    impl Resolve for Local {
        fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
            Box::pin(async { Ok(vec![[93, 184, 215, 14].into()]) })
        }
    }

    impl Dial for Local {
        fn dial(&self, _: SocketAddr) -> BoxFuture<'_, std::io::Result<TcpStream>> {
            Box::pin(TcpStream::connect(self.0))
        }
    }

    const ROOT: &[u8] = include_bytes!("../../tests/fixtures/tls/root.der");
    const SITE: &[u8] = include_bytes!("../../tests/fixtures/tls/site.der");
    const KEY: &[u8] = include_bytes!("../../tests/fixtures/tls/site.key.der");

    /// A server that can prove to be `site.example` to whoever trusts `ROOT`.
    fn server() -> SocketAddr {
        let key = PrivateKeyDer::try_from(KEY).unwrap().clone_key();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(SITE)], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = Stream::new(&mut connection, &mut stream);
                if stream.read(&mut [0; 4_096]).is_ok() {
                    let head =
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n";
                    let _ = write!(stream, "{head}\r\nsecret");
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn a_server_is_believed_under_the_name_it_can_prove() {
        let local = Arc::new(Local(server()));
        let mut fetcher = Fetcher::with(Arc::<Local>::clone(&local), local);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(ROOT)).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        fetcher.tls = Arc::new(Tls {
            config: OnceCell::new_with(Some(Arc::new(config))),
        });
        let policy = Policy::documents(1_000, &[]).unwrap();
        for url in ["https://site.example/", "https://SITE.example.:443/"] {
            let fetched = fetcher.get(url, &policy).await.unwrap();
            assert_eq!(fetched.bytes, b"secret");
        }
        for url in ["https://other.example/", "https://93.184.215.14/"] {
            let error = fetcher.get(url, &policy).await.unwrap_err();
            assert!(format!("{error:?}").contains("certificate"), "{error:?}");
        }
    }
}
