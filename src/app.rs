//! The one struct of handles that a feature may hold.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::{
    blobs::Blobs,
    clock::Clock,
    config::Config,
    db::Db,
    engines::Engines,
    error::{Error, Result},
    fetch::Fetcher,
    models::Models,
    telemetry::Metrics,
    vault::Vault,
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

    /// What comes of work that is done to its end by a task of its own, also when whoever waits for
    /// it goes away: for what must not stop between two steps.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn apart<T>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T>
    where
        T: Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let work = async move {
            if tell.send(work.await).is_err() {
                tracing::debug!("whoever asked went away");
            }
        };
        self.spawn(work.in_current_span());
        told.await.map_err(Error::internal)?
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
