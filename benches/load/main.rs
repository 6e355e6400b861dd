//! The load rig: what a call costs on its way through tollgate, beside a proxy that meters nothing.
//!
//! `cargo bench --bench load -- --help`. The rig starts itself anew as mock, `limit` and load
//! client, so that each is a process whose CPU can be read by itself.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "measurements are printed, and bill nobody"
)]

mod answer;
mod args;
mod beat;
mod bill;
mod client;
mod closed;
mod errand;
mod figures;
mod held;
mod http1;
mod install;
mod job;
mod limit;
mod load;
mod metering;
mod mock;
mod open;
mod peers;
mod ports;
mod probe;
mod proc;
mod process;
mod quantity;
mod readers;
mod rig;
mod rounds;
mod row;
mod samples;
mod seat;
mod spread;
mod suite;
mod table;
mod tally;
mod target;
mod tollgate;
mod web;
mod wish;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use args::{Args, Role};

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.role {
        None => rig::run(&args.run),
        Some(role) => play(role).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("load: {error:#}");
        ExitCode::FAILURE
    })
}

fn play(role: &Role) -> Result<()> {
    match role {
        Role::Mock { port } => mock::run(port),
        Role::Limit { listen, upstream } => limit::run(*listen, *upstream),
        Role::Load { job } => load::run(job),
        Role::Seat { seat, command } => seat::run(seat, command),
    }
}
