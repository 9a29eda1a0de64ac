//! Benchmark 6a: what the server adds to the time to the first token of a vendor.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::{
    Bench,
    report::{Figure, Target},
    samples::{interleaved, repeat},
    server::{Cores, Server},
    user::Asker,
    vendor::{self, Vendor},
    wire::{self, Wire},
};

/// A question through the server by the same question put to the vendor.
pub fn run(bench: &mut Bench) -> Result<()> {
    let (url, vendor) = (bench.cluster.database("ttft")?, Vendor::start()?);
    let vendor_url = vendor.url();
    let set = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("telemetry.log", "warn"),
        ("models.embedding", "none"),
        ("models.chat", "mock"),
        ("chat.mock.base_url", &vendor_url),
        ("chat.mock.model", "mock"),
    ];
    let server = Server::start(Cores::One, &set)?;
    let user = server.user()?;
    let mut asker = Asker::new(&user)?;
    let mut direct = Wire::connect(vendor.port)?;
    let request = straight();
    let piece = vendor::PIECE.as_bytes();
    let [ours, theirs] = interleaved(
        bench.round,
        [
            &mut |time| repeat(time, || Ok(asker.ask("How are you?", piece)?.1)),
            &mut |time| {
                repeat(time, || {
                    let sent = std::time::Instant::now();
                    direct.send(&request)?;
                    Ok((direct.stream(piece)?.piece - sent).as_secs_f64() * 1_000.0)
                })
            },
        ],
    )?;
    ensure!(ours.count() > 0 && theirs.count() > 0, "no answers");
    for (name, share, target) in [
        (
            "6a added time to first token, p99",
            0.99,
            Target::AtMost(1.0),
        ),
        ("6a added time to first token, p50", 0.5, Target::None),
    ] {
        let (through, direct) = (ours.percentile(share), theirs.percentile(share));
        bench.report.add(Figure {
            name: name.into(),
            value: through - direct,
            unit: "ms",
            target,
            quartiles: Some((
                ours.percentile(0.25) - theirs.median(),
                ours.percentile(0.75) - theirs.median(),
            )),
            note: format!("{through:.3} - {direct:.3} ms, {} answers", ours.count()),
        });
    }
    Ok(())
}

/// What the server sends to the vendor.
fn straight() -> Vec<u8> {
    let messages = json!([
        {"role": "system", "content": "You are a helpful assistant. Answer in the language of the question."},
        {"role": "user", "content": "How are you?"},
    ]);
    let body = json!({"model": "mock", "messages": messages, "stream": true, "max_tokens": 1_024});
    let headers = "content-type: application/json\r\naccept: text/event-stream\r\n";
    wire::request(
        "POST",
        "/v1/chat/completions",
        headers,
        body.to_string().as_bytes(),
    )
}
