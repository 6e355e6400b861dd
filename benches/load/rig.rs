//! From what was asked for to what is told: targets, plan, run, table.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Run, Sweep};
use super::figures;
use super::install::Tools;
use super::metering::Metering;
use super::peers::{self, Peer};
use super::ports::Ports;
use super::rounds::{self, Outcome, Plan};
use super::row::Row;
use super::samples::Samples;
use super::seat::Seats;
use super::suite::{self, Test};
use super::table::Page;
use super::target::{Kind, Target};
use super::tollgate::Tollgate;

const TOLLGATE: &str = "tollgate";
/// The same with endless readers beside it.
const READ: &str = "read";

/// Does what the command line asks for.
pub(crate) fn run(run: &Run) -> Result<ExitCode> {
    let mut seats = Seats::of_this_machine()?;
    let tests = tests(run, seats.streams())?;
    if run.list {
        for test in tests {
            println!("{:<14} {}", test.name, test.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    seats.remarks.extend(disk_remark(&run.scratch)?);
    if tests.iter().any(Test::is_held) {
        seats.remarks.extend(seats.streams_remark());
    }
    let scratch = TempDir::with_prefix_in("load-", &run.scratch)
        .with_context(|| format!("--scratch {}", run.scratch.display()))?;
    let (rounds, warm_seconds, seconds) = if run.quick {
        (1, 0.3, 1.0)
    } else {
        (run.rounds, 1.0, run.secs)
    };
    let plan = Plan {
        tests,
        rounds,
        warm_seconds,
        seconds,
        seats: &seats,
        scratch: scratch.path(),
    };
    let mut targets = targets(run, scratch.path(), &seats)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            outcome = rounds::run(&plan, &mut targets) => outcome,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminated.recv() => bail!("asked to end"),
        }
    })?;
    tell(run, &plan, &targets, &outcome)
}

/// The tests that were asked for.
fn tests(run: &Run, streams_max: usize) -> Result<Vec<Test>> {
    let mut tests = match (run.sweep, run.quick) {
        (Some(what), _) => suite::sweep(what, streams_max),
        (None, true) => suite::quick(),
        (None, false) => suite::table(streams_max),
    };
    if let Some(unknown) = run
        .only
        .iter()
        .find(|only| tests.iter().all(|test| test.name != **only))
    {
        let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
        bail!("--only {unknown}: the tests are {}", names.join(", "));
    }
    tests.retain(|test| run.only.is_empty() || run.only.contains(&test.name));
    Ok(tests)
}

fn targets(run: &Run, scratch: &Path, seats: &Seats) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for (name, kind) in [
        (figures::DIRECT, Kind::Direct),
        (figures::LIMIT, Kind::Limit),
    ] {
        let ports = Ports::at(run.port, targets.len())?;
        targets.push(Target::new(name.to_owned(), kind, ports));
    }
    let models = if run.sweep == Some(Sweep::Models) {
        suite::MODELS_MAX
    } else {
        0
    };
    let binaries = binaries(&run.tollgate)?;
    // What is read is the same program, or the ratio would be of two.
    let read = binaries.iter().find(|(name, _)| name == TOLLGATE);
    let read = read.filter(|_| run.readers).cloned();
    for (name, binary) in binaries {
        let ports = Ports::at(run.port, targets.len())?;
        let tollgate = Tollgate::new(binary, scratch.join(&name), ports, models)?;
        targets.push(Target::new(name, Kind::Tollgate(tollgate), ports));
    }
    if let Some((_, binary)) = read {
        let ports = Ports::at(run.port, targets.len())?;
        let tollgate = Tollgate::new(binary, scratch.join(READ), ports, models)?;
        let mut target = Target::new(READ.to_owned(), Kind::Tollgate(tollgate), ports);
        target.is_read = true;
        targets.push(target);
    }
    let tools = Tools::beside_the_build()?;
    for peer in peers::asked_for(run, &tools) {
        let ports = Ports::at(run.port, targets.len())?;
        let name = peers::name(peer).to_owned();
        let peer = Peer::new(peer, &scratch.join(&name), ports, (&tools, &seats.target))?;
        targets.push(Target::new(name, Kind::Peer(peer), ports));
    }
    Ok(targets)
}

