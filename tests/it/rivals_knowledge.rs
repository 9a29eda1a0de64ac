//! What others got wrong with knowledge (`rivals.md`), each as a test that would see it here.
//!
//! Elsewhere: a deleted document found or cited, a base made again under its name
//! (`knowledge/removal.rs`); a disabled document, citations that vanish (`library/versions.rs`);
//! one chunk that takes the document along (`library/chunks.rs`); a small client among large ones
//! (`search/mod.rs`); a document that kills its worker (`knowledge/workers.rs`); a citation of [9]
//! out of 3 (`chat/citations.rs`).

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    chat::saying,
    verbs::{eventually, text},
    world::{Wish, World, body},
};

/// dify #22019 #22018 #24466: Chinese full text finds nothing by default.
#[tokio::test]
async fn chinese_words_are_found_by_default() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    ann.document(
        &base,
        "a.md",
        "员工每年可以参加一次健康体检，费用由公司承担。",
    )
    .await;
    ann.document(&base, "b.md", "差旅费用需要在三十天内报销。")
        .await;
    for query in ["健康", "健康体检", "体检的费用", "健康 体检"] {
        let found = ann.finds(&base, query).await;
        assert_eq!(found[0]["document_name"], "a.md", "{query}");
    }
    assert!(ann.finds(&base, "足球").await.is_empty());
}

/// ragflow #6607: an empty list of ids deletes everything. Here nothing is deleted by lists at all,
/// and an id that is empty or wrong names nothing.
#[tokio::test]
async fn an_empty_id_deletes_nothing() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.knows("b", &[("a.md", "eins"), ("b.md", "zwei")]).await;
    let documents = format!("/api/v1/knowledge-bases/{base}/documents");
    for path in [
        "/api/v1/documents/",
        "/api/v1/documents",
        "/api/v1/documents/,",
        "/api/v1/documents/%20",
        "/api/v1/documents/*",
        "/api/v1/knowledge-bases/",
        "/api/v1/knowledge-bases",
        "/api/v1/chunks/",
        &documents,
    ] {
        let request = ann.request(Method::DELETE, path);
        let answer = request.json(&json!({"ids": []})).send().await.unwrap();
        assert!(
            answer.status().is_client_error(),
            "{path}: {}",
            answer.status()
        );
    }
    assert_eq!(world.count("select count(*) from document").await, 2);
    assert_eq!(world.count("select count(*) from chunk").await, 2);
}

/// R2R #1827: counts drift. Whatever is done, what is counted is what is there.
#[tokio::test]
async fn counts_are_what_is_there_whatever_is_done() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let mut ids = Vec::new();
    for n in 0..4 {
        let name = format!("{n}.md");
        ids.push(
            ann.document(
                &base,
                &name,
                &format!("# Teil {n}\n\nDas Rad hat {n} Speichen."),
            )
            .await,
        );
    }
    let path = |n: usize| format!("/api/v1/documents/{}", ids[n]);
    ann.patch(&path(0), json!({"enabled": false}), StatusCode::OK)
        .await;
    ann.post(
        &format!("{}/rebuild", path(0)),
        json!({}),
        StatusCode::ACCEPTED,
    )
    .await;
    ann.post(
        &format!("{}/rebuild", path(1)),
        json!({"chunk_chars": 100}),
        StatusCode::ACCEPTED,
    )
    .await;
    let added = json!({"text": "Die Klingel ist laut."});
    ann.post(&format!("{}/chunks", path(1)), added, StatusCode::CREATED)
        .await;
    world.run_jobs().await;
    ann.delete(&path(2)).await;
    ann.patch(&path(0), json!({"enabled": true}), StatusCode::OK)
        .await;
    ann.patch(&path(3), json!({"enabled": false}), StatusCode::OK)
        .await;
    let drifted = "select count(*) from base_stats s where (s.chunks, s.terms_total) <> (
         select coalesce(sum(i.chunks), 0), coalesce(sum(i.terms_total), 0) from document_index i
         where i.client_no = s.client_no and i.base_no = s.base_no)";
    assert_eq!(world.count(drifted).await, 0);
    let listed = "select count(*) from document d where d.chunks is distinct from (
         select count(*) from chunk c where c.document_no = d.document_no and c.version = d.version)";
    assert_eq!(world.count(listed).await, 0);
    let of_base = ann.get(&format!("/api/v1/knowledge-bases/{base}")).await;
    let searched = "select count(*) from chunk c join document d using (client_no, document_no)
         where c.version = d.version and d.enabled and c.enabled";
    assert_eq!(of_base["chunks"], world.count(searched).await);
    assert_eq!(of_base["documents"], 3);
}

