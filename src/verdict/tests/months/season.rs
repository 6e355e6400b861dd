#![expect(
    clippy::float_arithmetic,
    reason = "a made season is volumes and prices"
)]
//! The days that are decided: the trace again and again, at a made volume, price and coverage.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, MutexGuard};

use crate::economics::assumptions::{Parameter, Range};
use crate::economics::demand::{DemandMinute, DemandSums};
use crate::economics::project::{Columns, Demand, breakeven, hosted};
use crate::economics::projection::AlternativeKind;
use crate::money::Pico;
use crate::verdict::pass::day;
use crate::verdict::reserved::Paid;
use crate::verdict::seen::{Observed, Seen};
use crate::verdict::state::DayFacts;
use crate::verdict::tests::made::{certain, plan, settings, stream};
use crate::verdict::{DAY_MINUTES, Settings, States, Verdict};

/// The days that are decided.
pub(super) const DAYS: i64 = 160;
/// Days before them: a window, and the one its replicas are chosen on.
const EARLIER_DAYS: i64 = 28;
/// Days of the trace.
const TRACE_DAYS: i64 = 14;
/// Minutes from one observed minute to the next.
const EVERY: i64 = 10;
/// Standard deviation of a day's volume, of its mean.
const NOISE: f64 = 0.15;
/// What the API asks, dollars per million tokens in and out.
const API_USD_PER_MTOK: (f64, f64) = (0.27, 1.10);
/// One engineer, dollars a month.
const PEOPLE_USD: f64 = 16_667.0;
/// The plan's limit, seconds per output token.
const TPOT_LIMIT: f64 = 0.05;

/// A row of the trace: calls a second, and their mean tokens in and out.
type Row = (f64, f64, f64);
/// No money of the trace is committed, so any day will do.
const ANY_DAY: jiff::civil::Date = jiff::civil::date(2026, 9, 1);

static FORTNIGHT: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let trace = include_str!("../../../../tests/fixtures/traces/servegen-m-large-14d-10min.csv");
    let mut rows = csv::Reader::from_reader(trace.as_bytes());
    let rows = rows.deserialize::<(f64, f64, f64, f64, f64)>();
    rows.map(Result::unwrap)
        .map(|(_, calls, input, output, _)| (calls, input, output))
        .collect()
});

/// The part of the trace's volume at which the cheapest base with overflow costs what the API does.
static BREAK_EVEN: LazyLock<f64> = LazyLock::new(|| {
    let (settings, trace) = (
        two_h100s(),
        Made {
            volume: 1.0,
            ..STILL
        },
    );
    let plan = settings.plans[0].clone();
    let live = live(settings, |_| trace);
    let scales = breakeven(
        &plan,
        Some(TPOT_LIMIT),
        columns(&live, -TRACE_DAYS..0).all(),
        0.0,
    );
    let scales = scales.unwrap();
    assert_eq!(scales.first, scales.robust);
    scales.first.unwrap()
});

/// What one day was, against the trace.
#[derive(Clone, Copy)]
pub(super) struct Made {
    pub(super) volume: f64,
    /// API prices, against those of the start.
    pub(super) price: f64,
    /// The part of the day that was observed.
    pub(super) seen: f64,
}

/// A day of no traffic.
pub(super) const STILL: Made = Made {
    volume: 0.0,
    price: 1.0,
    seen: 1.0,
};

/// A day of so many times the volume at break-even.
pub(super) fn volume(times: f64) -> Made {
    Made {
        volume: times * *BREAK_EVEN,
        ..STILL
    }
}

impl Made {
    fn bits(self) -> [u64; 3] {
        [self.volume, self.price, self.seen].map(f64::to_bits)
    }

    fn minute(self, (calls, input, output): Row) -> DemandMinute {
        let calls = calls * 60.0 * self.volume;
        let (usd_in, usd_out) = API_USD_PER_MTOK;
        let pico_usd = self.price * calls * (input * usd_in + output * usd_out) * 1e6;
        let mut minute = DemandMinute::default();
        minute.slots[0] = DemandSums {
            calls: whole(calls),
            uncached_input: whole(calls * input),
            cached_input: 0,
            output: whole(calls * output),
            output_by_input: whole(calls * input * output).into(),
            output_squared: whole(calls * output * output).into(),
            cost_usd: Pico(whole(pico_usd).into()),
            duration_ms: 0,
        };
        minute
    }
}

/// A plan with people; nothing is uncertain, so that only the rule of the state is left to hold it.
fn two_h100s() -> Settings {
    let plan = plan(|draft| {
        certain(draft);
        draft
            .ranges
            .retain(|(parameter, _)| *parameter != Parameter::OpsUsdPerMonth);
        draft
            .ranges
            .push((Parameter::OpsUsdPerMonth, Range::certain(PEOPLE_USD)));
        draft.tpot_limit_seconds = Some(TPOT_LIMIT);
        draft.replaces = vec!["deepseek-chat".into()];
    });
    let mut settings = settings(vec![plan], vec![]);
    settings.rule.coverage_min = 0.9 / 10.0;
    settings
}

