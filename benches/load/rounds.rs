//! A run: everything started, targets taking turns test by test and round by round, all stopped.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::errand;
use super::figures::DIRECT;
use super::job::{Job, Seen};
use super::metering::Metering;
use super::ports::local;
use super::process::Process;
use super::readers::Readers;
use super::samples::{Sample, Samples};
use super::seat::Seats;
use super::suite::{Needs, Test};
use super::target::{Target, start_mock};
use super::tollgate::Tollgate;

/// Of what a target has shown to be its most, so much can be asked of it as a rate.
const PART_OF_ITS_MOST: f64 = 0.85;

/// What to run.
pub(crate) struct Plan<'a> {
    pub(crate) tests: Vec<Test>,
    pub(crate) rounds: u8,
    pub(crate) warm_seconds: f64,
    pub(crate) seconds: f64,
    pub(crate) seats: &'a Seats,
    pub(crate) scratch: &'a Path,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) samples: Samples,
    pub(crate) metering: Vec<Metering>,
}

/// Runs the plan on the targets.
pub(crate) async fn run(plan: &Plan<'_>, targets: &mut [Target]) -> Result<Outcome> {
    let ports: Vec<u16> = targets.iter().map(|target| target.ports.upstream).collect();
    let mock = start_mock(&plan.seats.mock, &ports, plan.scratch).await?;
    let mut disk_before = Vec::new();
    for target in &mut *targets {
        target.start(&plan.seats.target, plan.scratch).await?;
        let disk = target.tollgate().map_or(Ok(0), Tollgate::disk_bytes)?;
        disk_before.push(disk);
    }
    let mut running = Running {
        plan,
        mock: &mock,
        targets: &mut *targets,
        samples: Samples::default(),
    };
    for round in 0..plan.rounds {
        for test in &plan.tests {
            running.turn(test, round).await?;
        }
    }
    let samples = running.samples;
    let mut metering = Vec::new();
    for (target, before) in targets.iter_mut().zip(disk_before) {
        target.stop().await?;
        metering.extend(Metering::of(target, before)?);
    }
    Ok(Outcome { samples, metering })
}

struct Running<'a> {
    plan: &'a Plan<'a>,
    mock: &'a Process,
    targets: &'a mut [Target],
    samples: Samples,
}

impl Running<'_> {
    /// Each target once; who is first changes with the round.
    async fn turn(&mut self, test: &Test, round: u8) -> Result<()> {
        let count = self.targets.len();
        for step in 0..count {
            let place = (step + usize::from(round)) % count;
            let target = self.targets.get(place).context("no such target")?;
            let name = target.name.clone();
            // What is asked of held streams is their memory, and the mock's is of no interest.
            let is_asked = !(test.is_held() && name == DIRECT);
            if !is_asked {
                continue;
            }
            if !holds(&self.samples, &name, test.needs) {
                eprintln!(
                    "{} is not asked of {name}: it has not shown that rate",
                    test.name
                );
                continue;
            }
            // Memory grows from a process that has done nothing; and the thousands of connections
            // that are kept afterwards are nobody else's business.
            let seen = if test.is_held() {
                self.restart(place).await?;
                let seen = self.ask(test, round, place).await?;
                self.restart(place).await?;
                seen
            } else {
                self.ask(test, round, place).await?
            };
            progress(self.plan.rounds, round, test, &name, &seen);
            self.samples.push(Sample {
                round,
                test: test.name.clone(),
                target: name,
                seen,
            });
        }
        Ok(())
    }

    async fn restart(&mut self, place: usize) -> Result<()> {
        let target = self.targets.get_mut(place).context("no such target")?;
        target.stop().await?;
        let Plan { seats, scratch, .. } = self.plan;
        target.start(&seats.target, scratch).await
    }

    async fn ask(&self, test: &Test, round: u8, place: usize) -> Result<Seen> {
        let target = self.targets.get(place).context("no such target")?;
        let pids = self.targets.iter().filter_map(Target::pid);
        let job = Job {
            target: target.address(),
            mock: local(target.ports.upstream),
            load: test.load.clone(),
            warm_seconds: self.plan.warm_seconds,
            seconds: self.plan.seconds,
            target_pid: target.pid().unwrap_or_else(|| self.mock.pid()),
            our_pids: pids.chain([self.mock.pid()]).collect(),
            round,
        };
        let _readers = target
            .is_read
            .then(|| Readers::start(local(target.ports.admin)));
        errand::run(&job, &self.plan.seats.load, self.plan.scratch).await
    }
}

/// Whether a target can be asked for a rate, by what it has shown in this run.
fn holds(samples: &Samples, target: &str, needs: Needs) -> bool {
    let (rate, most) = match needs {
        Needs::Nothing => return true,
        Needs::CallsPerSecond(rate) => {
            let calls = samples.most("unary-1k", target, |w| w.calls as f64 / w.seconds);
            (rate, calls)
        }
        Needs::ChunksPerSecond(rate) => {
            let chunks = samples.most("sse-full", target, |w| w.chunks as f64 / w.seconds);
            (rate, chunks)
        }
    };
    most.is_none_or(|most| f64::from(rate) <= most * PART_OF_ITS_MOST)
}

fn progress(rounds: u8, round: u8, test: &Test, target: &str, seen: &Seen) {
    let windows = seen.windows.iter().map(|window| {
        let (what, count) = match window.chunks {
            0 => ("call", window.calls),
            chunks => ("chunk", chunks),
        };
        let rate = count as f64 / window.seconds;
        let cpu = window.work.cpu_us / count.max(1) as f64;
        let other = window.work.other_cores;
        format!("{rate:>8.0} {what}s/s {cpu:>7.1} µs CPU a {what}, other work {other:.1} cores")
    });
    let failure = seen.first_failure.as_ref();
    let failure = failure.map(|failure| format!("{} FAILED: {failure}", seen.failed));
    let what: Vec<String> = windows.chain(failure).collect();
    let (round, test, what) = (round + 1, &test.name, what.join("; "));
    eprintln!("round {round}/{rounds}  {test:<12} {target:<12} {what}");
}
