//! Where a process runs: on which cores, how nice, with how many files. It goes with its parent.
//!
//! The rig starts itself, sits down, and becomes the program: what `taskset`, `nice` and `prlimit`
//! would do one after another.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, nice, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

/// Enough for all the streams with a file at either side.
const FILES: u64 = 65_536;
const FILES_FOR_THE_REST: u64 = 500;
/// The most streams that are held.
const STREAMS: usize = 10_000;
const LESS_NICE: i32 = -15;

/// A place to run at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seat {
    pub(crate) cores: Vec<usize>,
    pub(crate) nice: i32,
    pub(crate) files: u64,
}

/// Everybody's place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seats {
    pub(crate) mock: Seat,
    pub(crate) load: Seat,
    pub(crate) target: Seat,
    /// What is not as it should be, for the reader of the table.
    pub(crate) remarks: Vec<String>,
}

impl Seats {
    /// Gives out the cores that this process may use.
    pub(crate) fn of_this_machine() -> Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU)
            .filter(|core| allowed.is_set(*core))
            .collect();
        let mut remarks = Vec::new();
        let (mock, load, target) = match cores.as_slice() {
            [mock, load, first, second, ..] => (*mock, *load, vec![*first, *second]),
            [mock, load, target] => (*mock, *load, vec![*target]),
            [both, target] => (*both, *both, vec![*target]),
            [all] => (*all, *all, vec![*all]),
            [] => return Err(anyhow!("no core to run on")),
        };
        if cores.len() < 4 {
            remarks.push(format!(
                "{} of the 4 cores that mock, load and target need are here: they are in each other's way",
                cores.len()
            ));
        }
        let nice = niceness();
        if nice == 0 {
            remarks.push("may not be less nice, so other work had the same priority".to_owned());
        }
        let files = files();
        let seat = |cores| Seat { cores, nice, files };
        Ok(Self {
            mock: seat(vec![mock]),
            load: seat(vec![load]),
            target: seat(target),
            remarks,
        })
    }
}

/// As many files as are needed, or as many as there may be.
fn files() -> u64 {
    let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let may_raise = hard >= FILES || limit_files(FILES).is_ok();
    if may_raise { FILES } else { hard }
}

fn limit_files(files: u64) -> rustix::io::Result<()> {
    let limit = Rlimit {
        current: Some(files),
        maximum: Some(files),
    };
    setrlimit(Resource::Nofile, limit)
}

/// How nice everybody is: only some may be less nice than others, which is found by trying.
fn niceness() -> i32 {
    if nice(LESS_NICE).is_err() {
        return 0;
    }
    // The rig itself only waits.
    let _ = nice(-LESS_NICE);
    LESS_NICE
}

impl Seats {
    /// Streams that a target can hold open.
    pub(crate) fn streams(&self) -> usize {
        let streams = self.target.files.saturating_sub(FILES_FOR_THE_REST) / 2;
        usize::try_from(streams).map_or(STREAMS, |streams| streams.min(STREAMS))
    }

    /// What is said where those are fewer than there should be.
    pub(crate) fn streams_remark(&self) -> Option<String> {
        let (streams, files) = (self.streams(), self.target.files);
        (streams < STREAMS).then(|| {
            format!(
                "{streams} streams in place of {STREAMS}: a process may open {files} files here (ulimit -Hn) and needs two for each"
            )
        })
    }
}

impl Seat {
    /// A command that runs the program at this place.
    pub(crate) fn command(&self, program: &OsStr) -> Result<Command> {
        let mut command = Command::new(env::current_exe()?);
        command
            .arg("seat")
            .arg(serde_json::to_string(self)?)
            .arg("--")
            .arg(program);
        Ok(command)
    }
}

/// Sits down and becomes the program.
pub(crate) fn run(seat: &str, command: &[OsString]) -> Result<()> {
    let seat: Seat = serde_json::from_str(seat)?;
    let (program, args) = command.split_first().context("no program")?;
    // A rig that is killed leaves nothing behind.
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
    let mut cores = CpuSet::new();
    seat.cores.iter().for_each(|core| cores.set(*core));
    sched_setaffinity(None, &cores)?;
    if seat.nice != 0 {
        nice(seat.nice).with_context(|| format!("nice {}", seat.nice))?;
    }
    limit_files(seat.files).context("the number of open files")?;
    let error = Command::new(program).args(args).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}
