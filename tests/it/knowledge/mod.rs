//! What a client knows, through the API: taken in, read, found, kept apart and removed.

mod crowd;
mod limits;
mod names;
mod read;
mod removal;
mod reuse;
mod rights;
mod upload;
mod workers;

use std::path::Path;

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use crate::{
    verbs::text,
    world::{Person, World, body},
};

/// A file of the checkout.
fn file(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The id of a document that was just taken in.
async fn accepted(answer: Response) -> String {
    let document = body(answer, StatusCode::ACCEPTED).await;
    assert_eq!(
        (&document["state"], &document["version"]),
        (&"uploaded".into(), &0.into())
    );
    text(&document["id"]).to_owned()
}

/// Uploads, reads, and returns the document as it stands then.
async fn taken_in(ann: &Person<'_>, base: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
    let id = accepted(ann.upload(base, name, bytes).await).await;
    ann.world.run_jobs().await;
    ann.document_now(&id).await
}

/// A multipart body made by hand: what stands in the header of its file is anybody's.
async fn upload_raw(ann: &Person<'_>, base: &str, header: &[u8], bytes: &[u8]) -> Response {
    let body = [
        &b"--cut\r\n"[..],
        header,
        b"\r\n\r\n",
        bytes,
        b"\r\n--cut--\r\n",
    ]
    .concat();
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let request = ann.request(Method::POST, &path).body(body);
    let request = request.header("content-type", "multipart/form-data; boundary=cut");
    request.send().await.unwrap()
}

/// Files in the store of this world, drafts and blobs.
fn files_in(world: &World) -> Vec<std::path::PathBuf> {
    let mut open = vec![world.folder().join("data/blobs")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}
