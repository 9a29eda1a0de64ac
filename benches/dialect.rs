//! What a call through a foreign contract costs, by the native call it stands for.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::{
    Bench,
    report::{Figure, Target},
    samples::{interleaved, ms_since, repeat},
    server::{Cores, Server},
    text::Writer,
    user::User,
    wire::Wire,
};

/// The base that is asked.
const BASE: &str = "bench";

/// A call of the dialect, and the native one.
struct Pair {
    name: &'static str,
    dialect: Vec<u8>,
    native: Vec<u8>,
}

/// Time of a call through Chatchat's routes by that of the native call, on the built-in model.
pub fn run(bench: &mut Bench) -> Result<()> {
    let url = bench.cluster.database("dialect")?;
    let set = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("telemetry.log", "warn"),
        ("models.embedding", "none"),
        ("limits.requests_per_second", "0"),
        ("limits.client_requests_per_minute", "0"),
        ("limits.user_requests_per_minute", "0"),
    ];
    let server = Server::start(Cores::One, &set)?;
    let user = server.user()?;
    let base = user.base(BASE)?;
    let mut text = Writer::new(7);
    let document = user.upload(&base, "bench.md", text.document(200).as_bytes())?;
    let read = user.until_read(&document)?;
    ensure!(read.state == "ready", "{}", read.reason);
    let question = text.question(false);
    for pair in pairs(&user, &base, &question) {
        measure(bench, &user, &pair)?;
    }
    Ok(())
}

fn pairs(user: &User, base: &str, question: &str) -> [Pair; 4] {
    let any = "*/*";
    let search = format!("/api/v1/knowledge-bases/{base}/search");
    [
        Pair {
            name: "D1 a question to the model",
            dialect: user.post("/chat/chat", any, &json!({"query": question})),
            native: user.post("/api/v1/completions", any, &json!({"content": question})),
        },
        Pair {
            name: "D2 a question to a base",
            dialect: user.post(
                "/chat/knowledge_base_chat",
                any,
                &json!({"query": question, "knowledge_base_name": BASE}),
            ),
            native: user.post(
                "/api/v1/completions",
                any,
                &json!({"content": question, "knowledge_base_ids": [base], "settings": {"top_k": 3}}),
            ),
        },
        Pair {
            name: "D3 the list of bases",
            dialect: user.get("/knowledge_base/list_knowledge_bases"),
            native: user.get("/api/v1/knowledge-bases"),
        },
        Pair {
            name: "D4 a search",
            dialect: user.post(
                "/knowledge_base/search_docs",
                any,
                &json!({"query": question, "knowledge_base_name": BASE, "top_k": 3}),
            ),
            native: user.post(&search, any, &json!({"query": question, "limit": 3})),
        },
    ]
}

fn measure(bench: &mut Bench, user: &User, pair: &Pair) -> Result<()> {
    let (mut ours, mut native) = (user.wire()?, user.wire()?);
    let [ours, native] = interleaved(
        bench.round,
        [
            &mut |time| repeat(time, || once(&mut ours, &pair.dialect, pair.name)),
            &mut |time| repeat(time, || once(&mut native, &pair.native, pair.name)),
        ],
    )?;
    bench.report.add(Figure {
        name: pair.name.into(),
        value: ours.median() / native.median(),
        unit: "x",
        target: Target::AtMost(1.1),
        quartiles: Some(ours.quartiles_by(native.median())),
        note: format!(
            "{:.3} by {:.3} ms, {} calls",
            ours.median(),
            native.median(),
            ours.count()
        ),
    });
    Ok(())
}

fn once(wire: &mut Wire, request: &[u8], name: &str) -> Result<f64> {
    let sent = Instant::now();
    wire.send(request)?;
    let answer = wire.answer()?;
    ensure!(answer.status == 200, "{name}: {}", answer.status);
    Ok(ms_since(sent))
}
