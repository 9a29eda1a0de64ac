//! The server behind its own certificate.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Certificate, Client, Method, StatusCode};

use crate::{
    verbs::eventually,
    world::{Wish, World},
};

fn pem(kind: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
}

#[tokio::test]
async fn requests_come_by_tls_when_a_certificate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let site = include_bytes!("../fixtures/tls/site.der");
    let key = include_bytes!("../fixtures/tls/site.key.der");
    let world = World::with(Wish {
        set: vec![
            (
                "server.tls_cert",
                named("cert.pem", pem("CERTIFICATE", site)),
            ),
            ("server.tls_key", named("key.pem", pem("PRIVATE KEY", key))),
        ],
        ..Wish::default()
    })
    .await;
    let address = world.base.trim_start_matches("http://").parse().unwrap();
    let root = Certificate::from_der(include_bytes!("../fixtures/tls/root.der")).unwrap();
    let client = Client::builder()
        .no_proxy()
        .tls_certs_only([root])
        .resolve("site.example", address)
        .build()
        .unwrap();
    let url = format!("https://site.example:{}/api/v1/me", address.port());
    let token = world.partner("acme").await.token("alice");
    // a connection may come before the certificate is loaded
    let answer = eventually("the server answers", async || {
        client
            .get(&url)
            .header("Api-Token", &token)
            .send()
            .await
            .ok()
    })
    .await;
    assert_eq!(answer.status(), StatusCode::OK);

    let plain = world.request(Method::GET, "/api/v1/me");
    assert!(plain.send().await.is_err(), "nothing is said in clear");
}
