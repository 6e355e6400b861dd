//! `[server]`: where tollgate listens, what it keeps, and how long it waits.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::Overrides;
use super::problem::{Context, Problem};
use super::secret::Secret;
use super::section::Section;
use super::value::Value;
use crate::proxy::INJECT_BODY_BYTES_MAX;

/// The two listeners, the data directory, limits and timeouts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where clients send their calls.
    pub listen: SocketAddr,
    /// Where metrics, health and the API are.
    pub admin: SocketAddr,
    /// Where journal and ledger are kept; relative to the working directory.
    pub data_dir: PathBuf,
    /// Opens the admin endpoints; needed as soon as they are not on loopback.
    pub admin_token: Option<Secret>,
    /// Opens `/metrics`.
    pub metrics_token: MetricsToken,
    /// Calls at once before new ones get 503.
    pub calls_in_flight_max: usize,
    /// For a client to send its request headers.
    pub header_timeout: Option<Duration>,
    /// Bytes of request headers.
    pub header_bytes_max: usize,
    /// For a client that stops reading its answer.
    pub client_stall: Option<Duration>,
    /// For calls in flight to end at shutdown.
    pub drain: Duration,
    /// Bytes of a request that is held to ask for the usage of its stream.
    pub inject_body_bytes_max: usize,
    /// Whether the configuration is taken over again when its files change.
    pub watch: bool,
}

/// Who may read `/metrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricsToken {
    /// Whoever may use the admin endpoints.
    Admin,
    /// Everybody.
    Open,
    /// Whoever knows this.
    Own(Secret),
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4141)),
            admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 4142)),
            data_dir: PathBuf::from("data"),
            admin_token: None,
            metrics_token: MetricsToken::Admin,
            calls_in_flight_max: 20_000,
            header_timeout: Some(Duration::from_secs(30)),
            header_bytes_max: 64 * 1024,
            client_stall: Some(Duration::from_mins(5)),
            drain: Duration::from_secs(30),
            inject_body_bytes_max: INJECT_BODY_BYTES_MAX,
            watch: true,
        }
    }
}

impl Server {
    /// Reads the section under what the command line and the environment say.
    pub(super) fn read(mut section: Section<'_>, overrides: &Overrides) -> Self {
        let base = Self::default();
        let s = &mut section;
        let mut server = Self {
            listen: s.read("listen", Value::address).unwrap_or(base.listen),
            admin: s.read("admin", Value::address).unwrap_or(base.admin),
            data_dir: s.read("data_dir", plain_path).unwrap_or(base.data_dir),
            admin_token: s.read("admin_token", Value::secret),
            metrics_token: s
                .read("metrics_token", metrics_token)
                .unwrap_or(base.metrics_token),
            calls_in_flight_max: s
                .read("calls_in_flight_max", Value::count)
                .unwrap_or(base.calls_in_flight_max),
            header_timeout: s
                .read("header_timeout", Value::limit)
                .unwrap_or(base.header_timeout),
            header_bytes_max: s
                .read("header_bytes_max", Value::bytes)
                .unwrap_or(base.header_bytes_max),
            client_stall: s
                .read("client_stall", Value::limit)
                .unwrap_or(base.client_stall),
            drain: s.read("drain", Value::duration).unwrap_or(base.drain),
            inject_body_bytes_max: s
                .read("inject_body_bytes_max", Value::bytes)
                .unwrap_or(base.inject_body_bytes_max),
            watch: s.read("watch", Value::boolean).unwrap_or(base.watch),
        };
        let overrides = overrides.over_environment(section.context);
        server.listen = overrides.listen.unwrap_or(server.listen);
        server.admin = overrides.admin.unwrap_or(server.admin);
        server.data_dir = overrides.data_dir.unwrap_or(server.data_dir);
        server.check(&mut section);
        section.finish(&[]);
        server
    }

    /// What no single key can say.
    fn check(&self, section: &mut Section<'_>) {
        if self.listen == self.admin && self.listen.port() != 0 {
            let message = "traffic and admin cannot share an address; change listen or admin";
            section.problem(message);
        }
        // A token that was written but could not be read has its own problem already.
        let token_written = section.value("admin_token").is_some();
        if !self.admin.ip().is_loopback() && !token_written {
            let message = format!(
                "admin is reachable from other machines at {}; add admin_token = \
                 \"env:TOLLGATE_ADMIN_TOKEN\" or bind it to 127.0.0.1",
                self.admin
            );
            section.problem(&message);
        }
    }
}

/// A path that is used as it is written, from the working directory.
fn plain_path(value: &Value<'_>) -> Option<PathBuf> {
    let text = value.text()?;
    if text.is_empty() {
        return value.is_not("a path");
    }
    Some(PathBuf::from(text))
}

fn metrics_token(value: &Value<'_>) -> Option<MetricsToken> {
    if value.item.get_ref().as_str() == Some("none") {
        return Some(MetricsToken::Open);
    }
    value.secret().map(MetricsToken::Own)
}

impl Overrides {
    /// The command line, else the environment.
    fn over_environment(&self, context: &Context<'_>) -> Self {
        Self {
            listen: self.listen.or_else(|| address(context, "TOLLGATE_LISTEN")),
            admin: self.admin.or_else(|| address(context, "TOLLGATE_ADMIN")),
            data_dir: self.data_dir.clone().or_else(|| {
                let text = (context.env)("TOLLGATE_DATA_DIR")?;
                (!text.is_empty()).then(|| PathBuf::from(text))
            }),
            plans: self.plans.clone(),
        }
    }
}

fn address(context: &Context<'_>, name: &str) -> Option<SocketAddr> {
    let text = (context.env)(name).filter(|text| !text.is_empty())?;
    let address = text.parse().ok();
    if address.is_none() {
        context.tell(Problem {
            file: "environment".to_owned(),
            line: None,
            key: name.to_owned(),
            message: format!("{text:?} is not an address and port, such as \"127.0.0.1:4141\""),
        });
    }
    address
}
