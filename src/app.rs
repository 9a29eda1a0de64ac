//! The one struct of handles that a feature may hold.

use std::{future::Future, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    blobs::Blobs, clock::Clock, config::Config, db::Db, fetch::Fetcher, models::Models,
    telemetry::Metrics, vault::Vault,
};

/// Handles to the world. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Settings.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Secrets at rest.
    pub vault: Arc<Vault>,
    /// Uploaded bytes.
    pub blobs: Blobs,
    /// The client for addresses that users give.
    pub fetcher: Fetcher,
    /// The models.
    pub models: Arc<Models>,
    /// Work that shutdown waits for.
    pub tasks: Tasks,
    /// What is counted.
    pub metrics: Metrics,
}

/// Background work that shutdown waits for.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Starts work of its own.
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn spawn<F>(&self, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(self.tracker.track_future(work));
    }

    /// Fires when the server is told to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells all work to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Tells all work to stop, and waits until it has.
    pub async fn finish(&self) {
        self.stop();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