/// The tollgate that was built, and those that are named beside it or in its place.
fn binaries(named: &[String]) -> Result<Vec<(String, PathBuf)>> {
    let mut binaries = Vec::new();
    for named in named {
        let (name, path) = named.split_once('=').unwrap_or((TOLLGATE, named));
        let path = fs::canonicalize(path).with_context(|| format!("--tollgate {named}"))?;
        if binaries.iter().any(|(other, _)| other == name)
            || [figures::DIRECT, figures::LIMIT].contains(&name)
        {
            bail!("--tollgate {named}: there is a target {name:?} already; give it another name");
        }
        binaries.push((name.to_owned(), path));
    }
    if binaries.iter().all(|(name, _)| name != TOLLGATE) {
        binaries.push((TOLLGATE.to_owned(), env!("CARGO_BIN_EXE_tollgate").into()));
    }
    Ok(binaries)
}

/// What a ledger on a disk of memory would hide.
fn disk_remark(scratch: &Path) -> Result<Option<String>> {
    let scratch =
        fs::canonicalize(scratch).with_context(|| format!("--scratch {}", scratch.display()))?;
    let mounts = fs::read_to_string("/proc/self/mounts").context("/proc/self/mounts")?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let own = mounts
        .filter(|(at, _)| scratch.starts_with(at))
        .max_by_key(|(at, _)| at.len());
    Ok(own
        .filter(|(_, kind)| ["tmpfs", "ramfs"].contains(kind))
        .map(|(at, kind)| {
            format!("the ledger was on {at}, a {kind}: give a folder on a disk by --scratch")
        }))
}

/// Prints the table, writes the files, and says whether the run counts.
fn tell(run: &Run, plan: &Plan<'_>, targets: &[Target], outcome: &Outcome) -> Result<ExitCode> {
    let page = Page {
        heading: heading(plan),
        rows: rows(run, plan, targets, &outcome.samples),
        other: first_of_several(targets).map(str::to_owned),
        outcome,
        remarks: plan.seats.remarks.clone(),
    };
    println!("{}", page.text());
    if let Some(file) = &run.markdown {
        fs::write(file, page.markdown()).with_context(|| file.display().to_string())?;
    }
    if let Some(file) = &run.json {
        let raw = json!({
            "about": page.heading, "seats": plan.seats, "figures": page.rows,
            "metering": outcome.metering, "samples": outcome.samples,
        });
        fs::write(file, serde_json::to_string_pretty(&raw)?)
            .with_context(|| file.display().to_string())?;
    }
    let counts = outcome.metering.iter().all(Metering::is_exact);
    Ok(if counts {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The rows of all figures and targets. What must be is said of tollgate alone, and not of what
/// took a second.
fn rows(run: &Run, plan: &Plan<'_>, targets: &[Target], samples: &Samples) -> Vec<Row> {
    let first = first_of_several(targets);
    let mut rows = Vec::new();
    for figure in figures::of(&plan.tests) {
        for target in targets {
            let is_tollgate = target.tollgate().is_some();
            let other = first.filter(|first| is_tollgate && *first != target.name);
            let mut row = Row::of(&figure, &target.name, other, samples);
            if let Some(row) = row.as_mut().filter(|_| run.quick || !is_tollgate) {
                (row.must, row.met) = (None, None);
            }
            rows.extend(row);
        }
    }
    rows
}

/// The tollgate that the other ones are compared with.
fn first_of_several(targets: &[Target]) -> Option<&str> {
    let mut tollgates = targets.iter().filter(|target| target.tollgate().is_some());
    let first = tollgates.next()?;
    tollgates.next().map(|_| first.name.as_str())
}

fn heading(plan: &Plan<'_>) -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let Plan {
        rounds,
        seconds,
        seats,
        ..
    } = plan;
    format!(
        "{rounds} rounds of {seconds} s a test, medians (least–most). Linux {}, mock on core {:?}, load on {:?}, targets on {:?}, all at nice {}.",
        kernel.trim(),
        seats.mock.cores,
        seats.load.cores,
        seats.target.cores,
        seats.target.nice
    )
}