/// ragflow #17537 #17800: an upload or a deletion blocks the whole service.
#[tokio::test]
async fn nobody_waits_while_a_document_is_read_or_removed() {
    let world = World::with(Wish {
        background: true,
        ..Wish::default()
    })
    .await;
    let ann = world.partner("acme").await.person("ann").await;
    let (big, small) = (ann.base("big").await, ann.base("small").await);
    let long: String = (0..4_000)
        .map(|n| format!("## {n}\n\nEin Satz über Kapitel {n}.\n\n"))
        .collect();
    let sent = body(
        ann.upload(&big, "long.md", long).await,
        StatusCode::ACCEPTED,
    )
    .await;
    let path = format!("/api/v1/documents/{}", text(&sent["id"]));
    let mut answered = 0;
    let ready = eventually("the long document is read", async || {
        // others work meanwhile, each within a second
        let started = std::time::Instant::now();
        ann.finds(&small, "Satz").await;
        ann.get("/api/v1/knowledge-bases").await;
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
        answered += 1;
        let now = ann.get(&path).await;
        (now["state"] == "ready" || now["state"] == "failed").then_some(now)
    })
    .await;
    assert_eq!(ready["state"], "ready", "{ready}");
    assert!(answered > 1, "nothing was asked meanwhile");
    let (gone, found) = tokio::join!(ann.delete(&path), ann.finds(&small, "Satz"));
    assert_eq!((gone, found.len()), ((), 0));
    assert!(ann.finds(&big, "Satz").await.is_empty());
}

/// R2R #1159, QAnything #174 #429: a failed reading cannot be removed, or hangs for ever.
#[tokio::test]
async fn what_could_not_be_read_says_so_and_can_be_mended_or_removed() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let sent = body(ann.upload(&base, "a.md", " \n").await, StatusCode::ACCEPTED).await;
    let path = format!("/api/v1/documents/{}", text(&sent["id"]));
    world.run_jobs().await;
    let failed = ann.get(&path).await;
    assert_eq!(failed["state"], "failed");
    assert!(!text(&failed["reason"]).is_empty());
    // sent anew under its name, it is read
    let how = format!("/api/v1/knowledge-bases/{base}/documents?on_conflict=replace");
    let part = reqwest::multipart::Part::bytes(b"Now with text.".to_vec()).file_name("a.md");
    let form = reqwest::multipart::Form::new().part("file", part);
    let answer = ann
        .request(Method::POST, &how)
        .multipart(form)
        .send()
        .await
        .unwrap();
    body(answer, StatusCode::ACCEPTED).await;
    world.run_jobs().await;
    let mended = ann.get(&path).await;
    assert_eq!(
        (&mended["state"], &mended["reason"]),
        (&json!("ready"), &Value::Null)
    );
    // and one that fails goes like any other
    let sent = body(ann.upload(&base, "b.md", " \n").await, StatusCode::ACCEPTED).await;
    world.run_jobs().await;
    ann.delete(&format!("/api/v1/documents/{}", text(&sent["id"])))
        .await;
    let left = "select count(*) from document where state not in ('ready', 'failed')";
    assert_eq!(world.count(left).await, 0);
    assert_eq!(world.count("select count(*) from document").await, 1);
}

