//! Lists, texts, chunks, progress and search.

use std::collections::HashSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{accepted, taken_in};
use crate::{
    reader::Reader,
    verbs::{problem, text},
    world::{Person, Wish, World},
};

/// Three bytes, one code point and two UTF-16 units each, and combined ones.
const TEXT: &str = "😀😀 Vorwort 👩\u{200d}🔧 é.\n\n电池保修期为24个月。𠀀𠀁屏幕不在保修范围内。\n\nEnde der Garantie.";

#[tokio::test]
async fn every_span_counts_code_points() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let document = taken_in(&ann, &base, "a.txt", TEXT).await;
    let path = format!("/api/v1/documents/{}", text(&document["id"]));
    let whole = ann.get(&format!("{path}/text")).await;
    let chars: Vec<char> = text(&whole["text"]).chars().collect();
    assert_eq!(
        (&whole["start"], &whole["end"], &whole["total"]),
        (&0.into(), &chars.len().into(), &chars.len().into())
    );
    assert_eq!(chars.iter().collect::<String>(), TEXT);
    let piece = |start: usize, end: usize| chars[start..end].iter().collect::<String>();
    for (start, end) in [
        (0, 1),
        (1, 2),
        (3, 10),
        (20, 45),
        (44, 44),
        (chars.len() - 3, chars.len()),
    ] {
        let window = ann
            .get(&format!("{path}/text?version=1&start={start}&end={end}"))
            .await;
        assert_eq!(window["text"], piece(start, end), "{start}..{end}");
        assert_eq!(
            (&window["start"], &window["end"]),
            (&start.into(), &end.into())
        );
    }
    let beyond = ann
        .get(&format!("{path}/text?start=5&end=4000000000"))
        .await;
    assert_eq!(beyond["end"], chars.len());
    let chunks = ann.get(&format!("{path}/chunks")).await;
    let found = ann.finds(&base, "屏幕保修").await;
    assert!(!found.is_empty());
    for span in chunks["items"].as_array().unwrap().iter().chain(&found) {
        let at = |name: &str| span[name].as_u64().unwrap() as usize;
        assert_eq!(span["text"], piece(at("start"), at("end")));
    }
    for (query, status) in [
        ("start=1000", StatusCode::UNPROCESSABLE_ENTITY),
        ("start=9&end=3", StatusCode::UNPROCESSABLE_ENTITY),
        ("start=-1", StatusCode::UNPROCESSABLE_ENTITY),
        ("start=4294967295", StatusCode::UNPROCESSABLE_ENTITY),
        ("version=2", StatusCode::NOT_FOUND),
        ("version=-1", StatusCode::NOT_FOUND),
    ] {
        let answer = ann
            .request(Method::GET, &format!("{path}/text?{query}"))
            .send()
            .await
            .unwrap();
        problem(answer, status).await;
    }
}

#[tokio::test]
async fn a_long_text_comes_in_pieces() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let long: String = (0..6_000).map(|n| format!("第{n}句😀。\n")).collect();
    let document = taken_in(&ann, &ann.base("b").await, "a.txt", long.clone()).await;
    let path = format!("/api/v1/documents/{}/text", text(&document["id"]));
    let (mut all, mut start) = (String::new(), 0);
    loop {
        let window = ann.get(&format!("{path}?start={start}")).await;
        let (end, total) = (
            window["end"].as_u64().unwrap(),
            window["total"].as_u64().unwrap(),
        );
        all.push_str(text(&window["text"]));
        assert!(end - start <= 20_000);
        if end == total {
            break;
        }
        start = end;
    }
    assert_eq!(all.trim_end(), long.trim_end());
}

