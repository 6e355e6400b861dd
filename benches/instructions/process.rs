//! Whole calls through the real binary between a client and an upstream, on a connection each.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, bail, ensure};
use tollgate::journal::{self, FrameKind};

use crate::callgrind::{Costs, Scope, callgrind};
use crate::client::Client;
use crate::shared::{self, exchange::Exchange};
use crate::upstream;

pub(crate) const TOLLGATE: &str = env!("CARGO_BIN_EXE_tollgate");

/// The file in which callgrind puts what a thread cost.
const PROFILE: &str = "profile";

/// Runs so many calls on one connection; each must be a priced row in the journal.
pub(crate) fn run(exchange: Exchange, calls: u64) -> anyhow::Result<Threads> {
    let folder = shared::folder_in_memory()?;
    let (client, upstream) = upstream::start(exchange)?;
    let tollgate = Tollgate::start(folder.path(), upstream)?;
    let mut client = Client::connect(tollgate.traffic, client)?;
    for _ in 0..calls {
        client.call()?;
    }
    drop(client);
    tollgate.end()?;
    let priced = priced(&folder.path().join("data/journal"))?;
    ensure!(priced == calls, "{priced} of {calls} calls were priced");
    Threads::read(folder.path())
}

/// What the threads of the process cost.
#[derive(Default)]
pub(crate) struct Threads {
    /// Those on the way of a call: they speak HTTP.
    pub(crate) on_path: Costs,
    /// The others of ours: journal and recorder. The database's own keep time and are left out.
    pub(crate) beside: Costs,
}

impl Threads {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut threads = Self::default();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // callgrind puts the number of the thread behind the name.
            if name.starts_with(PROFILE) && name != PROFILE {
                let costs = Costs::read(&path)?;
                if costs.has("hyper::") {
                    threads.on_path.add(costs);
                } else if costs.has("tollgate::") {
                    threads.beside.add(costs);
                }
            }
        }
        Ok(threads)
    }
}

/// The process; it is killed when something fails.
struct Tollgate {
    child: Child,
    traffic: SocketAddr,
    output: BufReader<ChildStdout>,
}

impl Tollgate {
    fn start(folder: &Path, upstream: SocketAddr) -> anyhow::Result<Self> {
        let config = folder.join("tollgate.toml");
        let text =
            format!("[upstreams.openai]\nformat = \"openai\"\nbase_url = \"http://{upstream}\"\n");
        fs::write(&config, text)?;
        let mut child = callgrind(Scope::EachThread, &folder.join(PROFILE))?
            .arg(TOLLGATE)
            .args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .arg("--config")
            .arg(config)
            .arg("--data-dir")
            .arg(folder.join("data"))
            // How several wake each other depends on the moment: a fifth of a chunk, now and then.
            .env("TOKIO_WORKER_THREADS", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("log"))?)
            .spawn()?;
        let output = child.stdout.take().context("no output")?;
        let mut tollgate = Self {
            child,
            traffic: SocketAddr::from(([127, 0, 0, 1], 0)),
            output: BufReader::new(output),
        };
        tollgate.traffic = tollgate.address()?;
        Ok(tollgate)
    }

    /// Where it listens, by what it prints once it is up.
    fn address(&mut self) -> anyhow::Result<SocketAddr> {
        for line in (&mut self.output).lines() {
            let line = line?;
            if let Some(address) = line.trim().strip_prefix("traffic") {
                return Ok(address.trim().trim_start_matches("http://").parse()?);
            }
        }
        bail!("tollgate did not start: {}", self.child.wait()?);
    }

    /// Ends it as an operator does, so that callgrind writes its profile.
    fn end(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        ensure!(
            Command::new("kill").arg(id).status()?.success(),
            "kill failed"
        );
        let ended = self.child.wait()?;
        ensure!(ended.success(), "tollgate ended badly: {ended}");
        Ok(())
    }
}

impl Drop for Tollgate {
    fn drop(&mut self) {
        // Already gone is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn priced(journal: &Path) -> anyhow::Result<u64> {
    let mut priced = 0;
    for frame in journal::frames(journal, 0)? {
        let frame = frame?;
        let row = String::from_utf8_lossy(&frame.body);
        let is_priced = frame.kind == FrameKind::End && row.contains(r#""pricing":"priced""#);
        priced += u64::from(is_priced);
    }
    Ok(priced)
}