/// onyx #1543: citations point to documents that do not exist.
#[tokio::test]
async fn every_citation_opens_a_document_that_is_there() {
    let (world, _) =
        World::scripted(saying("电池保修期为24个月[1]。电机保修期为36个月[2]。[7]")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    ann.document(&base, "a.md", "电池保修期为24个月。").await;
    ann.document(&base, "b.md", "电机保修期为36个月。").await;
    let answer = ann
        .asks(&ann.session().await, "电池和电机的保修期多久？")
        .await;
    let citations = answer["citations"].as_array().unwrap();
    assert!(!citations.is_empty(), "{answer}");
    for citation in citations {
        let document = format!("/api/v1/documents/{}", text(&citation["document_id"]));
        assert_eq!(ann.get(&document).await["name"], citation["document_name"]);
        let place = format!(
            "{document}/text?version={}&start={}&end={}",
            citation["version"], citation["start"], citation["end"]
        );
        assert_eq!(ann.get(&place).await["text"], citation["quote"]);
        let chunk = format!("/api/v1/chunks/{}", text(&citation["chunk_id"]));
        assert!(text(&ann.get(&chunk).await["text"]).contains(text(&citation["quote"])));
    }
    assert!(!text(&answer["content"]).contains("[7]"), "{answer}");
}

/// A search during a switch of versions sees one of them: never both, never none.
#[tokio::test]
async fn a_search_sees_one_version_never_both_and_never_none() {
    let world = World::configured(vec![("models.embedding", "minilm".to_owned())]).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = ann
        .document(&base, "a.md", "The battery is covered for 0 months.")
        .await;
    let path = format!("/api/v1/documents/{id}/versions");
    let switching = async {
        for n in 1..12 {
            let bytes = format!("The battery is covered for {n} months.");
            let part = reqwest::multipart::Part::bytes(bytes.into_bytes()).file_name("a.md");
            let form = reqwest::multipart::Form::new().part("file", part);
            let answer = ann
                .request(Method::POST, &path)
                .multipart(form)
                .send()
                .await
                .unwrap();
            body(answer, StatusCode::ACCEPTED).await;
            world.run_jobs().await;
        }
    };
    let searching = async {
        let mut seen = Vec::new();
        loop {
            let found = ann.finds(&base, "How long is the battery covered?").await;
            assert_eq!(found.len(), 1, "{found:?}");
            let version = found[0]["version"].as_i64().unwrap();
            let said = format!("The battery is covered for {} months.", version - 1);
            assert_eq!(found[0]["text"], said);
            seen.push(version);
            if version == 12 {
                return seen;
            }
        }
    };
    let ((), seen) = tokio::join!(switching, searching);
    assert!(seen.is_sorted(), "no version comes back: {seen:?}");
    assert!(seen.len() > 3, "{seen:?}");
}

/// FastGPT #3460: a large deletion leaves the transaction. A base goes at once or not at all.
#[tokio::test]
async fn a_removal_that_breaks_off_removes_nothing() {
    let world = World::new().await;
    let acme = world.partner("acme").await;
    let ann = acme.person("ann").await;
    let base = ann.knows("b", &[("a.md", "eins"), ("b.md", "zwei")]).await;
    let mut tx = world.app.db.client(acme.no).await.unwrap();
    let user = sqlx::query_scalar("select user_id from app_user limit 1");
    let user: uuid::Uuid = user.fetch_one(tx.conn()).await.unwrap();
    let found = concierge::knowledge::base::readable(&mut tx, concierge::ids::UserId(user));
    let found = found.await.unwrap();
    concierge::knowledge::search::drop_base(&mut tx, found[0].base_no)
        .await
        .unwrap();
    // the process ends here
    drop(tx);
    assert_eq!(ann.finds(&base, "eins zwei").await.len(), 2);
    ann.delete(&format!("/api/v1/knowledge-bases/{base}")).await;
    for rows in [
        "select count(*) from posting",
        "select count(*) from document_version",
    ] {
        assert_eq!(world.count(rows).await, 0, "{rows}");
    }
}
