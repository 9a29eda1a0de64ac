//! A disk that is full under a real server: what its users see, and that all is well once there is
//! room again. The disk is one in memory, mounted by root: part of `make soak`.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    process::{Server, folder},
    verbs::{eventually, problem, text},
};

/// Room for a new database and little more.
const DISK: &str = "size=200m,mode=0755";

struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf) -> Self {
        std::fs::create_dir(&at).unwrap();
        let mount = ["-t", "tmpfs", "-o", DISK, "tmpfs"];
        let mounted = Command::new("mount").args(mount).arg(&at).status().unwrap();
        assert!(mounted.success(), "only root may mount a disk");
        Self(at)
    }

    /// Leaves no room.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::create(&path).unwrap();
        let piece = vec![0; 1 << 12];
        while file.write_all(&piece).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(done.unwrap().success());
    }
}

fn start(folder: &Path) -> Server {
    let set = [
        ("MODELS__EMBEDDING", "none"),
        ("MODELS__CHAT", "said"),
        ("CHAT__SAID__KIND", "scripted"),
        ("CHAT__SAID__SCRIPT", "Said."),
    ];
    Server::start(folder, &set)
}

#[tokio::test]
#[ignore = "mounts a disk: for root, in `make soak`"]
async fn a_full_disk_is_said_and_loses_nothing() {
    let folder = folder();
    let disk = Disk::mount(folder.path().join("data"));
    let mut server = start(folder.path());
    let bearer = server.visitor().await;
    let (base, document) = server.uploads(&bearer, "The cover is blue.").await;
    let ready = |document: &serde_json::Value| document["state"] == "ready";
    server.until(&bearer, &document, ready).await;
    let session = server.post(&bearer, "/api/v1/sessions", json!({})).await;
    let messages = format!("/api/v1/sessions/{}/messages", text(&session["id"]));
    let ask = || {
        let ask = server.request(Method::POST, &messages).bearer_auth(&bearer);
        // long, and nothing to compress: the database has room left in the pages it has
        let words: Vec<String> = (0..50).map(|_| uuid::Uuid::new_v4().to_string()).collect();
        ask.json(&json!({ "content": words.join(" ") })).send()
    };
    assert_eq!(ask().await.unwrap().status(), StatusCode::OK);

    let filler = disk.fill();
    let upload = || {
        let part = reqwest::multipart::Part::text("red. ".repeat(20_000)).file_name("more.txt");
        let upload = server.request(Method::POST, &format!("{base}/documents"));
        let form = reqwest::multipart::Form::new().part("file", part);
        upload.bearer_auth(&bearer).multipart(form).send()
    };
    let refused = upload().await.unwrap();
    let said = problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(said["code"], "unavailable");
    // the database has some room of its own left, and says no when that is used up
    eventually("the database is full too", async || {
        let answer = ask().await.unwrap();
        (answer.status() != StatusCode::OK).then_some(())
    })
    .await;
    let refused = ask().await.unwrap();
    let said = problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(said["code"], "unavailable");

    std::fs::remove_file(filler).unwrap();
    eventually("there is room again", async || {
        let answer = ask().await.unwrap();
        (answer.status() == StatusCode::OK).then_some(())
    })
    .await;
    server.until(&bearer, &document, ready).await;
    assert_eq!(upload().await.unwrap().status(), StatusCode::ACCEPTED);
    let documents = format!("{base}/documents");
    let both = |page: &serde_json::Value| {
        page["items"]
            .as_array()
            .is_some_and(|items| items.len() == 2 && items.iter().all(ready))
    };
    server.until(&bearer, &documents, both).await;
    assert!(
        server.child.try_wait().unwrap().is_none(),
        "the server lives"
    );
    assert_eq!(server.stop(), Some(0));
}
