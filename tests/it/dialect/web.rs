//! `/chat/search_engine_chat` where an engine is set up.

use std::{io::Write, sync::Arc, time::Duration};

use concierge::models::{Script, Scripted};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Said, bound, said};
use crate::{
    fetch::net::{answer, serve},
    world::Wish,
};

const STREAM: &str = "text/event-stream; charset=utf-8";

#[tokio::test]
async fn what_an_engine_finds_is_told_to_the_model_and_shown() {
    let found =
        json!({"url": "https://a.example/1", "title": "T", "content": "电池保修期为24个月。"});
    let says = json!({"results": [found]}).to_string();
    let engine = serve("127.0.0.1:0", move |_, stream| {
        let kind = "Content-Type: application/json\r\n";
        stream.write_all(&answer("200 OK", kind, says.as_bytes()))
    });
    let gone = serve("127.0.0.1:0", |_, stream| {
        stream.write_all(&answer("500 Internal Server Error", "", b""))
    });
    let script = Script::saying("24个月。", 2, Duration::ZERO);
    let model = Arc::new(Scripted::new("scripted", script));
    let wish = Wish {
        set: vec![
            ("search.bing.url", format!("http://{engine}/search")),
            ("search.gone.url", format!("http://{gone}/search")),
        ],
        chat: Some(model.clone()),
        ..Wish::default()
    };
    let world = bound("acme", wish).await;
    world.partner("acme").await;
    let ask = async |engine: &str| {
        let body = json!({"query": "电池保修多久", "search_engine_name": engine, "top_k": 3});
        said(
            world
                .request(Method::POST, "/chat/search_engine_chat")
                .json(&body),
        )
        .await
    };
    let Said { status, kind, body } = ask("bing").await;
    assert_eq!((status, kind.as_deref()), (200, Some(STREAM)), "{body}");
    let whole: Value = serde_json::from_str(&body).unwrap();
    let doc = "出处 [1] [https://a.example/1](https://a.example/1) \n\n电池保修期为24个月。\n\n";
    assert_eq!(whole, json!({"answer": "24个月。", "docs": [doc]}));
    let told = &model.requests()[0].messages[0].content;
    assert!(told.contains("电池保修期为24个月。"), "{told}");
    let failed = ask("gone").await;
    let failed: Value = serde_json::from_str(&failed.body).unwrap();
    assert_eq!(
        (&failed["code"], &failed["data"]),
        (&json!(500), &json!(null)),
        "{failed}"
    );
    let none = ask("metaphor").await;
    let text = r#"{"code":404,"msg":"未支持搜索引擎 metaphor","data":null}"#;
    assert_eq!(none, Said::json(200, text));
}
