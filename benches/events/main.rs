//! What tollgate holds in memory of streams whose events are a megabyte long.
//!
//! `cargo bench --bench events -- [STREAMS [PATH]]`: so many streams are held open at once through a
//! tollgate, the built one or that at PATH; each gets such an event, first some at a time, then all
//! at once.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "measurements are printed, and bill nobody"
)]

mod client;
mod gate;
mod shape;
mod upstream;

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use client::Seen;
use gate::{Memory, Tollgate};
use shape::{EVENT_BYTES, Shape};
use upstream::Gates;

const STREAMS: usize = 5_000;
/// Events that are on their way at the same time, while not all are.
const SOME: usize = 50;
const PATIENCE: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(5);
const SETTLING: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let streams = args.next().and_then(|streams| streams.parse().ok());
    let path = args.next();
    let path = path.as_deref().unwrap_or(env!("CARGO_BIN_EXE_tollgate"));
    let streams = streams.unwrap_or(STREAMS);
    println!("{streams} streams, events of {EVENT_BYTES} bytes; resident memory in MiB");
    println!(
        "| answer | idle | open | KiB a stream | most, {SOME} events at a time | most, all at once | behind it |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for shape in shape::all() {
        if let Err(error) = measure(&shape, streams, path) {
            eprintln!("events: {}: {error:#}", shape.name);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn measure(shape: &Shape, streams: usize, path: &str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let tollgate = Tollgate::start(path, listener.local_addr()?)?;
    let (gates, seen) = (Gates::default(), Seen::default());
    let (gates, seen) = (&gates, &seen);
    gates.allowed[0].store(streams, Relaxed);
    thread::scope(|scope| {
        let upstream = scope.spawn(|| upstream::run(&listener, shape, gates, streams));
        let client = scope.spawn(|| client::run(tollgate.traffic, shape, seen, streams));
        let memory = tollgate.memory();
        let told = look(shape, streams, &memory, gates, seen);
        // What waits for the others goes on, whatever was wrong.
        gates
            .allowed
            .iter()
            .for_each(|part| part.store(usize::MAX, Relaxed));
        told?;
        upstream.join().ok().context("the upstream panicked")??;
        client.join().ok().context("the client panicked")?
    })
}

/// Opens all streams, then lets the events come, and tells what was held meanwhile.
fn look(shape: &Shape, streams: usize, memory: &Memory, gates: &Gates, seen: &Seen) -> Result<()> {
    let idle = memory.now()?;
    until(|| seen.begun.load(Relaxed) == streams)?;
    thread::sleep(SETTLING);
    let open = memory.now()?;
    let mut most = Vec::new();
    for (part, at_once) in [(1, SOME), (2, streams)] {
        memory.forget_most()?;
        let due = (part * streams * shape.event.len()) as u64;
        until(|| {
            let written = gates.written[part].load(Relaxed);
            gates.allowed[part].store(written + at_once, Relaxed);
            seen.bytes.load(Relaxed) >= due
        })?;
        most.push(memory.most()?);
        thread::sleep(SETTLING);
    }
    let behind = memory.now()?;
    gates.allowed[3].store(streams, Relaxed);
    until(|| seen.ended.load(Relaxed) == streams)?;
    let a_stream = (open - idle) * 1024.0 / streams as f64;
    println!(
        "| {} | {idle:.0} | {open:.0} | {a_stream:.1} | {:.0} | {:.0} | {behind:.0} |",
        shape.name, most[0], most[1]
    );
    Ok(())
}

fn until(mut holds: impl FnMut() -> bool) -> Result<()> {
    let limit = Instant::now() + PATIENCE;
    while !holds() {
        ensure!(Instant::now() < limit, "nothing more came");
        thread::sleep(POLL);
    }
    Ok(())
}
