//! Processes as /proc shows them: who is whose child, CPU, memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, Result};

/// Processes with all that they started.
pub(crate) struct Family {
    pids: BTreeSet<u32>,
}

/// Microseconds of CPU, by thread.
pub(crate) struct Cpu {
    threads: BTreeMap<u32, f64>,
}

impl Cpu {
    /// What was used since an earlier reading.
    pub(crate) fn since(&self, before: &Self) -> f64 {
        let used = |(thread, us): (&u32, &f64)| us - before.threads.get(thread).unwrap_or(&0.0);
        self.threads.iter().map(used).sum()
    }
}

impl Family {
    /// The processes and their children as they are now.
    pub(crate) fn of(roots: &[u32]) -> Result<Self> {
        let mut parents = Vec::new();
        for entry in fs::read_dir("/proc").context("/proc")? {
            if let Ok(pid) = entry?.file_name().to_string_lossy().parse() {
                // A process that is gone by now has no parent to tell of.
                parents.extend(parent(pid).map(|parent| (pid, parent)));
            }
        }
        let mut pids: BTreeSet<u32> = roots.iter().copied().collect();
        loop {
            let known = pids.len();
            let children = parents.iter().filter(|(_, parent)| pids.contains(parent));
            let children: Vec<u32> = children.map(|(pid, _)| *pid).collect();
            pids.extend(children);
            if pids.len() == known {
                return Ok(Self { pids });
            }
        }
    }

    /// The CPU used by each thread so far.
    pub(crate) fn cpu(&self) -> Cpu {
        let tasks = self
            .pids
            .iter()
            .filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok());
        let used = tasks.flatten().flatten().filter_map(|task| {
            let thread = task.file_name().to_string_lossy().parse().ok()?;
            let ns = fs::read_to_string(task.path().join("schedstat")).ok()?;
            let ns: f64 = ns.split_ascii_whitespace().next()?.parse().ok()?;
            Some((thread, ns / 1e3))
        });
        Cpu {
            threads: used.collect(),
        }
    }

    /// Resident memory.
    pub(crate) fn resident_kib(&self) -> u64 {
        let resident = |pid: &u32| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.split_ascii_whitespace().next()?.parse::<u64>().ok()
        };
        self.pids.iter().filter_map(resident).sum()
    }
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before the state is in brackets and may have brackets and blanks itself.
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(1)?.parse().ok()
}

/// Microseconds of CPU that the whole machine used so far, for whomever.
pub(crate) fn machine_us() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = first
        .split_ascii_whitespace()
        .skip(1)
        .flat_map(str::parse)
        .collect();
    // user, nice, system, not idle, not iowait, irq, softirq
    let busy: f64 = ticks
        .iter()
        .take(3)
        .chain(ticks.iter().skip(5).take(2))
        .sum();
    busy / rustix::param::clock_ticks_per_second() as f64 * 1e6
}
