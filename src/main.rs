//! The command line.

use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match (args.next(), args.next()) {
        (Some(command), Some(pdfium)) if command == "extract-pdf" => {
            concierge::knowledge::extract::pdf::worker_main(&PathBuf::from(pdfium))
        }
        _ => ExitCode::from(2),
    }
}
