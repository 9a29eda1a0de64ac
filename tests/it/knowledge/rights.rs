//! Who may do what with whose base.

use concierge::identity::{MembersMay, Role, V1Tokens};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    verbs::text,
    world::{Person, World, body},
};

const BASES: &str = "/api/v1/knowledge-bases";

/// A base as somebody makes it, with a document in it.
async fn made(who: &Person<'_>, name: &str, shared: bool) -> (String, String) {
    let new = json!({"name": name, "shared": shared});
    let base = who.post(BASES, new, StatusCode::CREATED).await;
    let base = text(&base["id"]).to_owned();
    let document = who.document(&base, "a.md", "电池保修期为24个月。").await;
    (base, document)
}

/// The statuses of everything that writes to a base, and what it says of itself.
async fn writes(who: &Person<'_>, base: &str, document: &str) -> (Vec<StatusCode>, Value) {
    let path = format!("{BASES}/{base}");
    let shown = who
        .request(Method::GET, &path)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap_or(Value::Null);
    let mut statuses = vec![who.upload(base, "new.md", "x").await.status()];
    let patched = who
        .request(Method::PATCH, &path)
        .json(&json!({"title": "x"}));
    statuses.push(patched.send().await.unwrap().status());
    statuses.push(
        who.status(Method::DELETE, &format!("/api/v1/documents/{document}"))
            .await,
    );
    statuses.push(who.status(Method::DELETE, &path).await);
    (statuses, shown)
}

/// The statuses of everything that only reads a base.
async fn reads(who: &Person<'_>, base: &str, document: &str) -> Vec<StatusCode> {
    let mut statuses = Vec::new();
    for path in [
        format!("{BASES}/{base}"),
        format!("{BASES}/{base}/documents"),
        format!("/api/v1/documents/{document}"),
        format!("/api/v1/documents/{document}/text"),
        format!("/api/v1/documents/{document}/chunks"),
        format!("/api/v1/documents/{document}/events"),
    ] {
        statuses.push(who.status(Method::GET, &path).await);
    }
    let search = who.request(Method::POST, &format!("{BASES}/{base}/search"));
    statuses.push(
        search
            .json(&json!({"query": "电池"}))
            .send()
            .await
            .unwrap()
            .status(),
    );
    statuses
}

const ALL_WELL: [StatusCode; 4] = [
    StatusCode::ACCEPTED,
    StatusCode::OK,
    StatusCode::NO_CONTENT,
    StatusCode::NO_CONTENT,
];

#[tokio::test]
async fn the_matrix_of_rights() {
    for members_may in [MembersMay::Read, MembersMay::Own, MembersMay::Manage] {
        let world = World::new().await;
        let acme = world
            .partner_with("acme", V1Tokens::Header, members_may)
            .await;
        let boss = acme.manager("boss").await;
        let (other, others_document) = made(&boss, "boss-own", false).await;
        for role in [Role::Member, Role::Manager] {
            let case = format!("{members_may:?} {role:?}");
            let who = match role {
                Role::Member => acme.person("ann").await,
                Role::Manager => acme.manager("max").await,
            };
            let manages = role == Role::Manager || members_may == MembersMay::Manage;
            let owns = manages || members_may == MembersMay::Own;

            // one's own
            let status = |may| {
                if may {
                    StatusCode::CREATED
                } else {
                    StatusCode::FORBIDDEN
                }
            };
            let own = json!({"name": format!("own-{}", who.bearer.len())});
            who.post(BASES, own, status(owns)).await;
            if owns {
                let (base, document) = made(&who, "own", false).await;
                assert_eq!(
                    reads(&who, &base, &document).await,
                    [StatusCode::OK; 7],
                    "{case}"
                );
                assert_eq!(
                    reads(&boss, &base, &document).await,
                    [StatusCode::NOT_FOUND; 7],
                    "{case}"
                );
                let (written, shown) = writes(&who, &base, &document).await;
                assert_eq!(written, ALL_WELL, "{case}");
                assert_eq!(
                    (&shown["owner"], &shown["writable"]),
                    (&"user".into(), &true.into())
                );
            }
            // the client's
            let shared = json!({"name": format!("shared-{role:?}"), "shared": true});
            who.post(BASES, shared, status(manages)).await;
            let (base, document) = made(&boss, &format!("clients-{role:?}"), true).await;
            assert_eq!(
                reads(&who, &base, &document).await,
                [StatusCode::OK; 7],
                "{case}"
            );
            let (written, shown) = writes(&who, &base, &document).await;
            let expected = if manages {
                ALL_WELL
            } else {
                [StatusCode::FORBIDDEN; 4]
            };
            assert_eq!(written, expected, "{case}");
            assert_eq!(
                (&shown["owner"], &shown["writable"]),
                (&"client".into(), &manages.into())
            );
            // somebody else's is not there, for managers neither
            assert_eq!(
                reads(&who, &other, &others_document).await,
                [StatusCode::NOT_FOUND; 7],
                "{case}"
            );
            let (written, _) = writes(&who, &other, &others_document).await;
            assert_eq!(written, [StatusCode::NOT_FOUND; 4], "{case}");
            let seen = who.get(&format!("{BASES}?limit=100")).await;
            let seen = seen["items"].as_array().unwrap();
            assert!(
                !seen.iter().any(|base| base["id"] == other.as_str()),
                "{case}"
            );
        }
    }
}

#[tokio::test]
async fn who_may_read_a_base_is_asked_at_each_question() {
    let (world, _) = World::scripted(crate::chat::saying("x")).await;
    let acme = world.partner("acme").await;
    let (boss, ann) = (acme.manager("boss").await, acme.person("ann").await);
    let session = ann.session().await;
    let passages = async || {
        let events = ann.reads(&session, "电池").await.rest().await;
        events[1].data["passages"].as_array().unwrap().len()
    };
    assert_eq!(passages().await, 0);
    let (base, _) = made(&boss, "shared", true).await;
    assert_eq!(passages().await, 1, "a base made since");
    boss.delete(&format!("{BASES}/{base}")).await;
    assert_eq!(passages().await, 0);
    // the same name once for the client and once for each user
    made(&boss, "policy", true).await;
    made(&ann, "policy", false).await;
    made(&boss, "policy", false).await;
    assert_eq!(passages().await, 2);
    let again = json!({"name": "policy", "shared": true});
    let taken = boss
        .request(Method::POST, BASES)
        .json(&again)
        .send()
        .await
        .unwrap();
    body(taken, StatusCode::CONFLICT).await;
}
