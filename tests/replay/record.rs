#![expect(clippy::float_arithmetic, reason = "what came is summed anew")]
//! The statements of the replayed weeks through the commands that a user has, and the track record
//! against sums of its own.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use jiff::civil::Date;
use serde_json::Value;
use tollgate::economics::HostPlan;
use tollgate::economics::projection::Scenario;
use tollgate::verdict::statement::{opened, sealed};

use crate::clock::{BEGIN, DAY};
use crate::figures::near;
use crate::pencil::Pencil;
use crate::support::tollgate::{Home, Tollgate};

/// Hours of a month, as prices a month are of.
const MONTH_HOURS: f64 = 730.0;
/// Hours in the fortnight that a statement is of.
const FORTNIGHT_HOURS: f64 = 14.0 * 24.0;

/// Two busy cores take their time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(50);

/// A replayed day of the calendar.
fn day_of(date: &str) -> i64 {
    let date: Date = date.parse().unwrap();
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    midnight.as_second().div_euclid(60 * DAY) - BEGIN / DAY
}

/// What `/api/v1/verdicts` says once it has so many switches, and every day up to them: both come
/// behind the report that shows a switch.
async fn record(tollgate: &Tollgate, switches: usize) -> Value {
    let began = Instant::now();
    loop {
        let answer = tollgate.ask_admin("/api/v1/verdicts").await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let records = answer["records"].as_array().unwrap();
        let day = |value: &Value| value.as_str().map(day_of);
        let is_whole = |record: &Value| day(&record["until"]) <= day(&record["looked_at"]);
        if records.len() == switches && records.iter().all(is_whole) {
            return answer;
        }
        assert!(began.elapsed() < WAIT, "{answer}");
        tokio::time::sleep(POLL).await;
    }
}

/// Every switch is in the record with what was said and what came, day by day to the next one.
pub(crate) async fn compare(tollgate: &Tollgate, pencil: &Pencil, switches: usize) {
    let answer = record(tollgate, switches).await;
    let records = answer["records"].as_array().unwrap();
    for record in records {
        let plans = pencil.plans().iter();
        let plan = plans.into_iter().find(|plan| record["name"] == *plan.name);
        one(record, pencil, plan.unwrap());
    }
}

fn one(record: &Value, pencil: &Pencil, plan: &HostPlan) {
    let decided = day_of(record["decided"].as_str().unwrap());
    let said = pencil.hosted(plan, decided + 1).band;
    for (nth, scenario) in Scenario::ALL.into_iter().enumerate() {
        let a_month = said.figures(scenario).savings_usd * MONTH_HOURS / FORTNIGHT_HOURS;
        near(&record["said_usd_per_month"][nth], a_month);
    }
    // To the day that switched again, else to the last that was looked at.
    let until = record["until"].as_str().or(record["looked_at"].as_str());
    let days = decided + 1..=day_of(until.unwrap());
    let (mut api_usd, mut cost_usd) = (0.0, 0.0);
    for day in days.clone() {
        let (api, cost) = pencil.came(plan, day);
        api_usd += api;
        cost_usd += cost;
    }
    println!("{plan}: {record}", plan = plan.name);
    assert_eq!(record["days"], days.clone().count(), "{record}");
    assert_eq!(record["unseen_days"], 0);
    near(&record["api_usd"], api_usd);
    near(&record["cost_usd"], cost_usd);
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

/// Each statement follows from the rows of the running tollgate; with a figure changed none does.
pub(crate) fn verify(home: &Home, tollgate: &Tollgate, names: &[String]) {
    let admin = tollgate.admin.to_string();
    let verify = |file: &str| said(&home.run(&["verdict", "verify", file, "--admin", &admin]));
    for name in names {
        check(verify(name), 0, "figures follow from the rows");
    }
    let kept = home.data_dir().join("verdicts").join(&names[0]);
    let forged = home.data_dir().join("forged.json");
    forge(&kept, &forged);
    let file = forged.to_str().unwrap();
    check(
        verify(file),
        1,
        "the statement or its settings were changed",
    );
}

/// A statement with one digit of its saving changed, and its checksum made anew.
fn forge(kept: &Path, forged: &Path) {
    let (mut statement, _) = opened(&std::fs::read_to_string(kept).unwrap()).unwrap();
    let saved = &mut statement.figures["savings_usd"]["expected"];
    *saved = (saved.as_f64().unwrap() + 1.0).into();
    std::fs::write(forged, sealed(&statement).unwrap().0).unwrap();
}

/// At rest, once somebody has deleted the rows of the first weeks: what is older than the rows says so.
pub(crate) fn outlived(home: &Home, names: &[String]) {
    for file in std::fs::read_dir(home.data_dir().join("calls")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_day = path.extension().is_some_and(|end| end == "parquet");
        if is_day && day_of(name.trim_end_matches(".parquet")) < 20 {
            std::fs::remove_file(path).unwrap();
        }
    }
    let verified = said(&home.run(&["verdict", "verify", &names[0], "--admin", "127.0.0.1:9"]));
    check(verified, 1, "calls of 2026-03-21 and before are missing");
}
