//! A PostgreSQL of one's own, the oldest that counts: made ready by a plain owner, used by a login
//! without power, and refused with the reason where it does not fit.

use std::{fs, path::Path};

use concierge::db::embedded::{Embedded, Major, Settings};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{
    cluster::runtime_dir,
    process::{Server, folder, run},
    verbs::text,
    world::body,
};

const DATABASE: &str = "site";
const PASSWORD: &str = "a-password-of-tests";

/// Roles as an administrator makes them: an owner who may make roles and owns the database, and a
/// login that may do nothing.
const ROLES: [&str; 5] = [
    "create role site_owner login createrole password 'a-password-of-tests'",
    "create role site_login login password 'a-password-of-tests'",
    "create role site_super login superuser password 'a-password-of-tests'",
    "create role site_bypass login bypassrls password 'a-password-of-tests'",
    "create database site owner site_owner encoding 'UTF8' template template0",
];

struct Foreign {
    embedded: Embedded,
}

impl Foreign {
    async fn start(data: &Path) -> Self {
        let mut settings = Settings::new(runtime_dir(), data);
        settings.version = Major::Sixteen;
        settings.durable = false;
        let embedded = Embedded::start(&settings).await.unwrap();
        let mut conn = PgConnection::connect_with(&embedded.access().options("postgres"))
            .await
            .unwrap();
        for statement in ROLES {
            conn.execute(statement).await.unwrap();
        }
        Self { embedded }
    }

    fn url(&self, role: &str, database: &str) -> String {
        let port = self.embedded.access().port;
        format!("postgres://{role}:{PASSWORD}@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    async fn superuser(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&self.embedded.access().options(database))
            .await
            .unwrap()
    }
}

fn config(folder: &Path, more: &str) {
    let runtime = runtime_dir();
    let text = format!(
        "[runtime]\ndir = {}\n[models]\nembedding = none\n[storage]\nreadonly_percent = 0\n[database]\n{more}",
        runtime.display()
    );
    fs::write(folder.join("config.ini"), text).unwrap();
}

#[tokio::test]
async fn a_postgresql_16_of_ones_own_serves() {
    let folder = folder();
    let foreign = Foreign::start(&folder.path().join("foreign")).await;
    let place = folder.path().join("place");
    fs::create_dir(&place).unwrap();
    let (url, owner) = (
        foreign.url("site_login", DATABASE),
        foreign.url("site_owner", DATABASE),
    );

    config(&place, &format!("url = {url}\nmigrate = off\n"));
    let bare = run(&place, &["check"]);
    assert!(bare.refused(1).contains("of these are wrong"), "{bare:?}");
    assert!(bare.out.contains("pgvector is not installed"), "{bare:?}");

    config(&place, &format!("url = {url}\nowner_url = {owner}\n"));
    let denied = run(&place, &["migrate"]);
    let remedy = "a superuser has to run it in the database site once";
    assert!(denied.refused(1).contains(remedy), "{denied:?}");
    let mut superuser = foreign.superuser(DATABASE).await;
    superuser.execute("create extension vector").await.unwrap();
    let migrated = run(&place, &["migrate"]);
    assert_eq!(migrated.well(), "The database is up to date.\n");
    config(&place, &format!("url = {url}\nmigrate = off\n"));
    let checked = run(&place, &["check"]);
    for says in ["PostgreSQL 16.", "pgvector 0.8", "schema up to date"] {
        assert!(checked.well().contains(says), "{says}: {checked:?}");
    }

    let mut server = Server::start(&place, &[("MODELS__CHAT", "extractive")]);
    let bearer = server.visitor().await;
    let (_, document) = server
        .uploads(&bearer, "The battery has a warranty of eight years.")
        .await;
    server
        .until(&bearer, &document, |document| document["state"] == "ready")
        .await;
    let session = server.post(&bearer, "/api/v1/sessions", json!({})).await;
    let ask = server.request(
        Method::POST,
        &format!("/api/v1/sessions/{}/messages", text(&session["id"])),
    );
    let ask = ask
        .bearer_auth(&bearer)
        .json(&json!({"content": "How long is the warranty of the battery?"}));
    let answer = body(ask.send().await.unwrap(), StatusCode::OK).await;
    assert!(text(&answer["content"]).contains("eight years"), "{answer}");
    assert_eq!(server.stop(), Some(0));
    assert!(
        !place.join("data/postgres").exists(),
        "none of our own was started"
    );

    let mut conn = foreign.superuser(DATABASE).await;
    let forgotten = "delete from _sqlx_migrations where version = 26";
    conn.execute(AssertSqlSafe(forgotten.to_owned()))
        .await
        .unwrap();
    let behind = run(&place, &["check"]);
    assert!(behind.refused(1).contains("1 of these"), "{behind:?}");
    assert!(
        behind.out.contains("run `concierge migrate` for 0026"),
        "{behind:?}"
    );

    for role in ["site_super", "site_bypass"] {
        let url = foreign.url(role, DATABASE);
        config(&place, &format!("url = {url}\nmigrate = off\n"));
        let refused = run(&place, &["serve"]);
        let said = refused.refused(1);
        assert!(
            said.contains("is a superuser or has BYPASSRLS"),
            "{role}: {refused:?}"
        );
        assert!(!format!("{refused:?}").contains(PASSWORD), "{refused:?}");
    }
    foreign.embedded.stop().await.unwrap();
}
