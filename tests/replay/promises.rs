#![expect(clippy::float_arithmetic, reason = "what came is summed anew")]
//! What a verdict of a year promised: each switch frozen, read back, computed again from the minutes
//! that are left, and scored day by day until the next one.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use tollgate::economics::projection::AlternativeKind;
use tollgate::verdict::statement::{
    Beside, Compared, Days, Gathered, Gathering, Holds, Side, Statement, Track, compared, days_of,
    opened, sealed,
};
use tollgate::verdict::{News, Settings, Verdict};

use crate::clock::{BEGIN, DAY};
use crate::year::{CHEAPER_PLAN, MISSED_MAX, WINDOW, Year, rule};

/// The statements of a year, sealed, and what came of each.
#[derive(Default)]
pub(crate) struct Promises {
    frozen: Vec<String>,
    track: Track,
}

/// A day of the year by the calendar.
fn date(day: i64) -> Date {
    let at = jiff::Timestamp::from_second((BEGIN + day * DAY) * 60).unwrap();
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn day_of(date: Date) -> i64 {
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    (midnight.as_second() / 60 - BEGIN) / DAY
}

/// The demand of some days, as far as there are rows from a day on.
fn gathered(year: &Year, settings: &Arc<Settings>, days: Days, rows_from: i64) -> Gathered {
    let of = (AlternativeKind::Selfhost, &*settings.plans[0].name);
    let mut gathering = Gathering::new(settings, of, days).unwrap();
    let first = day_of(days.first).max(rows_from);
    for (stream, minute, sums) in year.kept(first..day_of(days.last) + 1) {
        gathering.add(&stream, minute, &sums);
    }
    gathering.finish()
}

/// A statement as anybody reads it, and its settings.
fn read(text: &str) -> (Statement, Arc<Settings>) {
    let (statement, _) = opened(text).unwrap();
    let settings = serde_json::from_value(statement.settings.clone()).unwrap();
    (statement, Arc::new(settings))
}

impl Promises {
    /// Freezes what has switched on a day that has closed, and scores the day.
    pub(crate) fn look(&mut self, year: &Year, verdict: &Verdict, day: i64) {
        for news in verdict.take_news() {
            if let News::Switched(switch) = news {
                let days = days_of(switch.counted.first().map(|at| at.day), switch.day);
                let beside = Beside {
                    api_prices: Vec::new(),
                    prices_sha256: String::new(),
                    catalogue_sha256: String::new(),
                    priced_again: 0,
                };
                let demand = gathered(year, verdict.settings(), days, 0);
                let statement = demand.statement(&switch, beside).unwrap();
                let (text, sha256) = sealed(&statement).unwrap();
                let file = statement.file_name();
                self.track.add(&statement, file, sha256, date(day));
                self.frozen.push(text);
            }
        }
        for (record, text) in self.track.records.iter_mut().zip(&self.frozen) {
            let last = record.until.map_or(date(day), |until| until.min(date(day)));
            while record.looked_at < last {
                let next = record.looked_at + 1.day();
                let (_, settings) = read(text);
                let days = Days {
                    first: next - WINDOW.days(),
                    last: next,
                };
                let scored = gathered(year, &settings, days, 0).scored(next);
                match scored.filter(|it| it.coverage >= rule().coverage_min) {
                    Some(scored) => record.came(next, scored),
                    None => record.unseen(next),
                }
            }
        }
    }

    /// Each follows from the rows, and none where the first of its rows are gone; each says when it was
    /// decided, and what to.
    pub(crate) fn verify(&self, year: &Year, switches: &[(i64, bool)]) {
        assert_eq!(self.frozen.len(), switches.len());
        for (text, (day, cheaper)) in self.frozen.iter().zip(switches) {
            let (statement, settings) = read(text);
            // Another plan is decided over the days that are kept: the third of them switches it.
            let anew = *day == CHEAPER_PLAN;
            let decided = if anew { day - MISSED_MAX + 3 } else { *day };
            let said = (statement.decided, statement.to);
            assert_eq!(said, (date(decided), Side::of(*cheaper)));
            assert_eq!(
                !statement.changed.is_empty(),
                anew,
                "{:?}",
                statement.changed
            );
            let days = statement.demand.days;
            let differ = |rows_from| {
                let demand = gathered(year, &settings, days, rows_from);
                let all = compared(&statement, &demand.recomputed(&statement).unwrap());
                let differ = all.into_iter().filter(|at| at.holds == Holds::Differs);
                differ.collect::<Vec<Compared>>()
            };
            assert_eq!(differ(0), []);
            let lost = differ(day_of(days.first) + 1);
            assert!(lost.iter().any(|at| at.name == "demand.sha256"), "{lost:?}");
        }
    }

    /// What came of each is the sum of its days by the pure functions, up to the next one.
    pub(crate) fn add_up(&self, year: &Year, switches: &[(i64, bool)], last: i64) {
        let next = switches.iter().skip(1).map(|(day, _)| *day);
        let ends = next.map(Some).chain([None]);
        let mut first = 0;
        for ((record, (switched, _)), next) in self.track.records.iter().zip(switches).zip(ends) {
            println!("{}", record.words());
            // Each day once: what was scored before another plan was decided anew stays where it is.
            let until = record.until.map_or(last, day_of);
            let until = until.max(next.map_or(0, |next| next - 1));
            let days = first.max(day_of(record.decided) + 1)..=until;
            first = until + 1;
            let came = days.map(|day| year.came(*switched, day));
            let (seen, unseen): (Vec<_>, Vec<_>) = came.partition(Option::is_some);
            let days = [record.days, record.unseen_days].map(usize::try_from);
            assert_eq!(days.map(Result::unwrap), [seen.len(), unseen.len()]);
            let (mut api_usd, mut cost_usd) = (0.0, 0.0);
            for (api, cost) in seen.into_iter().flatten() {
                api_usd += api;
                cost_usd += cost;
            }
            near(record.api_usd, api_usd);
            near(record.cost_usd, cost_usd);
        }
    }
}

#[track_caller]
fn near(seen: f64, said: f64) {
    assert!(
        (seen - said).abs() <= 1e-9 * said.abs(),
        "{seen} is not {said}"
    );
}
