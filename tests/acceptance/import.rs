//! `tollgate import usage`: a past that was not metered, through the real binary: once, and told apart.

use std::process::Output;

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde_json::Value;

use super::support::client::{Client, post};
use super::support::http1::Request;
use super::support::tollgate::Home;
use super::support::totals::Totals;
use super::support::upstream::{Script, Upstream};

const HEADER: &str =
    "output_tokens,date,model,upstream,calls,input_tokens,cached_input_tokens,cost\n";
/// A host that costs next to nothing and takes everything.
const PLAN: &str = "[plans.nearly-free]
replaces = [\"gpt-4o-mini\"]
serves = \"32k+schema\"
model = \"llama-3.1-8b\"
gpu = \"H100-SXM\"
gpus = 1
precision = \"fp8\"
throughput = { source = \"published\" }
gpu_usd_per_hour = 0.01
price_as_of = \"2026-10-01\"
price_source = \"test\"
policy = \"hybrid\"
min_replicas = 1
";

/// The day that was so many days ago, at midnight of UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "what can be imported is of the days before the binary's own"
)]
fn ago(days: i64) -> Timestamp {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let day = today.saturating_sub(days.days());
    day.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

fn bill(days: std::ops::Range<i64>, cost: &str) -> String {
    let row = |day: i64| {
        let date = ago(day).strftime("%Y-%m-%d");
        format!("300000,{date},gpt-4o-mini,openai,1000,2000000,500000,{cost}\n")
    };
    HEADER.to_owned() + &days.rev().map(row).collect::<String>()
}

fn file(home: &Home, name: &str, text: &str) -> String {
    let path = home.config().with_file_name(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn refused(output: &Output, code: i32, words: &[&str]) {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

fn report(home: &Home) -> Value {
    let text = said(&home.run(&["report", "--all", "--format", "json"]));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_bill_is_imported_once_and_told_apart() {
    let home = Home::new("");
    let path = file(&home, "bill.csv", &bill(3..13, "12.50"));
    let import = |more: &[&str]| home.run(&[&["import", "usage", &path][..], more].concat());
    assert!(said(&import(&["--dry-run"])).contains("would import"));
    assert!(!home.data_dir().exists());
    for (new, unchanged) in [(10, 0), (0, 10), (0, 10)] {
        let done: Value = serde_json::from_str(&said(&import(&["--format", "json"]))).unwrap();
        assert_eq!(done["written"], new);
        assert_eq!(done["unchanged"], unchanged);
        let report = report(&home);
        let expected = Totals {
            calls: 10_000,
            input_tokens: 20_000_000,
            output_tokens: 3_000_000,
            cost_pico: 125_000_000_000_000,
        };
        assert_eq!(Totals::parse(&report), expected);
        assert_eq!(report["total"]["imported_calls"], 10_000);
    }
    // Another figure for one of these days is no second bill.
    file(&home, "bill.csv", &bill(3..13, "13.50"));
    refused(&import(&[]), 2, &["other figures", "--replace"]);
    said(&import(&["--replace"]));
    assert_eq!(Totals::parse(&report(&home)).cost_pico, 135_000_000_000_000);
    said(&home.run(&["ledger", "check"]));
}

#[test]
fn a_fault_names_its_line_and_column_and_what_would_do() {
    let home = Home::new("");
    let day = ago(5).strftime("%Y-%m-%d").to_string();
    let row = |row: &str| format!("{HEADER}{}\n", row.replace("DAY", &day));
    for (text, words) in [
        (
            row("1,DAY,m,openai,\"1,000\",2,0,1"),
            [":2:5:", "calls", "without separators"],
        ),
        (
            row("1,05/03/26,m,openai,1,2,0,1"),
            [":2:2:", "date", "2026-03-01"],
        ),
        (
            row("1,DAY,m,openai,1,2,3,1"),
            [":2:7:", "cached_input_tokens", "part"],
        ),
        (
            row("1,DAY,m,openai,0,2,0,1"),
            [":2:5:", "calls", "how many"],
        ),
        (
            row("1,DAY,m,openai,1,2,0,1.2.3"),
            [":2:8:", "cost", "12.50"],
        ),
        (
            row("1,DAY,m,nobody,1,2,0,1"),
            ["nobody", "no upstream", "openai"],
        ),
        (
            "date,model\n".to_owned(),
            [":1:3:", "no column upstream", "the columns are"],
        ),
        (
            "date,price\n".to_owned(),
            [":1:2:", "no known column", "cost"],
        ),
        ("{\"data\": [}".to_owned(), [":1:11:", "not JSON", ""]),
        ("{}".to_owned(), ["page 1", "no data", "CSV"]),
    ] {
        let path = file(&home, "bill.csv", &text);
        refused(&home.run(&["import", "usage", &path]), 2, &words);
    }
}

#[test]
fn the_answers_of_the_vendors_own_apis_are_read() {
    let home = Home::new("");
    let (begin, end) = (ago(9).as_second(), ago(8).as_second());
    let usage = format!(
        r#"{{"object":"page","data":[{{"object":"bucket","start_time":{begin},"end_time":{end},"results":[
        {{"object":"organization.usage.completions.result","input_tokens":1000,"input_cached_tokens":800,
          "output_tokens":500,"num_model_requests":5,"model":"gpt-4o-mini-2024-07-18","batch":null}}]}}],
        "has_more":false,"next_page":null}}"#
    );
    let costs = format!(
        r#"{{"object":"page","data":[{{"object":"bucket","start_time":{begin},"end_time":{end},"results":[
        {{"object":"organization.costs.result","amount":{{"value":0.06,"currency":"usd"}},
          "line_item":"gpt-4o-mini-2024-07-18, input"}},
        {{"object":"organization.costs.result","amount":{{"value":"0.5","currency":"usd"}},
          "line_item":"web search"}},
        {{"object":"organization.costs.result","amount":{{"value":-1.25,"currency":"usd"}},
          "line_item":"gpt-4o-mini-2024-07-18, input"}}]}}],"has_more":false}}"#
    );
    let anthropic = format!(
        r#"{{"data":[{{"starting_at":"{}","ending_at":"{}","results":[{{"uncached_input_tokens":1500,
        "cache_creation":{{"ephemeral_1h_input_tokens":300,"ephemeral_5m_input_tokens":200}},
        "cache_read_input_tokens":2000,"output_tokens":100,"model":"claude-sonnet-4-20250514",
        "service_tier":"standard"}}]}}],"has_more":false}}
        {{"data":[{{"starting_at":"{}","ending_at":"{}","results":[{{"amount":"123.45","currency":"USD",
        "cost_type":"tokens","model":null}}]}}],"has_more":false}}"#,
        ago(9),
        ago(8),
        ago(9),
        ago(8)
    );
    let (usage, costs) = (
        file(&home, "usage.json", &usage),
        file(&home, "costs.json", &costs),
    );
    let done = home.run(&["import", "usage", &usage, &costs, "--format", "json"]);
    let done: Value = serde_json::from_str(&said(&done)).unwrap();
    assert_eq!(done["cost_usd"], "0.06");
    assert_eq!(done["cost_without_usage_usd"], "0.5");
    assert_eq!(done["by_catalogue_usd"], "0");
    // A credit is of no call: said, and in no cost.
    assert_eq!(done["credits_left_out_usd"], "-1.25");
    let again = said(&home.run(&["import", "usage", &usage, &costs, "--quiet"]));
    assert!(again.contains("1.25 of credits is of no call"), "{again}");
    let anthropic = file(&home, "anthropic.json", &anthropic);
    let without = home.run(&["import", "usage", &anthropic]);
    refused(&without, 2, &["data[0].results[0]", "--input-per-call"]);
    let with = home.run(&["import", "usage", &anthropic, "--input-per-call", "1000"]);
    said(&with);
    let expected = Totals {
        calls: 9,
        input_tokens: 5_000,
        output_tokens: 600,
        cost_pico: 1_294_500_000_000,
    };
    assert_eq!(Totals::parse(&report(&home)), expected);
}

