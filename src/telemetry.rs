//! Logs and metrics.

use std::io::IsTerminal;

use anyhow::{Context, Result, bail};
use prometheus::{
    GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts logging to standard error. Called once, by `main`.
pub fn log(filter: &str, format: &str) -> Result<()> {
    let filter =
        EnvFilter::try_new(filter).with_context(|| format!("[telemetry] log = {filter}"))?;
    let subscriber = tracing_subscriber::registry().with(filter);
    let writer = std::io::stderr;
    let colours = std::io::stderr().is_terminal();
    match format {
        "text" => subscriber
            .with(
                fmt::layer()
                    .with_writer(writer)
                    .with_ansi(colours)
                    .with_target(false),
            )
            .try_init()?,
        "json" => subscriber
            .with(fmt::layer().json().with_writer(writer))
            .try_init()?,
        other => bail!("[telemetry] format = {other}: must be text or json"),
    }
    Ok(())
}

/// What is counted, in the format of Prometheus.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests by method and class of status.
    pub requests: IntCounterVec,
    /// Seconds until the head of an answer.
    pub request_seconds: Histogram,
    /// Answers being written.
    pub turns_running: IntGauge,
    /// Answers by how they ended.
    pub turns: IntCounterVec,
    /// Jobs by kind and outcome.
    pub jobs: IntCounterVec,
    /// Chunks embedded.
    pub chunks_embedded: IntCounter,
    /// Percent of a disk that is free, by what lies on it.
    pub disk_free: GaugeVec,
    /// Requests refused, by the limit they ran into.
    pub throttled: IntCounterVec,
}

impl Metrics {
    /// All of them, at zero.
    pub fn new() -> Result<Self> {
        let metrics = Self {
            registry: Registry::new_custom(Some("concierge".into()), None)?,
            requests: IntCounterVec::new(
                Opts::new("http_requests_total", "Requests"),
                &["method", "status"],
            )?,
            request_seconds: Histogram::with_opts(HistogramOpts::new(
                "http_request_seconds",
                "Seconds until the head of an answer",
            ))?,
            turns_running: IntGauge::new("turns_running", "Answers being written")?,
            turns: IntCounterVec::new(
                Opts::new("turns_total", "Answers by how they ended"),
                &["outcome"],
            )?,
            jobs: IntCounterVec::new(
                Opts::new("jobs_total", "Jobs by kind and outcome"),
                &["kind", "outcome"],
            )?,
            chunks_embedded: IntCounter::new("chunks_embedded_total", "Chunks embedded")?,
            disk_free: GaugeVec::new(
                Opts::new("disk_free_percent", "Percent of a disk that is free"),
                &["of"],
            )?,
            throttled: IntCounterVec::new(
                Opts::new("throttled_total", "Requests refused, by limit"),
                &["limit"],
            )?,
        };
        metrics
            .registry
            .register(Box::new(metrics.requests.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.request_seconds.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.turns_running.clone()))?;
        metrics.registry.register(Box::new(metrics.turns.clone()))?;
        metrics.registry.register(Box::new(metrics.jobs.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.chunks_embedded.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.disk_free.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.throttled.clone()))?;
        Ok(metrics)
    }

    /// The text that a Prometheus server reads.
    pub fn text(&self) -> Result<String> {
        Ok(TextEncoder::new().encode_to_string(&self.registry.gather())?)
    }
}
