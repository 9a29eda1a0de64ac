//! Benchmark 3: what the way through the API adds to a search.

use std::time::Instant;

use anyhow::{Result, ensure};
use concierge::knowledge::search::NEAREST_EXACT;
use pgvector::HalfVector;
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection, Row};

use crate::{
    Bench,
    report::{Figure, Target},
    samples::{interleaved, ms_since, repeat},
    server::{Cores, Server},
    text::Writer,
    user::User,
    vendor::{self, Vendor},
};

const DATABASE: &str = "search";
const CHUNKS: usize = 10_000;
const CHUNKS_PER_DOCUMENT: usize = 100;
const QUESTIONS: usize = 64;
/// What the server asks for, to have enough to merge with what words found.
const CANDIDATES: i64 = 100;

/// `POST …/search` by the same SQL on a plain connection.
pub fn run(bench: &mut Bench) -> Result<()> {
    let (url, vendor) = (bench.cluster.database(DATABASE)?, Vendor::start()?);
    let (vendor_url, dimensions) = (vendor.url(), vendor::DIMENSIONS.to_string());
    let set = [
        ("database.url", url.as_str()),
        ("database.migrate", "off"),
        ("telemetry.log", "warn"),
        ("models.embedding", "mock"),
        ("embedding.mock.base_url", &vendor_url),
        ("embedding.mock.model", "mock"),
        ("embedding.mock.dimensions", &dimensions),
    ];
    let mut server = Server::start(Cores::All, &set)?;
    let user = server.user()?;
    let base = user.base("tax")?;
    let mut writer = Writer::new(3);
    let documents = (0..CHUNKS / CHUNKS_PER_DOCUMENT).map(|_| writer.document(CHUNKS_PER_DOCUMENT));
    let chunks = user.fill(&base, &documents.collect::<Vec<_>>())?;
    ensure!(
        chunks.abs_diff(CHUNKS as u64) < CHUNKS as u64 / 20,
        "{chunks} chunks"
    );
    server.again(Cores::One)?;
    let questions: Vec<String> = (0..QUESTIONS)
        .map(|n| writer.question(n % 2 == 0))
        .collect();
    measure(bench, &user, &base, &questions, chunks)
}

fn measure(
    bench: &mut Bench,
    user: &User,
    base: &str,
    questions: &[String],
    chunks: u64,
) -> Result<()> {
    let (mut sql, mut alone, mut both) = (
        Plain::new(bench)?,
        Search::new(user, base)?,
        Search::new(user, base)?,
    );
    let vectors: Vec<Vec<f32>> = questions.iter().map(|text| vendor::vector(text)).collect();
    let asked = || vectors.iter().zip(questions).cycle();
    let (mut first, mut second, mut third) = (asked(), asked(), asked());
    let [sql, api, hybrid] = interleaved(
        bench.round,
        [
            &mut |time| {
                repeat(time, || {
                    first
                        .next()
                        .map_or(Ok(0.0), |(vector, _)| sql.search(bench, vector))
                })
            },
            // a mark has no words, so the vector alone decides
            &mut |time| {
                repeat(time, || {
                    second
                        .next()
                        .map_or(Ok(0.0), |(vector, _)| alone.search("?", vector))
                })
            },
            &mut |time| {
                repeat(time, || {
                    third
                        .next()
                        .map_or(Ok(0.0), |(vector, text)| both.search(text, vector))
                })
            },
        ],
    )?;
    for (name, samples, target) in [
        ("3 search tax, vector", api, 1.6),
        ("3 search tax, hybrid", hybrid, 2.5),
    ] {
        let note = format!(
            "p50 {:.2} of {:.2} ms, p99 {:.2} of {:.2}; {chunks} chunks of {} numbers, {} searches",
            samples.median(),
            sql.median(),
            samples.percentile(0.99),
            sql.percentile(0.99),
            vendor::DIMENSIONS,
            samples.count(),
        );
        bench.report.add(Figure {
            name: name.into(),
            value: samples.median() / sql.median(),
            unit: "x",
            target: Target::AtMost(target),
            quartiles: Some(samples.quartiles_by(sql.median())),
            note,
        });
    }
    Ok(())
}

/// The statement alone, in the client's role, prepared.
struct Plain {
    conn: PgConnection,
    client: i32,
    base: Vec<i32>,
    embedder: String,
}

impl Plain {
    fn new(bench: &Bench) -> Result<Self> {
        let mut owner = bench.cluster.superuser(DATABASE)?;
        let find = sqlx::query("select client_no, base_no, embedder from chunk_vector limit 1")
            .fetch_one(&mut owner);
        let row = bench.cluster.wait(find)?;
        let client: i32 = row.try_get(0)?;
        let mut conn = bench.cluster.login(DATABASE)?;
        let scope = format!(
            "set role concierge_client; set app.client = '{client}'; set plan_cache_mode = force_custom_plan"
        );
        bench
            .cluster
            .wait(conn.execute(sqlx::AssertSqlSafe(scope)))?;
        Ok(Self {
            client,
            base: vec![row.try_get(1)?],
            embedder: row.try_get(2)?,
            conn,
        })
    }

    fn search(&mut self, bench: &Bench, vector: &[f32]) -> Result<f64> {
        let started = Instant::now();
        let search = sqlx::query(NEAREST_EXACT)
            .bind(self.client)
            .bind(&self.base)
            .bind(&self.embedder)
            .bind(HalfVector::from_f32_slice(vector))
            .bind(CANDIDATES)
            .fetch_all(&mut self.conn);
        let rows = bench.cluster.wait(search)?;
        let ms = ms_since(started);
        ensure!(rows.len() as i64 == CANDIDATES, "{} rows", rows.len());
        Ok(ms)
    }
}

/// The same through the API, on one connection.
struct Search<'a> {
    user: &'a User,
    wire: crate::wire::Wire,
    path: String,
}

impl<'a> Search<'a> {
    fn new(user: &'a User, base: &str) -> Result<Self> {
        let path = format!("/api/v1/knowledge-bases/{base}/search");
        Ok(Self {
            user,
            wire: user.wire()?,
            path,
        })
    }

    fn search(&mut self, query: &str, vector: &[f32]) -> Result<f64> {
        let body = json!({"query": query, "vector": vector, "limit": 10});
        let request = self.user.post(&self.path, "*/*", &body);
        let started = Instant::now();
        self.wire.send(&request)?;
        let answer = self.wire.answer()?;
        let ms = ms_since(started);
        let body: Value = serde_json::from_slice(&answer.body)?;
        let found = body["passages"].as_array().map_or(0, Vec::len);
        ensure!(
            answer.status == 200 && found == 10,
            "{}: {body}",
            answer.status
        );
        Ok(ms)
    }
}
