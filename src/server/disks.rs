//! Says in time that a disk is getting full.

use std::time::Duration;

use anyhow::Result;

use crate::{app::App, disk};

/// Seconds between two looks.
const LOOK_SECONDS: u64 = 30;

/// Looks at the disks until told to stop.
pub async fn watch(app: App, warn_percent: u64) {
    let mut low = Vec::new();
    loop {
        look(&app, warn_percent, &mut low);
        tokio::select! {
            () = app.tasks.stopping().cancelled_owned() => return,
            () = tokio::time::sleep(Duration::from_secs(LOOK_SECONDS)) => {}
        }
    }
}

/// `[storage] warn_percent`
pub fn warn_percent(app: &App) -> Result<u64> {
    app.config.number("storage", "warn_percent", 0..=99)
}

/// `low` holds what was said already: once when it begins, once when it is over.
fn look(app: &App, warn_percent: u64, low: &mut Vec<&'static str>) {
    for (what, folder) in app.blobs.disks() {
        let place = folder.display();
        let free = match disk::free_percent(folder) {
            Ok(free) => free,
            Err(error) => {
                tracing::warn!(%error, what, %place, "a disk cannot be looked at");
                continue;
            }
        };
        app.metrics.disk_free.with_label_values(&[what]).set(free);
        let (is_low, was_low) = (free < warn_percent as f64, low.contains(&what));
        if is_low && !was_low {
            tracing::warn!(
                what,
                %place,
                free_percent = free.floor(),
                "a disk is getting full: below [storage] readonly_percent uploads are refused"
            );
            low.push(what);
        } else if was_low && !is_low {
            tracing::info!(what, %place, free_percent = free.floor(), "a disk has room again");
            low.retain(|other| *other != what);
        }
    }
}
