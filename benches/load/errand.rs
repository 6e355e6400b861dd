//! One job, carried out by a load client of its own.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

use super::job::{Job, Seen};
use super::seat::Seat;

/// What the client saw. A job that came to nothing is something seen, too.
pub(crate) async fn run(job: &Job, seat: &Seat, scratch: &Path) -> Result<Seen> {
    let mut command = seat.command(env::current_exe()?.as_os_str())?;
    command.arg("load");
    command.arg(OsString::from(serde_json::to_string(job)?));
    let log = scratch.join("load.log");
    let said = said(command, &log).await?;
    if said.is_empty() {
        let why = fs::read_to_string(log)?;
        return Ok(Seen {
            rest_kib: 0,
            windows: Vec::new(),
            failed: 1,
            first_failure: Some(why.trim().to_owned()),
        });
    }
    serde_json::from_str(&said).context("what the load client said")
}

/// What a command says until it ends.
async fn said(mut command: Command, log: &Path) -> Result<String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(log)?)
        .spawn()?;
    let out: OwnedFd = child.stdout.take().context("no output")?.into();
    let mut said = String::new();
    let mut out = pipe::Receiver::from_owned_fd(out)?;
    out.read_to_string(&mut said).await?;
    // It closed its output by ending.
    child.wait()?;
    Ok(said)
}
