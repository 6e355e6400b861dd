//! What the integration tests stand on: the proxy on a free port between a client and an upstream
//! that the test plays by hand, byte by byte.

pub(crate) mod h2;
pub(crate) mod house;
pub(crate) mod tls;
pub(crate) mod wire;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tollgate::call::Role;
use tollgate::journal::{self, Frame, Journal};
use tollgate::meter::{self, Confirmed, Entry, Meter, UpstreamFacts};
use tollgate::metrics::UsageAsked;
use tollgate::pricing::{self, PriceBook};
use tollgate::proxy::{Counters, Proxy, Settings, Shutdown, UpstreamCounters, UpstreamSettings};
use tollgate::wire::WireFormat;

use self::wire::Wire;

/// Far above what anything here takes: a test that waits for it has failed.
const SOON: Duration = Duration::from_mins(5);

/// Waits for what must happen; a test that hangs fails instead.
#[track_caller]
pub(crate) fn soon<F: Future>(waited: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        let Ok(output) = tokio::time::timeout(SOON, waited).await else {
            panic!("{caller}: did not happen in {SOON:?}");
        };
        output
    }
}

/// A listener that the test plays the upstream on.
pub(crate) struct Upstream {
    listener: TcpListener,
}

impl Upstream {
    pub(crate) async fn bind() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    pub(crate) async fn accept_tcp(&self) -> TcpStream {
        soon(self.listener.accept()).await.unwrap().0
    }

    /// The next connection of the proxy.
    pub(crate) async fn accept(&self) -> Wire {
        Wire::new(self.accept_tcp().await)
    }
}

/// Settings of an upstream with OpenAI's API.
pub(crate) fn upstream(name: &str, base_url: &str) -> UpstreamSettings {
    upstream_of(WireFormat::OpenAi, name, base_url)
}

/// Settings of an upstream.
pub(crate) fn upstream_of(format: WireFormat, name: &str, base_url: &str) -> UpstreamSettings {
    let facts = UpstreamFacts {
        name: name.to_owned(),
        format,
        role: Role::Provider,
        billed: true,
        price_list: name.to_owned(),
        prices: Arc::new(PriceBook::new(pricing::Settings::default()).unwrap()),
        would_cost_as: None,
        region: None,
    };
    UpstreamSettings::new(Arc::new(facts), base_url.parse().unwrap())
}

/// Settings with one upstream, `up`, for all bare paths.
pub(crate) fn settings(base_url: &str) -> Settings {
    Settings {
        upstreams: vec![upstream("up", base_url)],
        default_upstream: Some("up".to_owned()),
        ..Settings::default()
    }
}

/// The proxy, serving on a free port.
pub(crate) struct Running {
    pub(crate) proxy: Proxy,
    pub(crate) counts: Arc<Counts>,
    pub(crate) shutdown: Shutdown,
    addr: SocketAddr,
    served: JoinHandle<usize>,
    records: Records,
    pub(crate) meter: Meter,
    pub(crate) journal: Journal<Entry>,
    confirmed: Confirmations,
    dir: TempDir,
}

/// Closed calls that the ledger has not taken yet: each holds its place in the queue.
pub(crate) type Records = Arc<Mutex<Vec<Entry>>>;

type Confirmations = Arc<Mutex<Vec<Confirmed>>>;

impl Running {
    pub(crate) async fn start(settings: Settings) -> Self {
        Self::with_places(settings, 1_000).await
    }

