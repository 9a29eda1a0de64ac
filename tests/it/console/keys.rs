//! Keys: rotated while requests come, killed within a second, and what they were last used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use concierge::{
    admin::Role,
    app::Tasks,
    identity::{key::Encryptor, token},
    server::ConciergeServer,
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    verbs::{eventually, text},
    world::{World, until},
};

/// How long the load goes on beside each step of the rotation.
const STEP: u32 = 20;

fn token_by(world: &World, pem: &str, user: &str) -> String {
    let key = Encryptor::new(pem).unwrap();
    token::make("acme", user, user, &key, world.app.clock.now()).unwrap()
}

/// Made once for many requests: making one takes longer than they do.
fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn status(http: &reqwest::Client, base: &str, token: &str) -> StatusCode {
    let request = http
        .get(format!("{base}/api/v1/me"))
        .header("Api-Token", token);
    request.send().await.unwrap().status()
}

/// Another process on the same database, which hears of changes.
async fn second(world: &World) -> (String, Tasks) {
    let (mut app, tasks) = (world.app.clone(), Tasks::default());
    app.tasks = tasks.clone();
    let server = Arc::new(ConciergeServer::new(app, None).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (gatekeeper, stop) = (server.gatekeeper.clone(), tasks.stopping());
    let hearing = gatekeeper.clone();
    tasks.spawn(async move { hearing.watch(stop).await });
    let stopped = tasks.stopping();
    tasks.spawn(async move { drop(server.serve(listener, stopped).await) });
    until("the second server hears", || gatekeeper.is_listening()).await;
    (base, tasks)
}

#[tokio::test]
async fn a_key_is_rotated_under_load_and_the_old_one_killed_within_a_second() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let old = desk.makes_client("acme").await;
    let (twin, tasks) = second(&world).await;
    let bases = [world.base.clone(), twin];
    let in_use = Arc::new(std::sync::Mutex::new(old.clone()));
    let (stop, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
    let mut load = JoinSet::new();
    for worker in 0..4 {
        let (in_use, stop, answered) = (in_use.clone(), stop.clone(), answered.clone());
        let (base, clock) = (bases[worker % 2].clone(), world.app.clock.clone());
        load.spawn(async move {
            let http = http();
            let mut failed = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let pem = in_use.lock().unwrap().clone();
                let key = Encryptor::new(&pem).unwrap();
                let token = token::make("acme", "alice", "alice", &key, clock.now()).unwrap();
                let request = http
                    .get(format!("{base}/api/v1/me"))
                    .header("Api-Token", token);
                let status = request.send().await.unwrap().status();
                if status != StatusCode::OK {
                    failed.push(status);
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
            failed
        });
    }
    let more = async || {
        let enough = answered.load(Ordering::Relaxed) + STEP;
        eventually("requests go on", async || {
            (answered.load(Ordering::Relaxed) >= enough).then_some(())
        })
        .await;
    };
    more().await;
    let made = desk
        .post("/clients/acme/keys", json!({}), StatusCode::CREATED)
        .await;
    let new = text(&made["client_key"]).to_owned();
    more().await;
    // both keys are in use while the partner's servers change over
    *in_use.lock().unwrap() = new.clone();
    more().await;
    let keys = desk.get("/clients/acme/keys").await;
    let old_id = text(&keys["items"][1]["id"]).to_owned();
    let path = format!("/clients/acme/keys/{old_id}");
    let retired = desk
        .post(
            &format!("{path}/retire"),
            json!({"overlap_hours": 1}),
            StatusCode::OK,
        )
        .await;
    assert!(retired["retires_at"].is_string(), "{retired}");
    more().await;

    let (http, before) = (http(), token_by(&world, &old, "bob"));
    for base in &bases {
        assert_eq!(status(&http, base, &before).await, StatusCode::OK);
    }
    desk.post(&format!("{path}/kill"), json!({}), StatusCode::OK)
        .await;
    let killed = Instant::now();
    for base in &bases {
        while status(&http, base, &before).await != StatusCode::UNAUTHORIZED {
            assert!(
                killed.elapsed() < Duration::from_secs(1),
                "{base}: it still counts"
            );
        }
        let fresh = token_by(&world, &old, "carol");
        assert_eq!(status(&http, base, &fresh).await, StatusCode::UNAUTHORIZED);
    }
    more().await;
    stop.store(true, Ordering::Relaxed);
    let failed: Vec<StatusCode> = load.join_all().await.concat();
    assert!(failed.is_empty(), "{failed:?}");
    tasks.stop();
}

#[tokio::test]
async fn a_client_keeps_a_key_and_has_few_at_a_time() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    desk.makes_client("acme").await;
    let keys = desk.get("/clients/acme/keys").await;
    let first = text(&keys["items"][0]["id"]).to_owned();
    let retire = format!("/clients/acme/keys/{first}/retire");
    desk.post(&retire, json!({"overlap_hours": 0}), StatusCode::CONFLICT)
        .await;
    for _ in 0..2 {
        desk.post("/clients/acme/keys", json!({}), StatusCode::CREATED)
            .await;
    }
    desk.post("/clients/acme/keys", json!({}), StatusCode::CONFLICT)
        .await;
    desk.post(
        "/clients/acme/keys",
        json!({"bits": 1024}),
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await;
    let far = json!({"overlap_hours": 9_000});
    desk.post(&retire, far, StatusCode::UNPROCESSABLE_ENTITY)
        .await;
    desk.post(&retire, json!({"overlap_hours": 0}), StatusCode::OK)
        .await;
    desk.post(&retire, json!({"overlap_hours": 0}), StatusCode::CONFLICT)
        .await;
    desk.post("/clients/acme/keys", json!({}), StatusCode::CREATED)
        .await;
}

#[tokio::test]
async fn the_last_use_is_shown_and_makes_nobody_forget() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let pem = desk.makes_client("acme").await;
    let made = json!({"name": "ci", "scopes": ["knowledge:read"]});
    let made = desk
        .post("/clients/acme/api-keys", made, StatusCode::CREATED)
        .await;
    let (id, secret) = (text(&made["id"]), text(&made["secret"]));
    let list = async || {
        let request = world.request(Method::GET, "/api/v1/knowledge-bases");
        request.bearer_auth(secret).send().await.unwrap().status()
    };
    assert_eq!(list().await, StatusCode::OK);
    let token = token_by(&world, &pem, "alice");
    assert_eq!(status(&http(), &world.base, &token).await, StatusCode::OK);
    let used = async |path: &str| desk.get(path).await["items"][0].clone();
    assert!(used("/clients/acme/keys").await["last_used_at"].is_null());

    let (gatekeeper, heard) = (
        &world.server.gatekeeper,
        world.server.gatekeeper.changes_heard(),
    );
    gatekeeper.write_uses_now().await.unwrap();
    assert!(used("/clients/acme/keys").await["last_used_at"].is_string());
    assert!(used("/clients/acme/api-keys").await["last_used_at"].is_string());
    assert!(used("/clients/acme/users").await["last_seen_at"].is_string());
    // a change that is heard, after which the uses would have been
    let gone = desk.request(Method::DELETE, &format!("/clients/acme/api-keys/{id}"));
    assert_eq!(gone.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    until("the revocation is heard", || {
        gatekeeper.changes_heard() > heard
    })
    .await;
    assert_eq!(gatekeeper.changes_heard(), heard + 1);
    assert_eq!(list().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_fingerprint_is_what_other_programs_say() {
    let world = World::new().await;
    let desk = world.operator("ada", Role::Admin).await;
    let pem = desk.makes_client("acme").await;
    let file = world.folder().join("key.pem");
    std::fs::write(&file, pem).unwrap();
    let script = "import sys, hashlib\nfrom cryptography.hazmat.primitives import serialization as s\n\
        key = s.load_pem_public_key(open(sys.argv[1], 'rb').read())\n\
        print(hashlib.sha256(key.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)).hexdigest())";
    let said = crate::golden::python(&["-c", script, file.to_str().unwrap()]);
    let keys = desk.get("/clients/acme/keys").await;
    assert_eq!(keys["items"][0]["fingerprint"], said);
    assert_eq!(keys["items"][0]["bits"], 2_048);
}