#[test]
fn a_number_that_cannot_be_is_refused_and_no_nothing() {
    let home = Home::new("");
    let (begin, end) = (ago(9).as_second(), ago(8).as_second());
    let page = format!(
        r#"{{"data":[{{"start_time":{begin},"end_time":{end},"results":[{{"input_tokens":5,
        "output_tokens":-3,"num_model_requests":1,"model":"gpt-4o-mini"}}]}}]}}"#
    );
    let path = file(&home, "usage.json", &page);
    let done = home.run(&["import", "usage", &path]);
    refused(&done, 2, &["data[0].results[0]", "output_tokens", "-3"]);
}

#[test]
fn what_never_ends_is_read_up_to_the_bound() {
    let home = Home::new("");
    let pipe = home.config().with_file_name("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let name = pipe.display().to_string();
    let pour = || {
        let mut pipe = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        // Until nobody reads it any more.
        while std::io::Write::write_all(&mut pipe, &[b'x'; 8_192]).is_ok() {}
    };
    let done = std::thread::scope(|scope| {
        scope.spawn(pour);
        home.run(&["import", "usage", &name])
    });
    for done in [done, home.run(&["import", "usage", "/dev/zero"])] {
        refused(&done, 2, &["is larger than 268435456 bytes"]);
    }
}

#[test]
fn buckets_that_are_no_whole_hours_of_at_most_a_day_are_refused() {
    let home = Home::new("");
    let begin = ago(9).as_second();
    for (from, to) in [(0, 60), (1_800, 5_400), (0, 400 * 86_400)] {
        let page = format!(
            r#"{{"data":[{{"start_time":{},"end_time":{},"results":[{{"input_tokens":1,
            "output_tokens":1,"num_model_requests":1,"model":"gpt-4o-mini"}}]}}]}}"#,
            begin + from,
            begin + to
        );
        let path = file(&home, "usage.json", &page);
        let done = home.run(&["import", "usage", &path]);
        refused(&done, 2, &["page 1: data[0]", "bucket_width"]);
    }
}

