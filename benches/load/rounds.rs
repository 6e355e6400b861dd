//! A run: everything started, targets taking turns test by test and round by round, all stopped.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

use super::figures::{DIRECT, LIMIT};
use super::job::{Job, Seen};
use super::metering::Metering;
use super::ports::local;
use super::process::Process;
use super::samples::{Sample, Samples};
use super::seat::Seats;
use super::suite::{Needs, Test};
use super::target::{Kind, Target, start_mock};

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
        let tollgate = target.tollgate();
        disk_before.push(tollgate.map_or(Ok(0), |tollgate| tollgate.disk_bytes())?);
    }
    let mut samples = Samples::default();
    for round in 0..plan.rounds {
        for test in &plan.tests {
            let mut running = Running {
                plan,
                mock: &mock,
                targets,
                samples: &mut samples,
            };
            running.turn(test, round).await?;
        }
    }
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
    samples: &'a mut Samples,
}

impl Running<'_> {
    /// Each target once; who is first changes with the round.
    async fn turn(&mut self, test: &Test, round: u8) -> Result<()> {
        let count = self.targets.len();
        for step in 0..count {
            let place = (step + usize::from(round)) % count;
            let Some(target) = self.targets.get_mut(place) else {
                continue;
            };
            if !holds(self.samples, &target.name, test.needs) {
                continue;
            }
            if test.wants_a_fresh_process() {
                if target.name == DIRECT {
                    continue;
                }
                target.stop().await?;
                target
                    .start(&self.plan.seats.target, self.plan.scratch)
                    .await?;
            }
            let name = target.name.clone();
            let job = self.job(test, round, place)?;
            let seen = self
                .seen(&job)
                .await
                .with_context(|| format!("{} on {name}", test.name))?;
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

    fn job(&self, test: &Test, round: u8, place: usize) -> Result<Job> {
        let target = self.targets.get(place).context("no such target")?;
        let pids = self.targets.iter().filter_map(Target::pid);
        Ok(Job {
            target: target.address(),
            mock: local(target.ports.upstream),
            load: test.load.clone(),
            warm_seconds: self.plan.warm_seconds,
            seconds: self.plan.seconds,
            target_pid: target.pid().unwrap_or_else(|| self.mock.pid()),
            our_pids: pids.chain([self.mock.pid()]).collect(),
            round,
        })
    }

    async fn seen(&self, job: &Job) -> Result<Seen> {
        let rig = env::current_exe()?;
        let mut command = self.plan.seats.load.command(rig.as_os_str())?;
        command
            .arg("load")
            .arg(OsString::from(serde_json::to_string(job)?));
        let said = said(command, &self.plan.scratch.join("load.log")).await?;
        serde_json::from_str(&said).context("what the load client said")
    }
}

/// What a command says until it ends.
async fn said(mut command: Command, log: &Path) -> Result<String> {
    let errors = File::create(log)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()?;
    let out: OwnedFd = child.stdout.take().context("no output")?.into();
    let mut said = String::new();
    pipe::Receiver::from_owned_fd(out)?
        .read_to_string(&mut said)
        .await?;
    // It closed its output by ending.
    if !child.wait()?.success() {
        bail!(
            "the load client failed: {}",
            std::fs::read_to_string(log)?.trim()
        );
    }
    Ok(said)
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
    let Some(window) = seen.windows.last() else {
        return;
    };
    let what = match window.chunks {
        0 => format!(
            "{:>9.0} calls/s {:>8.1} µs CPU a call ",
            window.calls as f64 / window.seconds,
            window.work.cpu_us / window.calls.max(1) as f64
        ),
        chunks => format!(
            "{:>8.0} chunks/s {:>8.1} µs CPU a chunk",
            chunks as f64 / window.seconds,
            window.work.cpu_us / chunks as f64
        ),
    };
    let failed = match &seen.first_failure {
        Some(failure) => format!(", {} failed: {failure}", seen.failed),
        None => String::new(),
    };
    eprintln!(
        "round {}/{rounds}  {:<12} {target:<12} {what}, other work {:.1} cores{failed}",
        round + 1,
        test.name,
        window.work.other_cores
    );
}

/// The targets that every comparison needs.
pub(crate) fn foundations() -> [(String, Kind); 2] {
    [
        (DIRECT.to_owned(), Kind::Direct),
        (LIMIT.to_owned(), Kind::Limit),
    ]
}
