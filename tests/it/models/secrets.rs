//! A key is sent to its vendor and shown to nobody.

use std::{
    io,
    sync::{Arc, Mutex},
};

use concierge::models::{
    ChatModel as _, Embedder as _, EmbeddingShape, OpenAiChat, OpenAiEmbedder,
};
use serde_json::json;
use tracing::subscriber::set_default;

use super::{Heard, KEY, failure, question, target};
use crate::vendor::{DIMENSIONS, Reply, Vendor};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a vendor can do to make us say the key.
fn traps() -> Vec<Reply> {
    let words = format!("Incorrect API key provided: {KEY}. Authorization: Bearer {KEY}");
    let frame = format!("data: {}\n\n", json!({"error": {"message": words}}));
    vec![
        Reply::plain(401, &[], &words),
        Reply::plain(400, &[], &words),
        Reply::json(200, &json!({"error": {"message": words}})),
        Reply::raw(&[&frame]),
        Reply::raw(&[&format!("data: {words}\n\n")]),
    ]
}

#[tokio::test]
async fn a_key_is_in_no_log_and_no_error() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = set_default(subscriber);
    let vendor = Vendor::start().await;
    let target = target(&vendor);
    let chat = OpenAiChat::new(&target, 8_192).unwrap();
    let mut shown = format!("{target:?} {target:#?}");

    for trap in traps() {
        vendor.script(trap);
        let heard = Heard::from(chat.answer(question()).await).await;
        tracing::error!(error = ?heard.error, "as the edge logs it");
        assert!(
            heard.failure().contains("[redacted]"),
            "{}",
            heard.failure()
        );
        shown.push_str(&format!("{} {:?}", heard.failure(), heard.error));
    }
    let shape = EmbeddingShape {
        dimensions: DIMENSIONS,
        ask_dimensions: false,
        inputs_per_request: 1,
        input_tokens_max: 10,
        languages: Vec::new(),
    };
    vendor.script(Reply::plain(403, &[], &format!("not with {KEY}")));
    let embedder = OpenAiEmbedder::new(&target, shape).unwrap();
    let error = embedder.embed(vec!["a".to_owned()]).await.unwrap_err();
    shown.push_str(&failure(&error));

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("as the edge logs it"));
    assert!(!shown.contains(KEY), "{shown}");
    assert!(!logged.contains(KEY), "{logged}");
    // and yet it was sent
    assert!(
        vendor
            .requests()
            .iter()
            .all(|it| it.headers["authorization"].ends_with(KEY))
    );
}
