//! Benchmark 1b: what a token costs that the server has never seen.

use std::time::{Duration, Instant};

use anyhow::Result;
use concierge::identity::{
    key::{Decryptor, Encryptor},
    token,
};
use time::OffsetDateTime;

use crate::{
    Bench,
    report::{Figure, Target},
    samples::{interleaved, ms_since, repeat},
    server::{Cores, Server},
    wire::{self, Wire},
};

const BITS: usize = 2_048;
/// Users by turns: the server knows them, their tokens are new.
const USERS: usize = 50;

/// Milliseconds of a request with a new token, by those of the RSA operation alone.
pub fn run(bench: &mut Bench) -> Result<()> {
    let url = bench.cluster.database("cold")?;
    let set = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("models.embedding", "none"),
        ("telemetry.log", "warn"),
    ];
    let server = Server::start(Cores::One, &set)?;
    let (client, pem) = server.partner()?;
    let key = Encryptor::new(&pem).map_err(said)?;
    let dummy = Decryptor::dummy(BITS).map_err(said)?;
    for (name, method, path, target) in [
        (
            "1b cold token, GET /me, p50",
            "GET",
            "/api/v1/me",
            Target::AtMost(1.6),
        ),
        (
            "1b cold token, exchange, p50",
            "POST",
            "/api/v1/token-exchange",
            Target::None,
        ),
    ] {
        let (mut wire, mut count) = (Wire::connect(server.port)?, 0_usize);
        let mut ask = || {
            count += 1;
            let user = format!("u-{}", count % USERS);
            let token = token::make(client, &user, "cold", &key, now()).map_err(said)?;
            let headers = format!("api-token: {token}\r\n");
            let request = wire::request(method, path, &headers, b"");
            let started = Instant::now();
            wire.send(&request)?;
            wire.skip()?;
            Ok(ms_since(started))
        };
        let sealed = vec![7; BITS / 8];
        let mut open = || {
            let started = Instant::now();
            std::hint::black_box(dummy.decrypt(&sealed));
            Ok(ms_since(started))
        };
        let [ours, bare] = interleaved(
            bench.round,
            [&mut |time: Duration| repeat(time, &mut ask), &mut |time| {
                repeat(time, &mut open)
            }],
        )?;
        bench.report.add(Figure {
            name: name.into(),
            value: ours.median() / bare.median(),
            unit: "x",
            target,
            quartiles: Some(ours.quartiles_by(bare.median())),
            note: format!(
                "{:.2} of {:.2} ms; {} tokens, p99 {:.2} ms",
                ours.median(),
                bare.median(),
                ours.count(),
                ours.percentile(0.99)
            ),
        });
    }
    Ok(())
}

/// Tokens of a moment differ by their padding, so each is new.
fn now() -> OffsetDateTime {
    concierge::clock::Clock::default().now()
}

fn said(error: concierge::error::Error) -> anyhow::Error {
    anyhow::Error::new(error).context("identity")
}
