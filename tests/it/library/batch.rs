//! Many documents at once, and archives that are not what they seem.

use std::io::{Cursor, Write};

use reqwest::{Method, Response, StatusCode, multipart};
use serde_json::{Value, json};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    verbs::{problem, text},
    world::{Person, World, body},
};

/// An archive of these files.
fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        if name.ends_with('/') {
            zip.add_directory(*name, packed).unwrap();
        } else {
            zip.start_file(*name, packed).unwrap();
            zip.write_all(bytes).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

async fn sends(ann: &Person<'_>, base: &str, how: &str, files: &[(&str, &[u8])]) -> Response {
    let mut form = multipart::Form::new();
    for (name, bytes) in files {
        let part = multipart::Part::bytes(bytes.to_vec()).file_name((*name).to_owned());
        form = form.part("file", part);
    }
    let path = format!("/api/v1/knowledge-bases/{base}/documents/batch{how}");
    let request = ann.request(Method::POST, &path).multipart(form);
    request.send().await.unwrap()
}

/// Name and outcome, or the code of the problem, of each file.
async fn taken(
    ann: &Person<'_>,
    base: &str,
    how: &str,
    files: &[(&str, &[u8])],
) -> Vec<(String, String)> {
    let all = body(sends(ann, base, how, files).await, StatusCode::ACCEPTED).await;
    let item = |item: &Value| {
        let refused = item["outcome"].is_null();
        assert_eq!(refused, item["document"].is_null(), "{item}");
        assert_eq!(refused, item["problem"].is_object(), "{item}");
        let what = if refused {
            &item["problem"]["code"]
        } else {
            &item["outcome"]
        };
        (text(&item["name"]).to_owned(), text(what).to_owned())
    };
    all["items"].as_array().unwrap().iter().map(item).collect()
}

fn expected(items: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, what): &(&str, &str)| ((*name).to_owned(), (*what).to_owned());
    items.iter().map(owned).collect()
}

#[tokio::test]
async fn each_file_of_a_batch_is_taken_or_refused_by_itself() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let png = b"\x89PNG\r\n\x1a\n0000";
    let files: [(&str, &[u8]); 5] = [
        ("a.md", b"eins"),
        ("empty.md", b""),
        ("b.exe", png),
        ("a.md", b"zwei"),
        ("c.md", b"drei"),
    ];
    let all = taken(&ann, &base, "", &files).await;
    let found = [
        ("a.md", "added"),
        ("empty.md", "invalid"),
        ("b.exe", "unsupported"),
        ("a.md", "taken"),
        ("c.md", "added"),
    ];
    assert_eq!(all, expected(&found));
    world.run_jobs().await;
    let again: [(&str, &[u8]); 3] = [("a.md", b"eins"), ("c.md", b"vier"), ("d.md", b"neu")];
    for (how, found) in [
        (
            "?on_conflict=skip",
            [("a.md", "skipped"), ("c.md", "skipped"), ("d.md", "added")],
        ),
        (
            "?on_conflict=replace",
            [
                ("a.md", "unchanged"),
                ("c.md", "replaced"),
                ("d.md", "unchanged"),
            ],
        ),
    ] {
        assert_eq!(
            taken(&ann, &base, how, &again).await,
            expected(&found),
            "{how}"
        );
    }
    world.run_jobs().await;
    assert_eq!(ann.finds(&base, "vier").await.len(), 1);
    let listed = ann
        .get(&format!("/api/v1/knowledge-bases/{base}/documents"))
        .await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_batch_with_nothing_in_it_is_refused() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let path = format!("/api/v1/knowledge-bases/{base}/documents/batch");
    let nothing = multipart::Form::new();
    let other = multipart::Form::new().text("other", "part");
    for form in [nothing, other] {
        let request = ann.request(Method::POST, &path).multipart(form);
        problem(
            request.send().await.unwrap(),
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
    let json = ann.request(Method::POST, &path).json(&json!({"file": []}));
    problem(
        json.send().await.unwrap(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    )
    .await;
    let bob = world.partner("other").await.person("bob").await;
    let files: [(&str, &[u8]); 1] = [("a.md", b"eins")];
    problem(sends(&bob, &base, "", &files).await, StatusCode::NOT_FOUND).await;
    let empty = zipped(&[]);
    let folders = zipped(&[
        ("a/", b""),
        ("__MACOSX/._a.md", b"x"),
        ("a/.DS_Store", b"x"),
    ]);
    for archive in [empty, folders] {
        let files: [(&str, &[u8]); 1] = [("a.zip", &archive)];
        assert_eq!(
            taken(&ann, &base, "", &files).await,
            expected(&[("a.zip", "invalid")])
        );
    }
    assert_eq!(world.count("select count(*) from document").await, 0);
}

#[tokio::test]
async fn the_files_of_an_archive_keep_their_folders_in_their_names() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let archive = zipped(&[
        ("手册/", b""),
        ("手册/电池.md", "电池保修期为24个月。".as_bytes()),
        ("手册/zh/电池.md", "电池保修期为36个月。".as_bytes()),
        ("notes.TXT", b"plain"),
        ("picture.bin", b"\0\0\0\0"),
    ]);
    let files: [(&str, &[u8]); 2] = [("All.ZIP", &archive), ("a.md", b"beside")];
    let found = [
        ("手册 - 电池.md", "added"),
        ("手册 - zh - 电池.md", "added"),
        ("notes.TXT", "added"),
        ("picture.bin", "unsupported"),
        ("a.md", "added"),
    ];
    assert_eq!(taken(&ann, &base, "", &files).await, expected(&found));
    world.run_jobs().await;
    assert_eq!(ann.finds(&base, "电池保修期").await.len(), 2);
}

/// Chinese Windows writes GBK and does not say so.
#[tokio::test]
async fn a_name_in_gbk_is_read() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let mut archive = zipped(&[("AAAA.md", "电池".as_bytes())]);
    let gbk = b"\xb5\xe7\xb3\xd8";
    let mut replaced = 0;
    for at in 0..archive.len() - 7 {
        if &archive[at..at + 7] == b"AAAA.md" {
            archive[at..at + 4].copy_from_slice(gbk);
            replaced += 1;
        }
    }
    assert_eq!(replaced, 2, "in the file's head and in the directory");
    let files: [(&str, &[u8]); 1] = [("a.zip", &archive)];
    assert_eq!(
        taken(&ann, &base, "", &files).await,
        expected(&[("电池.md", "added")])
    );
}

