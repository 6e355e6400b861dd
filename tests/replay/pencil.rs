#![expect(
    clippy::float_arithmetic,
    reason = "what is held against the binary is computed here"
)]
//! What the verdict must say, by the pure functions of `economics` and nothing else: no queue, no
//! ledger, no tick.

use std::ops::Range;

use tollgate::config::{self, Config, Overrides};
use tollgate::economics::breakeven::BreakEven;
use tollgate::economics::decision::{Offer, Threshold, decide};
use tollgate::economics::growth::{Growth, growth_fit};
use tollgate::economics::hysteresis::{Day, Hysteresis, Rule};
use tollgate::economics::ownership::HOURS_PER_MONTH;
use tollgate::economics::plan::LatencyLimit;
use tollgate::economics::project::{
    Bucket, Columns, Demand, Minutes, breakeven, breakeven_days, hosted, rented_tokens,
};
use tollgate::economics::projection::{Band, Hosted, Spread};
use tollgate::economics::work::TokenSums;
use tollgate::economics::{CallDemand, DemandMinute, Endpoint, HostPlan};
use tollgate::money::Pico;
use tollgate::usage::TokenUsage;

use crate::clock::{BEGIN, DAY};
use crate::provider::{Call, PRICE_CUT};
use crate::support::tollgate::Home;

/// Days of the window that a state stands on.
const WINDOW: i64 = 14;

/// The plans of a configuration, and every minute of its calls.
pub(crate) struct Pencil {
    config: Config,
    minutes: Columns,
}

/// What the fortnight before a day says of one plan.
pub(crate) struct Said {
    pub(crate) hosted: Hosted,
    /// Of the endpoint, on the same calls.
    pub(crate) sold: Band,
    pub(crate) growth: Growth,
    pub(crate) breakeven: BreakEven,
    pub(crate) breakeven_days: Spread<Option<f64>>,
    pub(crate) calls_per_day: f64,
}

impl Pencil {
    pub(crate) fn new(home: &Home, calls: &[Call], days: i64) -> Self {
        let path = home.config();
        let config = config::load(Some(&path), &Overrides::default()).unwrap();
        let mut minutes = vec![DemandMinute::default(); usize::try_from(days * DAY).unwrap()];
        for call in calls {
            let minute = usize::try_from(call.at_ms / 60_000 - BEGIN).unwrap();
            add(&mut minutes[minute], call);
        }
        Self {
            config,
            minutes: minutes.iter().map(Bucket::from).collect(),
        }
    }

    pub(crate) fn plans(&self) -> &[HostPlan] {
        &self.config.plans.plans
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.config.plans.endpoints[0]
    }

    /// The minutes of some days, as far as there are.
    fn days(&self, days: Range<i64>) -> Minutes<'_> {
        let at = |day: i64| usize::try_from(day.max(0) * DAY).unwrap();
        let end = at(days.end);
        assert!(end <= self.minutes.all().len());
        self.minutes.all().part(&(at(days.start)..end))
    }

    /// The fortnight before a day as hosted: replicas chosen on what was seen of the one before.
    pub(crate) fn hosted(&self, plan: &HostPlan, day: i64) -> Hosted {
        let demand = Demand {
            now: self.days(day - WINDOW..day),
            before: self.days(day - 2 * WINDOW..day - WINDOW),
        };
        hosted(plan, limit(plan), &demand).unwrap()
    }

    /// What a day cost on the API, and would have cost hosted with replicas chosen on the fortnight
    /// before it.
    pub(crate) fn came(&self, plan: &HostPlan, day: i64) -> (f64, f64) {
        let demand = Demand {
            now: self.days(day..day + 1),
            before: self.days(day - WINDOW..day),
        };
        let hosted = hosted(plan, limit(plan), &demand).unwrap();
        (totals(demand.now).1, hosted.band.expected.cost_usd)
    }

    /// The endpoint over the same fortnight.
    fn rented(&self, day: i64) -> Band {
        let (sums, api_usd) = totals(self.days(day - WINDOW..day));
        rented_tokens(&self.endpoint().arm, &sums, api_usd)
    }

    pub(crate) fn said(&self, plan: &HostPlan, day: i64) -> Said {
        let now = self.days(day - WINDOW..day);
        let sold = self.rented(day);
        let rival = sold.expected.savings_usd.max(0.0);
        let tokens = (0..day).map(|at| totals(self.days(at..at + 1)).0.tokens());
        let growth = growth_fit(&tokens.collect::<Vec<_>>()).unwrap();
        Said {
            hosted: self.hosted(plan, day),
            breakeven: breakeven(plan, limit(plan), now, rival).unwrap(),
            breakeven_days: breakeven_days(plan, limit(plan), now, rival, &growth).unwrap(),
            calls_per_day: totals(now).0.calls / real(WINDOW),
            sold,
            growth,
        }
    }

    /// The days at whose ends the state of a plan switches, and what to.
    pub(crate) fn switches(&self, plan: &HostPlan) -> Vec<(i64, bool)> {
        // With a fortnight and, for the choice of replicas, most of a day before it.
        let days = WINDOW..i64::try_from(self.minutes.all().len()).unwrap() / DAY;
        let mut state = Hysteresis::default();
        let mut switches = Vec::new();
        for last in days {
            let after = state.after(&self.day(plan, last), &Rule::default());
            if after.cheaper != state.cheaper {
                switches.push((last, after.cheaper));
            }
            state = after;
        }
        switches
    }

    /// What a closed day says of a plan.
    fn day(&self, plan: &HostPlan, last: i64) -> Day {
        let end = last + 1;
        let (_, api_usd) = totals(self.days(end - WINDOW..end));
        let offer = Offer {
            rival_savings_usd: self.rented(end).expected.savings_usd.max(0.0),
            ..Offer::of(&self.hosted(plan, end).band, api_usd)
        };
        let threshold = Threshold {
            min_saving_usd_per_month: plan.min_saving_usd_per_month,
            months: real(WINDOW) * 24.0 / HOURS_PER_MONTH,
        };
        decide(&offer, threshold, 1.0)
    }
}

fn add(minute: &mut DemandMinute, call: &Call) {
    let usage = TokenUsage {
        input: Some(call.input),
        cache_read: Some(call.cached),
        output: Some(call.output),
        ..TokenUsage::default()
    };
    // A cached token is the unit: 75 dollars a million are as many millions of picodollars a token.
    let unit = if call.at_ms < PRICE_CUT * 60_000 {
        75_000_000
    } else {
        7_500_000
    };
    let units = 2 * (call.input - call.cached) + call.cached + 8 * call.output;
    minute.add(&CallDemand {
        started_ms: call.at_ms,
        duration_ms: 0,
        usage: &usage,
        side: &[],
        cost_usd: Some(Pico(i128::from(units) * unit)),
        imported: false,
    });
}

fn totals(minutes: Minutes<'_>) -> (TokenSums, f64) {
    (minutes.sums(), minutes.api_usd.iter().sum())
}

#[expect(clippy::unnecessary_wraps, reason = "as the functions take it")]
fn limit(plan: &HostPlan) -> Option<f64> {
    match plan.latency {
        LatencyLimit::Seconds(limit) => Some(limit),
        LatencyLimit::AsToday => panic!("a replayed call takes no time"),
    }
}

fn real(whole: i64) -> f64 {
    i32::try_from(whole).unwrap().into()
}
