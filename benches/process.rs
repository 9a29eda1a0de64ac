//! What a process uses, as the system counts it.

use std::{fs, thread, time::Duration};

use anyhow::{Context, Result};

/// The system counts time in these.
const TICKS_PER_SECOND: f64 = 100.0;
const SETTLE: Duration = Duration::from_secs(3);

/// Seconds of processor time so far.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("processor time")?;
    // the name may hold anything, so count from behind it
    let rest = stat.rsplit_once(") ").context("processor time")?.1;
    let field = |at: usize| {
        rest.split(' ')
            .nth(at)
            .and_then(|field| field.parse::<f64>().ok())
    };
    let ticks = field(11).zip(field(12)).context("processor time")?;
    Ok((ticks.0 + ticks.1) / TICKS_PER_SECOND)
}

/// Megabytes resident once it has come to rest.
pub fn resident_mb(pid: u32) -> Result<f64> {
    thread::sleep(SETTLE);
    status_mb(pid, "VmRSS:")
}

/// Megabytes resident at most since [`forget_peak`].
pub fn peak_mb(pid: u32) -> Result<f64> {
    status_mb(pid, "VmHWM:")
}

/// Begins the peak anew.
pub fn forget_peak(pid: u32) -> Result<()> {
    const PEAK: &str = "5";
    fs::write(format!("/proc/{pid}/clear_refs"), PEAK).context("forget the peak of memory")
}

fn status_mb(pid: u32, name: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: f64 = kilobytes.context("memory")?.trim().parse()?;
    Ok(kilobytes * 1_024.0 / 1e6)
}
