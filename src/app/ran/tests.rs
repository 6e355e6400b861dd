//! Hosting in real ledgers, asked by who runs and by who does not.

use std::path::Path;

use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::admin::By;
use crate::app::import::{self, ImportAsked, Shape, UsageRow};
use crate::app::{anew, now, show};
use crate::call::{CallRecord, Pricing, Role};
use crate::config::Overrides;
use crate::ledger::tests::dying;
use crate::ledger::{Entry, History, ImportedMinute, Minutes};
use crate::money::Pico;

/// Two replicas of two cards, people for 24 dollars an hour: 36 dollars an hour.
const TEXT: &str = r#"
[upstreams.own]
format = "openai"
base_url = "http://a"
role = "own"
plan = "ours"
replicas = 2
would_cost_as = "openai/gpt-4o-mini"
[plans.ours]
replaces = ["gpt-4o"]
model = "llama-3.3-70b"
gpu = "H100-SXM"
gpus = 2
precision = "fp8"
gpu_usd_per_hour = 3
serves = "32k"
throughput = { source = "published" }
price_as_of = 2026-11-01
price_source = "bill"
policy = "hybrid"
min_replicas = 0
ops_usd_per_month = 17520
"#;

fn house(dir: &Path, more: &str) -> Config {
    let file = dir.join("tollgate.toml");
    std::fs::write(&file, format!("{more}{TEXT}")).unwrap();
    let overrides = Overrides {
        data_dir: Some(dir.join("data")),
        ..Overrides::default()
    };
    crate::config::load(Some(&file), &overrides).unwrap()
}

fn open(config: &Config) -> Ledger {
    Ledger::open(settings::ledger(config, None)).unwrap().0
}

fn asked(since: Option<Timestamp>, by: By) -> TotalsQuery {
    TotalsQuery {
        grain: Grain::Day,
        since,
        until: None,
        by: vec![by],
        top: None,
    }
}

fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

/// A call of own hosting, for which an API would have taken 7 dollars.
fn hosted(at: Timestamp) -> CallRecord {
    CallRecord {
        upstream: "own".into(),
        role: Role::Own,
        pricing: Pricing::Free,
        cost_usd: None,
        cost_native: None,
        cost_lines: Vec::new(),
        would_cost_usd: Some(Pico::from_units(7)),
        started_at: at,
        duration_ms: 10,
        flags: Vec::new(),
        ..crate::call::tests::full()
    }
}

