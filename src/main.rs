//! The command line: reads the configuration and runs one command.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
