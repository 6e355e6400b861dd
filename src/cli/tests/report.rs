//! Reports over a real data directory: forty days of calls, in any time zone and any grouping.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::call::{CallId, CallRecord, Pricing, Role, tests::full};
use crate::cli::args::ReportFormat;
use crate::cli::house::{House, Options, TotalsQuery};
use crate::cli::report;
use crate::cli::totals::{Row, Totals};
use crate::cli::{Failure, Tollgate};
use crate::journal::{self, FrameKind, Journal};
use crate::ledger;
use crate::money::Pico;

const CALLS: u64 = 600;
/// Before the clocks of New York are put back.
const START: &str = "2026-10-13T00:20:00Z";

fn call(n: u64) -> CallRecord {
    let at: Timestamp = START.parse().unwrap();
    let minutes = SignedDuration::from_mins(i64::try_from(n * 97).unwrap());
    let is_priced = !n.is_multiple_of(10);
    let team = ["search", "ads", "a=b"].get(usize::try_from(n % 4).unwrap());
    CallRecord {
        call_id: CallId(Uuid::from_u128(u128::from(n) | 7 << 76)),
        started_at: at + minutes,
        upstream: format!("upstream-{}", n % 3),
        role: if n % 3 == 2 {
            Role::Gateway
        } else {
            Role::Provider
        },
        model: Some(format!("model-{}", n % 7)),
        tenant: (!n.is_multiple_of(5)).then(|| format!("tenant-{}", n % 5)),
        dimensions: team
            .map(|team| ("team".to_owned(), (*team).to_owned()))
            .into_iter()
            .collect(),
        pricing: if is_priced {
            Pricing::Priced
        } else {
            Pricing::Unpriced
        },
        cost_usd: is_priced.then(|| Pico(i128::from(n) * 1_000_000_007)),
        flags: Vec::new(),
        ..full()
    }
}

/// A data directory as a tollgate leaves it that ended before its ledger had counted anything.
fn write_calls(data_dir: &Path) {
    let settings = journal::Settings::in_dir(data_dir.join("journal"));
    let journal = Journal::open(settings, |_, ()| {}).unwrap();
    for n in 0..CALLS {
        let call = call(n);
        let body = serde_json::to_vec(&call).unwrap();
        let ended = u64::try_from(call.started_at.as_millisecond()).unwrap() + call.duration_ms;
        drop(journal.append(FrameKind::End, ended, body, None).unwrap());
    }
    // Everything is written and synced when this returns.
    journal.close();
}

struct Directory(tempfile::TempDir);

impl Directory {
    fn filled() -> Self {
        let dir = tempfile::TempDir::new().unwrap();
        write_calls(&dir.path().join("data"));
        Self(dir)
    }

    /// What `tollgate report` asks for, where this is the reporting time zone.
    fn asked(&self, zone: &str, query: &TotalsQuery) -> Result<Totals, Failure> {
        let config = self.0.path().join("tollgate.toml");
        let text = format!(
            "reporting_timezone = \"{zone}\"\n[attribution]\ndimensions = {{ team = \"x-team\" }}\n"
        );
        std::fs::write(&config, text).unwrap();
        let options = Options {
            config: Some(config),
            data_dir: Some(self.0.path().join("data")),
            ..Options::default()
        };
        Totals::read(Tollgate.totals(&options, query)?)
    }

    fn by(&self, zone: &str, by: &str) -> Totals {
        self.asked(zone, &query(by)).unwrap()
    }
}

fn query(by: &str) -> TotalsQuery {
    TotalsQuery {
        by: by.split(',').map(str::to_owned).collect(),
        ..TotalsQuery::default()
    }
}

/// Calls and costs of rows that are in the total.
fn sum(rows: &[Row]) -> (u64, Pico) {
    let in_total = rows.iter().filter(|row| row.in_total);
    in_total.fold((0, Pico::ZERO), |(calls, cost), row| {
        (calls + row.sums.calls, cost + row.sums.cost_usd)
    })
}

