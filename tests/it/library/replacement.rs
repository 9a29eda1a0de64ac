//! Documents that take the place of all that a base holds, at once.

use std::io::Write;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::found;
use crate::{
    fetch::net::{Canary, Net, answer, site},
    verbs::{problem, text},
    world::{Person, Wish, World, body},
};

/// Sends files to take the place of what the base holds.
async fn replaces(ann: &Person<'_>, base: &str, files: &[(&str, &str)]) -> Vec<Value> {
    let answer = sends(ann, base, files).await;
    let accepted = body(answer, StatusCode::ACCEPTED).await;
    accepted["items"].as_array().unwrap().clone()
}

async fn sends(ann: &Person<'_>, base: &str, files: &[(&str, &str)]) -> reqwest::Response {
    let mut form = reqwest::multipart::Form::new();
    for (name, text) in files {
        let part = reqwest::multipart::Part::text((*text).to_owned());
        form = form.part("file", part.file_name((*name).to_owned()));
    }
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let request = ann.request(Method::PUT, &path).multipart(form);
    request.send().await.unwrap()
}

async fn names(ann: &Person<'_>, base: &str) -> Vec<(String, bool)> {
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let page = ann.get(&path).await;
    let items = page["items"].as_array().unwrap().iter();
    let item = |item: &Value| (text(&item["name"]).to_owned(), item["enabled"] == true);
    let mut names: Vec<_> = items.map(item).collect();
    // taken in at one moment they have no order
    names.sort();
    names
}

fn is(name: &str, enabled: bool) -> (String, bool) {
    (name.to_owned(), enabled)
}

#[tokio::test]
async fn they_are_found_all_at_once_and_what_was_there_is_gone() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    ann.document(&base, "a.md", "电池保修期为24个月。").await;
    ann.document(&base, "old.md", "电池旧文。").await;
    let new = replaces(
        &ann,
        &base,
        &[("a.md", "电池保修期为36个月。"), ("b.md", "电池新文。")],
    )
    .await;
    assert_eq!(new.len(), 2);
    assert_eq!(new[0]["enabled"], false, "{new:?}");
    let before = ["电池保修期为24个月。", "电池旧文。"];
    assert_eq!(found(&ann, &base, "电池").await, before);
    // one that waits cannot be had earlier
    let path = format!("/api/v1/documents/{}", text(&new[0]["id"]));
    let early = ann
        .request(Method::PATCH, &path)
        .json(&json!({"enabled": true}));
    let refused = problem(early.send().await.unwrap(), StatusCode::CONFLICT).await;
    assert_eq!(refused["code"], "conflict");

    world.run_jobs().await;
    let after = ["电池保修期为36个月。", "电池新文。"];
    assert_eq!(found(&ann, &base, "电池").await, after);
    assert_eq!(
        names(&ann, &base).await,
        [is("a.md", true), is("b.md", true)]
    );
    let held = ann.get(&format!("/api/v1/knowledge-bases/{base}")).await;
    assert_eq!(
        (&held["documents"], &held["chunks"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test]
async fn one_that_cannot_be_read_leaves_all_as_it_was() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    ann.document(&base, "a.md", "电池保修期为24个月。").await;
    let new = replaces(
        &ann,
        &base,
        &[("a.md", "电池保修期为36个月。"), ("b.md", " \n ")],
    )
    .await;
    world.run_jobs().await;
    assert_eq!(found(&ann, &base, "电池").await, ["电池保修期为24个月。"]);
    let path = format!("/api/v1/documents/{}", text(&new[1]["id"]));
    assert_eq!(ann.get(&path).await["state"], "failed");
    // the next replacement takes what was left of it along
    replaces(&ann, &base, &[("a.md", "电池保修期为48个月。")]).await;
    world.run_jobs().await;
    assert_eq!(found(&ann, &base, "电池").await, ["电池保修期为48个月。"]);
    assert_eq!(names(&ann, &base).await, [is("a.md", true)]);
}

#[tokio::test]
async fn of_two_the_later_one_counts_and_what_comes_meanwhile_stays() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    replaces(&ann, &base, &[("a.md", "电池一。")]).await;
    replaces(&ann, &base, &[("a.md", "电池二。")]).await;
    ann.document(&base, "c.md", "电池三。").await;
    world.run_jobs().await;
    assert_eq!(found(&ann, &base, "电池").await, ["电池三。", "电池二。"]);
    assert_eq!(
        names(&ann, &base).await,
        [is("a.md", true), is("c.md", true)]
    );
}

