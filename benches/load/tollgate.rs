//! tollgate as its users run it: a binary, a configuration, a ledger to ask afterwards.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::bill::Bill;
use super::job;
use super::ports::Ports;

/// One tollgate under test.
pub(crate) struct Tollgate {
    pub(crate) binary: PathBuf,
    dir: PathBuf,
}

/// What the ledger says at the end.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Ledger {
    #[serde(flatten)]
    pub(crate) bill: Bill,
    /// Calls that no price was found for: they would have been measured without pricing.
    pub(crate) unpriced_calls: u64,
}

impl Tollgate {
    /// Writes its configuration: everything at its default, but where it listens and forwards.
    pub(crate) fn new(binary: PathBuf, dir: PathBuf, ports: Ports, models: usize) -> Result<Self> {
        let Ports {
            upstream,
            traffic,
            admin,
        } = ports;
        let mut config = format!(
            r#"[server]
listen = "127.0.0.1:{traffic}"
admin = "127.0.0.1:{admin}"
data_dir = "{}"

[upstreams.openai]
format = "openai"
base_url = "http://127.0.0.1:{upstream}"
"#,
            dir.join("data").display()
        );
        if models > 0 {
            let names: Vec<String> = (0..models).map(job::model).collect();
            write!(
                config,
                r#"
[[prices]]
list = "openai"
match = {names:?}
from = 2020-01-01
input_usd_per_mtok = 0.15
cache_read_usd_per_mtok = 0.075
output_usd_per_mtok = 0.6
source = "made for the measurement"
"#
            )?;
        }
        fs::create_dir_all(&dir)?;
        fs::write(dir.join("tollgate.toml"), config)?;
        Ok(Self { binary, dir })
    }

    fn config(&self) -> PathBuf {
        self.dir.join("tollgate.toml")
    }

    /// Completes a command that runs the binary.
    pub(crate) fn serve(&self, command: &mut Command) {
        command.arg("--config").arg(self.config()).arg("serve");
        in_its_own_world(command);
    }

    /// What the stopped tollgate has on its books.
    pub(crate) fn ledger(&self) -> Result<Ledger> {
        #[derive(Deserialize)]
        struct Report {
            total: Ledger,
        }
        let mut command = Command::new(&self.binary);
        command
            .args(["report", "--quiet", "--format", "json", "--config"])
            .arg(self.config());
        in_its_own_world(&mut command);
        let output = command.output().context("tollgate report")?;
        if !output.status.success() {
            bail!(
                "tollgate report: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let report: Report = serde_json::from_slice(&output.stdout).context("tollgate report")?;
        Ok(report.total)
    }

    /// What its data takes on the disk.
    pub(crate) fn disk_bytes(&self) -> Result<u64> {
        blocks(&self.dir.join("data")).map(|blocks| blocks * 512)
    }
}

/// Nothing of the caller's environment decides how it runs.
fn in_its_own_world(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TOLLGATE_") {
            command.env_remove(name);
        }
    }
}

fn blocks(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let entry = entry?;
        let about = entry.metadata()?;
        sum += if about.is_dir() {
            blocks(&entry.path())?
        } else {
            about.blocks()
        };
    }
    Ok(sum)
}