/// The same of the calls themselves.
fn recounted() -> (u64, Pico) {
    let calls = (0..CALLS)
        .map(call)
        .filter(|call| call.role != Role::Gateway);
    calls.fold((0, Pico::ZERO), |(calls, cost), call| {
        (calls + 1, cost + call.cost_usd.unwrap_or_default())
    })
}

const GROUPINGS: [&str; 11] = [
    "month",
    "day",
    "hour",
    "upstream",
    "model",
    "tenant",
    "team",
    "day,model",
    "hour,tenant,team",
    "month,upstream,model,tenant,team",
    "team,day",
];

#[test]
fn the_rows_of_any_grouping_sum_to_all_time() {
    let directory = Directory::filled();
    for by in GROUPINGS {
        let totals = directory.by("Asia/Kolkata", by);
        let total = (totals.total.calls, totals.total.cost_usd);
        assert_eq!(total, recounted(), "{by}");
        assert_eq!(sum(&totals.rows), recounted(), "{by}");
        let top = TotalsQuery {
            top: Some(1),
            ..query(by)
        };
        let largest = directory.asked("Asia/Kolkata", &top).unwrap();
        assert_eq!(sum(&largest.rows), recounted(), "{by}, the largest");
        let others = largest.rows.iter().filter(|row| row.others.is_some());
        assert!(others.count() > 0, "{by}");
    }
}

#[test]
fn another_time_zone_moves_days_and_back_again_nothing_has_changed() {
    let directory = Directory::filled();
    let shown = |zone| {
        let reports = GROUPINGS.map(|by| {
            let totals = directory.by(zone, by);
            report::render(&totals, ReportFormat::Csv).unwrap()
        });
        reports.concat()
    };
    let before = shown("UTC");
    let mut seen = BTreeSet::from([before.clone()]);
    for zone in ["Asia/Kolkata", "Pacific/Kiritimati", "America/New_York"] {
        assert!(seen.insert(shown(zone)), "{zone} has days of its own");
    }
    assert_eq!(shown("UTC"), before);
}

#[test]
fn a_day_and_an_hour_are_those_of_the_time_zone() {
    let directory = Directory::filled();
    for zone in ["UTC", "Asia/Kolkata", "America/New_York"] {
        let timezone = jiff::tz::TimeZone::get(zone).unwrap();
        let mut days: BTreeMap<String, u64> = BTreeMap::new();
        let calls = (0..CALLS)
            .map(call)
            .filter(|call| call.role != Role::Gateway);
        for call in calls {
            let day = timezone.to_datetime(call.started_at).date();
            *days.entry(day.to_string()).or_default() += 1;
        }
        let rows = directory.by(zone, "day").rows;
        let found = rows
            .iter()
            .map(|row| (row.key("day").to_owned(), row.sums.calls));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), days, "{zone}");
    }
    let hours = directory.by("America/New_York", "hour").rows;
    let twice = |offset: &str| {
        let hour = format!("2026-11-01T01:00{offset}");
        hours.iter().any(|row| row.key("hour") == hour)
    };
    assert!(twice("-04:00") || twice("-05:00"));
}

#[test]
fn a_stretch_of_days_or_hours_is_what_lies_in_it() {
    let directory = Directory::filled();
    let calls = |since: &str, until: &str| {
        let query = TotalsQuery {
            since: Some(since.to_owned()),
            until: Some(until.to_owned()),
            ..query("model")
        };
        directory.asked("UTC", &query).unwrap().total.calls
    };
    let within = |since: &str, until: &str| {
        let [since, until]: [Timestamp; 2] = [since, until].map(|at| at.parse().unwrap());
        let calls = (0..CALLS)
            .map(call)
            .filter(|call| call.role != Role::Gateway);
        let calls = calls.filter(|call| (since..until).contains(&call.started_at));
        u64::try_from(calls.count()).unwrap()
    };
    let november = within("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z");
    assert_eq!(calls("2026-11", "2026-11-03"), november);
    let morning = within("2026-11-01T08:00:00Z", "2026-11-01T12:00:00Z");
    assert!(morning > 0);
    // The hour of the begin is whole, the hour of the end is not in it.
    assert_eq!(
        calls("2026-11-01T08:59:00Z", "2026-11-01T12:59:00Z"),
        morning
    );
}