#[tokio::test]
async fn archives_that_attack_are_refused() {
    let limit = [("knowledge.upload_bytes_max", (4 << 20).to_string())];
    let world = World::configured(limit.to_vec()).await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let bomb = vec![b' '; 3 << 20];
    let inner = zipped(&[("a.md", b"x")]);
    let mut broken = zipped(&[("a.md", b"whole"), ("b.md", b"also whole")]);
    let packed = broken.windows(5).position(|part| part == b"whole");
    let at = packed.unwrap_or(40);
    broken[at] ^= 0xff;
    let archive = zipped(&[
        ("../../etc/a.md", b"x"),
        ("/etc/b.md", b"x"),
        ("C:\\c.md", b"x"),
        ("inner.zip", &inner),
        ("bomb.txt", &bomb),
        ("a/b.md", b"eins"),
        ("a//./b.md", b"zwei"),
        ("good.md", b"good"),
    ]);
    let files: [(&str, &[u8]); 1] = [("a.zip", &archive)];
    let found = [
        ("../../etc/a.md", "invalid"),
        ("/etc/b.md", "invalid"),
        ("C:\\c.md", "invalid"),
        ("inner.zip", "invalid"),
        ("bomb.txt", "too_large"),
        ("a - b.md", "added"),
        ("a - b.md", "invalid"),
        ("good.md", "added"),
    ];
    assert_eq!(taken(&ann, &base, "", &files).await, expected(&found));
    // more than all of them may have together
    let words: Vec<u8> = (0..4 << 20)
        .map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 25) as u8 | 0x20)
        .collect();
    let many: Vec<String> = (0..6).map(|n| format!("{n}.txt")).collect();
    let half = &words[..3 << 20];
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), half)).collect();
    let packed = zipped(&many);
    if packed.len() < 4 << 20 {
        let files: [(&str, &[u8]); 1] = [("many.zip", &packed)];
        let all = taken(&ann, &base, "", &files).await;
        assert_eq!(
            all[5],
            ("5.txt".to_owned(), "too_large".to_owned()),
            "{all:?}"
        );
    }
    let names: Vec<String> = (0..1_001).map(|n| format!("{n}.md")).collect();
    let names: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &b"x"[..]))
        .collect();
    let crowd = zipped(&names);
    let cut = &archive[..archive.len() / 2];
    for (name, bytes, code) in [
        ("crowd.zip", crowd.as_slice(), "too_large"),
        ("cut.zip", cut, "invalid"),
        ("text.zip", b"no archive at all", "invalid"),
    ] {
        let files: [(&str, &[u8]); 1] = [(name, bytes)];
        assert_eq!(
            taken(&ann, &base, "", &files).await,
            expected(&[(name, code)])
        );
    }
    let files: [(&str, &[u8]); 1] = [("broken.zip", &broken)];
    let all = taken(&ann, &base, "", &files).await;
    assert_eq!(all[0].1, "invalid", "{all:?}");
    assert_eq!(all[1].1, "added", "the others are taken: {all:?}");
    // nothing is left in the drafts
    let drafts = world.folder().join("data/blobs/drafts");
    assert_eq!(std::fs::read_dir(drafts).unwrap().count(), 0);
}
