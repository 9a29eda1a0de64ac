//! A real server, killed while it writes an answer that is paid for.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    cli::place,
    kill::deltas,
    process::{Server, run},
};

fn books(at: &Path) -> Value {
    run(at, &["ledger", "verify", "--json"]).json().remove(0)
}

fn wallet(at: &Path) -> Value {
    run(at, &["wallet", "show", "--client", "demo", "--json"])
        .json()
        .remove(0)
}

#[tokio::test]
async fn an_answer_cut_by_a_kill_is_paid_once_for_what_was_stored() {
    let script = "一二三四五六七八九十".repeat(60);
    let folder = place(&format!(
        "[models]\nchat = slow\n[chat.slow]\nkind = scripted\nscript = {script}\nscript_pause_ms = 30\n"
    ).replace("[models]\nchat", "[models]\nembedding = none\nchat"));
    let at = folder.path();
    let server = Server::start(at, &[]);
    // on first sight of the demo its client is made
    let bearer = server.visitor().await;
    for command in [
        &[
            "price", "set", "--client", "demo", "--model", "slow", "--input", "1", "--output", "10",
        ][..],
        &["billing", "set", "--client", "demo", "--payer", "client"],
        &[
            "wallet",
            "grant",
            "--client",
            "demo",
            "--credits",
            "1",
            "--key",
            "start",
        ],
    ] {
        run(at, command).well();
    }
    let session = server.post(&bearer, "/api/v1/sessions", json!({})).await;
    let path = format!(
        "/api/v1/sessions/{}/messages",
        session["id"].as_str().unwrap()
    );
    let ask = server.request(Method::POST, &path).bearer_auth(&bearer);
    let ask = ask
        .header("accept", "text/event-stream")
        .json(&json!({"content": "数到十"}));
    let seen = deltas(ask.send().await.unwrap(), 30).await;
    let answer = seen[0].data["message_id"].as_str().unwrap().to_owned();
    assert_ne!(
        wallet(at)["held"],
        "0",
        "it is set aside while it is written"
    );
    server.kill();

    let mut server = Server::start(at, &[]);
    let path = format!("/api/v1/messages/{answer}");
    let message = server
        .until(&bearer, &path, |message| message["state"] != "running")
        .await;
    let tokens = message["usage"]["output_tokens"].as_f64().unwrap();
    assert!(tokens > 0.0, "{message}");
    let after = wallet(at);
    assert_eq!(after["held"], "0");
    // ten micro-credits a token, out of a credit
    let balance: f64 = after["balance"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        ((1.0 - balance) * 1e6).round(),
        tokens * 10.0,
        "{after} {message}"
    );
    let books = books(at);
    assert_eq!(
        (&books["findings"], &books["open_holds"]),
        (&json!([]), &json!(0))
    );
    assert_eq!(server.stop(), Some(0));
}