#[test]
fn the_minutes_of_a_stretch_are_those_of_its_hours() {
    let directory = Directory::filled();
    let asked = |by: &str| {
        let query = TotalsQuery {
            since: Some("2026-11-01".to_owned()),
            until: Some("2026-11-03".to_owned()),
            ..query(by)
        };
        directory.asked("Asia/Kolkata", &query).unwrap()
    };
    let (minutes, hours) = (asked("minute,upstream,model"), asked("hour,upstream,model"));
    assert!(minutes.rows.len() > hours.rows.len());
    assert_eq!(minutes.total, hours.total);
    assert_eq!(sum(&minutes.rows), sum(&hours.rows));
    let of_minutes = asked("hour,minute").rows;
    let mut by_hour: BTreeMap<String, u64> = BTreeMap::new();
    for row in &of_minutes {
        *by_hour.entry(row.key("hour").to_owned()).or_default() += row.sums.calls;
    }
    let of_hours = asked("hour").rows;
    let of_hours = of_hours
        .iter()
        .map(|row| (row.key("hour").to_owned(), row.sums.calls));
    // An hour of UTC begins at half past in this zone, whichever way it is read.
    assert_eq!(by_hour, of_hours.collect::<BTreeMap<_, _>>());
}

#[test]
fn a_dimension_that_is_not_there_is_bad_use() {
    let directory = Directory::filled();
    let failure = directory.asked("UTC", &query("colour")).unwrap_err();
    let said = failure.to_string();
    assert!(
        said.contains("\"colour\"") && said.contains("tenant, team"),
        "{said}"
    );
    let code = format!("{:?}", failure.exit_code());
    assert_eq!(code, format!("{:?}", std::process::ExitCode::from(2)));
}

/// `days` behind the last call, the minutes of the first calls are past their retention.
fn forget_minutes(data: &Path) {
    let of = |name| data.join(name);
    let settings = ledger::Settings {
        dir: of("ledger"),
        journal_dir: of("journal"),
        calls_dir: of("calls"),
        checkpoints_dir: of("checkpoints"),
        retention: ledger::Retention::default(),
        timezone: jiff::tz::TimeZone::UTC,
        sync: false,
        durable: None,
    };
    let (ledger, _) = ledger::Ledger::open(settings).unwrap();
    let behind = call(CALLS).started_at + SignedDuration::from_hours(1);
    // A clock is believed once it has stood for some hours.
    for hours in [0, 7] {
        let now = behind + SignedDuration::from_hours(hours);
        ledger.close_days(now, &|| true).unwrap();
    }
    ledger.close().unwrap();
}

#[test]
fn minutes_that_are_gone_are_bad_use_and_the_report_says_what_to_ask() {
    let directory = Directory::filled();
    let asked = |by: &str, since: &str, until: &str| {
        let query = TotalsQuery {
            since: Some(since.to_owned()),
            until: Some(until.to_owned()),
            ..query(by)
        };
        directory.asked("UTC", &query)
    };
    let old = |by| asked(by, "2026-10-20", "2026-10-22");
    let before = [old("minute"), old("hour"), old("day")].map(|it| it.unwrap().total);
    assert!(before[0].calls > 0 && before[0] == before[1] && before[0] == before[2]);
    forget_minutes(&directory.0.path().join("data"));
    let failure = old("minute").unwrap_err();
    let said = failure.to_string();
    for part in [
        "kept from 2026-11-",
        "begin with since=2026-11-",
        "by=hour or by=day",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let code = format!("{:?}", failure.exit_code());
    assert_eq!(code, format!("{:?}", std::process::ExitCode::from(2)));
    assert_eq!(
        [old("hour"), old("day")].map(|it| it.unwrap().total),
        [before[0]; 2]
    );
    // What is left is answered as it was.
    let young = |by| asked(by, "2026-11-20", "2026-11-22").unwrap().total;
    assert!(young("minute").calls > 0 && young("minute") == young("day"));
}
