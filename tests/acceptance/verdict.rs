//! A switch of a state through the real binary: frozen in a file, checked from the rows of five weeks,
//! found when anything of it is touched, and kept over a kill.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use tollgate::verdict::statement::{opened, sealed};

use super::support::before;
use super::support::tollgate::{Home, Tollgate};

/// A pass over five weeks without optimisation, on two busy cores.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(100);
/// Minutes in a day.
const DAY: i64 = 1_440;
/// Days of calls: the windows of seven days that are decided again.
const DAYS: i64 = 33;

const CONFIG: &str = r#"
[upstreams.openai]
base_url = "http://127.0.0.1:9"
format = "openai"

[plans.own-70b]
replaces = ["gpt-4o"]
serves = "8k"
model = "llama-3.3-70b"
gpu = "H100-SXM"
gpus = 2
precision = "fp8"
throughput = { source = "published" }
gpu_usd_per_hour = 2.69
price_as_of = 2026-05-22
price_source = "a quote"
alert = true
"#;

/// The number of today's UTC day, as the verdict counts it: days close a quarter of an hour late.
fn today() -> i64 {
    (tollgate::app::now().as_second() - 900).div_euclid(DAY * 60)
}

/// A call every minute, each so dear that own machines win, up to yesterday; decided up to four days
/// ago, before there was a plan.
fn five_weeks(home: &Home) {
    let minutes = (today() - DAYS) * DAY..today() * DAY;
    before::call_every_minute(home, minutes, call);
    let decided = json!({ "last_day": today() - 4, "held": {} });
    before::keep(home, [("verdict".to_owned(), decided.to_string())]);
}

fn call(minute: i64) -> Value {
    let started = Timestamp::from_second(minute * 60).unwrap();
    json!({
        "call_id": format!("01910000-0000-7000-8000-{minute:012x}"),
        "started_at": started,
        "upstream": "openai",
        "role": "provider",
        "format": "openai",
        "operation": "chat",
        "model_requested": "gpt-4o",
        "model": "gpt-4o-2024-08-06",
        "capability": "8k",
        "status": 200,
        "stream": false,
        "end": "complete",
        "complete": true,
        "source": "reported",
        "input_tokens": 2_000,
        "output_tokens": 500,
        "pricing": "priced",
        "cost_native": "1",
        "currency": "USD",
        "cost_usd": "1",
        "duration_ms": 60_000,
    })
}

fn files(home: &Home) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.data_dir().join("verdicts"));
    let entries = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    let whole = entries.filter(|path| path.extension().is_some_and(|end| end == "json"));
    whole.collect()
}

async fn breakeven(tollgate: &Tollgate) -> Value {
    let answer = tollgate.ask_admin("/api/v1/breakeven").await.unwrap();
    serde_json::from_str(&answer.text()).unwrap()
}

/// Waits until the state is on.
async fn on(tollgate: &Tollgate) {
    let began = Instant::now();
    while breakeven(tollgate).await["states"][0]["cheaper"] != true {
        assert!(began.elapsed() < WAIT, "{}", tollgate.said());
        tokio::time::sleep(POLL).await;
    }
}

/// What `/api/v1/verdicts` says, once a switch is in it: it is frozen behind the report that shows it.
async fn verdicts(tollgate: &Tollgate) -> Value {
    let began = Instant::now();
    loop {
        let answer = tollgate.ask_admin("/api/v1/verdicts").await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text()).unwrap();
        if answer["records"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
        {
            return answer;
        }
        assert!(began.elapsed() < WAIT, "{}", tollgate.said());
        tokio::time::sleep(POLL).await;
    }
}

/// The words of a command, and its exit code.
fn said(output: &Output) -> (String, Option<i32>) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (String::from_utf8(text).unwrap(), output.status.code())
}

#[track_caller]
fn check((text, code): (String, Option<i32>), expected: i32, part: &str) {
    assert_eq!(code, Some(expected), "{text}");
    assert!(text.contains(part), "{text}");
}

/// A statement with a figure changed, and its checksum made anew.
fn forged(text: &str, at: &Path, change: impl FnOnce(&mut Value)) {
    let (mut statement, _) = opened(text).unwrap();
    change(&mut statement.figures);
    std::fs::write(at, sealed(&statement).unwrap().0).unwrap();
}

