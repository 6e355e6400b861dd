//! Subcommands and exit codes: what a person types, what she reads, what a script gets back.
//!
//! 0 is fine, 1 is failed at work, 2 is bad use or configuration. What is asked for goes to
//! stdout, all else to stderr. Nothing here meters, prices or stores: [`House`] does.

mod admin;
mod alerts;
mod args;
mod backtest;
mod breakeven;
mod calibrate;
mod check;
mod demo;
mod export;
mod failure;
mod house;
mod import;
mod ledger;
mod live;
mod logs;
mod mock;
mod numbers;
mod output;
mod past;
mod prices;
mod real;
mod report;
mod reprice;
mod serve;
mod sources;
mod summary;

mod totals;
mod verdict;
mod when;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Verb};

pub use failure::Failure;
pub use house::{
    Addresses, Checked, DemoPlan, House, Known, Options, Range, Running, Settings, TotalsQuery,
};
pub use real::Tollgate;

/// Reads the arguments, does what they say, and says how it went.
pub fn run<H: House>(args: impl IntoIterator<Item = OsString>, house: &H) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(usage) => {
            // Help and version come as errors too; clap knows which stream and code each has.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    match logs::start(&args.global, args.usual_level()).and_then(|()| dispatch(args, house)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(false, &failure);
            failure.exit_code()
        }
    }
}

fn dispatch<H: House>(args: Args, house: &H) -> Result<(), Failure> {
    let Args { global, verb } = args;
    let options = global.options();
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::work("cannot start the runtime").because(error))?;
    let quiet = global.quiet;
    let done = match verb.unwrap_or(Verb::Serve) {
        Verb::Serve => runtime.block_on(serve::run(house, &options, quiet)),
        Verb::Demo(demo) => runtime.block_on(demo::run(house, options, &demo, quiet)),
        Verb::Mock(mock) => runtime.block_on(mock::run(&options, &mock, quiet)),
        Verb::Check(check) => check::run(house, &options, &check),
        Verb::Report(report) => runtime.block_on(report::run(house, &options, &report, quiet)),
        Verb::Reprice(asked) => runtime.block_on(reprice::run(house, &options, &asked, quiet)),
        Verb::Export(export) => runtime.block_on(export::run(house, &options, &export, quiet)),
        Verb::Breakeven(breakeven) => {
            runtime.block_on(breakeven::run(house, &options, &breakeven, quiet))
        }
        Verb::Verdict(asked) => runtime.block_on(verdict::run(house, &options, &asked.verb, quiet)),
        Verb::Backtest(backtest) => backtest::run(house, &options, &backtest, quiet),
        Verb::Calibrate(calibrate) => calibrate::run(&calibrate),
        Verb::Sources(sources) => sources::run(&sources),
        Verb::Prices(asked) => runtime.block_on(prices::run(house, &options, &asked.verb, quiet)),
        Verb::Alerts(alerts) => runtime.block_on(alerts::run(house, &options, &alerts.verb)),
        Verb::Import(asked) => import::run(house, &options, &asked.verb, quiet),
        Verb::Ledger(ledger) => ledger::run(house, &options, &ledger.verb, quiet),
        Verb::Healthcheck => runtime.block_on(admin::healthcheck(house, &options)),
    };
    // Dropped, it would wait for a pass or a start that was given up, and whose work a kill may cut too.
    runtime.shutdown_background();
    done
}

/// The time, where it enters; below, it is an argument.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge at which a command learns what time it is"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Compares what users see with `tests/golden`; `UPDATE_GOLDEN=1 cargo test --lib cli` writes it.
#[cfg(test)]
#[track_caller]
fn golden(name: &str, shown: &str) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, shown).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == shown, "UPDATE_GOLDEN=1 writes {path}:\n{shown}");
}

#[cfg(test)]
mod tests;
