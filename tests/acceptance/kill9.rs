//! `kill -9` under load, again and again on one data directory: every call whose end a client saw
//! is in the ledger exactly once, what was cut is `interrupted`, and rows and totals agree.
//!
//! Verified by breaking it: an append that answers before its write (as `leave` does) loses ends in
//! most of the 30 rounds.
//!
//! `TOLLGATE_KILL_ROUNDS` and `TOLLGATE_KILL_SEED` set another length and another order.

use std::env;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::support::client::{Body, Client, post};
use crate::support::http1::Request;
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;
use crate::support::upstream::{Script, Upstream};

const CLIENTS: u64 = 8;
const ROUNDS: u32 = 30;
/// Long enough that the answer's last frame never goes out before its record is written.
const PATIENT: &str = "[ledger]\nack_wait = \"10s\"\n";
const EVENTS: u64 = 12;
const PACE: Duration = Duration::from_millis(4);
/// Carries the number a call's tokens are made from.
const NUMBER: &str = "x-number";

/// What the clients know, told by nobody but the bytes they got.
#[derive(Default)]
struct Witness {
    /// Calls whose end was seen, and their number.
    ended: Mutex<Vec<(String, u64)>>,
    /// Calls whose answer began.
    begun: Mutex<u64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_whose_end_a_client_saw_is_kept_exactly_once() {
    let (home, upstream, witness) = stage(PATIENT).await;
    rounds(&home, &witness, setting("TOLLGATE_KILL_ROUNDS", ROUNDS)).await;
    let tollgate = home.serve().await;
    let rows = agreed(&home, &tollgate).await;
    assert!(tollgate.terminate().success());
    let at_rest = Rows::at_rest(&home);
    assert_eq!(Totals::of_rows(&at_rest), Totals::of_rows(&rows));
    drop(upstream);

    let ended = witness.ended.lock().unwrap();
    let missing = lost(&at_rest, &ended);
    assert!(missing.is_empty(), "lost or wrong:\n{}", missing.join("\n"));
    let interrupted = count(&at_rest, "interrupted");
    let begun = *witness.begun.lock().unwrap();
    println!(
        "{} ends seen of {begun} answers begun, all kept once; {interrupted} interrupted; {} rows",
        ended.len(),
        at_rest.len(),
    );
    assert_eq!(count(&at_rest, "complete") + interrupted, at_rest.len());
    assert!(
        interrupted > 0,
        "no round cut a stream: the load is too light to prove anything"
    );
}

/// The default wait is bounded: a frame may go out first when the disk is slow. Only told, not held.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_the_default_wait_the_loss_is_told() {
    let (home, _upstream, witness) = stage("").await;
    rounds(&home, &witness, setting("TOLLGATE_KILL_ROUNDS", ROUNDS) / 6).await;
    let tollgate = home.serve().await;
    let rows = agreed(&home, &tollgate).await;
    let ended = witness.ended.lock().unwrap();
    println!(
        "{} ends seen, {} not kept",
        ended.len(),
        lost(&rows, &ended).len()
    );
}

/// The rows, whose sum the totals are: seen while the ledger takes nothing new, such as what a start
/// has just booked.
async fn agreed(home: &Home, tollgate: &Tollgate) -> Rows {
    loop {
        let before = Totals::of_ledger(tollgate).await;
        let rows = Rows::while_running(home, tollgate);
        let after = Totals::of_ledger(tollgate).await;
        if before == after {
            assert_eq!(after, Totals::of_rows(&rows));
            return rows;
        }
    }
}

async fn stage(config: &str) -> (Home, Upstream, Arc<Witness>) {
    let upstream = Upstream::start(answer).await;
    let home = Home::new(&format!(
        "{config}\n[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{}\"\n",
        upstream.base_url()
    ));
    (home, upstream, Arc::new(Witness::default()))
}

