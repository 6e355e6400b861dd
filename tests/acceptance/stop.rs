//! `SIGTERM`: calls may end up to the limit, what is left is booked as interrupted, and the process
//! exits 0; told twice it goes at once and still loses no call that was complete.

use std::fs::File;
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tollgate::ledger::{self, Ledger};

use crate::support::client::{Answer, Body, Client, post};
use crate::support::http1::Request;
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Step, Upstream};

const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(10);
const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];
const START: &[u8] = b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
const USAGE: &[u8] = b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n";
const STOP: &[u8] = b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

struct Stage {
    home: Home,
    tollgate: Tollgate,
    _upstream: Upstream,
    calls: JoinSet<Result<Answer, String>>,
}

impl Stage {
    async fn set(config: &str) -> Self {
        let upstream = Upstream::start(answer).await;
        let home = Home::new(&format!(
            "{config}\n[upstreams.anthropic]\nformat = \"anthropic\"\nbase_url = \"{}\"\n",
            upstream.base_url()
        ));
        Self {
            tollgate: home.serve().await,
            home,
            _upstream: upstream,
            calls: JoinSet::new(),
        }
    }

    /// A call to its end.
    async fn complete(&self) -> Answer {
        let answer = Client::new(self.tollgate.traffic).send(ask("whole")).await;
        let answer = answer.unwrap();
        assert!(answer.broken.is_none());
        answer
    }

    /// A call whose answer has begun.
    async fn begin(&mut self, how: &str) {
        let (tell, mut told) = mpsc::channel(1);
        let mut client = Client::new(self.tollgate.traffic);
        let request = ask(how);
        self.calls.spawn(async move {
            let began = |_: &http::HeaderMap| tell.try_send(()).unwrap();
            client.send_watched(request, began).await
        });
        told.recv().await.unwrap();
    }

    async fn says(&self, word: &str) {
        self.tollgate.says(word).await;
    }
}

fn ask(how: &str) -> http::Request<Body> {
    post(
        "/v1/messages",
        format!("{{\"model\":\"{how}\",\"stream\":true}}"),
    )
}

/// Whole at once, whole after a pause, or never.
fn answer(request: &Request) -> Script {
    let body = String::from_utf8_lossy(&request.body.bytes);
    let mut script = Script::chunked(200, SSE, &[START, USAGE, STOP]);
    let pause = match () {
        () if body.contains("soon") => Duration::from_millis(300),
        () if body.contains("never") => 10 * WAIT,
        () => return script,
    };
    script.steps.insert(2, Step::Wait(pause));
    script
}

fn ends(rows: &Rows) -> Vec<&str> {
    let mut ends: Vec<_> = rows
        .iter()
        .map(|row| row["end"].as_str().unwrap())
        .collect();
    ends.sort_unstable();
    ends
}

