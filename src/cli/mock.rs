//! `mock`: the mock providers alone, for trying clients and for tests.

use std::net::{Ipv4Addr, SocketAddr};

use super::args::Mock;
use super::house::Options;
use super::serve::Signals;
use super::{Failure, numbers, output};
use crate::demo::{MockSettings, MockUpstream, STATS_PATH, Stats};

/// Where the mock listens unless told otherwise: beside tollgate's own two ports.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 4143);

/// Calls of a thousand that are refused, as in life.
const REFUSED_PER_MILLE: u32 = 10;

/// Runs until it is told to end, then says what it billed.
pub(super) async fn run(options: &Options, mock: &Mock, quiet: bool) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let listen = options.listen.unwrap_or(LISTEN);
    let upstream = MockUpstream::start(MockSettings {
        listen,
        serves: mock.provider,
        seed: mock.seed,
        speed: mock.speed,
        refused_per_mille: REFUSED_PER_MILLE,
        now: super::now,
    });
    let upstream = upstream.await.map_err(|error| {
        Failure::work(format!("cannot listen on {listen}"))
            .because(error)
            .remedy("choose another address with --listen")
    })?;
    let address = upstream.address();
    output::print(format!("mock {} on http://{address}\n", mock.provider))?;
    output::note(
        quiet,
        format!("what it bills: http://{address}{STATS_PATH}"),
    );
    signals.told_to_end().await;
    output::note(quiet, billed(&upstream.stop().await));
    Ok(())
}

fn billed(stats: &Stats) -> String {
    let total = stats.total();
    let mut tokens = total.told;
    tokens += total.untold;
    tokens += total.cut;
    format!(
        "billed {} calls: {} input and {} output tokens; {} refused",
        numbers::count(tokens.calls),
        numbers::count(tokens.input),
        numbers::count(tokens.output),
        numbers::count(total.refused),
    )
}
