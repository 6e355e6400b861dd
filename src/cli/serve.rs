//! `serve`: starts, says where, and ends well.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::house::{Addresses, House, Options, Running};
use super::{Failure, output};

/// An end that takes longer says so often what it waits for.
const SAY_EVERY: Duration = Duration::from_secs(2);

/// Runs the proxy until it is told to end. A second signal ends it at once.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    quiet: bool,
) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let running = tokio::select! {
        biased;
        () = signals.told_to_end() => return Err(Failure::work("ended before it was up")),
        running = house.serve(options) => running?,
    };
    if !quiet {
        output::print(banner(running.addresses()))?;
    }
    signals.told_to_end().await;
    output::note(
        quiet,
        "ending: calls in flight may finish; once more ends at once",
    );
    let cut = running.cut();
    let mut stopping = std::pin::pin!(stopped(running, quiet));
    tokio::select! {
        ended = stopping.as_mut() => return ended,
        () = signals.told_to_end() => cut(),
    }
    // What was cut is written down as such; only a disk that hangs makes a third signal needed.
    tokio::select! {
        ended = stopping => ended?,
        () = signals.told_to_end() => {}
    }
    Err(Failure::work(
        "ended at once; calls in flight are booked as interrupted",
    ))
}

/// Ends it, and says what is waited for while that lasts.
pub(super) async fn stopped(running: impl Running, quiet: bool) -> Result<(), Failure> {
    let waits_for = running.waits_for();
    let mut stopping = std::pin::pin!(running.stop());
    loop {
        tokio::select! {
            ended = stopping.as_mut() => return ended,
            () = tokio::time::sleep(SAY_EVERY) => {
                let what = *waits_for.borrow();
                output::note(quiet, format!("still ending, waiting for {what}"));
            }
        }
    }
}

/// Ctrl-C and SIGTERM; from the first [`Signals::listen`] on they no longer kill the process.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::work("cannot listen for signals").because(error))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one; one that came before is not lost.
    pub(super) async fn told_to_end(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
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
