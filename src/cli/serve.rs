//! `serve`: starts, says where, and ends well.

use super::house::{Addresses, House, Options, Running};
use super::{Failure, output};

/// Runs the proxy until it is told to end. A second signal ends it at once.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    quiet: bool,
) -> Result<(), Failure> {
    let running = house.serve(options).await?;
    if !quiet {
        output::print(banner(running.addresses()))?;
    }
    told_to_end().await?;
    output::note(
        quiet,
        "ending: calls in flight may finish; once more ends at once",
    );
    tokio::select! {
        ended = running.stop() => ended,
        _ = told_to_end() => Err(Failure::work("ended at once; calls in flight are booked as interrupted")),
    }
}

/// Waits for Ctrl-C or SIGTERM.
pub(super) async fn told_to_end() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |error| Failure::work("cannot listen for signals").because(error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Where it is, and the one line to change in a client.
fn banner(addresses: &Addresses) -> String {
    let Addresses {
        listen,
        admin,
        data_dir,
        ..
    } = addresses;
    format!(
        "tollgate {version}
  traffic  http://{listen}
  admin    http://{admin}   metrics, health, API
  ledger   {data_dir}

Point a client here by one line; its keys and requests stay as they are:
  export OPENAI_BASE_URL=http://{listen}/v1
  export ANTHROPIC_BASE_URL=http://{listen}
",
        version = env!("CARGO_PKG_VERSION"),
        data_dir = data_dir.display(),
    )
}
