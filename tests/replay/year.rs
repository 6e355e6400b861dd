#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a made year is volumes and prices"
)]
//! A year of the verdict by a clock that is an argument: growth, weekdays, noise, two price cuts, days
//! down, a cheaper plan, and a restart each month. It switches on the days on which the pure rule does.
//!
//! One minute in ten is observed, as the trace has one figure for ten minutes; what is asked of
//! coverage is a tenth as well. `TOLLGATE_YEARS` (1) is how many seeds there are, from 1 on.

use std::ops::Range;

use tollgate::config::{self, Overrides};
use tollgate::economics::decision::{Offer, Threshold, decide};
use tollgate::economics::hysteresis::{Day, Hysteresis, Rule};
use tollgate::economics::ownership::HOURS_PER_MONTH;
use tollgate::economics::plan::LatencyLimit;
use tollgate::economics::project::{Bucket, Columns, Demand, hosted};
use tollgate::economics::projection::AlternativeKind;
use tollgate::economics::{DemandMinute, DemandSums, HostPlan, Stream};
use tollgate::money::Pico;
use tollgate::verdict::{Settings, States, Verdict};

use crate::clock::{BEGIN, DAY};
use crate::promises::Promises;
use crate::provider::{MODEL, PRICES};
use crate::season::{Row, rows};
use crate::support::tollgate::Home;
use crate::weeks::PLANS;

const DAYS: i64 = 365;
/// Observed minutes of a day.
const SEEN: i64 = DAY / 10;
/// Days of the window, and of what a verdict keeps.
pub(crate) const WINDOW: i64 = 14;
const KEPT: i64 = 35;
/// Fewer observed minutes before the window choose no replicas.
const CHOOSING_MIN: usize = 1_296;
/// Days that are decided at once, at most.
pub(crate) const MISSED_MAX: i64 = 7;
/// A restart comes so often, days.
const RESTARTS: i64 = 30;
/// From this day on a GPU hour costs two fifths.
pub(crate) const CHEAPER_PLAN: i64 = 330;
/// On the first day, of the trace.
const VOLUME: f64 = 0.7 / 180.0;
/// Days in which it grows by a factor e.
const GROWTH_DAYS: f64 = 230.0;
/// Of the mean day, from a Monday on.
const WEEKDAYS: [f64; 7] = [1.1, 1.15, 1.15, 1.1, 1.0, 0.8, 0.7];
/// Standard deviation of a day's volume, of its mean.
const NOISE: f64 = 0.1;

/// What the API asks, dollars per million tokens in and out.
const fn api_usd(day: i64) -> (f64, f64) {
    match day {
        ..150 => (1.5, 6.0),
        150..280 => (0.9, 3.6),
        _ => (0.45, 1.8),
    }
}

/// A made year: each observed minute, or none where tollgate was down.
pub(crate) struct Year {
    minutes: Vec<Option<DemandMinute>>,
    buckets: Vec<Option<Bucket>>,
    /// As it is at first, and from [`CHEAPER_PLAN`] on.
    plans: [HostPlan; 2],
}

impl Year {
    /// Down after one o'clock on the days of `down`.
    fn made(seed: u64, down: &[i64]) -> Self {
        let rows = rows();
        let made = |at: i64| {
            let (day, nth) = (at / SEEN, at % SEEN);
            let row = rows[at as usize % rows.len()];
            let is_seen = nth < 6 || !down.contains(&day);
            is_seen.then(|| minute(row, volume(seed, day), api_usd(day)))
        };
        let minutes: Vec<_> = (0..DAYS * SEEN).map(made).collect();
        Self {
            buckets: minutes
                .iter()
                .map(|at| at.as_ref().map(Bucket::from))
                .collect(),
            minutes,
            plans: [plan("2.50"), plan("1.00")],
        }
    }

    fn plan(&self, day: i64) -> &HostPlan {
        &self.plans[usize::from(day >= CHEAPER_PLAN)]
    }

