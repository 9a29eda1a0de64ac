//! What a file may call itself.

use reqwest::StatusCode;

use super::upload_raw;
use crate::{
    verbs::{problem, text},
    world::{World, body},
};

#[tokio::test]
async fn a_name_is_only_a_name() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let long = "长".repeat(400) + ".md";
    let cut = "长".repeat(197) + ".md";
    for (sent, kept) in [
        ("../../etc/x.md", "x.md"),
        ("..\\..\\y.md", "y.md"),
        ("C:\\fakepath\\z.md", "z.md"),
        ("a\u{202e}dm.exe.md", "adm.exe.md"),
        ("\u{202e}b.md", "b.md"),
        ("电动车 保修.md", "电动车 保修.md"),
        ("%2e%2e%2fc.md", "%2e%2e%2fc.md"),
        ("<script>.md", "_script_.md"),
        ("👩\u{200d}🔧.md", "👩\u{200d}🔧.md"),
        (&long, &cut),
    ] {
        // as browsers send it: the bytes of the name, between quotes
        let header = format!("content-disposition: form-data; name=\"file\"; filename=\"{sent}\"");
        let answer = upload_raw(&ann, &base, header.as_bytes(), b"hello").await;
        let document = body(answer, StatusCode::ACCEPTED).await;
        assert_eq!(document["name"], kept, "{sent}");
    }
}

#[tokio::test]
async fn what_is_no_name_is_refused() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let name = |name: &[u8]| {
        [
            &b"content-disposition: form-data; name=\"file\"; filename=\""[..],
            name,
            b"\"",
        ]
        .concat()
    };
    for header in [
        b"content-disposition: form-data; name=\"file\"".to_vec(),
        name(b""),
        name(b".."),
        name(b"folder/"),
        name("\u{202e}".as_bytes()),
        // has no place in a form (RFC 7578, 4.2)
        b"content-disposition: form-data; name=\"file\"; filename*=UTF-8''a.md".to_vec(),
        // GBK, which is no UTF-8
        name(b"\xca\xd6\xb2\xe1.md"),
        name(b"a\0b.md"),
        b"content-disposition: nonsense".to_vec(),
        b"no header at all".to_vec(),
    ] {
        let answer = upload_raw(&ann, &base, &header, b"hello").await;
        let said = String::from_utf8_lossy(&header).into_owned();
        let status = answer.status();
        assert!(status.is_client_error(), "{said}: {status}");
        let problem = problem(answer, status).await;
        assert!(!text(&problem["detail"]).is_empty(), "{said}");
    }
    assert_eq!(world.count("select count(*) from document").await, 0);
}
