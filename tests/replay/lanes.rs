//! Sends calls each at its time: the clock moves on as soon as a call has come through, while the
//! answers to those before are still on their way.

use std::time::{Duration, Instant};

use http::Request;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::provider::{Call, Provider};
use crate::support::client::{Body, Client};
use crate::support::tollgate::Tollgate;

/// Connections, used in turn.
const LANES: usize = 8;
/// Two busy cores take their time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(10);

pub(crate) struct Lanes<'a> {
    clock: &'a Clock,
    provider: &'a Provider,
    tollgate: &'a Tollgate,
    free: Vec<mpsc::Sender<Request<Body>>>,
    sent: u64,
    _driving: JoinSet<()>,
}

impl<'a> Lanes<'a> {
    pub(crate) fn new(clock: &'a Clock, provider: &'a Provider, tollgate: &'a Tollgate) -> Self {
        let mut driving = JoinSet::new();
        let lanes = (0..LANES).map(|_| {
            let (lane, mut requests) = mpsc::channel(1);
            let mut client = Client::new(tollgate.traffic);
            driving.spawn(async move {
                while let Some(request) = requests.recv().await {
                    let answer = client.send(request).await.unwrap();
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
            lane
        });
        Self {
            free: lanes.collect(),
            clock,
            provider,
            tollgate,
            sent: 0,
            _driving: driving,
        }
    }

    /// Sends a call at its time.
    pub(crate) async fn send(&mut self, call: &Call) {
        self.clock.set_ms(call.at_ms);
        let lane = usize::try_from(self.sent).unwrap() % LANES;
        self.free[lane].send(call.request()).await.unwrap();
        self.provider.came().await;
        self.sent += 1;
    }

    /// Waits until ledger and verdict have every call that was sent.
    pub(crate) async fn settle(&self) {
        let began = Instant::now();
        while self.tollgate.metric("tollgate_calls_total").await < self.sent {
            assert!(began.elapsed() < WAIT, "{}", self.tollgate.said());
            tokio::time::sleep(POLL).await;
        }
    }
}