/// All items of a list, page by page; the sizes of the pages.
async fn pages(ann: &Person<'_>, path: &str, limit: usize) -> (Vec<Value>, Vec<usize>) {
    let (mut all, mut sizes, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = ann.get(&format!("{path}?limit={limit}{cursor}")).await;
        let items = page["items"].as_array().unwrap();
        sizes.push(items.len());
        all.extend(items.iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else {
            return (all, sizes);
        };
        cursor = format!("&cursor={next}");
        // what comes while one turns pages does not shift them
        assert!(sizes.len() < 20, "it ends");
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    let mut ids = Vec::new();
    for n in 0..25 {
        ids.push(
            accepted(
                ann.upload(&base, &format!("{n}.md"), format!("Satz {n}."))
                    .await,
            )
            .await,
        );
    }
    let path = format!("/api/v1/knowledge-bases/{base}/documents");
    let id_of = |item: &Value| text(&item["id"]).to_owned();
    let (all, sizes) = pages(&ann, &path, 10).await;
    assert_eq!(
        (sizes, all.iter().map(id_of).collect::<Vec<_>>()),
        (vec![10, 10, 5], ids)
    );
    let (_, sizes) = pages(&ann, &path, 25).await;
    assert_eq!(sizes, [25], "no empty page behind a full one");
    assert_eq!(ann.get(&path).await["items"].as_array().unwrap().len(), 20);

    for n in 0..7 {
        ann.base(&format!("base-{n}")).await;
        ann.session().await;
    }
    for (path, count) in [("/api/v1/knowledge-bases", 8), ("/api/v1/sessions", 7)] {
        let (all, sizes) = pages(&ann, path, 3).await;
        assert_eq!(sizes, [3, 3, count - 6]);
        assert_eq!(all.iter().map(id_of).collect::<HashSet<_>>().len(), count);
    }
    let long: String = (0..90)
        .map(|n| format!("# {n}\n\n{}\n\n", "Satz. ".repeat(120)))
        .collect();
    let document = taken_in(&ann, &base, "long.md", long).await;
    let path = format!("/api/v1/documents/{}/chunks", text(&document["id"]));
    let (chunks, _) = pages(&ann, &path, 40).await;
    assert_eq!(document["chunks"], chunks.len());
    let ordinals: Vec<u64> = chunks
        .iter()
        .map(|chunk| chunk["ordinal"].as_u64().unwrap())
        .collect();
    assert_eq!(ordinals, (0..chunks.len() as u64).collect::<Vec<_>>());

    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=AAAA"] {
        let answer = ann
            .request(Method::GET, &format!("{path}?{query}"))
            .send()
            .await
            .unwrap();
        problem(answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
}

#[tokio::test]
async fn messages_come_in_pages() {
    let (world, _) = World::scripted(crate::chat::saying("x")).await;
    let ann = world.partner("acme").await.person("ann").await;
    let session = ann.session().await;
    for n in 0..4 {
        ann.asks(&session, &format!("Frage {n}")).await;
    }
    let (all, sizes) = pages(&ann, &format!("/api/v1/sessions/{session}/messages"), 3).await;
    assert_eq!(sizes, [3, 3, 2]);
    let said: Vec<&str> = all
        .iter()
        .map(|message| text(&message["content"]))
        .collect();
    assert_eq!(
        said,
        [
            "x", "Frage 3", "x", "Frage 2", "x", "Frage 1", "x", "Frage 0"
        ]
    );
}

#[tokio::test]
async fn the_reading_of_a_document_can_be_followed() {
    let world = World::with(Wish {
        background: true,
        ..Wish::default()
    })
    .await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.base("b").await;
    for (name, bytes, end) in [("a.md", "Ein Satz.", "ready"), ("b.md", " \n", "failed")] {
        let id = accepted(ann.upload(&base, name, bytes).await).await;
        let path = format!("/api/v1/documents/{id}/events");
        let follow =
            || async { Reader::new(ann.request(Method::GET, &path).send().await.unwrap()) };
        let events = follow().await.rest().await;
        let (last, before) = events.split_last().unwrap();
        assert_eq!(
            (last.name.as_str(), &last.data["state"]),
            ("done", &end.into())
        );
        assert_eq!(last.data["reason"].is_string(), end == "failed");
        let order = ["uploaded", "extracting", "embedding"];
        let seen: Vec<usize> = before
            .iter()
            .map(|event| {
                order
                    .iter()
                    .position(|state| event.data["state"] == *state)
                    .unwrap()
            })
            .collect();
        assert!(
            before.iter().all(|event| event.name == "progress") && seen.is_sorted(),
            "{events:?}"
        );
        assert_eq!(
            follow().await.rest().await.len(),
            1,
            "later only the end is told"
        );
    }
}

#[tokio::test]
async fn a_search_that_cannot_be_is_refused() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let base = ann.knows("b", &[("a.txt", TEXT)]).await;
    let path = format!("/api/v1/knowledge-bases/{base}/search");
    let long = "字".repeat(8_001);
    for body in [
        json!({}),
        json!({"query": ""}),
        json!({"query": " \n"}),
        json!({"query": long}),
        json!({"query": "a", "limit": 0}),
        json!({"query": "a", "limit": 101}),
        json!({"query": "a", "limit": -1}),
        json!({"query": "a", "vector": [1.0]}),
        json!({"query": ["a"]}),
    ] {
        let refused = ann
            .post(&path, body.clone(), StatusCode::UNPROCESSABLE_ENTITY)
            .await;
        assert_eq!(refused["code"], "invalid", "{body}");
    }
    for query in ["\0", "?!", "😀", "' or 1=1 --", "%_\\", "不存在的词汇"] {
        assert_eq!(ann.finds(&base, query).await.len(), 0, "{query:?}");
    }
    assert_eq!(ann.finds(&base, "保修\0期").await.len(), 1);
    let explained = ann
        .post(
            &path,
            json!({"query": "保修", "explain": true, "limit": 1}),
            StatusCode::OK,
        )
        .await;
    let why = &explained["passages"][0]["explain"];
    assert!(
        why["lexical"].is_number() && why["vector"].is_null(),
        "{explained}"
    );
    assert_eq!(why["vector_weight"], 0.0);
}
