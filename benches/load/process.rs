//! A process that ends when its owner lets go of it.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

const POLL: Duration = Duration::from_millis(10);
/// For a process to end that was asked to: longer than tollgate lets calls in flight end.
const PATIENCE: Duration = Duration::from_secs(40);
/// The same when the whole rig ends, and nobody wants to wait.
const LAST_PATIENCE: Duration = Duration::from_secs(2);
const LOG_LINES_SHOWN: usize = 12;

/// A running process.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it says goes into a file.
    pub(crate) fn start(name: &str, mut command: Command, log: PathBuf) -> Result<Self> {
        let out = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says so.
    pub(crate) async fn wait_until(
        &mut self,
        patience: Duration,
        ready: impl Fn() -> bool,
    ) -> Result<()> {
        let limit = Instant::now() + patience;
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended before it was ready, {status}:\n{}",
                    self.name,
                    self.last_words()
                );
            }
            if Instant::now() > limit {
                bail!(
                    "{} is not ready after {patience:?}:\n{}",
                    self.name,
                    self.last_words()
                );
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Asks it to end and waits for that.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        self.ask_to_end();
        let limit = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait()? {
                Some(status) if ended_well(status) => return Ok(()),
                Some(status) => {
                    bail!(
                        "{} ended badly, {status}:\n{}",
                        self.name,
                        self.last_words()
                    )
                }
                None if Instant::now() > limit => {
                    bail!("{} did not end within {PATIENCE:?}", self.name)
                }
                None => tokio::time::sleep(POLL).await,
            }
        }
    }

    fn ask_to_end(&self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // One that is gone already cannot be asked, and need not.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(LOG_LINES_SHOWN);
        lines.get(from..).unwrap_or_default().join("\n")
    }
}

/// Those that know no better are ended by the signal itself.
fn ended_well(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    status.success() || status.signal() == Some(Signal::TERM.as_raw())
}

impl Drop for Process {
    fn drop(&mut self) {
        let limit = Instant::now() + LAST_PATIENCE;
        if matches!(self.child.try_wait(), Ok(None)) {
            self.ask_to_end();
        }
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > limit {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
            thread::sleep(POLL);
        }
    }
}
