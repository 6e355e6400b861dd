#![expect(
    clippy::float_arithmetic,
    reason = "the report is computed a second time, to rounding"
)]
//! The report over small demand of any kind is the one that is found the simple way: minute by minute
//! from the calls, each window and each plan for itself.

use std::collections::BTreeMap;
use std::ops::Range;

use fastrand::Rng;
use jiff::civil::date;
use jiff::tz::TimeZone;

use super::made::{TODAY, seeds};
use super::restart::{Rows, at, call};
use crate::economics::DemandMinute;
use crate::economics::project::{Bucket, Columns, Demand, Minutes, hosted, latency, rented_tokens};
use crate::economics::projection::{Band, Evidence, Hosted, Latency, SPANS, Scenario};
use crate::economics::work::real;
use crate::verdict::settings::Takers;
use crate::verdict::{DAY_MINUTES, Settings, States};

/// Sums in another order, and money that is split in whole millionths, differ by less.
const ROUNDING: f64 = 1e-6;
/// A window before this one says how many replicas to have once most of a day of it was seen.
const CHOOSING_MINUTES: usize = 1_296;

/// The calls of the streams that go together, and whose money they are.
struct Lot {
    takers: Takers,
    model: String,
    minutes: BTreeMap<i64, DemandMinute>,
}

/// A window found the simple way.
struct Simple<'a> {
    settings: &'a Settings,
    rows: &'a Rows,
    lots: &'a [Lot],
    /// The minute after the last.
    end: i64,
}

/// The lots of some rows; only what came before `end` is looked at.
fn lots(settings: &Settings, rows: &Rows, end: i64) -> Vec<Lot> {
    let mut lots: Vec<Lot> = Vec::new();
    for ((minute, stream), demand) in rows.demand.iter().filter(|((at, _), _)| *at < end) {
        let takers = settings.takers(stream);
        let known = lots.iter().position(|lot| lot.takers == takers);
        let at = known.unwrap_or_else(|| {
            lots.push(Lot {
                takers,
                model: stream.model.clone(),
                minutes: BTreeMap::new(),
            });
            lots.len() - 1
        });
        lots[at].minutes.entry(*minute).or_default().merge(demand);
    }
    lots
}

impl Lot {
    fn cost(&self, range: &Range<i64>) -> f64 {
        let minutes = self.minutes.range(range.clone());
        minutes
            .map(|(_, it)| it.total().cost_usd.to_f64())
            .sum::<f64>()
    }
}

