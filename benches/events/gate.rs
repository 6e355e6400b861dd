//! tollgate under test, everything at its default, and what it holds.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Tollgate {
    process: Child,
    pub(crate) traffic: SocketAddr,
    _home: TempDir,
}

impl Tollgate {
    pub(crate) fn start(path: &str, upstream: SocketAddr) -> Result<Self> {
        let home = TempDir::with_prefix_in("events-", env!("CARGO_TARGET_TMPDIR"))?;
        let (traffic, admin) = (free_address()?, free_address()?);
        let data = home.path().join("data");
        let upstreams = ["openai", "anthropic", "gemini", "bedrock"].map(|format| {
            format!(
                "[upstreams.{format}]\nformat = \"{format}\"\nbase_url = \"http://{upstream}\"\n"
            )
        });
        let config = format!(
            "[server]\nlisten = \"{traffic}\"\nadmin = \"{admin}\"\ndata_dir = \"{}\"\n\n{}",
            data.display(),
            upstreams.concat()
        );
        let file = home.path().join("tollgate.toml");
        fs::write(&file, config)?;
        let mut command = Command::new(path);
        command.arg("--config").arg(&file).arg("serve");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().with_context(|| path.to_owned())?;
        let limit = Instant::now() + PATIENCE;
        while TcpStream::connect(traffic).is_err() {
            ensure!(Instant::now() < limit, "tollgate does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Self {
            process,
            traffic,
            _home: home,
        })
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory(format!("/proc/{}", self.process.id()))
    }
}

impl Drop for Tollgate {
    fn drop(&mut self) {
        // What it would write down is of no interest.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A process's memory by `/proc`, in MiB.
pub(crate) struct Memory(String);

impl Memory {
    pub(crate) fn now(&self) -> Result<f64> {
        self.line("VmRSS:")
    }

    /// The most since it was forgotten.
    pub(crate) fn most(&self) -> Result<f64> {
        self.line("VmHWM:")
    }

    pub(crate) fn forget_most(&self) -> Result<()> {
        fs::write(format!("{}/clear_refs", self.0), "5").context("clear_refs")
    }

    fn line(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: f64 = kib.context("no such line")?.parse()?;
        Ok(kib / 1024.0)
    }
}
