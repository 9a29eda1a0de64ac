//! Listens for changes, and forgets what was remembered before them.

use std::{sync::atomic::Ordering, time::Duration};

use tokio_util::sync::CancellationToken;

use super::Gatekeeper;
use crate::error::Result;

/// Seconds between attempts to listen again.
const LISTEN_AGAIN_SECONDS: u64 = 1;

impl Gatekeeper {
    /// Listens for changes of clients, keys, users and sessions until told to stop.
    pub async fn watch(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                result = self.watch_once() => {
                    self.listening.store(false, Ordering::SeqCst);
                    self.forget();
                    if let Err(error) = result {
                        tracing::warn!(error = error.causes(), "identity changes are not heard, remembering nothing");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(Duration::from_secs(LISTEN_AGAIN_SECONDS)) => {}
            }
        }
        self.listening.store(false, Ordering::SeqCst);
    }

    async fn watch_once(&self) -> Result<()> {
        let mut listener = self.db.listen("identity_changed").await?;
        self.forget();
        self.listening.store(true, Ordering::SeqCst);
        while listener.try_recv().await?.is_some() {
            self.forget();
        }
        Ok(())
    }

    fn forget(&self) {
        // first the number, then the entries: an outcome computed from what was read before the
        // change carries the old number and does not count
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.seen.invalidate_all();
        self.clients.invalidate_all();
    }
}
