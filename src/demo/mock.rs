//! The mock providers as real HTTP servers: settings, connections, start and stop.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::models::Provider;
use super::served::Served;
use super::tally::{Stats, Tally};

/// How long to wait after a failed accept, such as with no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Which APIs a mock serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serves {
    /// OpenAI's alone.
    OpenAi,
    /// Anthropic's alone.
    Anthropic,
    /// Both, told apart by path.
    #[default]
    Both,
}

impl Serves {
    /// All choices, in the order of the help.
    pub const ALL: [Self; 3] = [Self::OpenAi, Self::Anthropic, Self::Both];

    pub(super) fn has(self, provider: Provider) -> bool {
        match (self, provider) {
            (Self::Both, _)
            | (Self::OpenAi, Provider::OpenAi)
            | (Self::Anthropic, Provider::Anthropic) => true,
            (Self::OpenAi, Provider::Anthropic) | (Self::Anthropic, Provider::OpenAi) => false,
        }
    }
}

impl fmt::Display for Serves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Both => "both",
        })
    }
}

impl FromStr for Serves {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|choice| choice.to_string() == text)
            .ok_or_else(|| "not one of openai, anthropic, both".to_owned())
    }
}

/// How a mock provider behaves.
#[derive(Clone, Copy, Debug)]
pub struct MockSettings {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What it serves.
    pub serves: Serves,
    /// The same seed answers the n-th call the same way.
    pub seed: u64,
    /// How many times faster than in life; at least 1.
    pub speed: u32,
    /// Calls of a thousand that are refused with 429 or 500.
    pub refused_per_mille: u32,
    /// Tells the time, for `created`.
    pub now: fn() -> Timestamp,
}

/// A running mock provider. Dropped, it stops.
#[derive(Debug)]
pub struct MockUpstream {
    address: SocketAddr,
    tally: Arc<Tally>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl MockUpstream {
    /// Binds and serves.
    pub async fn start(settings: MockSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let mock = Self {
            address: listener.local_addr()?,
            tally: Arc::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let provider = Arc::new(Served::new(settings, Arc::clone(&mock.tally)));
        let (tasks, stop) = (mock.tasks.clone(), mock.stop.clone());
        mock.tasks.spawn(accept(listener, provider, tasks, stop));
        Ok(mock)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it billed so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.tally.stats()
    }

    /// Drops all connections and waits until every call is on the bill.
    pub async fn stop(self) -> Stats {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.stats()
    }
}

impl Drop for MockUpstream {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    provider: Arc<Served>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(serve(stream, Arc::clone(&provider), stop.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// One connection. A client that breaks off is no error here: the body's drop bills it.
async fn serve(stream: TcpStream, provider: Arc<Served>, stop: CancellationToken) {
    // Small frames must leave at once, or the pacing is lost; a socket that cannot do it still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let provider = Arc::clone(&provider);
        async move { Ok::<_, Infallible>(provider.answer(request).await) }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    tokio::select! {
        _ = server.serve_connection(TokioIo::new(stream), service) => {}
        () = stop.cancelled() => {}
    }
}