/// Takes calls, and was there to see them.
fn take(ledger: &Ledger, calls: &[CallRecord]) {
    let entries = calls.iter().map(Entry::Ended);
    let entries: Vec<(u64, Entry<'_>)> = (1..).zip(entries).collect();
    ledger.apply(&entries).unwrap();
    for call in calls {
        ledger.beat(call.started_at).unwrap();
    }
}

/// Says that it was up through some time.
fn up(ledger: &Ledger, range: Range<Timestamp>) {
    let up = History {
        up: vec![range],
        ..History::default()
    };
    ledger.import(up).unwrap();
}

/// What both ways of asking say.
#[track_caller]
fn both(config: &Config, ledger: &Ledger, asked: &TotalsQuery) -> Vec<Hosting> {
    let verdict = anew::verdict(config, ledger, None).unwrap();
    let at = now();
    let live = live(&verdict, ledger, asked, at).unwrap();
    assert_eq!(live, at_rest(config, ledger, asked, at).unwrap());
    live
}

#[test]
fn minutes_and_the_hours_before_them_have_every_call_once() {
    const DAY: i64 = 24;
    let bounds = [35 * DAY - 1, 35 * DAY, 35 * DAY + 1];
    for hours in [2, 34 * DAY, 36 * DAY, 300 * DAY].into_iter().chain(bounds) {
        let dir = TempDir::new().unwrap();
        let config = house(dir.path(), "");
        let ledger = open(&config);
        let calls = (0..10).map(|at| hosted(ago(hours) - SignedDuration::from_mins(at * 9)));
        take(&ledger, &calls.collect::<Vec<_>>());
        for by in [By::Model, By::Month, By::Day, By::Hour] {
            let lines = both(&config, &ledger, &asked(None, by.clone()));
            let would: Pico = lines.iter().map(|it| it.seen.api_cost).sum();
            assert_eq!(would, Pico::from_units(70), "{hours} hours ago, by {by:?}");
            let calls: Vec<_> = lines.iter().map(|it| it.seen.ran.calls).collect();
            assert!(calls.iter().all(|calls| *calls > 0.0), "{calls:?}");
        }
    }
}

#[test]
fn five_weeks_of_hosting_are_told_while_the_disk_fails() {
    let dir = TempDir::new().unwrap();
    let config = house(dir.path(), "");
    let ledger = open(&config);
    take(&ledger, &[hosted(ago(30)), hosted(ago(40 * 24))]);
    let verdict = anew::verdict(&config, &ledger, None).unwrap();
    assert!(dying::after(0, || drop(ledger.beat(now()))));
    assert!(!ledger.healthy());
    let month = asked(Some(ago(30 * 24)), By::Model);
    assert!(show::sums(&ledger, &month).is_ok());
    let lines = live(&verdict, &ledger, &month, now()).unwrap();
    assert_eq!(lines[0].seen.api_cost, Pico::from_units(7));
    let ever = live(&verdict, &ledger, &asked(None, By::Model), now());
    assert_eq!(ever.unwrap_err().reason(), "closed");
}

#[test]
fn a_minute_in_which_others_served_was_observed() {
    let dir = TempDir::new().unwrap();
    let config = house(dir.path(), "");
    let ledger = open(&config);
    take(&ledger, &[hosted(ago(30))]);
    let minutes = (0..3 * 60).map(|at| ImportedMinute {
        start: ago(4) + SignedDuration::from_mins(at),
        upstream: "openai".into(),
        model: "gpt-4o".into(),
        capability: Capability::default().name().into_owned(),
        demand: DemandMinute {
            imported_calls: 1,
            ..DemandMinute::default()
        },
    });
    ledger
        .import(History {
            minutes: Minutes::new(minutes),
            ..History::default()
        })
        .unwrap();
    let lines = both(&config, &ledger, &asked(Some(ago(30 * 24)), By::Model));
    let hours = lines[0].seen.ran.hours;
    assert!((3.0..3.1).contains(&hours), "{hours} h");
}

/// A day of a bill of another upstream.
fn bill(days_ago: i64, calls: u64) -> UsageRow {
    let midnight = |ago: i64| {
        let day = now().as_second().div_euclid(86_400) - ago;
        Timestamp::from_second(day * 86_400).unwrap()
    };
    UsageRow {
        place: format!("bill.csv:{days_ago}"),
        range: midnight(days_ago)..midnight(days_ago - 1),
        upstream: "openai".into(),
        model: "gpt-4o".into(),
        calls,
        uncached_input: calls * 1_000,
        cached_input: 0,
        output: calls * 100,
        cost: None,
    }
}

#[test]
fn a_past_that_is_imported_has_no_replicas_that_nobody_dated() {
    let dir = TempDir::new().unwrap();
    let config = house(dir.path(), "");
    let asked_for = ImportAsked {
        rows: vec![bill(200, 30), bill(5, 30)],
        costs: Vec::new(),
        credits: Vec::new(),
        shape: Shape::Even,
        replace: false,
        beside_metered: false,
        dry_run: false,
    };
    import::run(&config, &asked_for, &mut |_, _| {}).unwrap();
    let ever = asked(None, By::Model);
    let ledger = open(&config);
    assert_eq!(both(&config, &ledger, &ever), []);
    // What is metered, and the hours beside it, run from the day of the first call on.
    let first = hosted(ago(1));
    take(&ledger, std::slice::from_ref(&first));
    up(&ledger, first.started_at..now());
    let lines = both(&config, &ledger, &ever);
    let hours = lines[0].seen.ran.hours;
    assert!((0.9..=1.1).contains(&hours), "{hours} h");
    assert_eq!(lines[0].seen.api_cost, Pico::from_units(7));
}

#[test]
fn replicas_that_nobody_dated_run_as_long_as_tollgate_where_nothing_is_imported() {
    let dir = TempDir::new().unwrap();
    let config = house(dir.path(), "");
    let ledger = open(&config);
    up(&ledger, ago(30)..ago(10));
    let lines = both(&config, &ledger, &asked(None, By::Model));
    assert!((lines[0].seen.cost_usd - 20.0 * 36.0).abs() < 1e-6);
    assert!(!lines[0].part_of_traffic);
}

#[test]
fn an_instance_of_a_fleet_says_that_it_sees_a_part() {
    let dir = TempDir::new().unwrap();
    let config = house(dir.path(), "[fleet]\nreplicas = 3\n");
    let ledger = open(&config);
    take(&ledger, &[hosted(ago(3))]);
    let lines = both(&config, &ledger, &asked(None, By::Model));
    assert!(lines[0].part_of_traffic);
    let answer = crate::admin::with_hosting(serde_json::json!({}), Ok(lines));
    let line = &answer["hosting"][0];
    assert_eq!(line["would_cost_usd"], "7");
    for unknown in ["saving_usd", "usd_per_mtok", "busy"] {
        assert!(line[unknown].is_null(), "{line}");
    }
}