fn row<'a>(rows: &'a Rows, end: &str) -> &'a Value {
    rows.iter().find(|row| row["end"] == end).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_in_flight_may_end() {
    let mut stage = Stage::set("").await;
    stage.begin("soon").await;
    assert_eq!(stage.tollgate.terminate().code(), Some(0));
    let answer = stage.calls.join_next().await.unwrap().unwrap().unwrap();
    assert!(answer.broken.is_none(), "{answer:?}");
    assert!(answer.text().ends_with(std::str::from_utf8(STOP).unwrap()));
    assert_eq!(ends(&Rows::at_rest(&stage.home)), ["complete"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_at_the_limit_is_booked_and_the_process_exits_0() {
    let mut stage = Stage::set("[server]\ndrain = \"100ms\"\n").await;
    stage.complete().await;
    stage.begin("never").await;
    assert_eq!(stage.tollgate.terminate().code(), Some(0));
    let rows = Rows::at_rest(&stage.home);
    assert_eq!(ends(&rows), ["complete", "interrupted"]);
    let cut = row(&rows, "interrupted");
    for (column, value) in [
        ("source", json!("partial")),
        ("input_tokens", json!(25)),
        ("complete", json!(false)),
        ("flags", json!(["aborted"])),
    ] {
        assert_eq!(cut[column], value, "{column} of {cut}");
    }
    let again = stage.home.serve().await;
    assert_eq!(
        Rows::while_running(&stage.home, &again).len(),
        2,
        "booked once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once_and_loses_no_complete_call() {
    let mut stage = Stage::set("[server]\ndrain = \"10m\"\n").await;
    stage.begin("never").await;
    stage.tollgate.signal("TERM");
    stage.says("ending").await;
    stage.tollgate.signal("TERM");
    assert_eq!(stage.tollgate.ended().code(), Some(1));
    let rows = Rows::at_rest(&stage.home);
    assert_eq!(ends(&rows), ["interrupted"]);

    let mut stage = Stage::set("[server]\ndrain = \"10m\"\n").await;
    stage.begin("never").await;
    for _ in 0..20 {
        stage.complete().await;
    }
    stage.tollgate.signal("TERM");
    stage.says("ending").await;
    stage.tollgate.signal("TERM");
    assert_eq!(stage.tollgate.ended().code(), Some(1));
    let rows = Rows::at_rest(&stage.home);
    let complete = rows.iter().filter(|row| row["end"] == "complete");
    assert_eq!((complete.count(), rows.len()), (20, 21));
}

/// A load balancer takes it out, and nobody restarts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_drains_it_is_alive_and_not_ready() {
    let mut stage = Stage::set("[server]\ndrain = \"10m\"\n").await;
    stage.begin("never").await;
    stage.tollgate.signal("TERM");
    let began = Instant::now();
    let refused = loop {
        let ready = stage.tollgate.ask_admin("/readyz").await.unwrap();
        if ready.status != 200 {
            break ready;
        }
        assert!(began.elapsed() < WAIT, "{}", stage.tollgate.said());
        tokio::time::sleep(POLL).await;
    };
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("draining"), "{}", refused.text());
    let alive = stage.tollgate.ask_admin("/healthz").await.unwrap();
    assert_eq!(alive.status, 200);
    stage.tollgate.signal("TERM");
    assert_eq!(stage.tollgate.ended().code(), Some(1));
}

/// Waits until the binary reads a file of its data directory that never gives a byte.
fn hang(folder: &str, name: &str, home: &Home) -> JoinHandle<File> {
    let folder = home.data_dir().join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    let made = Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    // Opened once the other side reads.
    std::thread::spawn(move || File::options().write(true).open(file).unwrap())
}

/// A switch whose statement is looked for as soon as the verdict looks.
fn remembered(home: &Home, file: &str) {
    let dir = home.data_dir();
    std::fs::create_dir_all(&dir).unwrap();
    let settings = ledger::Settings {
        dir: dir.join("ledger"),
        journal_dir: dir.join("journal"),
        calls_dir: dir.join("calls"),
        checkpoints_dir: dir.join("checkpoints"),
        retention: ledger::Retention::default(),
        timezone: TimeZone::UTC,
        sync: false,
        durable: None,
    };
    let (ledger, _) = Ledger::open(settings).unwrap();
    let record = json!({
        "file": file, "sha256": "", "kind": "selfhost", "name": "own", "decided": "2026-03-01",
        "to": "on", "said_usd_per_month": null, "until": null, "looked_at": "2026-03-01",
        "days": 0, "unseen_days": 0, "hours": 0.0, "api_usd": 0.0, "cost_usd": 0.0,
    });
    let track = json!({ "records": [record] });
    ledger.keep("verdict-record", &track.to_string()).unwrap();
    ledger.close().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_of_the_verdict_that_hangs_is_not_waited_for() {
    let home = Home::new("");
    remembered(&home, "never.json");
    let hangs = hang("verdicts", "never.json", &home);
    let mut tollgate = home.serve().await;
    let _held = hangs.join().unwrap();
    assert_eq!(tollgate.stopped().code(), Some(0));
    let said = tollgate.said();
    assert!(said.contains("everything is in the ledger"), "{said}");
}

#[test]
fn a_start_that_hangs_on_the_disk_ends_when_it_is_told() {
    for verb in [&["serve"][..], &["demo", "--keep-running"]] {
        let home = Home::new("");
        let hangs = hang("journal", "00000000000000000001.frames", &home);
        let (listen, admin) = (["--listen", "127.0.0.1:0"], ["--admin", "127.0.0.1:0"]);
        let tollgate = home.spawn(&[verb, &listen, &admin].concat());
        let _held = hangs.join().unwrap();
        tollgate.signal("TERM");
        let ended = tollgate.ended();
        assert_eq!(ended.code(), Some(1), "{verb:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_ends_it_says_what_it_waits_for() {
    let mut stage = Stage::set("[server]\ndrain = \"10m\"\n").await;
    stage.begin("never").await;
    stage.tollgate.signal("TERM");
    stage
        .says("still ending, waiting for calls in flight")
        .await;
    stage.tollgate.signal("TERM");
    assert_eq!(stage.tollgate.ended().code(), Some(1));
}

/// Nothing is on the disk before the first sync, which comes this long after the first frame.
const SYNC: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_strict_ack_an_answer_ends_when_its_record_is_on_the_disk() {
    let config = format!(
        "[ledger]\nstrict_ack = true\nsync_interval = \"{}ms\"\n",
        SYNC.as_millis()
    );
    let stage = Stage::set(&config).await;
    for _ in 0..2 {
        let began = Instant::now();
        let answer = stage.complete().await;
        assert!(answer.text().ends_with(std::str::from_utf8(STOP).unwrap()));
        assert!(
            began.elapsed() >= SYNC,
            "it ended after {:?}",
            began.elapsed()
        );
    }
    assert_eq!(stage.tollgate.metric("tollgate_late_end_total").await, 0);
    assert_eq!(stage.tollgate.terminate().code(), Some(0));
    assert_eq!(ends(&Rows::at_rest(&stage.home)), ["complete", "complete"]);
}