impl Simple<'_> {
    fn seen(&self, range: &Range<i64>) -> Vec<i64> {
        let demand = self
            .lots
            .iter()
            .flat_map(|lot| lot.minutes.range(range.clone()));
        let up = self.rows.up.range(range.clone()).copied();
        let mut seen: Vec<i64> = up.chain(demand.map(|(minute, _)| *minute)).collect();
        seen.sort_unstable();
        seen.dedup();
        seen
    }

    /// What a dollar of reserved calls cost in a window.
    fn rent(&self, range: &Range<i64>) -> f64 {
        let rule = &self.settings.reserved[0];
        let paid = range.start.max(rule.minutes.start)..range.end.min(rule.minutes.end);
        let paid = paid.start..paid.end.max(paid.start);
        let cost = count(self.seen(&paid).len()) * rule.usd_per_hour.to_f64() / 60.0;
        let served = self.lots.iter().filter(|lot| lot.model == "gpt-4.1");
        let worth: f64 = served.map(|lot| lot.cost(&paid)).sum();
        if worth > 0.0 { cost / worth } else { 0.0 }
    }

    /// A minute of a lot at what it really cost, by what a dollar of reserved calls cost.
    fn bucket(&self, lot: &Lot, minute: i64, rent: f64) -> Bucket {
        let found = lot.minutes.get(&minute).map(Bucket::from);
        let bucket = found.unwrap_or_default();
        let serves = self.settings.reserved[0].minutes.contains(&minute);
        let times = if lot.model == "gpt-4.1" && serves {
            rent
        } else {
            1.0
        };
        let bucket = Bucket {
            api_usd: bucket.api_usd * times,
            ..bucket
        };
        // Reserved until the first of September; the other price never ends.
        let until = date(2026, 9, 1);
        let reserved =
            lot.model == "gpt-4.1" && serves && at(self.end).to_zoned(TimeZone::UTC).date() < until;
        if lot.model == "o3" || reserved {
            bucket.committed()
        } else {
            bucket
        }
    }

    fn columns(&self, range: &Range<i64>, wanted: impl Fn(&Takers) -> bool) -> Columns {
        let rent = self.rent(range);
        let minute = |minute: i64| {
            let mut all = Bucket::default();
            for lot in self.lots.iter().filter(|lot| wanted(&lot.takers)) {
                all.merge(&self.bucket(lot, minute, rent));
            }
            all
        };
        self.seen(range).into_iter().map(minute).collect()
    }

    fn evidence(&self, range: &Range<i64>, wanted: impl Fn(&Takers) -> bool) -> Evidence {
        let lots = self.lots.iter().filter(|lot| wanted(&lot.takers));
        let minutes: Vec<_> = lots
            .flat_map(|lot| lot.minutes.range(range.clone()))
            .collect();
        let sum = |of: fn(&DemandMinute) -> u64| {
            let all: u64 = minutes.iter().map(|(_, minute)| of(minute)).sum();
            real(all.into())
        };
        let known = {
            let columns = self.columns(range, wanted);
            let paid = columns.api_usd.iter().chain(&columns.committed_usd);
            paid.sum::<f64>()
        };
        let calls = sum(|it| it.total().calls);
        let tokens = sum(|it| {
            let total = it.total();
            total.uncached_input + total.cached_input + total.output
        });
        let (unpriced, unknown) = (sum(|it| it.unpriced_tokens), sum(|it| it.unknown_calls));
        let guessed = unpriced * known / tokens.max(1.0) + unknown * known / calls.max(1.0);
        // Where no dollar is known, all is a guess, if there is anything.
        let doubtful_share = if known > 0.0 {
            guessed / (known + guessed)
        } else {
            f64::from(u8::from(unpriced + unknown > 0.0))
        };
        let first = self.seen(&(i64::MIN..self.end))[0].max(range.start);
        Evidence {
            coverage: count(self.seen(range).len())
                / real((range.end - range.start).unsigned_abs().into()),
            calls,
            days_observed: u32::try_from((range.end - first + DAY_MINUTES - 1) / DAY_MINUTES)
                .unwrap(),
            doubtful_share,
            imported_calls: sum(|it| it.imported_calls),
            capture_ratio: None,
        }
    }

    fn hosted(&self, plan: usize, days: i64) -> Option<Hosted> {
        let window = days * DAY_MINUTES;
        let taken = |takers: &Takers| takers.plans.contains(&plan);
        let now = self.columns(&(self.end - window..self.end), taken);
        let before = self.columns(&(self.end - 2 * window..self.end - window), taken);
        let chosen = before.all().len() >= CHOOSING_MINUTES;
        let demand = Demand {
            now: now.all(),
            before: if chosen {
                before.all()
            } else {
                Minutes::default()
            },
        };
        let plan = &self.settings.plans[plan];
        match latency(plan, &demand.now) {
            Latency::Held(limit) => hosted(plan, Some(limit), &demand),
            Latency::NotChecked => hosted(plan, None, &demand),
            Latency::Infeasible(_) => None,
        }
    }
}

fn count(length: usize) -> f64 {
    real(length.try_into().unwrap())
}

/// Calls in bunches, in clusters of minutes over most of the kept days, and when tollgate was up: in
/// runs of minutes with gaps, and alone.
fn rows(random: &mut Rng, end: i64) -> Rows {
    let mut rows = Rows::default();
    let oldest = end - 34 * DAY_MINUTES;
    for _ in 0..12 {
        let first = random.i64(oldest..end);
        rows.up.extend(first..end.min(first + random.i64(1..1_500)));
    }
    for _ in 0..60 {
        let minute = random.i64(oldest + 60..end + 5);
        for _ in 0..random.u8(1..6) {
            let minute = minute + random.i64(0..3);
            let call = call(random, minute);
            (0..random.u8(1..90)).for_each(|_| rows.add(&call));
        }
    }
    rows
}

