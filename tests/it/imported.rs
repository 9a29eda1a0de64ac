//! Key pairs that partners bring along from older systems, small ones too.

use std::fs;

use concierge::identity::{
    MembersMay, Realm, V1Tokens,
    client::{self, NewClient},
    key::NewKey,
};
use reqwest::{Method, StatusCode};
use rsa::{
    RsaPrivateKey,
    pkcs1::EncodeRsaPrivateKey,
    pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding},
};

use crate::{
    cli::place,
    golden::by_python,
    process::{Server, run},
    world::{Wish, World},
};

fn pair(bits: usize) -> RsaPrivateKey {
    RsaPrivateKey::new(&mut rand::rng(), bits).unwrap()
}

/// What the partner's system has, as a token is made with it by another library.
fn token(world: &World, key: &RsaPrivateKey, client: &str, user: &str) -> String {
    let path = world.folder().join("partner.pem");
    let pem = key.to_public_key().to_public_key_pem(LineEnding::LF);
    fs::write(&path, pem.unwrap()).unwrap();
    by_python(&path, client, user, "u")
}

async fn import(world: &World, id: &str, key: &RsaPrivateKey) {
    let pem = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    let new = NewClient {
        client_id: Some(id.into()),
        name: id.into(),
        description: String::new(),
        v1_tokens: V1Tokens::Header,
        token_realm: Realm::Partner,
        members_may: MembersMay::Own,
    };
    let (vault, now) = (&world.app.vault, world.app.clock.now());
    let mut tx = world.app.db.system().await.unwrap();
    let key = NewKey::import(&pem, true).unwrap();
    client::create(&mut tx, vault, &new, key, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn me(world: &World, token: &str) -> StatusCode {
    let request = world.request(Method::GET, "/api/v1/me");
    let answer = request.header("Api-Token", token).send().await;
    answer.unwrap().status()
}

#[tokio::test]
async fn a_small_key_counts_only_where_the_operator_says_so_and_costs_one_operation() {
    let small = pair(1_024);
    for (flag, right) in [("on", StatusCode::OK), ("off", StatusCode::UNAUTHORIZED)] {
        let wish = Wish {
            set: vec![("identity.small_keys", flag.into())],
            ..Wish::default()
        };
        let world = World::with(wish).await;
        import(&world, "0", &small).await;
        let operations = || world.server.gatekeeper.rsa_operations();
        for (which, key, status) in [
            ("right", &small, right),
            ("another key's", &pair(1_024), StatusCode::UNAUTHORIZED),
            ("a longer key's", &pair(2_048), StatusCode::UNAUTHORIZED),
        ] {
            let token = token(&world, key, "0", "42");
            let before = operations();
            assert_eq!(me(&world, &token).await, status, "{flag}: {which}");
            assert_eq!(operations(), before + 1, "{flag}: {which}");
            assert_eq!(me(&world, &token).await, status, "{flag}: {which}");
            assert_eq!(operations(), before + 1, "{flag}: {which}, remembered");
        }
    }
}

#[tokio::test]
async fn a_partner_keeps_its_key_by_the_command() {
    let folder = place("");
    let at = folder.path();
    let (usual, small) = (pair(2_048), pair(1_024));
    let public = |key: &RsaPrivateKey| {
        let key = key.to_public_key();
        key.to_public_key_pem(LineEnding::LF).unwrap()
    };
    let private = usual.to_pkcs1_pem(LineEnding::LF).unwrap();
    fs::write(at.join("usual.pem"), &private).unwrap();
    let small_pem = small.to_pkcs8_pem(LineEnding::LF).unwrap();
    fs::write(at.join("small.pem"), small_pem).unwrap();
    fs::write(at.join("public.pem"), public(&usual)).unwrap();
    let server = Server::start(at, &[("IDENTITY__SMALL_KEYS", "on")]);
    let create = |id: &str, file: &str, more: &[&str]| {
        let named = ["client", "create", "--name", id, "--id", id, "--json"];
        run(at, &[&named[..], &["--import-key", file], more].concat())
    };
    let opens = async |token: &str| {
        let request = server.request(Method::GET, "/api/v1/me");
        let answer = request.header("Api-Token", token).send().await;
        assert_eq!(answer.unwrap().status(), StatusCode::OK, "{token}");
    };

    let made = &create("0", "usual.pem", &[]).json()[0];
    assert_eq!(made["client_key"], public(&usual));
    opens(&by_python(&at.join("public.pem"), "0", "42", "张三")).await;

    let refused = create("1", "small.pem", &[]);
    let says = "small.pem: The key has 1024 bits, fewer than 2048 are not safe.";
    assert!(refused.refused(1).contains(says), "{refused:?}");
    let made = &create("1", "small.pem", &["--set", "identity.small_keys=on"]).json()[0];
    assert_eq!(made["client_key"], public(&small));
    let token = |name: &str| {
        let named = ["token", "--client", "1", "--user", "42", "--username", name];
        run(at, &named)
    };
    opens(token("u").well().trim()).await;
    let long = token(&"长".repeat(20));
    assert!(long.refused(1).contains("this key takes 62"), "{long:?}");

    for (file, says) in [
        ("public.pem", "the public half only"),
        ("nowhere.pem", "read nowhere.pem"),
    ] {
        let refused = create("2", file, &[]);
        assert!(refused.refused(1).contains(says), "{refused:?}");
    }
    let listed = run(at, &["client", "list", "--json"]).json();
    assert_eq!(listed.len(), 3, "0, 1 and the demo: {listed:?}");
    let secret = private.lines().nth(3).unwrap();
    assert!(!server.log().contains(secret));
}
