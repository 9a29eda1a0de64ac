//! Documents of a client, by operators who may.

use concierge::admin::Role;
use reqwest::{Method, StatusCode, multipart};
use serde_json::json;

use super::Desk;
use crate::{
    verbs::text,
    world::{World, body, events},
};

async fn upload(desk: &Desk<'_>, base: &str, name: &str, bytes: &[u8]) -> reqwest::Response {
    let part = multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned());
    let path = format!("/clients/acme/knowledge-bases/{base}/documents");
    let request = desk.request(Method::POST, &path);
    let form = multipart::Form::new().part("file", part);
    request.multipart(form).send().await.unwrap()
}

#[tokio::test]
async fn a_librarian_fills_the_clients_bases_and_sees_no_users_own() {
    let world = World::new().await;
    let ada = world.operator("ada", Role::Admin).await;
    let kim = world.operator("kim", Role::Knowledge).await;
    let acme = world.partner("acme").await;
    let alice = acme.person("alice").await;
    let own = alice.base("own").await;
    let private = alice.document(&own, "diary.md", "Dear diary.").await;

    let made = json!({"name": "policy", "title": "政策"});
    let base = kim
        .post("/clients/acme/knowledge-bases", made, StatusCode::CREATED)
        .await;
    let base = text(&base["id"]).to_owned();
    let taken = body(
        upload(&kim, &base, "a.md", b"The warranty lasts eight years.").await,
        StatusCode::ACCEPTED,
    )
    .await;
    let id = text(&taken["id"]).to_owned();
    body(
        upload(&kim, &base, "a.md", b"x").await,
        StatusCode::CONFLICT,
    )
    .await;
    body(
        upload(&kim, &own, "b.md", b"x").await,
        StatusCode::NOT_FOUND,
    )
    .await;
    world.run_jobs().await;

    let path = format!("/clients/acme/documents/{id}");
    assert_eq!(kim.get(&path).await["state"], "ready");
    let followed = kim
        .request(Method::GET, &format!("{path}/events"))
        .send()
        .await
        .unwrap();
    let followed = events(&followed.text().await.unwrap());
    assert_eq!(followed.last().unwrap().name, "done");
    assert_eq!(alice.finds(&base, "warranty").await.len(), 1);
    let bases = kim.get("/clients/acme/knowledge-bases").await;
    assert_eq!(bases["items"].as_array().unwrap().len(), 1, "{bases}");
    let secret = format!("/clients/acme/documents/{private}");
    for method in [Method::GET, Method::DELETE] {
        let answer = kim.request(method, &secret).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
    let gone = kim.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert!(alice.finds(&base, "warranty").await.is_empty());
    let acts = ada.acts().await;
    assert_eq!(
        acts[..3],
        ["document.delete", "document.add", "base.create"]
    );
}