    fn seen(&self, days: Range<i64>) -> Columns {
        let at = |day: i64| (day.max(0) * SEEN) as usize;
        let seen = &self.buckets[at(days.start)..at(days.end)];
        seen.iter().copied().flatten().collect()
    }

    /// What a verdict is given of some days.
    pub(crate) fn kept(
        &self,
        days: Range<i64>,
    ) -> impl Iterator<Item = (Stream, i64, DemandMinute)> {
        let stream = Stream {
            upstream: "openai".into(),
            model: MODEL.into(),
            capability: "8k".parse().unwrap(),
        };
        (days.start.max(0) * SEEN..days.end * SEEN).filter_map(move |at| {
            let sums = self.minutes[at as usize]?;
            Some((stream.clone(), BEGIN + at * 10, sums))
        })
    }

    /// The days at whose ends the state switches, by the verdict, and what it promised on them.
    fn live(&self) -> (Vec<(i64, bool)>, Promises) {
        let mut promises = Promises::default();
        let mut verdict = Verdict::new(settings(self.plan(0)), States::default());
        let mut switches = Vec::new();
        let mut was = false;
        for day in 0..DAYS {
            let plan = self.plan(day);
            if day % RESTARTS == 0 || *plan != *self.plan(day - 1) {
                let stored = serde_json::to_string(&verdict.stored()).unwrap();
                verdict = Verdict::new(settings(plan), serde_json::from_str(&stored).unwrap());
                verdict.load(self.kept(day - KEPT..day), []);
            }
            verdict.load(self.kept(day..day + 1), []);
            let closed = BEGIN + (day + 1) * DAY + 20;
            verdict.tick(jiff::Timestamp::from_second(closed * 60).unwrap());
            promises.look(self, &verdict, day);
            let held = verdict.stored().of(AlternativeKind::Selfhost, &plan.name);
            if held.hysteresis.cheaper != was {
                was = !was;
                switches.push((day, was));
            }
        }
        (switches, promises)
    }

    /// What a day cost on the API, and would have cost by the plan of another day, its replicas chosen on
    /// the fortnight before; nothing where it was not seen.
    pub(crate) fn came(&self, decided: i64, day: i64) -> Option<(f64, f64)> {
        let (now, before) = (self.seen(day..day + 1), self.seen(day - WINDOW..day));
        let (now, before) = (now.all(), before.all());
        let is_seen = now.len() as f64 / DAY as f64 >= rule().coverage_min;
        let plan = self.plan(decided);
        let hosted = hosted(plan, limit(plan), &Demand { now, before })?;
        let api_usd = now.api_usd.iter().sum();
        is_seen.then_some((api_usd, hosted.band.expected.cost_usd))
    }

    /// The same by a few lines of pure functions. A state is about its plan: by another one it begins
    /// anew, over the days that are decided after a pause.
    fn pencil(&self) -> Vec<(i64, bool)> {
        let mut state = Hysteresis::default();
        let mut switches = Vec::new();
        for last in WINDOW - 1..DAYS {
            let was = state.cheaper;
            let plan = self.plan(last);
            let is_new = *plan != *self.plan(last - 1);
            if is_new {
                state = Hysteresis::default();
            }
            let first = if is_new { last - MISSED_MAX + 1 } else { last };
            for day in (first..=last).filter_map(|day| self.day(plan, day)) {
                state = state.after(&day, &rule());
            }
            if state.cheaper != was {
                switches.push((last, state.cheaper));
            }
        }
        switches
    }

    /// What a closed day says; nothing without enough evidence.
    fn day(&self, plan: &HostPlan, last: i64) -> Option<Day> {
        let end = last + 1;
        let now = self.seen(end - WINDOW..end);
        let before = self.seen(end - 2 * WINDOW..end - WINDOW);
        let (now, before) = (now.all(), before.all());
        let coverage = |seen: usize, days: i64| seen as f64 / (days * DAY) as f64;
        let is_thin = coverage(now.len(), WINDOW) < rule().coverage_min;
        if is_thin || before.len() < CHOOSING_MIN {
            return None;
        }
        let hosted = hosted(plan, limit(plan), &Demand { now, before })?;
        let threshold = Threshold {
            min_saving_usd_per_month: plan.min_saving_usd_per_month,
            months: now.len() as f64 / 60.0 / HOURS_PER_MONTH,
        };
        let api_usd = now.api_usd.iter().sum();
        let day = coverage(self.seen(last..end).all().len(), 1);
        Some(decide(&Offer::of(&hosted.band, api_usd), threshold, day))
    }
}

