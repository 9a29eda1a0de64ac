//! The machine: what it is, how busy it is, and which core does what.

use std::{fs, process::Command, thread, time::Duration};

use anyhow::{Result, bail};

use crate::report::Report;

/// Where the server and what it is compared with run.
pub const SERVER_CORE: usize = 0;
/// Where load and mocks come from.
pub const LOAD_CORE: usize = 1;

/// More than any machine has that this runs on.
const CORES_MAX: usize = 512;

/// Processes that want to run, averaged over a minute, above which figures mean nothing.
const LOAD_MAX: f64 = 0.5;
/// A build just before leaves a load that sinks by itself.
const QUIET_WAIT_SECONDS: u64 = 180;

/// Every core.
pub fn all_cores() -> impl Iterator<Item = usize> {
    0..CORES_MAX
}

/// One line about machine and commit.
pub fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let model = field("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let commit = output("git", &["rev-parse", "--short", "HEAD"]);
    let changed = !output("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
    let changed = if changed { " with changes" } else { "" };
    format!("commit {commit}{changed}, {model}, {cores} cores")
}

/// Waits until nothing else runs here.
///
/// # Errors
/// When the machine stays busy and `BENCH_ANYWAY` is not set.
pub fn wait_for_quiet(report: &mut Report) -> Result<()> {
    let anyway = environment("BENCH_ANYWAY").is_some_and(|value| value == "1");
    let mut load = load_average();
    if load > LOAD_MAX && !anyway {
        report.note(&format!(
            "load average {load:.2}: waiting until it is below {LOAD_MAX}"
        ));
        for _ in 0..QUIET_WAIT_SECONDS {
            if load <= LOAD_MAX {
                break;
            }
            thread::sleep(Duration::from_secs(1));
            load = load_average();
        }
    }
    if load > LOAD_MAX && !anyway {
        bail!(
            "load average {load:.2}: something else runs here (BENCH_ANYWAY=1 measures all the same)"
        );
    }
    let busy = if load > LOAD_MAX {
        ", a busy machine: BENCH_ANYWAY is set, so the figures are no verdict"
    } else {
        ""
    };
    report.note(&format!("load average before {load:.2}{busy}"));
    Ok(())
}

/// A variable of the environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::vars().find_map(|(key, value)| (key == name).then_some(value))
}

/// Keeps the calling thread, and what it starts, on these cores, where the system can do that.
#[cfg(target_os = "linux")]
pub fn pin(cores: impl IntoIterator<Item = usize>) {
    let mut set = rustix::thread::CpuSet::new();
    cores.into_iter().for_each(|core| set.set(core));
    // with one core only, or where it is forbidden, all share what there is
    if let Err(error) = rustix::thread::sched_setaffinity(None, &set) {
        crate::report::say(&format!("cores cannot be chosen: {error}"));
    }
}

/// Keeps nothing anywhere: this system has no such call.
#[cfg(not(target_os = "linux"))]
pub fn pin(_: impl IntoIterator<Item = usize>) {}

/// Runs something on a thread of its own that stays on some cores; what it starts stays there too.
pub fn on_cores<T: Send>(
    cores: impl IntoIterator<Item = usize> + Send,
    work: impl FnOnce() -> T + Send,
) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            pin(cores);
            work()
        });
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ')
        .next()
        .and_then(|load| load.parse().ok())
        .unwrap_or(0.0)
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    output.map_or_else(
        |_| "unknown".into(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
