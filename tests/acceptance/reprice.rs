//! `tollgate reprice`: a price that was missing, and one that was wrong, through the real binary; then
//! report, export, metrics, check and rebuild all say the same.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::client::{Client, post};
use crate::support::http1::Request;
use crate::support::rows::{Rows, pico};
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;
use crate::support::upstream::{Script, Upstream};

/// Calls of each model.
const CALLS: usize = 5;
/// Models that the catalogue does not have.
const NEW: &str = "made-here";
const OTHER: &str = "made-there";

/// A million tokens in, none out: a call costs its rate.
fn answer(request: &Request) -> Script {
    let asked: Value = serde_json::from_slice(&request.body.bytes).unwrap_or_default();
    let body = json!({
        "id": "c", "object": "chat.completion", "model": asked["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ""}}],
        "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000},
    });
    let body = body.to_string();
    Script::unary(
        200,
        &[("content-type", "application/json")],
        body.as_bytes(),
    )
}

fn config(url: &str, prices: &[(&str, u32)]) -> String {
    let prices = prices.iter().map(|(model, rate)| {
        format!(
            "[[prices]]\nlist = \"openai\"\nmatch = \"{model}\"\nfrom = 2020-01-01\n\
             input_usd_per_mtok = {rate}\noutput_usd_per_mtok = 0\nsource = \"test\"\n"
        )
    });
    let prices: String = prices.collect();
    format!("[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\n{prices}")
}

async fn call(tollgate: &Tollgate, model: &str) {
    let mut client = Client::new(tollgate.traffic);
    for _ in 0..CALLS {
        let body = json!({"model": model, "messages": []}).to_string();
        let answer = client.send(post("/openai/v1/chat/completions", body)).await;
        assert_eq!(answer.unwrap().status, 200);
    }
}

#[track_caller]
fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn reprice(home: &Home, more: &[&str]) -> Value {
    let mut arguments = vec!["reprice", "--since", "2d", "--format", "json"];
    arguments.extend(more);
    serde_json::from_str(&said(&home.run(&arguments))).unwrap()
}

/// What each model's rows cost, in dollars; nothing for one without a price.
fn costs(rows: &Rows) -> Vec<(String, Option<i128>)> {
    let of = |row: &Value| {
        let cost = row["cost_usd"].as_str().map(pico);
        (
            row["model"].as_str().unwrap().to_owned(),
            cost.map(|it| it / 10_i128.pow(12)),
        )
    };
    let mut costs: Vec<_> = rows.iter().map(of).collect();
    costs.sort_unstable();
    costs.dedup();
    costs
}

async fn spent(tollgate: &Tollgate) -> u64 {
    tollgate.metric("tollgate_spend_all_time_usd").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_that_is_added_prices_the_calls_there_were() {
    let upstream = Upstream::start(answer).await;
    let url = upstream.base_url();
    let home = Home::new(&config(&url, &[(OTHER, 7)]));
    let tollgate = home.serve().await;
    call(&tollgate, NEW).await;
    call(&tollgate, OTHER).await;
    let rows = Rows::settled(&home, &tollgate, 2 * CALLS).await;
    let before = [(NEW.to_owned(), None), (OTHER.to_owned(), Some(7))];
    assert_eq!(costs(&rows), before);
    assert_eq!(spent(&tollgate).await, 35);

    home.write_config(&config(&url, &[(OTHER, 3), (NEW, 2)]));
    let reload = Client::new(tollgate.admin)
        .send(post("/-/reload", ""))
        .await;
    assert_eq!(reload.unwrap().status, 200);
    let admin = tollgate.admin.to_string();
    let dry = reprice(&home, &["--admin", &admin, "--dry-run"]);
    assert_eq!(
        (&dry["pass"], &dry["summary"]["changed"]),
        (&Value::Null, &json!(10))
    );
    assert_eq!(costs(&Rows::while_running(&home, &tollgate)), before);
    assert!(!home.data_dir().join("calls/passes").exists());
    // One model first, then all: two passes.
    let first = reprice(&home, &["--admin", &admin, "--model", NEW]);
    assert_eq!(
        (&first["pass"], &first["summary"]["changed"]),
        (&json!(1), &json!(5))
    );
    let sums = &first["summary"]["models"]["openai"][NEW];
    assert_eq!(
        (&sums["unpriced_before"], &sums["unpriced_after"]),
        (&json!(5), &json!(0))
    );
    assert_eq!(sums["cost_after"], json!({"USD": "10"}));
    let second = reprice(&home, &["--admin", &admin]);
    assert_eq!(
        (&second["pass"], &second["summary"]["changed"]),
        (&json!(2), &json!(5))
    );
    let third = reprice(&home, &["--admin", &admin]);
    assert_eq!(
        (&third["pass"], &third["summary"]["changed"]),
        (&Value::Null, &json!(0))
    );

    let after = [(NEW.to_owned(), Some(2)), (OTHER.to_owned(), Some(3))];
    let rows = Rows::while_running(&home, &tollgate);
    assert_eq!(costs(&rows), after);
    assert_eq!(Totals::of_ledger(&tollgate).await, Totals::of_rows(&rows));
    assert_eq!(spent(&tollgate).await, 25);
    assert!(tollgate.terminate().success());

    agree(&home, &rows);
    said(&home.run(&["ledger", "rebuild"]));
    agree(&home, &rows);
    // At rest, by another price yet.
    home.write_config(&config(&url, &[(OTHER, 3), (NEW, 4)]));
    let table = said(&home.run(&["reprice", "--from", "2d"]));
    assert!(table.contains("5 of 10 calls have another bill"), "{table}");
    let rows = Rows::at_rest(&home);
    assert_eq!(
        costs(&rows),
        [(NEW.to_owned(), Some(4)), (OTHER.to_owned(), Some(3))]
    );
    agree(&home, &rows);
    // And the next start knows of all of it.
    let tollgate = home.serve().await;
    assert_eq!(spent(&tollgate).await, 35);
    assert_eq!(Totals::of_ledger(&tollgate).await, Totals::of_rows(&rows));
}

/// At rest: rows, report and check.
#[track_caller]
fn agree(home: &Home, rows: &Rows) {
    assert_eq!(costs(&Rows::at_rest(home)), costs(rows));
    let report = said(&home.run(&["report", "--all", "--format", "json"]));
    let report = Totals::parse(&serde_json::from_str(&report).unwrap());
    assert_eq!(report, Totals::of_rows(rows));
    let checked = said(&home.run(&["ledger", "check"]));
    assert!(checked.contains("fine"), "{checked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_an_upstream_that_is_gone_stay_and_are_named() {
    let upstream = Upstream::start(answer).await;
    let url = upstream.base_url();
    let home = Home::new(&config(&url, &[]));
    let tollgate = home.serve().await;
    call(&tollgate, NEW).await;
    Rows::settled(&home, &tollgate, CALLS).await;
    assert!(tollgate.terminate().success());
    let gone = config(&url, &[(NEW, 2)]).replace("upstreams.openai", "upstreams.another");
    home.write_config(&gone);
    let text = said(&home.run(&["reprice", "--since", "2d"]));
    assert!(
        text.contains("5 calls of the upstream \"openai\", which is not configured"),
        "{text}"
    );
    assert!(text.contains("nothing was changed"), "{text}");
    let missing = home.run(&["reprice"]);
    assert_eq!(missing.status.code(), Some(2));
}
