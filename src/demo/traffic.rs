//! Made clients: real calls through whatever stands at the given addresses.
//!
//! Several tenants ask several models for whole answers and streams; some leave in the middle.
//! Bounded in rate, in number at once, and in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::dice::Dice;
use super::models::Provider;
use super::order::Order;

/// Who calls, and how often relative to the others. Their keys are made up.
pub(super) const TENANTS: [(&str, u32); 4] = [
    ("search", 40),
    ("support", 30),
    ("coding", 20),
    ("research", 10),
];

/// How long calls may still run when the traffic stops; what is left then hangs up.
const LAST_CALLS_WAIT: Duration = Duration::from_secs(5);

/// What traffic is made.
#[derive(Clone, Debug)]
pub struct TrafficSettings {
    /// Base of the OpenAI calls, such as `http://127.0.0.1:4141`.
    pub openai: String,
    /// Base of the Anthropic calls.
    pub anthropic: String,
    /// The same seed asks the same things in the same order.
    pub seed: u64,
    /// Calls a second, on average.
    pub calls_per_second: u32,
    /// Calls at once, at most: beyond, a new one waits.
    pub in_flight_max: usize,
    /// Streams of a thousand whose client leaves in the middle.
    pub hang_up_per_mille: u32,
    /// OpenAI streams of a thousand that do not ask for their usage.
    pub without_usage_per_mille: u32,
}

impl Default for TrafficSettings {
    fn default() -> Self {
        Self {
            openai: "http://127.0.0.1:4141".to_owned(),
            anthropic: "http://127.0.0.1:4141".to_owned(),
            seed: 1,
            calls_per_second: 20,
            in_flight_max: 256,
            hang_up_per_mille: 30,
            without_usage_per_mille: 0,
        }
    }
}

/// What became of the calls, as the clients saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficCounts {
    /// Sent.
    pub sent: u64,
    /// Answered with success, and read to the end.
    pub complete: u64,
    /// Answered with an error status.
    pub refused: u64,
    /// Left by the client.
    pub hung_up: u64,
    /// Broken: no connection, or an answer that ended early.
    pub failed: u64,
}

impl TrafficCounts {
    /// Calls still under way.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        let Self {
            sent,
            complete,
            refused,
            hung_up,
            failed,
        } = self;
        sent.saturating_sub(complete + refused + hung_up + failed)
    }
}

/// Running traffic. Dropped, it stops.
#[derive(Debug)]
pub struct Traffic {
    clients: Arc<Clients>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Traffic {
    /// Begins to call.
    #[must_use]
    pub fn start(settings: TrafficSettings) -> Self {
        let clients = Arc::new(Clients {
            places: Arc::new(Semaphore::new(settings.in_flight_max.max(1))),
            http: Client::builder(TokioExecutor::new()).build_http(),
            counts: Counts::default(),
            settings,
            leave: CancellationToken::new(),
        });
        let traffic = Self {
            clients,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let arrivals = arrivals(Arc::clone(&traffic.clients), traffic.tasks.clone());
        let stop = traffic.stop.clone();
        traffic.tasks.spawn(async move {
            tokio::select! { () = arrivals => {} () = stop.cancelled() => {} }
        });
        traffic
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> TrafficCounts {
        self.clients.counts.read()
    }

    /// Sends no further call, lets those under way end, for a bounded time, and counts.
    pub async fn stop(self) -> TrafficCounts {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(LAST_CALLS_WAIT, self.tasks.wait())
            .await
            .is_err()
        {
            self.clients.leave.cancel();
            self.tasks.wait().await;
        }
        self.counts()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.cancel();
        self.clients.leave.cancel();
    }
}

/// Calls arrive independently of each other, as those of many users do.
async fn arrivals(clients: Arc<Clients>, tasks: TaskTracker) {
    let mean = Duration::from_secs(1) / clients.settings.calls_per_second.max(1);
    let mut next = Instant::now();
    for number in 0.. {
        let mut dice = Dice::new(clients.settings.seed, number);
        next += dice.wait(mean);
        tokio::time::sleep_until(next).await;
        let Ok(place) = Arc::clone(&clients.places).acquire_owned().await else {
            return;
        };
        let order = Order::draw(&clients.settings, &mut dice);
        let clients = Arc::clone(&clients);
        tasks.spawn(async move {
            clients.call(order).await;
            drop(place);
        });
    }
}

/// All clients together.
#[derive(Debug)]
struct Clients {
    http: Client<HttpConnector, Full<Bytes>>,
    settings: TrafficSettings,
    counts: Counts,
    places: Arc<Semaphore>,
    leave: CancellationToken,
}

impl Clients {
    async fn call(&self, order: Order) {
        Counts::add(&self.counts.sent);
        let outcome = tokio::select! {
            outcome = self.outcome(order) => outcome,
            () = self.leave.cancelled() => Outcome::HungUp,
        };
        Counts::add(match outcome {
            Outcome::Complete => &self.counts.complete,
            Outcome::Refused => &self.counts.refused,
            Outcome::HungUp => &self.counts.hung_up,
            Outcome::Failed => &self.counts.failed,
        });
    }

    async fn outcome(&self, order: Order) -> Outcome {
        let hang_up_after = order.hang_up_after;
        let Some(request) = self.request(order) else {
            return Outcome::Failed;
        };
        let Ok(response) = self.http.request(request).await else {
            return Outcome::Failed;
        };
        let refused = response.status() != StatusCode::OK;
        let mut body = response.into_body();
        let mut frames = 0_u64;
        while let Some(frame) = body.frame().await {
            if frame.is_err() {
                return Outcome::Failed;
            }
            frames += 1;
            if !refused && hang_up_after.is_some_and(|limit| frames >= limit) {
                return Outcome::HungUp;
            }
        }
        if refused {
            Outcome::Refused
        } else {
            Outcome::Complete
        }
    }

    fn request(&self, order: Order) -> Option<Request<Full<Bytes>>> {
        let (base, path) = match order.provider {
            Provider::OpenAi => (&self.settings.openai, "/v1/chat/completions"),
            Provider::Anthropic => (&self.settings.anthropic, "/v1/messages"),
        };
        let uri: Uri = format!("{}{path}", base.trim_end_matches('/'))
            .parse()
            .ok()?;
        let request = Request::post(uri)
            .header(header::CONTENT_TYPE, "application/json")
            // As the official SDKs ask.
            .header(header::ACCEPT_ENCODING, "gzip, deflate")
            .header("x-tollgate-tenant", order.tenant);
        // Keys of a made-up shape: they show that one tenant's calls share a key.
        let key = format!("sk-demo-{}", order.tenant);
        let request = match order.provider {
            Provider::OpenAi => request.header(header::AUTHORIZATION, format!("Bearer {key}")),
            Provider::Anthropic => request
                .header("x-api-key", key)
                .header("anthropic-version", "2023-06-01"),
        };
        request.body(Full::new(Bytes::from(order.body))).ok()
    }
}

/// What became of one call.
enum Outcome {
    Complete,
    Refused,
    HungUp,
    Failed,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    complete: AtomicU64,
    refused: AtomicU64,
    hung_up: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    fn add(count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> TrafficCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        TrafficCounts {
            sent: read(&self.sent),
            complete: read(&self.complete),
            refused: read(&self.refused),
            hung_up: read(&self.hung_up),
            failed: read(&self.failed),
        }
    }
}
