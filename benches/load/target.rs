//! What calls are sent to: the mock itself, `limit`, a tollgate, a proxy of others.

use std::env;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::peers::Peer;
use super::ports::{Ports, local};
use super::process::Process;
use super::seat::Seat;
use super::tollgate::Tollgate;
use super::web;

const PATIENCE: Duration = Duration::from_secs(20);
/// For those that are slow to wake.
const PEER_PATIENCE: Duration = Duration::from_secs(90);

/// One target, running or not.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) ports: Ports,
    /// Whether it is read without end while it is asked.
    pub(crate) is_read: bool,
    process: Option<Process>,
}

/// What it is.
pub(crate) enum Kind {
    /// Nothing between client and mock.
    Direct,
    Limit,
    Tollgate(Tollgate),
    Peer(Peer),
}

impl Target {
    pub(crate) const fn new(name: String, kind: Kind, ports: Ports) -> Self {
        Self {
            name,
            kind,
            ports,
            is_read: false,
            process: None,
        }
    }

    /// Where calls go.
    pub(crate) fn address(&self) -> SocketAddr {
        match self.kind {
            Kind::Direct => local(self.ports.upstream),
            Kind::Limit | Kind::Tollgate(_) | Kind::Peer(_) => local(self.ports.traffic),
        }
    }

    /// The tollgate that it is, if it is one.
    pub(crate) const fn tollgate(&self) -> Option<&Tollgate> {
        match &self.kind {
            Kind::Tollgate(tollgate) => Some(tollgate),
            Kind::Direct | Kind::Limit | Kind::Peer(_) => None,
        }
    }

    /// Its process; the mock has one of its own.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::pid)
    }

    /// Starts it and waits until it takes calls.
    pub(crate) async fn start(&mut self, seat: &Seat, scratch: &Path) -> Result<()> {
        let Some(command) = self.command(seat)? else {
            return Ok(());
        };
        let patience = match self.kind {
            Kind::Peer(_) => PEER_PATIENCE,
            Kind::Direct | Kind::Limit | Kind::Tollgate(_) => PATIENCE,
        };
        let log = scratch.join(format!("{}.log", self.name));
        let process = self
            .process
            .insert(Process::start(&self.name, command, log)?);
        let (admin, traffic) = (local(self.ports.admin), local(self.ports.traffic));
        let tells = matches!(self.kind, Kind::Tollgate(_));
        let ready = || {
            if tells {
                web::get(admin, "/readyz").is_ok()
            } else {
                TcpStream::connect(traffic).is_ok()
            }
        };
        process.wait_until(patience, ready).await
    }

    fn command(&self, seat: &Seat) -> Result<Option<Command>> {
        let command = match &self.kind {
            Kind::Direct => return Ok(None),
            Kind::Limit => {
                let mut command = seat.command(env::current_exe()?.as_os_str())?;
                command.args(["limit", "--listen", &self.address().to_string()]);
                command.args(["--upstream", &local(self.ports.upstream).to_string()]);
                command
            }
            Kind::Tollgate(tollgate) => {
                let mut command = seat.command(tollgate.binary.as_os_str())?;
                tollgate.serve(&mut command);
                command
            }
            Kind::Peer(peer) => peer.command(seat)?,
        };
        Ok(Some(command))
    }

    /// Lets it end in order.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        match self.process.take() {
            Some(mut process) => process.stop().await,
            None => Ok(()),
        }
    }
}

/// Starts the mock with a port for each target.
pub(crate) async fn start_mock(seat: &Seat, ports: &[u16], scratch: &Path) -> Result<Process> {
    let mut command = seat.command(env::current_exe()?.as_os_str())?;
    command.arg("mock");
    for port in ports {
        command.args(["--port", &port.to_string()]);
    }
    let log: PathBuf = scratch.join("mock.log");
    let mut mock = Process::start("the mock", command, log)?;
    let up = || {
        ports
            .iter()
            .all(|port| TcpStream::connect(local(*port)).is_ok())
    };
    mock.wait_until(PATIENCE, up).await?;
    Ok(mock)
}
