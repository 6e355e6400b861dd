//! Where log lines go: stderr, as text or JSON.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use super::Failure;
use super::args::{Global, LogFormat};

/// The AWS SDK traces whole requests, a web identity's token in one of them, and warns with whole
/// answers.
const MUTED: &str = "aws=off";

/// Starts logging as the flags say, else at the usual level of the verb.
pub(super) fn start(global: &Global, usual: &str) -> Result<(), Failure> {
    let level = if global.quiet {
        "error"
    } else {
        global.log_level.as_deref().unwrap_or(usual)
    };
    let filter = EnvFilter::builder()
        .parse(format!("{MUTED},{level}"))
        .map_err(|error| {
            Failure::use_or_config(format!("--log-level: {level:?} is no level and no filter"))
                .because(error)
                .remedy("write error, warn, info, debug or trace, or info,tollgate::proxy=debug")
        })?;
    let lines = tracing_subscriber::fmt()
        // On a full disk it would say so by `eprintln!`, which panics where it cannot write either.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // A second start, as in tests, keeps the first.
    let _ = match global.log_format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    Ok(())
}
