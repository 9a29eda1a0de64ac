//! The file as it was sent, and the pages of a PDF as pictures.

use reqwest::{Method, Response, StatusCode};

use super::revises;
use crate::{
    extract::paper,
    verbs::{problem, text},
    world::{Person, World, body},
};

async fn get(ann: &Person<'_>, path: &str) -> Response {
    ann.request(Method::GET, path).send().await.unwrap()
}

/// Width and height out of the head of a PNG.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

async fn pdf(ann: &Person<'_>, base: &str) -> String {
    let bytes = paper::english(&[&["The battery lasts."], &["The bell rings.", "Loudly."]]);
    let sent = ann.upload(base, "保修 \"manual\".pdf", bytes).await;
    let id = text(&body(sent, StatusCode::ACCEPTED).await["id"]).to_owned();
    ann.world.run_jobs().await;
    assert_eq!(ann.document_now(&id).await["state"], "ready");
    id
}

#[tokio::test]
async fn a_page_of_a_pdf_is_a_picture() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let id = pdf(&ann, &ann.base("b").await).await;
    let path = format!("/api/v1/documents/{id}/pages");
    let answer = get(&ann, &format!("{path}/1/image")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("cache-control").starts_with("private"));
    let tag = header("etag");
    let first = answer.bytes().await.unwrap();
    let (width, height) = size(&first);
    assert!(width == 1_000 && height > 1_000, "{width} x {height}");
    // another page looks different, and a width is a width
    let second = get(&ann, &format!("{path}/2/image")).await;
    assert_ne!(second.headers()["etag"].to_str().unwrap(), tag);
    assert_ne!(second.bytes().await.unwrap(), first);
    let small = get(&ann, &format!("{path}/1/image?width=50")).await;
    assert_eq!(size(&small.bytes().await.unwrap()).0, 50);
    let wide = get(&ann, &format!("{path}/1/image?width=2000&version=1")).await;
    assert_eq!(size(&wide.bytes().await.unwrap()).0, 2_000);
    // what the browser has is not sent again
    let again = ann
        .request(Method::GET, &format!("{path}/1/image"))
        .header("if-none-match", &tag);
    let again = again.send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()["etag"].to_str().unwrap(), tag);
    assert!(again.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_picture_that_cannot_be_is_refused() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let id = pdf(&ann, &base).await;
    let other = ann.document(&base, "a.md", "No pages.").await;
    let of = |id: &str, rest: &str| format!("/api/v1/documents/{id}/pages/{rest}");
    for (path, status) in [
        (of(&id, "0/image"), StatusCode::NOT_FOUND),
        (of(&id, "3/image"), StatusCode::NOT_FOUND),
        (of(&id, "4294967295/image"), StatusCode::NOT_FOUND),
        (of(&id, "1/image?version=2"), StatusCode::NOT_FOUND),
        (of(&id, "-1/image"), StatusCode::UNPROCESSABLE_ENTITY),
        (of(&id, "x/image"), StatusCode::UNPROCESSABLE_ENTITY),
        (
            of(&id, "1/image?width=49"),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            of(&id, "1/image?width=2001"),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (of(&id, "1/image?width=x"), StatusCode::UNPROCESSABLE_ENTITY),
        (of(&other, "1/image"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        problem(get(&ann, &path).await, status).await;
    }
}

#[tokio::test]
async fn the_file_comes_back_as_it_was_sent() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let script = "<p>Text.</p><script>alert(1)</script>";
    let id = ann.document(&base, "页面.html", script).await;
    let path = format!("/api/v1/documents/{id}/file");
    let answer = get(&ann, &path).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    // no browser may take it for a page of ours
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-length"), script.len().to_string());
    let disposition = header("content-disposition");
    assert!(disposition.starts_with("attachment; "), "{disposition}");
    assert!(
        disposition.ends_with("filename*=UTF-8''%E9%A1%B5%E9%9D%A2%2Ehtml"),
        "{disposition}"
    );
    assert_eq!(answer.text().await.unwrap(), script);
    // an old version has its own
    revises(&ann, &id, "Another text.").await;
    world.run_jobs().await;
    assert_eq!(
        get(&ann, &path).await.text().await.unwrap(),
        "Another text."
    );
    let old = get(&ann, &format!("{path}?version=1")).await;
    assert_eq!(old.text().await.unwrap(), script);
    problem(
        get(&ann, &format!("{path}?version=3")).await,
        StatusCode::NOT_FOUND,
    )
    .await;
}
