//! Workers that eat memory or time, crash, hang or flood: each costs one document.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use concierge::knowledge::extract::{Limits, pdf::Worker};

use super::{paper, read_with, refused, worker};

/// A worker that misbehaves: a shell script in its place.
fn shell(script: &str) -> Worker {
    Worker::command("/bin/sh", ["-c".into(), script.into()])
}

/// A page whose content is `megabytes` of `unit` once it is unpacked.
fn bomb(unit: &[u8], megabytes: usize) -> Vec<u8> {
    use std::io::Write;

    let packer = flate2::Compression::fast();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), packer);
    let block = unit.repeat((1 << 20) / unit.len());
    for _ in 0..megabytes {
        packed.write_all(&block).unwrap();
    }
    let content = paper::stream("/Filter/FlateDecode", &packed.finish().unwrap());
    paper::of_streams(paper::HELVETICA, &[], &[content])
}

#[tokio::test]
async fn a_document_that_eats_memory_is_stopped() {
    let bytes = bomb(b"                ", 250);
    assert!(bytes.len() < 4 << 20);
    let limits = Limits {
        memory_mib_max: 160,
        ..Limits::default()
    };
    refused(
        read_with(bytes, &limits, &worker()).await,
        "invalid",
        "160 MiB of memory",
    );
}

#[tokio::test]
async fn a_document_that_eats_time_is_stopped() {
    let bytes = bomb(b"BT /F 9 Tf (ab) Tj ET\n", 60);
    let limits = Limits {
        seconds_max: 1,
        ..Limits::default()
    };
    let started = Instant::now();
    refused(
        read_with(bytes, &limits, &worker()).await,
        "invalid",
        "more than 1 seconds",
    );
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_worker_that_crashes_costs_its_document() {
    let limits = Limits::default();
    let bytes = || vec![b'x'; 1 << 20];
    for (script, word) in [
        ("kill -ABRT $$", "breaks the reader"),
        ("kill -SEGV $$", "breaks the reader"),
        ("kill -XCPU $$", "more than"),
        ("exit 3", "gave up"),
        ("echo nonsense", "gave up"),
        (
            "echo '{\"document\":{\"pages\":9,\"title\":null}}'",
            "gave up",
        ),
        ("exec cat", "gave up"),
    ] {
        refused(
            read_with(bytes(), &limits, &shell(script)).await,
            "invalid",
            word,
        );
    }
    let missing = Worker::command("/nonexistent/concierge", []);
    let error = read_with(bytes(), &limits, &missing).await.unwrap_err();
    assert_eq!(error.code(), "internal");
    let no_library = Worker::new(
        env!("CARGO_BIN_EXE_concierge"),
        Path::new("/nonexistent.so"),
    );
    let error = read_with(bytes(), &limits, &no_library).await.unwrap_err();
    assert_eq!(error.code(), "internal");
}

#[tokio::test]
async fn a_worker_that_hangs_is_killed() {
    let limits = Limits {
        seconds_max: 1,
        text_chars_max: 1_000,
        ..Limits::default()
    };
    let note = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("hanging-worker-{}", std::process::id()));
    let script = format!("echo $$ > '{}'; exec sleep 1000", note.display());
    refused(
        read_with(vec![0], &limits, &shell(&script)).await,
        "invalid",
        "more than 1 seconds",
    );
    let id = std::fs::read_to_string(&note).unwrap();
    std::fs::remove_file(&note).unwrap();
    let stat = PathBuf::from(format!("/proc/{}/stat", id.trim()));
    let ended = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    let until = Instant::now() + Duration::from_secs(10);
    while !ended() {
        assert!(Instant::now() < until, "the worker lives on");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_worker_that_floods_is_not_listened_to() {
    let limits = Limits {
        text_chars_max: 1_000,
        ..Limits::default()
    };
    let started = Instant::now();
    let flood = shell("exec yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    refused(
        read_with(vec![0], &limits, &flood).await,
        "too_large",
        "too many lines",
    );
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_worker_sees_nothing_of_the_server() {
    let script = "if [ -z \"$CARGO_MANIFEST_DIR$HOME\" ] && [ \"$(pwd)\" = / ]; then \
        echo '{\"page\":{\"page\":1,\"lines\":[{\"text\":\"alone\",\"left\":0,\"right\":9,\"bottom\":9,\"size\":9}]}}'; \
        echo '\"done\"'; fi";
    let document = read_with(vec![0], &Limits::default(), &shell(script))
        .await
        .unwrap();
    assert_eq!(document.text, "alone");
}
