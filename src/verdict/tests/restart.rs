//! What is kept minute by minute is to the bit what is read from the ledger after a start.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::live::record;
use super::made::{TODAY, endpoint, plan, settings};
use crate::call::{CallRecord, Flag};
use crate::economics::evaluate::Policy;
use crate::economics::{DemandMinute, Stream};
use crate::money::{Avoidable, Pico};
use crate::usage::TokenUsage;
use crate::verdict::{DAY_MINUTES, PaidRule, ReservedRule, Settings, States, Verdict, demand_of};

const MODELS: [&str; 4] = ["gpt-4o", "gpt-4o-2024-08-06", "gpt-4.1", "o3"];

/// What the ledger keeps: the minutes in their order, stream by stream, and when tollgate was up.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) demand: BTreeMap<(i64, Stream), DemandMinute>,
    pub(super) up: BTreeSet<i64>,
}

/// Plans of two policies for some of the models, one of them with a bound on bursts; hours that are
/// reserved for one model, and money for another that cannot be avoided.
pub(super) fn many_ways() -> Settings {
    let bursts = plan(|draft| {
        draft.ttft_limit_seconds = Some(2.0);
        draft.replaces = vec!["gpt-4o".into(), "o3".into()];
    });
    let mut follows = plan(|draft| {
        draft.name = "follows".into();
        draft.replaces = vec!["gpt-4o".into(), "gpt-4.1".into()];
    });
    follows.policy = Policy::Auto {
        warm_buckets: 3,
        cool_buckets: 10,
    };
    let middle = (TODAY - 20) * DAY_MINUTES;
    Settings {
        reserved: vec![ReservedRule {
            name: "ptu".into(),
            upstreams: vec!["openai".into()],
            models: vec!["gpt-4.1".into()],
            minutes: middle - 777..middle + 8_000,
            usd_per_hour: Pico::from_units(20),
            avoidable: Avoidable::From(date(2026, 9, 1)),
        }],
        paid: vec![PaidRule {
            upstream: "openai".into(),
            model: "o3".into(),
            since: date(2026, 1, 1),
            avoidable: Avoidable::Never,
        }],
        ..settings(vec![bursts, follows], vec![endpoint(|_| {})])
    }
}

/// A call that ends in a minute or a little before, begun up to half an hour earlier.
pub(super) fn call(random: &mut Rng, minute: i64) -> CallRecord {
    let started = minute * 60 - random.i64(0..1_800);
    let tokens = (random.u64(1..9_000), random.u64(0..4_000));
    let mut call = CallRecord {
        started_at: Timestamp::from_second(started).unwrap(),
        duration_ms: random.u64(0..1_800_000),
        cost_usd: Some(Pico(random.i64(0..900_000_000_000).into())),
        usage: TokenUsage {
            input: Some(tokens.0),
            output: Some(tokens.1),
            cache_read: Some(random.u64(0..tokens.0)),
            ..TokenUsage::default()
        },
        ..record(
            MODELS[random.usize(0..4)],
            ["8k", "32k"][random.usize(0..2)],
        )
    };
    match random.u8(0..20) {
        0 => call.cost_usd = None,
        1 => call.usage.input = None,
        2 => call.flags = vec![Flag::Imported],
        _ => {}
    }
    call
}

impl Rows {
    pub(super) fn add(&mut self, call: &CallRecord) {
        let (stream, demand) = demand_of(call).unwrap();
        let minute = demand.place().minute;
        self.demand
            .entry((minute, stream))
            .or_default()
            .add(&demand);
    }

    /// A verdict that has just read them.
    pub(super) fn read(&self, states: States) -> Verdict {
        let verdict = Verdict::new(many_ways(), states);
        let demand = self.demand.iter();
        verdict.load(
            demand.map(|((minute, stream), sums)| (stream.clone(), *minute, *sums)),
            self.up.iter().copied(),
        );
        verdict
    }
}

pub(super) fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap() + SignedDuration::from_secs(7)
}

/// The windows and states as they are said after a minute.
fn said(verdict: &Verdict, minute: i64) -> String {
    assert!(verdict.tick(at(minute)));
    let report = verdict.report();
    format!("{:#?} {:#?}", report.windows, report.states)
}

#[track_caller]
fn check(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let (live, mut rows) = (
        Verdict::new(many_ways(), States::default()),
        Rows::default(),
    );
    let mut minute = (TODAY - random.i64(1..60)) * DAY_MINUTES;
    for _ in 0..120 {
        match random.u8(0..10) {
            0..=5 => {
                let call = call(&mut random, minute);
                live.record(&call);
                rows.add(&call);
            }
            6..=8 => minute += random.i64(1..40),
            _ => minute += random.i64(1..2_000),
        }
        if random.u8(0..3) > 0 {
            live.tick(at(minute));
            rows.up.insert(minute);
        }
    }
    // What is searched for is found anew at the hour.
    let hour = (minute / 60 + 1) * 60;
    let states = live.stored();
    assert_eq!(
        said(&live, hour),
        said(&rows.read(states), hour),
        "seed {seed}"
    );
}

#[test]
fn any_calls_and_passes_leave_what_a_start_reads() {
    (0..12).for_each(check);
}

#[test]
fn a_late_call_lands_in_windows_that_were_computed() {
    let live = Verdict::new(many_ways(), States::default());
    let mut rows = Rows::default();
    let minute = TODAY * DAY_MINUTES;
    let mut random = Rng::with_seed(7);
    for ago in [40, 25, 14, 2] {
        let before = said(&live, minute - ago);
        rows.up.insert(minute - ago);
        // Fourteen minutes in which the minute of its arrival stays open, and one after.
        let call = CallRecord {
            started_at: at(minute - ago - 14),
            duration_ms: 14 * 60_000,
            ..call(&mut random, minute)
        };
        live.record(&call);
        rows.add(&call);
        assert_ne!(said(&live, minute - ago + 1), before);
        rows.up.insert(minute - ago + 1);
    }
    let states = live.stored();
    assert_eq!(said(&live, minute), said(&rows.read(states), minute));
}
