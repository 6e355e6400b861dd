//! Recorded exchanges of real providers through the real binary: the client's bytes are the
//! upstream's bytes, and the exported row is what a plain reading of the body found.
//!
//! Verified by breaking it: without the reasoning tokens of one format, every recording of it that
//! has them is named.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Request;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::support::client::{Answer, Body, Client, whole};
use crate::support::rows::Rows;
use crate::support::shared;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;
use crate::support::upstream::{Script, Upstream};

use compare::differences;
use exchange::{Exchange, Kind, load};

mod coded;
mod compare;
mod exchange;
mod silent;
mod table;

/// Names the exchange a call replays; passes through like any header of a client.
const REPLAY: &str = "x-replay";
const CLIENTS: usize = 6;
/// What a count of a part may be above the report of the whole: what models write around tool calls,
/// and how far the estimate for another vendor is off in a short text.
const SLACK: u64 = 30;

/// Exchanges between one replaying upstream and one tollgate.
struct Stage {
    exchanges: Arc<Vec<Exchange>>,
    tollgate: Tollgate,
    home: Home,
    _upstream: Upstream,
}

impl Stage {
    async fn set(
        exchanges: Vec<Exchange>,
        play: impl Fn(&Exchange) -> Script + Send + Sync + 'static,
    ) -> Self {
        let exchanges = Arc::new(exchanges);
        let known = Arc::clone(&exchanges);
        let upstream = Upstream::start(move |request| {
            let index: usize = request.header(REPLAY).unwrap().parse().unwrap();
            play(&known[index])
        })
        .await;
        let url = upstream.base_url();
        let formats: BTreeMap<_, _> = exchanges
            .iter()
            .map(|exchange| (exchange.upstream(), exchange.format()))
            .collect();
        let upstreams = formats.iter().map(|(name, format)| {
            let prices = if *format == "gemini" {
                "prices = \"google\"\n"
            } else {
                ""
            };
            format!("[upstreams.{name}]\nformat = \"{format}\"\n{prices}base_url = \"{url}\"\n")
        });
        let home = Home::new(&upstreams.collect::<String>());
        Self {
            tollgate: home.serve().await,
            exchanges,
            home,
            _upstream: upstream,
        }
    }

