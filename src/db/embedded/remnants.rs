//! Processes that a killed PostgreSQL left behind: busy ones do not notice that the one above them is
//! gone, and no other may start on the same data while they live.

use std::{fs, path::Path};

use rustix::process::{Pid, Signal, kill_process};

use super::home::Home;
use crate::error::CanFail;

/// Ends those that work on this data, in the way that PostgreSQL itself ends them after a crash of
/// one: what was not committed is rolled back by the next start. Nothing happens where there is no
/// `/proc` to find them in.
pub(super) fn end(home: &Home) {
    let pgdata = home.pgdata();
    for pid in on(&pgdata) {
        tracing::warn!(
            pid = pid.as_raw_nonzero().get(),
            "ending a process that a killed PostgreSQL left behind"
        );
        kill_process(pid, Signal::QUIT).can_fail("it may have ended by itself meanwhile");
    }
}

/// They stand in the data folder and call themselves `postgres: …`.
fn on(pgdata: &Path) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = processes.flatten().filter_map(|process| {
        let folder = process.path();
        let pid = process.file_name().to_str()?.parse().ok()?;
        let ours = fs::read_link(folder.join("cwd")).ok()? == pgdata;
        let line = fs::read(folder.join("cmdline")).ok()?;
        (ours && line.starts_with(b"postgres: ")).then_some(pid)
    });
    pids.filter_map(Pid::from_raw).collect()
}