/// It must neither be found twice under one name nor wait for ever.
#[tokio::test]
async fn a_name_that_came_meanwhile_stays_with_what_has_it() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    ann.document(&base, "a.md", "电池旧文。").await;
    let files = [("faq.md", "电池一。"), ("b.md", "电池二。")];
    let waiting = replaces(&ann, &base, &files).await;
    ann.document(&base, "faq.md", "电池三。").await;
    assert_eq!(found(&ann, &base, "电池").await, ["电池三。", "电池旧文。"]);
    for one in &waiting {
        let path = format!("/api/v1/documents/{}", text(&one["id"]));
        let left = ann.get(&path).await;
        assert_eq!(left["state"], "failed", "{left}");
        assert!(text(&left["reason"]).contains("of the same name"), "{left}");
    }
    let jobs = "select count(*) from job where kind = 'ingest'";
    assert_eq!(world.count(jobs).await, 0);
    replaces(&ann, &base, &[("faq.md", "电池四。")]).await;
    world.run_jobs().await;
    assert_eq!(found(&ann, &base, "电池").await, ["电池四。"]);
}

#[tokio::test]
async fn what_one_call_fetches_has_a_size_together() {
    let site = site(|_, stream| {
        let kind = "Content-Type: text/plain\r\n";
        stream.write_all(&answer("200 OK", kind, "电池新文。".as_bytes()))
    });
    let world = World::with(Wish {
        set: vec![("knowledge.upload_bytes_max", "30".into())],
        fetcher: Some(Net::new(site, &Canary::new()).fetcher()),
        ..Wish::default()
    })
    .await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let urls = json!({"urls": ["http://site.example/a.txt", "http://site.example/b.txt"]});
    let all = ann
        .json(Method::PUT, &path, urls, StatusCode::ACCEPTED)
        .await;
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let urls = json!({"urls": vec!["http://site.example/c.txt"; 3]});
    let many = ann
        .json(Method::PUT, &path, urls, StatusCode::PAYLOAD_TOO_LARGE)
        .await;
    assert_eq!(
        many["detail"],
        "The documents that one call fetches have at most 30 bytes together."
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_is_taken_in() {
    let world = World::configured(vec![("knowledge.base_chunks_max", "1".into())]).await;
    let acme = world.partner("acme").await;
    let (ann, ben) = (acme.person("ann").await, acme.person("ben").await);
    let base = ann.base("b").await;
    ann.document(&base, "a.md", "电池。").await;
    let none = sends(&ann, &base, &[]).await;
    problem(none, StatusCode::UNPROCESSABLE_ENTITY).await;
    let twice = sends(&ann, &base, &[("x.md", "a"), ("x.md", "b")]).await;
    problem(twice, StatusCode::CONFLICT).await;
    let strange = sends(&ben, &base, &[("x.md", "a")]).await;
    problem(strange, StatusCode::NOT_FOUND).await;
    let inside = json!({"urls": ["http://127.0.0.1/x.md"]});
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let inside = ann.request(Method::PUT, &path).json(&inside);
    problem(
        inside.send().await.unwrap(),
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await;
    assert_eq!(names(&ann, &base).await, [is("a.md", true)]);
    // read, but the base has no room for them
    let new = replaces(&ann, &base, &[("x.md", "电池一。"), ("y.md", "电池二。")]).await;
    world.run_jobs().await;
    let path = format!("/api/v1/documents/{}", text(&new[1]["id"]));
    let left = ann.get(&path).await;
    assert_eq!(left["state"], "failed", "{left}");
    assert!(text(&left["reason"]).contains("1 fit"), "{left}");
    assert_eq!(found(&ann, &base, "电池").await, ["电池。"]);
}