    /// Plays every exchange once; the answers are in the exchanges' order.
    async fn play(&self) -> Vec<Answer> {
        let mut clients = JoinSet::new();
        for first in 0..CLIENTS {
            let exchanges = Arc::clone(&self.exchanges);
            let mut client = Client::new(self.tollgate.traffic);
            clients.spawn(async move {
                let mut answers = Vec::new();
                for index in (first..exchanges.len()).step_by(CLIENTS) {
                    let answer = client.send(request(&exchanges[index], index)).await;
                    answers.push((index, answer.unwrap()));
                }
                answers
            });
        }
        let mut answers: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
        answers.sort_by_key(|(index, _)| *index);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// The rows, once there is one for each exchange.
    async fn rows(&self) -> Rows {
        Rows::settled(&self.home, &self.tollgate, self.exchanges.len()).await
    }
}

/// Half of the calls name the upstream, half leave it to the path's shape.
fn request(exchange: &Exchange, index: usize) -> Request<Body> {
    let own = ["anthropic", "openai"].contains(&exchange.upstream());
    let has_shape = exchange.kind() != Kind::Passed && own;
    let shape_tells = has_shape && index.is_multiple_of(2);
    let path = if shape_tells {
        exchange.path.clone()
    } else {
        format!("/{}{}", exchange.upstream(), exchange.path)
    };
    let mut request = Request::builder()
        .method(exchange.method.as_str())
        .uri(path)
        .header(REPLAY, index);
    for (name, value) in &exchange.request_headers {
        request = request.header(name, value);
    }
    let body = exchange.request_body.clone().unwrap_or_default();
    request.body(whole(body)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_recorded_exchange_passes_unchanged_and_is_read_as_recorded() {
    let Some(folder) = shared::recorded() else {
        return;
    };
    let stage = Stage::set(load(&folder), Exchange::script).await;
    check(&stage, Exchange::body_for_client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_recorded_stream_is_reported_for_a_client_that_does_not_ask() {
    let Some(folder) = shared::recorded() else {
        return;
    };
    let asked = load(&folder).into_iter();
    let streams: Vec<_> = asked.filter_map(Exchange::unasked).collect();
    let loses = |it: &&Exchange| it.body_for_client() != it.body();
    let stripped = streams.iter().filter(loses).count();
    assert!(stripped > 10, "{stripped} streams lose their report");
    let stage = Stage::set(streams, Exchange::script).await;
    check(&stage, Exchange::body_for_client).await;
}

/// Every client got these bytes, every row says what was recorded, and the ledger is the rows.
async fn check(stage: &Stage, sent: impl Fn(&Exchange) -> Vec<u8>) {
    let answers = stage.play().await;
    let rows = stage.rows().await;
    let by_id = rows.by_id();
    let mut faults = Vec::new();
    let mut counts = BTreeMap::new();
    for (exchange, answer) in stage.exchanges.iter().zip(&answers) {
        let row = answer.call_id().and_then(|id| by_id.get(id).copied());
        let found = faults_of(exchange, &sent(exchange), answer, row);
        faults.extend(
            found
                .iter()
                .map(|fault| format!("{}: {fault}", exchange.id)),
        );
        let key = (exchange.recording.clone(), exchange.kind());
        *counts.entry(key).or_insert(0) += u32::from(found.is_empty());
    }
    for ((recording, kind), count) in &counts {
        println!("{recording}: {count} {kind:?}");
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert_eq!(
        Totals::of_ledger(&stage.tollgate).await,
        Totals::of_rows(&rows)
    );
    price_again(stage);
}

/// By the same prices each row, which says all that its call was priced by, has the same bill.
fn price_again(stage: &Stage) {
    let admin = stage.tollgate.admin.to_string();
    let asked = ["reprice", "--since", "2d", "--admin", &admin];
    let again = stage.home.run(&asked);
    let said = String::from_utf8_lossy(&again.stdout);
    let all = format!("each of {} calls", grouped(stage.exchanges.len()));
    assert!(said.contains(&all), "{said}");
}

/// With a comma in front of thousands.
fn grouped(calls: usize) -> String {
    match (calls / 1_000, calls % 1_000) {
        (0, few) => few.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    }
}

/// Everything that is not as it should be about one played exchange.
fn faults_of(
    exchange: &Exchange,
    sent: &[u8],
    answer: &Answer,
    row: Option<&Value>,
) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(broken) = &answer.broken {
        faults.push(format!("the body broke off: {broken}"));
    }
    if answer.status != exchange.status || answer.body != sent {
        faults.push("the client got other bytes than the upstream sent".to_owned());
    }
    let Some(row) = row else {
        faults.push("no row".to_owned());
        return faults;
    };
    let mut expect = |field: &str, expected: Value| {
        if row[field] != expected {
            faults.push(format!(
                "{field}: expected {expected}, found {}",
                row[field]
            ));
        }
    };
    expect("status", exchange.status.into());
    expect("end", "complete".into());
    match exchange.kind() {
        Kind::Reported => {
            expect("source", exchange.source().into());
            expect("stream", exchange.streaming.into());
            expect("operation", exchange.operation().into());
        }
        Kind::Silent => {
            expect("stream", exchange.streaming.into());
        }
        Kind::Free => {
            expect("source", Value::Null);
            expect("pricing", "free".into());
        }
        Kind::Passed => {}
    }
    if exchange.kind() == Kind::Silent {
        faults.extend(silent::fault(exchange, row));
    }
    if exchange.kind() == Kind::Reported && !exchange.is_ambiguous() {
        let is_whole = exchange.source() == "reported";
        let of_what_is_told = |fault: &String| is_whole || !fault.starts_with("input_tokens:");
        let found = differences(&exchange.expected, row).into_iter();
        faults.extend(found.filter(of_what_is_told));
        if !is_whole
            && row["input_tokens"]
                .as_u64()
                .is_none_or(|tokens| tokens == 0)
        {
            faults.push(format!("the input is not estimated: {row}"));
        }
    }
    faults
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_cut_anywhere_reaches_the_client_as_far_as_it_came() {
    let Some(folder) = shared::recorded() else {
        return;
    };
    let mut streams = load(&folder);
    streams.retain(|exchange| {
        exchange.streaming && exchange.kind() <= Kind::Silent && exchange.status == 200
    });
    let stage = Stage::set(streams, |exchange| exchange.cut_script(cut(exchange))).await;
    let answers = stage.play().await;
    let rows = stage.rows().await;
    let by_id = rows.by_id();
    let mut counted = 0;
    for (exchange, answer) in stage.exchanges.iter().zip(&answers) {
        let id = &exchange.id;
        assert_eq!(answer.body, exchange.body()[..cut(exchange)], "{id}: bytes");
        assert!(
            answer.broken.is_some(),
            "{id}: the client must see the break"
        );
        let row = by_id[answer.call_id().unwrap()];
        assert_eq!(row["end"], "upstream_failed", "{id}: {row}");
        assert_eq!(row["complete"], false, "{id}: {row}");
        let told = exchange.expected["output_tokens"].as_u64();
        // The usage may have come, as Groq's does before the end, and then it is all of it.
        let is_whole = row["output_tokens"].as_u64() == told;
        assert!(row["source"] != "reported" || is_whole, "{id}: {row}");
        let all = told.unwrap_or(u64::MAX - SLACK);
        assert!(
            row["output_tokens"].as_u64() <= Some(all + SLACK),
            "{id}: {row}"
        );
        counted += usize::from(row["source"] == "counted");
    }
    assert!(
        counted > answers.len() / 4,
        "{counted} of {}",
        answers.len()
    );
    println!("{} streams cut, {counted} counted", answers.len());
}

/// Somewhere before the event that ends the format.
fn cut(exchange: &Exchange) -> usize {
    let body = exchange.body();
    let end = [
        "data: [DONE]",
        "event: response.completed",
        "event: message_stop",
        "data: {\"type\":\"message_stop\"",
        "event: message-end",
        "\"done\":true",
    ];
    let text = exchange.response_body.as_deref().unwrap_or_default();
    let end = end
        .iter()
        .find_map(|end| text.rfind(end))
        .unwrap_or(body.len() / 2);
    fastrand::Rng::with_seed(exchange.seed()).usize(0..end)
}
