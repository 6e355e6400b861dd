//! Three ports for each target.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context as _, Result};

/// The ports of one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    /// The mock's, for this target alone: it has a bill of its own there.
    pub(crate) upstream: u16,
    /// Where the target takes calls.
    pub(crate) traffic: u16,
    /// Where it says that it is ready, if it does.
    pub(crate) admin: u16,
}

impl Ports {
    /// The ports of the target at a place, all of them free.
    pub(crate) fn at(first: u16, place: usize) -> Result<Self> {
        let port = |which: usize| {
            let port = usize::from(first) + place * 3 + which;
            let port =
                u16::try_from(port).context("the ports end at 65535: give a lower --port")?;
            TcpListener::bind(local(port)).with_context(|| {
                format!("port {port} is taken: end what listens there or give another --port")
            })?;
            Ok::<_, anyhow::Error>(port)
        };
        Ok(Self {
            upstream: port(0)?,
            traffic: port(1)?,
            admin: port(2)?,
        })
    }
}

/// The address of a port here.
pub(crate) fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