/// All days, from [`EARLIER_DAYS`] before the first that is decided; none is forgotten.
fn live(settings: Settings, made: impl Fn(i64) -> Made) -> Verdict {
    let live = Verdict::new(settings, States::default());
    let name = stream("deepseek-chat", "8k");
    for day in -EARLIER_DAYS..DAYS {
        let made = made(day);
        let first = day.rem_euclid(TRACE_DAYS) * DAY_MINUTES / EVERY;
        let rows = FORTNIGHT.iter().skip(first.try_into().unwrap());
        let minutes = (0..DAY_MINUTES).step_by(10).zip(rows);
        let seen = minutes.filter(|(minute, _)| real(*minute) < made.seen * real(DAY_MINUTES));
        let at = |minute| day * DAY_MINUTES + minute;
        live.load(
            seen.map(|(minute, row)| (name.clone(), at(minute), made.minute(*row))),
            [],
        );
    }
    let closed = live.demand().close(i64::MAX);
    live.kept().show(&closed, vec![], i64::MIN);
    live
}

/// The nearest whole number.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "made figures are not negative, and far below 2⁵³"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

/// A whole number as a real one.
pub(super) fn real(whole: i64) -> f64 {
    i32::try_from(whole).unwrap().into()
}

/// A factor around 1, the same for the same seed and day.
pub(super) fn noise(seed: u64, day: i64) -> f64 {
    let mut random =
        fastrand::Rng::with_seed(seed * 1_000 + u64::try_from(day + EARLIER_DAYS).unwrap());
    let (radius, angle) = (1.0 - random.f64(), random.f64());
    let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
    (1.0 + NOISE * normal).max(0.1)
}

/// What [`DAYS`] days said.
pub(super) struct Season {
    live: Verdict,
    /// What each day said about the plan.
    said: Vec<Vec<DayFacts>>,
}

pub(super) fn season(made: impl Fn(i64) -> Made) -> Season {
    let live = live(two_h100s(), &made);
    let decided = |at| {
        day(
            &live.settings,
            (&live.kept(), &seen(&live, at - 27..at + 1)),
            at,
        )
    };
    let decided = |at: i64| {
        // Of seasons that differ in some days the others say the same.
        let made = (at - 27..=at).flat_map(|at| made(at).bits());
        let month = (at.rem_euclid(TRACE_DAYS), made.collect());
        let known = lock(&DECIDED).get(&month).cloned();
        known.unwrap_or_else(|| {
            let facts = decided(at);
            lock(&DECIDED).insert(month, facts.clone());
            facts
        })
    };
    let said = (0..DAYS).map(decided).collect();
    Season { live, said }
}

/// What a day said, by its place in the trace and the four weeks that it looks at.
type Decided = BTreeMap<(i64, Vec<u64>), Vec<DayFacts>>;

static DECIDED: Mutex<Decided> = Mutex::new(Decided::new());

fn lock(decided: &Mutex<Decided>) -> MutexGuard<'_, Decided> {
    decided.lock().unwrap()
}

/// The observed minutes of some days.
fn seen(live: &Verdict, days: std::ops::Range<i64>) -> Seen {
    live.demand()
        .seen(days.start * DAY_MINUTES..days.end * DAY_MINUTES)
}

/// The minutes of the plan on some days.
fn columns(live: &Verdict, days: std::ops::Range<i64>) -> Columns {
    let (kept, seen) = (live.kept(), &seen(live, days.clone()));
    let observed = Observed::of(seen, days.start * DAY_MINUTES..days.end * DAY_MINUTES);
    let series = kept.series(0, seen);
    let paid = Paid::of(&[], &kept, &observed, ANY_DAY);
    let (api_usd, committed_usd) = paid.money(&series, &observed);
    let part = series.columns.all().part(&observed.places);
    let own = |column: &&[f64]| column.to_vec();
    Columns {
        total: part.total.map(own),
        busiest: part.busiest.map(own),
        api_usd,
        committed_usd,
        duration_seconds: part.duration_seconds.to_vec(),
    }
}

impl Season {
    /// The days on which the state switched, and what to.
    pub(super) fn switches(&self, begins: bool) -> Vec<(i64, bool)> {
        let settings = &self.live.settings;
        let name = &settings.plans[0].name;
        let mut states = States::default();
        let held = states.held.entry(format!("selfhost/{name}")).or_default();
        held.hysteresis.cheaper = begins;
        let mut switches = Vec::new();
        for (day, facts) in (0..).zip(&self.said) {
            let cheaper = |states: &States| {
                let held = states.of(AlternativeKind::Selfhost, name);
                held.hysteresis.cheaper
            };
            let before = cheaper(&states);
            states.decide(day, facts, settings);
            if cheaper(&states) != before {
                switches.push((day, !before));
            }
        }
        switches
    }

    /// The first of three days in a row on which hosting was dearer over the fortnight, as a day
    /// in the past would be found with a pencil.
    pub(super) fn third_loss(&self) -> Option<i64> {
        let lost = |facts: &Vec<DayFacts>| facts[0].day.is_some_and(|day| day.ratio < 0.0);
        let losses: Vec<bool> = self.said.iter().map(lost).collect();
        let three = losses.windows(3).position(|days| days == [true; 3])?;
        Some(i64::try_from(three).unwrap() + 2)
    }

    /// How often the saving over the trailing days changes its sign.
    pub(super) fn flips(&self, window: i64) -> usize {
        let of = |days| columns(&self.live, days);
        let saves = |day: i64| {
            let (now, before) = (of(day - window..day), of(day - 2 * window..day - window));
            let demand = Demand {
                now: now.all(),
                before: before.all(),
            };
            let hosted = hosted(&self.live.settings.plans[0], Some(TPOT_LIMIT), &demand).unwrap();
            hosted.band.expected.savings_usd >= 0.0
        };
        let signs: Vec<bool> = (1..=DAYS).map(saves).collect();
        signs.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }
}
