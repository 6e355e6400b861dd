//! A rolling restart under load: two instances, told to stop one after the other, and clients that do
//! what a load balancer and an SDK do. No call is lost: what clients got, what the upstream answered
//! and what the two ledgers hold together are the same calls, each once.
//!
//! `TOLLGATE_RESTART_ROUNDS` (2) says how often each of the two is restarted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::load;
use crate::setting;
use crate::support::client::{Answer, Client, get};
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;
use crate::support::upstream::Upstream;

const CLIENTS: u64 = 8;
/// What is served between two restarts.
const BETWEEN: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(2);
/// Longer than any restart.
const WAIT: Duration = Duration::from_mins(5);

/// Traffic and admin of the two instances, as a balancer knows them.
type Places = Arc<Mutex<[(SocketAddr, SocketAddr); 2]>>;

/// What the clients got and what they had to do for it.
#[derive(Default)]
struct Witness {
    answered: Mutex<BTreeMap<u64, String>>,
    next: AtomicU64,
    refused: AtomicU64,
    unanswered: AtomicU64,
    over: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rolling_restart_loses_no_call() {
    let upstream = Upstream::start(load::answer).await;
    let config = load::upstreams(&upstream);
    let homes = [Home::new(&config), Home::new(&config)];
    let mut serving = [homes[0].serve().await, homes[1].serve().await];
    let place = |tollgate: &Tollgate| (tollgate.traffic, tollgate.admin);
    let places: Places = Arc::new(Mutex::new([place(&serving[0]), place(&serving[1])]));
    let witness = Arc::<Witness>::default();
    let clients = clients(&places, &witness);
    let rounds = setting("TOLLGATE_RESTART_ROUNDS", 2_usize);
    for round in 0..2 * rounds {
        tokio::time::sleep(BETWEEN).await;
        let at = round % 2;
        let [first, second] = serving;
        let (old, other) = if at == 0 {
            (first, second)
        } else {
            (second, first)
        };
        // The balancer is not told: it sees that nobody listens there any more.
        assert!(
            tokio::task::spawn_blocking(|| old.terminate())
                .await
                .unwrap()
                .success()
        );
        let new = homes[at].serve().await;
        places.lock().unwrap()[at] = place(&new);
        serving = if at == 0 { [new, other] } else { [other, new] };
    }
    tokio::time::sleep(BETWEEN).await;
    witness.over.store(true, Ordering::Relaxed);
    clients.join_all().await;
    add_up(&witness, &upstream, &homes, serving).await;
}

/// Clients, the upstream and the ledgers tell of the same calls.
async fn add_up(witness: &Witness, upstream: &Upstream, homes: &[Home; 2], serving: [Tollgate; 2]) {
    let seen: Vec<u64> = upstream.take_seen().iter().map(load::number_of).collect();
    let answered = witness.answered.lock().unwrap().clone();
    let asked = witness.next.load(Ordering::Relaxed);
    let mut rows = Vec::new();
    let mut totals = 0;
    for (home, tollgate) in homes.iter().zip(serving) {
        assert!(tollgate.terminate().success());
        let kept = Rows::at_rest(home);
        let again = home.serve().await;
        assert_eq!(Totals::of_ledger(&again).await, Totals::of_rows(&kept));
        totals += Totals::of_rows(&kept).calls;
        rows.push(kept);
    }
    println!(
        "{asked} calls asked, {} answered, {} seen by the upstream, {} and {} rows; \
         {} connections refused, {} closed without an answer, and tried again",
        answered.len(),
        seen.len(),
        rows[0].len(),
        rows[1].len(),
        witness.refused.load(Ordering::Relaxed),
        witness.unanswered.load(Ordering::Relaxed),
    );
    assert_eq!(
        u64::try_from(answered.len()).unwrap(),
        asked,
        "all answered"
    );
    assert_eq!(
        seen.len(),
        answered.len(),
        "no call reached the upstream twice"
    );
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
    assert_eq!(totals, asked, "the ledgers' sum");
    let by_id: BTreeMap<&str, _> = rows.iter().flat_map(|rows| rows.by_id()).collect();
    assert_eq!(by_id.len(), answered.len());
    for (number, id) in &answered {
        assert!(
            load::is_right(by_id[id.as_str()], *number),
            "{}",
            by_id[id.as_str()]
        );
    }
    assert!(
        witness.refused.load(Ordering::Relaxed) > 0,
        "no client met a restart"
    );
}

fn clients(places: &Places, witness: &Arc<Witness>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for place in 0..CLIENTS {
        let mut caller = Caller {
            places: Arc::clone(places),
            witness: Arc::clone(witness),
            turn: usize::try_from(place).unwrap(),
            kept: (place % 2 == 1).then(BTreeMap::new),
        };
        clients.spawn(async move {
            while !caller.witness.over.load(Ordering::Relaxed) {
                let number = caller.witness.next.fetch_add(1, Ordering::Relaxed);
                let answer = caller.answered(number).await;
                let id = answer.call_id().unwrap().to_owned();
                let mut answered = caller.witness.answered.lock().unwrap();
                answered.insert(number, id);
            }
        });
    }
    clients
}

/// Asks one instance after the other.
struct Caller {
    places: Places,
    witness: Arc<Witness>,
    turn: usize,
    /// Connections that are kept, as an SDK does. A balancer asks `/readyz` first and makes a new one.
    kept: Option<BTreeMap<SocketAddr, Client>>,
}

impl Caller {
    /// Asks until there is an answer.
    async fn answered(&mut self, number: u64) -> Answer {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < WAIT, "call {number} gets no answer");
            self.turn += 1;
            let (traffic, admin) = self.places.lock().unwrap()[self.turn % 2];
            match self.asked(number, traffic, admin).await {
                Ok(answer) => return answer,
                Err(error) if error.contains("refused") => {
                    self.witness.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
                // Closed before the first byte of an answer: SDKs try again.
                Err(_) => {
                    self.witness.unanswered.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    async fn asked(
        &mut self,
        number: u64,
        traffic: SocketAddr,
        admin: SocketAddr,
    ) -> Result<Answer, String> {
        let request = load::request(number);
        if let Some(kept) = &mut self.kept {
            let client = kept.entry(traffic).or_insert_with(|| Client::new(traffic));
            return client.send(request).await;
        }
        let ready = Client::new(admin).send(get("/readyz")).await?;
        if ready.status != 200 {
            return Err("refused by /readyz".to_owned());
        }
        Client::new(traffic).send(request).await
    }
}
