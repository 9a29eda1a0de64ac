//! The one struct of handles that a feature may hold.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    blobs::Blobs, clock::Clock, config::Config, db::Db, engines::Engines, fetch::Fetcher,
    models::Models, telemetry::Metrics, vault::Vault,
};

/// Seconds that work gets to end when it is told to.
const FINISH_SECONDS_MAX: u64 = 30;

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
    /// The search engines of the web.
    pub engines: Arc<Engines>,
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

    /// Tells all work to stop, and waits until it has; work that waits for something that does not
    /// come, say a database that is away, is left behind.
    pub async fn finish(&self) {
        self.stop();
        self.tracker.close();
        let finished = timeout(Duration::from_secs(FINISH_SECONDS_MAX), self.tracker.wait());
        if finished.await.is_err() {
            let tasks = self.tracker.len();
            tracing::warn!(
                tasks,
                "work is broken off: it did not end within {FINISH_SECONDS_MAX} s"
            );
        }
    }
}
