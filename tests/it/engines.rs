//! Search engines of the web, as they answer and as they fail.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use concierge::{
    config::Config,
    engines::{Engines, Hit},
    error::Error,
    fetch::Fetcher,
};
use serde_json::json;

use crate::fetch::net::{answer, serve};

/// What an engine was asked: heads of requests.
type Asked = Arc<Mutex<Vec<String>>>;

/// An engine on the loopback that says the same to everybody.
fn engine(kind: &str, status: &'static str, says: String) -> (Engines, Asked) {
    let asked = Asked::default();
    let heads = asked.clone();
    let address = serve("127.0.0.1:0", move |head, stream| {
        heads.lock().unwrap().push(head.to_owned());
        let headers = "Content-Type: application/json; charset=utf-8\r\n";
        stream.write_all(&answer(status, headers, says.as_bytes()))
    });
    let url = format!("http://{address}/search?safesearch=1");
    (configured(kind, &url).unwrap(), asked)
}

fn configured(kind: &str, url: &str) -> anyhow::Result<Engines> {
    let text = format!("[search.web]\nkind = {kind}\nurl = {url}\napi_key = a-secret-key\n");
    Engines::new(&Config::assemble(&text, "/".into(), [], &[]).unwrap())
}

async fn search(engines: &Engines, hits: usize) -> Result<Vec<Hit>, Error> {
    let engine = engines.find("web").unwrap();
    engine.search(&Fetcher::new(), "电池 & 保修?", hits).await
}

fn hit(n: usize) -> Hit {
    Hit {
        title: format!("T{n}"),
        url: format!("https://a.example/{n}"),
        snippet: format!("S{n} s"),
    }
}

#[tokio::test]
async fn searxng_is_asked_for_json() {
    let found = |n| json!({"url": format!("https://a.example/{n}"), "title": format!("T{n}"), "content": format!("S{n}\n s"), "score": 1});
    let none = json!({"url": "javascript:alert(1)", "title": "", "content": null});
    let says = json!({"query": "x", "results": [found(1), none, found(2), found(3)]});
    let (engines, asked) = engine("searxng", "200 OK", says.to_string());
    assert_eq!(search(&engines, 2).await.unwrap(), [hit(1), hit(2)]);
    let head = asked.lock().unwrap()[0].clone();
    let query = "q=%E7%94%B5%E6%B1%A0+%26+%E4%BF%9D%E4%BF%AE%3F&format=json";
    let line = format!("GET /search?safesearch=1&{query} HTTP/1.1\r\n");
    assert!(head.starts_with(&line), "{head}");
    assert!(head.contains("authorization: a-secret-key"), "{head}");
    assert!(engines.find("bing").is_none());
}

#[tokio::test]
async fn bing_is_asked_with_its_key() {
    let found = |n| json!({"url": format!("https://a.example/{n}"), "name": format!("T{n}"), "snippet": format!("S{n}  s")});
    let says = json!({"webPages": {"totalEstimatedMatches": 9, "value": [found(1), found(2)]}});
    let (engines, asked) = engine("bing", "200 OK", says.to_string());
    assert_eq!(search(&engines, 3).await.unwrap(), [hit(1), hit(2)]);
    let head = asked.lock().unwrap()[0].clone();
    assert!(head.contains("&count=3&responseFilter=Webpages"), "{head}");
    let key = "ocp-apim-subscription-key: a-secret-key";
    assert!(head.to_lowercase().contains(key), "{head}");
    // nothing found
    let (engines, _) = engine("bing", "200 OK", r#"{"_type":"SearchResponse"}"#.into());
    assert_eq!(search(&engines, 3).await.unwrap(), []);
}

#[tokio::test]
async fn an_engine_that_fails_is_no_fault_of_the_asker() {
    let (moved, _) = engine(
        "searxng",
        "302 Found\r\nLocation: http://127.0.0.1/",
        "{}".into(),
    );
    let (denied, _) = engine("bing", "401 Unauthorized", "{}".into());
    let (broken, _) = engine("searxng", "200 OK", "no json".into());
    let (strange, _) = engine("searxng", "200 OK", r#"{"results": 7}"#.into());
    let (large, _) = engine("searxng", "200 OK", " ".repeat(5 << 20));
    for engines in [moved, denied, broken, strange, large] {
        let error = search(&engines, 3).await.unwrap_err();
        assert!(matches!(error, Error::Upstream(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("a-secret-key"), "{error:?}");
    }
    for (kind, url) in [
        ("searxng", "nothing"),
        ("bing", "ftp://x/"),
        ("google", "http://x/"),
    ] {
        assert!(configured(kind, url).is_err(), "{kind} {url}");
    }
}