#[tokio::test]
async fn a_switch_is_frozen_once_and_follows_from_the_rows() {
    let home = Home::new(CONFIG);
    // The journal waits for its thread, which a thread of the runtime must not.
    std::thread::scope(|scope| scope.spawn(|| five_weeks(&home)).join().unwrap());
    let tollgate = home.serve().await;
    on(&tollgate).await;
    let answer = verdicts(&tollgate).await;
    let [file] = files(&home).try_into().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.ends_with("-selfhost-own-70b-on.json"), "{name}");

    let admin = tollgate.admin.to_string();
    let running = |verb: &[&str]| said(&home.run(&[verb, &["--admin", &admin]].concat()));
    let follows = "figures follow from the rows";
    check(running(&["verdict", "verify", &name]), 0, follows);
    let (listed, _) = running(&["verdict", "list"]);
    assert!(
        listed.contains("off → on") && listed.contains(&name),
        "{listed}"
    );
    let (shown, _) = running(&["verdict", "show"]);
    assert!(
        shown.contains("hosting by the plan own-70b is cheaper"),
        "{shown}"
    );
    assert!(shown.contains("- API price of openai/gpt-4o"), "{shown}");
    assert_eq!(answer["records"][0]["file"], name.as_str());
    assert_eq!(answer["records"][0]["to"], "on");
    tollgate.kill();

    // At rest, with nothing listening.
    let free = ["--admin", "127.0.0.1:9"];
    let at_rest = |verb: &[&str]| said(&home.run(&[verb, &free].concat()));
    check(at_rest(&["verdict", "verify", &name]), 0, follows);
    let recorded = "said that hosting by the plan own-70b is cheaper";
    check(at_rest(&["verdict", "record"]), 0, recorded);

    let text = std::fs::read_to_string(&file).unwrap();
    let touched = home.data_dir().join("touched.json");
    let path = touched.to_str().unwrap().to_owned();
    let at = text.find("\"savings_usd\"").unwrap();
    let digit = at
        + text[at..]
            .find(|c: char| c.is_ascii_digit() && c != '9')
            .unwrap();
    let mut bytes = text.clone().into_bytes();
    bytes[digit] += 1;
    std::fs::write(&touched, bytes).unwrap();
    let verified = || at_rest(&["verdict", "verify", &path]);
    check(verified(), 1, "was changed since it was written");
    forged(&text, &touched, |figures| {
        figures["savings_usd"]["expected"] = 50_000.0.into();
    });
    check(verified(), 1, "the rows are the same calls");
    // No row says by which prices calls were billed; the record has the checksum of the whole.
    let (mut statement, _) = opened(&text).unwrap();
    statement.prices_sha256 = "0".repeat(64);
    std::fs::write(&touched, sealed(&statement).unwrap().0).unwrap();
    check(verified(), 1, "the record noted this switch with checksum");
    std::fs::write(&touched, "{}").unwrap();
    check(verified(), 2, "not a whole statement");

    // The kill came after the state was stored: it is on, and nothing switches again.
    let tollgate = home.serve().await;
    on(&tollgate).await;
    assert_eq!(files(&home), std::slice::from_ref(&file));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert!(tollgate.terminate().success());
}

#[tokio::test]
async fn where_nothing_ever_switched_it_is_said() {
    let home = Home::new("");
    let tollgate = home.serve().await;
    let admin = tollgate.admin.to_string();
    for verb in ["list", "show", "record"] {
        let (text, code) = said(&home.run(&["verdict", verb, "--admin", &admin]));
        assert_eq!(code, Some(0));
        assert!(text.contains("No state has ever switched here"), "{text}");
    }
    assert!(tollgate.terminate().success());
}

#[tokio::test]
async fn one_of_several_instances_gives_no_verdict_and_says_so() {
    for (replicas, part) in [(1, false), (2, true)] {
        let home = Home::new(&format!("{CONFIG}\n[fleet]\nreplicas = {replicas}\n"));
        let tollgate = home.serve().await;
        let began = Instant::now();
        let lacks = loop {
            let lacks = breakeven(&tollgate).await["states"][0]["not_enough_evidence"].to_string();
            if lacks != "null" {
                break lacks;
            }
            assert!(began.elapsed() < WAIT, "{}", tollgate.said());
            tokio::time::sleep(POLL).await;
        };
        assert_eq!(
            lacks.contains("sees only a part of the traffic"),
            part,
            "{lacks}"
        );
        assert!(tollgate.terminate().success());
    }
}