#[test]
fn what_is_there_at_two_places_is_refused_with_both() {
    let home = Home::new("");
    let one = file(&home, "one.csv", &bill(3..4, "1"));
    let two = file(&home, "two.csv", &bill(3..4, "1"));
    let done = home.run(&["import", "usage", &one, &two]);
    refused(&done, 2, &["one.csv:2", "two.csv:2", "count twice"]);
    refused(
        &home.run(&["import", "usage", &one, &one]),
        2,
        &["named twice"],
    );
}

#[test]
fn the_same_number_in_another_currency_is_another_figure() {
    let home = Home::new("");
    let path = file(&home, "bill.csv", &bill(3..4, "12.50"));
    said(&home.run(&["import", "usage", &path]));
    let text = bill(3..4, "12.50,CNY").replacen("cost\n", "cost,currency\n", 1);
    file(&home, "bill.csv", &text);
    let done = home.run(&["import", "usage", &path]);
    refused(&done, 2, &["other figures"]);
}

#[test]
fn a_day_half_an_hour_off_is_reported_as_that_day() {
    let home = Home::new("reporting_timezone = \"Asia/Kolkata\"\n");
    let path = file(&home, "bill.csv", &bill(4..5, "1"));
    for (new, unchanged) in [(1, 0), (0, 1)] {
        let done = home.run(&[
            "import", "usage", &path, "--format", "json", "--shape", "even",
        ]);
        let done: Value = serde_json::from_str(&said(&done)).unwrap();
        assert_eq!(
            (&done["written"], &done["unchanged"]),
            (&new.into(), &unchanged.into())
        );
    }
    let day = ago(4).strftime("%Y-%m-%d").to_string();
    let text = said(&home.run(&["report", "--all", "--by", "day", "--format", "json"]));
    let report: Value = serde_json::from_str(&text).unwrap();
    let rows = report["rows"].as_array().unwrap();
    assert!(
        rows.len() == 1 && rows[0].to_string().contains(&day),
        "{text}"
    );
}

#[tokio::test]
async fn what_tollgate_metered_or_runs_on_is_not_imported_over() {
    let answer = |_: &Request| {
        let body = r#"{"id":"c","object":"chat.completion","model":"gpt-4o-mini","choices":[],
            "usage":{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11}}"#;
        Script::unary(
            200,
            &[("content-type", "application/json")],
            body.as_bytes(),
        )
    };
    let upstream = Upstream::start(answer).await;
    let url = upstream.base_url();
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\n"
    ));
    let path = file(&home, "bill.csv", &bill(3..6, "1"));
    let tollgate = home.serve().await;
    let body = r#"{"model":"gpt-4o-mini","messages":[]}"#.to_owned();
    let mut client = Client::new(tollgate.traffic);
    let request = post("/openai/v1/chat/completions", body);
    assert_eq!(client.send(request).await.unwrap().status, 200);
    let import = |path: &str| home.run(&["import", "usage", path]);
    refused(&import(&path), 1, &["in use", "stop it"]);
    assert!(tollgate.terminate().success());
    said(&import(&path));
    // An hour of today that is over by the bill's own word is not over.
    let today = file(&home, "today.csv", &bill(0..1, "1"));
    refused(&import(&today), 2, &["not over yet"]);
}

/// That none is switched after days are `app::import`'s to prove: at rest no day is decided.
#[test]
fn a_verdict_says_that_its_history_was_imported() {
    let home = Home::new(PLAN);
    let path = file(&home, "bill.csv", &bill(1..30, "900"));
    said(&home.run(&["import", "usage", &path, "--shape", "office"]));
    let answer = said(&home.run(&["breakeven", "--format", "json"]));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let states = answer["states"].as_array().unwrap();
    assert!(!states.is_empty());
    for state in states {
        let lacks = state["not_enough_evidence"].to_string();
        assert!(lacks.contains("calls that were imported"), "{state}");
    }
    let fortnight = answer["windows"].as_array().unwrap().iter();
    let fortnight = fortnight.clone().find(|it| it["window"] == "14d").unwrap();
    assert!(
        fortnight["api_cost_usd"]
            .as_str()
            .unwrap()
            .parse::<f64>()
            .unwrap()
            > 10_000.0
    );
    assert!(fortnight["evidence"]["imported_calls"].as_f64().unwrap() > 10_000.0);
}
