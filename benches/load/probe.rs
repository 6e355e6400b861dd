//! What a target and its machine used in a window, read from /proc.

use std::time::Instant;

use anyhow::Result;

use super::job::{Job, Work};
use super::proc::{self, Cpu, Family};

/// Looks at the target, and at all the rig's processes to tell them from everybody else's.
pub(crate) struct Probe {
    target: Family,
    ours: Family,
}

struct Reading {
    at: Instant,
    target: Cpu,
    ours: Cpu,
    machine_us: f64,
}

impl Probe {
    pub(crate) fn new(job: &Job) -> Result<Self> {
        let ours = [job.our_pids.as_slice(), &[std::process::id()]].concat();
        Ok(Self {
            target: Family::of(&[job.target_pid])?,
            ours: Family::of(&ours)?,
        })
    }

    pub(crate) fn resident_kib(&self) -> u64 {
        self.target.resident_kib()
    }

    /// What was used from `begin` to `end`.
    pub(crate) async fn work(&self, begin: Instant, end: Instant) -> Work {
        tokio::time::sleep_until(begin.into()).await;
        let before = self.read();
        tokio::time::sleep_until(end.into()).await;
        let after = self.read();
        let ours = after.ours.since(&before.ours);
        let others = (after.machine_us - before.machine_us - ours).max(0.0);
        Work {
            cpu_us: after.target.since(&before.target),
            resident_kib: self.resident_kib(),
            other_cores: others / 1e6 / (after.at - before.at).as_secs_f64(),
        }
    }

    fn read(&self) -> Reading {
        Reading {
            at: Instant::now(),
            target: self.target.cpu(),
            ours: self.ours.cpu(),
            machine_us: proc::machine_us(),
        }
    }
}