    /// The proxy before a ledger that takes nothing, with so many places in its queue.
    pub(crate) async fn with_places(settings: Settings, places: usize) -> Self {
        let counts = Arc::<Counts>::default();
        let shutdown = Shutdown::default();
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(|| Timestamp::UNIX_EPOCH);
        let counters: Arc<dyn Counters> = Arc::<Counts>::clone(&counts);
        let records = Records::default();
        let (kept, confirmed) = (Arc::clone(&records), Confirmations::default());
        let sink = move |_, entry| kept.lock().unwrap().push(entry);
        let journal = Journal::open(journal::Settings::in_dir(dir.path()), sink).unwrap();
        let meter = meter(&journal, &confirmed, places);
        let proxy = Proxy::new(settings, meter.clone(), counters, clock, shutdown.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let serving = proxy.clone();
        #[expect(clippy::disallowed_methods, reason = "the test itself waits for it")]
        let served = tokio::spawn(async move { serving.serve(listener).await });
        Self {
            proxy,
            counts,
            shutdown,
            addr,
            served,
            records,
            meter,
            journal,
            confirmed,
            dir,
        }
    }

    /// The proxy before an upstream that is reached at once.
    pub(crate) async fn before(upstream: &Upstream) -> Self {
        Self::start(settings(&upstream.url())).await
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) async fn connect_tcp(&self) -> TcpStream {
        let stream = soon(TcpStream::connect(self.addr)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// The frames that are written by now.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        let frames = journal::frames(self.dir.path(), 1).unwrap();
        frames.map(Result::unwrap).collect()
    }

    /// What the last frames of calls found.
    pub(crate) fn confirmed(&self) -> Vec<Confirmed> {
        self.confirmed.lock().unwrap().clone()
    }

    /// How many calls are closed and not taken.
    pub(crate) fn closed(&self) -> usize {
        let records = self.records.lock().unwrap();
        let ended = |entry: &&Entry| matches!(entry, Entry::Ended(_));
        records.iter().filter(ended).count()
    }

    /// The ledger takes what it had left.
    pub(crate) fn take_records(&self) {
        self.records.lock().unwrap().clear();
    }

    /// A new connection of a client.
    pub(crate) async fn connect(&self) -> Wire {
        Wire::new(self.connect_tcp().await)
    }

    /// Waits until `serve` returned; gives how many calls were cut.
    pub(crate) async fn stopped(self) -> usize {
        soon(self.served).await.unwrap()
    }
}

/// A call on its way: what the client sent first has reached the upstream, which read its head.
pub(crate) struct Call {
    pub(crate) client: Wire,
    pub(crate) server: Wire,
    /// The head as the upstream got it.
    pub(crate) head: String,
    pub(crate) upstream: Upstream,
    pub(crate) proxy: Running,
}

impl Call {
    pub(crate) async fn begin(request: impl AsRef<[u8]>) -> Self {
        Self::within(|_| {}, request).await
    }

    /// The same within other limits.
    pub(crate) async fn within(
        limit: impl FnOnce(&mut Settings),
        request: impl AsRef<[u8]>,
    ) -> Self {
        let upstream = Upstream::bind().await;
        let mut settings = settings(&upstream.url());
        limit(&mut settings);
        let proxy = Running::start(settings).await;
        let mut client = proxy.connect().await;
        client.send(request).await;
        let mut server = upstream.accept().await;
        Self {
            head: server.head().await,
            client,
            server,
            upstream,
            proxy,
        }
    }
}

/// A meter that writes to this journal and tells what it found.
fn meter(journal: &Journal<Entry>, confirmed: &Confirmations, places: usize) -> Meter {
    let told = Arc::clone(confirmed);
    let tell = move |_: &str, found, _| told.lock().unwrap().push(found);
    let settings = meter::Settings {
        places,
        ack_wait: SOON,
        strict_ack: false,
    };
    Meter::new(settings, journal.clone(), Box::new(tell), None)
}

/// Counts what the proxy counts by itself.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) answers: Mutex<Vec<&'static str>>,
}

#[derive(Default)]
pub(crate) struct InFlight {
    now: AtomicUsize,
    unmetered: AtomicUsize,
    asked: Mutex<Vec<&'static str>>,
}

impl InFlight {
    pub(crate) fn now(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }

    /// What came of asking for usage, by outcome.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn unmetered_calls(&self) -> usize {
        self.unmetered.load(Ordering::SeqCst)
    }
}

impl Counters for Counts {
    fn upstream(&self, _: &str) -> Arc<dyn UpstreamCounters> {
        Arc::<InFlight>::clone(&self.in_flight)
    }

    fn handed_on(&self, _: Duration) {}

    fn answered_by_us(&self, reason: &'static str) {
        self.answers.lock().unwrap().push(reason);
    }
}

impl UpstreamCounters for InFlight {
    fn begun(&self) {
        self.now.fetch_add(1, Ordering::SeqCst);
    }

    fn ended(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn unmetered(&self) {
        self.unmetered.fetch_add(1, Ordering::SeqCst);
    }

    fn usage_asked(&self, outcome: UsageAsked) {
        self.asked.lock().unwrap().push(outcome.label());
    }

    fn overlong_event(&self) {}
}
