//! The certificate that the settings name; a renewed one is taken without a restart.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use poem::listener::{RustlsCertificate, RustlsConfig};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::config::Config;

/// Seconds between two looks at the files.
const LOOK_SECONDS: u64 = 30;

/// What the settings name, now and whenever it changes; `None` without TLS.
///
/// # Errors
/// A sentence that says which file is missing, broken or belongs to another one.
pub fn certificates(config: &Config) -> Result<Option<BoxStream<'static, RustlsConfig>>> {
    let cert = config.path("server", "tls_cert");
    let files = match (cert, config.path("server", "tls_key")) {
        (Some(cert), Some(key)) => Files { cert, key },
        (None, None) => return Ok(None),
        (None, Some(_)) => bail!("[server] tls_cert is empty, but tls_key is not"),
        (Some(_), None) => bail!("[server] tls_key is empty, but tls_cert is not"),
    };
    let first = files.read()?;
    let now = stream::once(std::future::ready(first.served()));
    let changes = stream::unfold((files, first), |(files, served)| async move {
        loop {
            tokio::time::sleep(Duration::from_secs(LOOK_SECONDS)).await;
            match files.read() {
                Ok(pair) if pair == served => {}
                Ok(pair) => return Some((pair.served(), (files, pair))),
                // half of a renewal, perhaps: what was good serves on
                Err(error) => {
                    tracing::warn!("the certificate is not renewed: {error:#}");
                }
            }
        }
    });
    Ok(Some(now.chain(changes).boxed()))
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
}

/// A certificate with its chain, and its key, both in PEM.
#[derive(PartialEq, Eq)]
struct Pair {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    /// What they hold, if it is fit to be served.
    fn read(&self) -> Result<Pair> {
        let bytes = |file: &PathBuf| fs::read(file).with_context(|| file.display().to_string());
        let pair = Pair {
            cert: bytes(&self.cert)?,
            key: bytes(&self.key)?,
        };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&pair.cert)
            .collect::<Result<_, _>>()
            .with_context(|| format!("read the certificate {}", self.cert.display()))?;
        let key = PrivateKeyDer::from_pem_slice(&pair.key)
            .with_context(|| format!("read the key {}", self.key.display()))?;
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .with_context(|| {
                let (cert, key) = (self.cert.display(), self.key.display());
                format!("serve the certificate {cert} with the key {key}")
            })?;
        Ok(pair)
    }
}

impl Pair {
    fn served(&self) -> RustlsConfig {
        let certificate = RustlsCertificate::new();
        let certificate = certificate.cert(self.cert.as_slice());
        RustlsConfig::new().fallback(certificate.key(self.key.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use tokio::time::timeout;

    use super::*;

    const SITE: &[u8] = include_bytes!("../../tests/fixtures/tls/site.der");
    const ROOT: &[u8] = include_bytes!("../../tests/fixtures/tls/root.der");
    const KEY: &[u8] = include_bytes!("../../tests/fixtures/tls/site.key.der");

    fn pem(kind: &str, der: &[u8]) -> String {
        let text = BASE64_STANDARD.encode(der);
        format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
    }

    /// A folder with `cert` and `key`, and the settings that name them.
    fn folder(text: &str) -> (tempfile::TempDir, Config) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cert"), pem("CERTIFICATE", SITE)).unwrap();
        fs::write(folder.path().join("key"), pem("PRIVATE KEY", KEY)).unwrap();
        let path = folder.path().to_owned();
        let config = Config::assemble(&format!("[server]\n{text}"), path, [], &[]);
        (folder, config.unwrap())
    }

    fn error(config: &Config) -> String {
        let refused = certificates(config).err().unwrap();
        format!("{refused:#}")
    }

    #[test]
    fn half_a_setting_and_unfit_files_are_refused() {
        assert!(certificates(&folder("").1).unwrap().is_none());
        assert!(error(&folder("tls_key = key").1).contains("tls_cert is empty"));
        assert!(error(&folder("tls_cert = cert").1).contains("tls_key is empty"));
        assert!(error(&folder("tls_cert = gone\ntls_key = key").1).contains("gone: No such file"));

        let (folder, config) = folder("tls_cert = cert\ntls_key = key");
        fs::write(folder.path().join("cert"), pem("CERTIFICATE", ROOT)).unwrap();
        assert!(
            error(&config).contains("serve the certificate"),
            "of another key"
        );
        fs::write(folder.path().join("cert"), "").unwrap();
        assert!(
            error(&config).contains("serve the certificate"),
            "none in it"
        );
        fs::write(folder.path().join("cert"), pem("CERTIFICATE", SITE)).unwrap();
        fs::write(folder.path().join("key"), "nonsense").unwrap();
        assert!(error(&config).contains("read the key"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
        let (folder, config) = folder("tls_cert = cert\ntls_key = key");
        let mut served = certificates(&config).unwrap().unwrap();
        let within = Duration::from_secs(LOOK_SECONDS * 2 + 1);
        assert!(timeout(within, served.next()).await.unwrap().is_some());
        assert!(timeout(within, served.next()).await.is_err(), "unchanged");

        fs::write(folder.path().join("cert"), "half of").unwrap();
        assert!(timeout(within, served.next()).await.is_err(), "broken");

        let chain = pem("CERTIFICATE", SITE) + &pem("CERTIFICATE", ROOT);
        fs::write(folder.path().join("cert"), chain).unwrap();
        assert!(timeout(within, served.next()).await.unwrap().is_some());
        assert!(timeout(within, served.next()).await.is_err(), "taken once");
    }
}
