//! What can be taken in, and what is refused with the reason.

use bytes::Bytes;
use futures_util::{future::join_all, stream};
use reqwest::{Method, StatusCode, multipart};
use serde_json::json;

use super::{accepted, file, files_in, taken_in, upload_raw};
use crate::{
    verbs::{problem, text},
    world::{World, body},
};

#[tokio::test]
async fn every_format_is_read_and_found() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("samples").await;
    let txt = "雷达装在车头。Das Radar sitzt vorn. The radar sits in front.";
    for (name, bytes, query, quote, pages) in [
        (
            "电动车保修手册.pdf",
            file("samples/电动车保修手册.pdf"),
            "车架号共多少位？",
            "14 位",
            true,
        ),
        (
            "charging-guide.md",
            file("samples/charging-guide.md"),
            "How long may the battery stay on the charger?",
            "10 hours",
            false,
        ),
        (
            "faq.html",
            file("samples/faq.html"),
            "下单后多久发货？",
            "每天 16:00 之前付款",
            false,
        ),
        (
            "radar.txt",
            txt.into(),
            "Where does the radar sit?",
            "in front",
            false,
        ),
    ] {
        let document = taken_in(&ann, &base, name, bytes.clone()).await;
        assert_eq!(
            (&document["state"], &document["reason"]),
            (&"ready".into(), &json!(null)),
            "{document}"
        );
        assert_eq!(
            (&document["version"], &document["bytes"]),
            (&1.into(), &bytes.len().into())
        );
        assert_eq!(
            (document["pages"].is_number(), &document["page_errors"]),
            (pages, &json!([]))
        );
        assert!(document["chunks"].as_i64() > Some(0));
        let found = ann.finds(&base, query).await;
        let hit = found
            .iter()
            .take(3)
            .find(|passage| text(&passage["text"]).contains(quote));
        let hit = hit.unwrap_or_else(|| panic!("{query}: {found:?}"));
        assert_eq!(
            (&hit["document_id"], hit["page"].is_number()),
            (&document["id"], pages)
        );
        assert!(
            found
                .windows(2)
                .all(|pair| pair[0]["score"].as_f64() >= pair[1]["score"].as_f64())
        );
    }
    let counted = ann.get(&format!("/api/v1/knowledge-bases/{base}")).await;
    let chunks = world.count("select count(*) from chunk").await;
    assert_eq!(
        (&counted["documents"], &counted["chunks"]),
        (&4.into(), &chunks.into())
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_before_it_is_kept() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let png = b"\x89PNG\r\n\x1a\n0000".to_vec();
    for (name, bytes, status, word) in [
        (
            "empty.txt",
            vec![],
            StatusCode::UNPROCESSABLE_ENTITY,
            "empty",
        ),
        (
            "run.exe",
            b"MZ..".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ".exe",
        ),
        (
            "a.txt",
            png.clone(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "PNG",
        ),
        ("a.pdf", png, StatusCode::UNSUPPORTED_MEDIA_TYPE, "PNG"),
        (
            "a.pdf",
            b"hello".to_vec(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "PDF",
        ),
        (
            "..",
            b"hello".to_vec(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "name",
        ),
    ] {
        let problem = problem(ann.upload(&base, name, bytes).await, status).await;
        assert!(text(&problem["detail"]).contains(word), "{name}: {problem}");
    }
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let post = || ann.request(Method::POST, &path);
    let form = |name: &'static str| multipart::Form::new().text(name, "hello");
    for request in [
        post().multipart(form("document")),
        post().multipart(form("file")),
        post().multipart(multipart::Form::new()),
        post().json(&json!({})),
        post().json(&json!({"url": "no address"})),
        post()
            .header("content-type", "multipart/form-data")
            .body("x"),
        post()
            .header("content-type", "multipart/form-data; boundary=cut")
            .body("--cut\r\nbroken"),
    ] {
        problem(
            request.send().await.unwrap(),
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
    let plain = post()
        .header("content-type", "text/plain")
        .body("hello")
        .send()
        .await
        .unwrap();
    problem(plain, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    assert_eq!(world.count("select count(*) from document").await, 0);
    assert!(files_in(&world).is_empty(), "{:?}", files_in(&world));
}

#[tokio::test]
async fn what_turns_out_unreadable_fails_with_the_reason_and_can_be_removed() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    for (name, bytes, word) in [
        (
            "locked.pdf",
            file("tests/fixtures/pdf/user-password.pdf"),
            "password",
        ),
        (
            "broken.pdf",
            b"%PDF-1.7\nnothing that was promised".to_vec(),
            "PDF",
        ),
        (
            "blank.html",
            b"<html><body><p> </p></body></html>".to_vec(),
            "no text",
        ),
        ("blank.txt", b" \n\n ".to_vec(), "no text"),
    ] {
        let document = taken_in(&ann, &base, name, bytes).await;
        assert_eq!(
            (&document["state"], &document["chunks"]),
            (&"failed".into(), &0.into())
        );
        assert!(text(&document["reason"]).contains(word), "{document}");
        ann.delete(&format!("/api/v1/documents/{}", text(&document["id"])))
            .await;
    }
    world.run_jobs().await;
    let left = "select (select count(*) from document) + (select count(*) from blob) + (select count(*) from job)";
    assert_eq!(world.count(left).await, 0);
    assert!(files_in(&world).is_empty());
}

#[tokio::test]
async fn a_name_is_there_once_in_a_base() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let (base, other) = (ann.base("one").await, ann.base("two").await);
    accepted(ann.upload(&base, "a.md", "eins").await).await;
    let again = problem(
        ann.upload(&base, "a.md", "zwei").await,
        StatusCode::CONFLICT,
    )
    .await;
    assert_eq!(again["code"], "taken");
    // what is cleaned to the same name is the same
    let again = ann.upload(&base, "../a.md", "zwei").await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    accepted(ann.upload(&other, "a.md", "eins").await).await;

    let racing = (0..8).map(|n| ann.upload(&base, "race.md", format!("runner {n}")));
    let statuses: Vec<StatusCode> = join_all(racing)
        .await
        .iter()
        .map(reqwest::Response::status)
        .collect();
    let won = statuses
        .iter()
        .filter(|status| **status == StatusCode::ACCEPTED)
        .count();
    let lost = statuses
        .iter()
        .filter(|status| **status == StatusCode::CONFLICT)
        .count();
    assert_eq!((won, lost), (1, 7), "{statuses:?}");
    let names = json!({"name": "one"});
    ann.post("/api/v1/knowledge-bases", names, StatusCode::CONFLICT)
        .await;
}

#[tokio::test]
async fn too_large_is_too_large_however_it_is_sent() {
    let world = World::configured(vec![("knowledge.upload_bytes_max", "1000".to_owned())]).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    accepted(ann.upload(&base, "fits.txt", vec![b'a'; 1_000]).await).await;
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    // a little and far too much, with its length and without
    for bytes in [1_001, 300_000] {
        let answer = ann.upload(&base, "large.txt", vec![b'a'; bytes]).await;
        let refused = problem(answer, StatusCode::PAYLOAD_TOO_LARGE).await;
        assert!(text(&refused["detail"]).contains("1000 bytes"), "{refused}");
        let pieces =
            (0..bytes / 1_000 + 1).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'a'; 1_000])));
        let body = reqwest::Body::wrap_stream(stream::iter(pieces));
        let part = multipart::Part::stream(body).file_name("large.txt");
        let form = multipart::Form::new().part("file", part);
        let answer = ann
            .request(Method::POST, &path)
            .multipart(form)
            .send()
            .await
            .unwrap();
        problem(answer, StatusCode::PAYLOAD_TOO_LARGE).await;
    }
    // a text that is no file is no way around
    let pieces = (0..200).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 10_000])));
    let request = ann
        .request(Method::POST, &path)
        .header("content-type", "application/json");
    let body = reqwest::Body::wrap_stream(stream::iter(pieces));
    problem(
        request.body(body).send().await.unwrap(),
        StatusCode::PAYLOAD_TOO_LARGE,
    )
    .await;
    assert_eq!(world.count("select count(*) from document").await, 1);
    assert_eq!(files_in(&world).len(), 1);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let header = b"content-disposition: form-data; name=\"file\"; filename=\"a.txt\"";
    let whole = upload_raw(&ann, &base, header, b"hello").await;
    body(whole, StatusCode::ACCEPTED).await;
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let cut = [&b"--cut\r\n"[..], header, b"\r\n\r\nhello and then"].concat();
    let request = ann.request(Method::POST, &path).body(cut);
    let request = request.header("content-type", "multipart/form-data; boundary=cut");
    problem(
        request.send().await.unwrap(),
        StatusCode::UNPROCESSABLE_ENTITY,
    )
    .await;
    assert_eq!(world.count("select count(*) from document").await, 1);
    assert_eq!(files_in(&world).len(), 1);
}
