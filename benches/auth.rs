//! Benchmark 1: what it costs to know who is asking.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    Bench,
    bare::{self, Bare},
    load::Load,
    process::cpu_seconds,
    report::{Figure, Target},
    samples::{Samples, interleaved},
    server::{Cores, Server},
    wire,
};

const ME: &str = "/api/v1/me";

/// Requests per second of `GET /me` with a warm token, by those of a bare GET.
pub fn run(bench: &mut Bench) -> Result<()> {
    for (name, log, target) in [
        ("1 auth tax, log = warn", "warn", Target::AtLeast(0.70)),
        ("1 auth tax, a log line per request", "info", Target::None),
    ] {
        let url = bench.cluster.database(&format!("auth_{log}"))?;
        let set = [
            ("database.url", url.as_str()),
            ("database.migrate", "off"),
            ("models.embedding", "none"),
            ("telemetry.log", log),
        ];
        let server = Server::start(Cores::One, &set)?;
        let figure = measure(bench.round, &server)?;
        bench.report.add(Figure {
            name: name.into(),
            target,
            ..figure
        });
    }
    Ok(())
}

fn measure(round: Duration, server: &Server) -> Result<Figure> {
    let user = server.user()?;
    let bare = Bare::start()?;
    let mut me = Load::new(server.port, user.get(ME))?;
    let mut hello = Load::new(bare.port, wire::request("GET", bare::PATH, "", b""))?;
    let (mut ours, mut theirs) = (Cost::new(server.pid()), Cost::new(bare.pid()));
    let [me, hello] = interleaved(
        round,
        [&mut |time| ours.of(|| me.per_second(time)), &mut |time| {
            theirs.of(|| hello.per_second(time))
        }],
    )?;
    let note = format!(
        "{:.0} of {:.0} requests/s; {:.1} of {:.1} us of the server's core each, which was {:.0} % of {:.0} % busy",
        me.median(),
        hello.median(),
        ours.microseconds(&me),
        theirs.microseconds(&hello),
        ours.busy() * 100.0,
        theirs.busy() * 100.0,
    );
    Ok(Figure {
        name: String::new(),
        value: me.median() / hello.median(),
        unit: "x",
        target: Target::None,
        quartiles: Some(me.quartiles_by(hello.median())),
        note,
    })
}

/// Processor time of a process while it was under load.
struct Cost {
    pid: u32,
    cpu_seconds: f64,
    seconds: f64,
}

impl Cost {
    fn new(pid: u32) -> Self {
        Self {
            pid,
            cpu_seconds: 0.0,
            seconds: 0.0,
        }
    }

    fn of(&mut self, load: impl FnOnce() -> Result<Vec<f64>>) -> Result<Vec<f64>> {
        let (started, before) = (Instant::now(), cpu_seconds(self.pid)?);
        let values = load()?;
        self.cpu_seconds += cpu_seconds(self.pid)? - before;
        self.seconds += started.elapsed().as_secs_f64();
        Ok(values)
    }

    fn busy(&self) -> f64 {
        self.cpu_seconds / self.seconds
    }

    fn microseconds(&self, per_second: &Samples) -> f64 {
        self.busy() * 1e6 / per_second.median()
    }
}