#[track_caller]
fn near(name: &str, said: f64, simple: f64) {
    let most = ROUNDING * (simple.abs() + 1.0);
    assert!(
        (said - simple).abs() <= most,
        "{name}: {said} is not {simple}"
    );
}

#[track_caller]
fn bands(name: &str, said: &Band, simple: &Band) {
    for scenario in Scenario::ALL {
        let (said, simple) = (said.figures(scenario), simple.figures(scenario));
        near(name, said.cost_usd, simple.cost_usd);
        near(name, said.savings_usd, simple.savings_usd);
    }
    near(
        name,
        said.all_at_worst.savings_usd,
        simple.all_at_worst.savings_usd,
    );
}

#[track_caller]
fn fleets(name: &str, said: &Hosted, simple: &Hosted) {
    bands(name, &said.band, &simple.band);
    assert_eq!(said.chosen_on, simple.chosen_on, "{name}");
    let figures = |it: &Hosted| {
        let replicas = [
            it.replicas.now,
            it.replicas.mean,
            it.replicas.p99,
            it.replicas.peak,
        ];
        let ratios =
            [it.utilisation, it.burst_ratio, it.usd_per_mtok].map(Option::unwrap_or_default);
        [
            replicas.to_vec(),
            ratios.to_vec(),
            vec![it.short_ratio, it.overflow_usd],
        ]
        .concat()
    };
    for (said, simple) in figures(said).into_iter().zip(figures(simple)) {
        near(name, said, simple);
    }
}

#[track_caller]
fn known(name: &str, said: &Evidence, simple: &Evidence) {
    let whole = |it: &Evidence| (it.calls, it.imported_calls, it.days_observed, it.coverage);
    assert_eq!(whole(said), whole(simple), "{name}");
    near(name, said.doubtful_share, simple.doubtful_share);
}

fn check(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let end = TODAY * DAY_MINUTES - random.i64(0..8 * DAY_MINUTES);
    let rows = rows(&mut random, end);
    let verdict = rows.read(States::default());
    assert!(verdict.tick(at(end)));
    let settings = &verdict.settings;
    let simple = Simple {
        settings,
        rows: &rows,
        lots: &lots(settings, &rows, end),
        end,
    };
    for (window, span) in verdict.report().windows.iter().zip(SPANS) {
        let days = i64::from(span.days);
        let range = end - days * DAY_MINUTES..end;
        let name = format!("seed {seed}, {}", span.label);
        let all = simple.columns(&range, |_| true);
        near(&name, window.api_cost.to_f64(), paid(&all));
        known(&name, &window.evidence, &simple.evidence(&range, |_| true));
        for (at, plan) in window.plans.iter().enumerate() {
            let (name, takes) = (format!("{name}, {}", plan.plan), |it: &Takers| {
                it.plans.contains(&at)
            });
            near(
                &name,
                plan.api_cost.to_f64(),
                paid(&simple.columns(&range, takes)),
            );
            known(&name, &plan.evidence, &simple.evidence(&range, takes));
            let found = simple.hosted(at, days);
            assert_eq!(plan.hosted.is_some(), found.is_some(), "{name}");
            if let (Some(said), Some(found)) = (&plan.hosted, &found) {
                fleets(&name, said, found);
            }
        }
        let sold = simple.columns(&range, |it| it.endpoints.contains(&0));
        let avoidable = sold.api_usd.iter().sum();
        let band = rented_tokens(&settings.endpoints[0].arm, &sold.all().sums(), avoidable);
        let band = band.beside(sold.committed_usd.iter().sum());
        bands(
            &format!("{name}, endpoint"),
            &window.endpoints[0].band,
            &band,
        );
    }
}

/// All that was paid, dollars.
fn paid(minutes: &Columns) -> f64 {
    minutes.api_usd.iter().chain(&minutes.committed_usd).sum()
}

#[test]
fn a_report_is_what_its_calls_say_minute_by_minute() {
    seeds(8).for_each(check);
}