fn limit(plan: &HostPlan) -> Option<f64> {
    match plan.latency {
        LatencyLimit::Seconds(limit) => Some(limit),
        LatencyLimit::AsToday => None,
    }
}

pub(crate) fn rule() -> Rule {
    Rule {
        coverage_min: 0.9 / 10.0,
        ..Rule::default()
    }
}

fn settings(plan: &HostPlan) -> Settings {
    Settings {
        plans: vec![plan.clone()],
        rule: rule(),
        ..Settings::default()
    }
}

/// The plan whose replicas are chosen, a hundred times as fast, at a price of a GPU hour.
fn plan(gpu_usd: &str) -> HostPlan {
    let plans = PLANS
        .replace(
            "a = 2e-2, b = 2e-2, c = 1e-6",
            "a = 2e-4, b = 2e-4, c = 1e-8",
        )
        .replace("= 2.50", &format!("= {gpu_usd}"));
    let home = Home::new(&format!("{PRICES}{plans}"));
    let config = config::load(Some(&home.config()), &Overrides::default()).unwrap();
    config.plans.plans[0].clone()
}

fn volume(seed: u64, day: i64) -> f64 {
    let mut random = fastrand::Rng::with_seed(seed * 1_000 + day as u64);
    let (radius, angle) = (1.0 - random.f64(), random.f64());
    let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
    let noise = (1.0 + NOISE * normal).max(0.1);
    VOLUME * (day as f64 / GROWTH_DAYS).exp() * WEEKDAYS[day as usize % 7] * noise
}

fn minute((per_second, input, output): Row, volume: f64, usd: (f64, f64)) -> DemandMinute {
    let calls = per_second * 60.0 * volume;
    let whole = |sum: f64| sum.round() as u64;
    let mut minute = DemandMinute::default();
    minute.slots[0] = DemandSums {
        calls: whole(calls),
        uncached_input: whole(calls * input),
        cached_input: 0,
        output: whole(calls * output),
        output_by_input: whole(calls * input * output).into(),
        output_squared: whole(calls * output * output).into(),
        cost_usd: Pico(whole(calls * (input * usd.0 + output * usd.1) * 1e6).into()),
        duration_ms: 0,
    };
    minute
}

#[test]
fn a_year_switches_on_the_days_that_the_pure_rule_says_and_an_outage_only_delays() {
    let years = std::env::var("TOLLGATE_YEARS").map_or(1, |years| years.parse().unwrap());
    for seed in 1..=years {
        let whole = Year::made(seed, &[]).pencil();
        println!("seed {seed}: {whole:?}");
        let [
            (on, true),
            (off, false),
            (again, true),
            (cut, false),
            (cheaper, true),
        ] = whole[..]
        else {
            panic!("seed {seed}: {whole:?}");
        };
        // Growth, the first cut, growth, the second cut, the cheaper plan: each once.
        assert!(on < 149 && (152..180).contains(&off) && (off..280).contains(&again));
        assert!((282..CHEAPER_PLAN).contains(&cut) && cheaper == CHEAPER_PLAN);
        // Down on the second of the three days that switch it on.
        let down = Year::made(seed, &[on - 1]);
        let ((live, promises), pencil) = (down.live(), down.pencil());
        println!("seed {seed}, down on day {}: {live:?}", on - 1);
        assert_eq!(live, pencil, "seed {seed}");
        assert_eq!(live[0], (on + 1, true), "seed {seed}");
        assert_eq!(live[1..], whole[1..], "seed {seed}");
        promises.verify(&down, &live);
        promises.add_up(&down, &live, DAYS - 1);
    }
}
