//! The clients of a round, which write down what they see.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::books::{Books, tenant};
use crate::load;
use crate::support::client::{Body, Client};
use crate::support::tollgate::Tollgate;

const CLIENTS: u64 = 8;
/// A client that hangs up does so this long after the answer began.
const PATIENCE: Duration = Duration::from_millis(5);

/// Clients that call as fast as they are answered, until the process is gone.
pub(super) fn load(tollgate: &Tollgate, books: &Arc<Books>, next: &Arc<AtomicU64>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let next = Arc::clone(next);
        let mut caller = Caller::new(tollgate, books);
        clients.spawn(async move {
            let number = || next.fetch_add(1, Ordering::Relaxed);
            while caller.called(number()).await.is_ok() {}
        });
    }
    clients
}

/// A client that writes down what it sees.
pub(super) struct Caller {
    traffic: SocketAddr,
    client: Client,
    books: Arc<Books>,
}

impl Caller {
    pub(super) fn new(tollgate: &Tollgate, books: &Arc<Books>) -> Self {
        Self {
            traffic: tollgate.traffic,
            client: Client::new(tollgate.traffic),
            books: Arc::clone(books),
        }
    }

    /// One call; `Err` when nobody answers any more.
    pub(super) async fn called(&mut self, number: u64) -> Result<(), String> {
        let begun = Notify::new();
        let left = async {
            begun.notified().await;
            tokio::time::sleep(PATIENCE).await;
            number < load::LONG && number % 32 == 5
        };
        let asked = self.client.send_watched(request(number), |head| {
            let id = head["x-tollgate-call-id"].to_str().unwrap().to_owned();
            self.books.saw(number, |seen| seen.id = Some(id));
            begun.notify_one();
        });
        tokio::select! {
            answer = asked => {
                let is_whole = answer?.broken.is_none();
                self.books.saw(number, |seen| seen.whole = is_whole);
                return Ok(());
            }
            true = left => {}
        }
        self.books.saw(number, |seen| seen.left = true);
        self.client = Client::new(self.traffic);
        Ok(())
    }
}

fn request(number: u64) -> http::Request<Body> {
    let mut request = load::request(number);
    let tenant = tenant(number).parse().unwrap();
    request.headers_mut().insert("x-tollgate-tenant", tenant);
    request
}
