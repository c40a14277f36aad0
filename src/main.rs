//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    wecom_bridge::cli::run(std::env::args_os())
}