/// Starts, loads, and kills at a random moment.
async fn rounds(home: &Home, witness: &Arc<Witness>, rounds: u32) {
    let seed = setting("TOLLGATE_KILL_SEED", 7);
    println!("{rounds} rounds, seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..u64::from(rounds) {
        let tollgate = home.serve().await;
        let clients = load(&tollgate, witness, round);
        tokio::time::sleep(Duration::from_millis(random.u64(100..600))).await;
        tollgate.kill();
        clients.join_all().await;
    }
}

/// Clients that call as fast as they are answered, until the process is gone.
fn load(tollgate: &Tollgate, witness: &Arc<Witness>, round: u64) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for place in 0..CLIENTS {
        let witness = Arc::clone(witness);
        let mut client = Client::new(tollgate.traffic);
        clients.spawn(async move {
            for turn in 0.. {
                let number = (round * CLIENTS + place) * 1_000_000 + turn;
                let begun = || *witness.begun.lock().unwrap() += 1;
                let request = request(number, place % 2 == 0);
                let Ok(answer) = client.send_watched(request, |_| begun()).await else {
                    return;
                };
                if answer.broken.is_some() {
                    return;
                }
                assert_eq!(answer.status, 200, "{}", answer.text());
                let id = answer.call_id().unwrap().to_owned();
                witness.ended.lock().unwrap().push((id, number));
            }
        });
    }
    clients
}

fn request(number: u64, stream: bool) -> http::Request<Body> {
    let body = format!(
        "{{\"model\":\"gpt-4o\",\"stream\":{stream},\"stream_options\":{{\"include_usage\":true}},\
         \"messages\":[{{\"role\":\"user\",\"content\":\"number {number}\"}}]}}"
    );
    let mut request = post("/v1/chat/completions", body);
    request.headers_mut().insert(NUMBER, number.into());
    request
}

/// A stream with pauses in it or an answer at once, its tokens made from the call's number.
fn answer(request: &Request) -> Script {
    let number = request.header(NUMBER).unwrap().parse().unwrap();
    let (input, output) = tokens(number);
    let usage = format!(
        "\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output},\
         \"total_tokens\":{}}}",
        input + output
    );
    let head = format!("{{\"id\":\"c{number}\",\"model\":\"gpt-4o-2024-08-06\",");
    let body = String::from_utf8_lossy(&request.body.bytes);
    if !body.contains("\"stream\":true") {
        let choices = "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\
                       \"message\":{\"role\":\"assistant\",\"content\":\"yes\"}}]";
        let body = format!("{head}\"object\":\"chat.completion\",{choices},{usage}}}");
        return Script::unary(
            200,
            &[("content-type", "application/json")],
            body.as_bytes(),
        );
    }
    let chunk = format!("{head}\"object\":\"chat.completion.chunk\",");
    let delta = "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes \"}}],\"usage\":null";
    let mut events = vec![format!("data: {chunk}{delta}}}\n\n"); usize::try_from(EVENTS).unwrap()];
    events.push(format!("data: {chunk}\"choices\":[],{usage}}}\n\n"));
    events.push("data: [DONE]\n\n".to_owned());
    let parts: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
    Script::chunked(200, &[("content-type", "text/event-stream")], &parts).paced(PACE)
}

fn tokens(number: u64) -> (u64, u64) {
    (10 + number % 9_973, 1 + number % 997)
}

/// The ended calls that have no row, or a row that says something else.
fn lost(rows: &Rows, ended: &[(String, u64)]) -> Vec<String> {
    let by_id = rows.by_id();
    let fault = |(id, number): &(String, u64)| {
        let Some(row) = by_id.get(id.as_str()) else {
            return Some(format!("{id}: no row"));
        };
        let (input, output) = tokens(*number);
        let right = row["end"] == "complete"
            && row["input_tokens"] == input
            && row["output_tokens"] == output;
        (!right).then(|| format!("{id}: {row}"))
    };
    ended.iter().filter_map(fault).collect()
}

fn count(rows: &Rows, end: &str) -> usize {
    rows.iter().filter(|row| row["end"] == end).count()
}

fn setting<T: FromStr>(name: &str, default: T) -> T {
    let set = env::var(name).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(default)
}
