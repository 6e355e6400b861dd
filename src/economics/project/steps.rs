#![expect(
    clippy::float_arithmetic,
    reason = "steps of a projection are estimates"
)]
//! How a plan's figure comes about, step by step: work of a call, load, replicas, what is fixed, and
//! the closed form beside what its replicas can carry.

use super::buckets_hours;
use super::columns::Minutes;
use super::loads::Loads;
use crate::economics::assumptions::Parameter;
use crate::economics::breakeven::breakeven_requests_closed_form;
use crate::economics::evaluate::Policy;
use crate::economics::naive::{Card, naive_inference_cost_per_1k};
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::plan::{HostPlan, conversion};
use crate::economics::price::ratio;
use crate::economics::replicas::need;
use crate::economics::work::{TokenSums, work};

/// Hours of a day.
const DAY_HOURS: f64 = 24.0;

/// The steps of a plan over some minutes, at the expected values.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// Calls a day.
    pub calls_per_day: f64,
    /// What a call keeps busy.
    pub work: CallWork,
    /// Mean number of fully busy replicas.
    pub mean_load: f64,
    /// The same in the busiest minute.
    pub peak_load: f64,
    /// A replica counts as full at this load.
    pub utilisation: f64,
    /// Replicas that the mean load needs; no answer to the peak.
    pub replicas_for_mean: u32,
    /// Replicas that the busiest minute needs.
    pub replicas_for_peak: u32,
    /// Dollars an hour for a replica.
    pub usd_per_replica_hour: f64,
    /// What a call costs on the API, dollars.
    pub api_usd_per_call: f64,
    /// What is paid a day whatever comes, and what it can carry; absent where replicas are paid for
    /// only while they are up.
    pub fixed: Option<Fixed>,
    /// The naive figure, if the arithmetic of the card at this precision is known.
    pub naive: Option<Naive>,
}

/// Replica-seconds of a mean call, and their parts; the parts sum to the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallWork {
    /// Reading the input: a·(I + (1-κ)·H).
    pub prefill_seconds: f64,
    /// Writing the output: b·O + c·X, under the latency limit if there is one.
    pub decode_seconds: f64,
    /// The constant of a call: d.
    pub call_seconds: f64,
    /// The factor on the throughput source, contained in the parts.
    pub multiplier: f64,
}

impl CallWork {
    /// The whole call.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.prefill_seconds + self.decode_seconds + self.call_seconds
    }
}

/// The closed form: one fixed daily cost over the gain of a call, which knows no capacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed {
    /// Replicas in the fixed cost: the configured number, or the least.
    pub replicas: u32,
    /// Their hours, dollars a day.
    pub machines_usd_per_day: f64,
    /// People, dollars a day.
    pub people_usd_per_day: f64,
    /// What is paid once, spread, dollars a day.
    pub one_off_usd_per_day: f64,
    /// What a call costs on the API, dollars.
    pub api_usd_per_call: f64,
    /// What a hosted call still costs: fees, and its share of repetitions, dollars.
    pub own_usd_per_call: f64,
    /// Calls a day at which the fixed cost is earned; absent if a hosted call gains nothing.
    pub closed_form_calls_per_day: Option<f64>,
    /// Calls a day of this mix that the replicas carry when they are always full; absent if a call is
    /// no work.
    pub capacity_calls_per_day: Option<f64>,
    /// What a call costs when these replicas are always full, dollars: no volume makes it less.
    pub full_usd_per_call: Option<f64>,
}

impl Fixed {
    /// What is fixed, dollars a day.
    #[must_use]
    pub fn usd_per_day(&self) -> f64 {
        self.machines_usd_per_day + self.people_usd_per_day + self.one_off_usd_per_day
    }

    /// Whether the replicas can carry the calls that the closed form asks for.
    #[must_use]
    pub fn holds(&self) -> bool {
        let carried = self.capacity_calls_per_day.unwrap_or(f64::INFINITY);
        self.closed_form_calls_per_day
            .is_none_or(|calls| calls <= carried)
    }
}

/// What arithmetic alone at the full peak of the card would cost: a lower bound, never a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Naive {
    /// Dollars for a thousand tokens.
    pub usd_per_1k: f64,
    /// Dollars for a mean call.
    pub usd_per_call: f64,
}

/// The steps of a plan over some minutes; `None` without calls, or if it cannot hold the limit.
#[must_use]
pub fn steps(plan: &HostPlan, limit: Option<f64>, minutes: Minutes<'_>) -> Option<Steps> {
    let point = plan.assumptions.expected();
    let terms = plan.terms(&point);
    let loads = Loads::of(plan, &point, limit, minutes)?;
    let total = minutes.sums();
    let days = buckets_hours(minutes.len()) / DAY_HOURS;
    let calls_per_day = ratio(total.calls, days).filter(|calls| *calls > 0.0)?;
    let work = call_work(plan, limit, &total)?;
    let api_usd_per_call = minutes.api_usd.iter().sum::<f64>() / total.calls;
    let hosted = terms.qualifying_share;
    let (mean_load, peak_load) = (hosted * loads.mean(), hosted * loads.peak());
    Some(Steps {
        calls_per_day,
        mean_load,
        peak_load,
        utilisation: terms.utilisation,
        replicas_for_mean: need(mean_load, terms.utilisation),
        replicas_for_peak: need(peak_load, terms.utilisation),
        usd_per_replica_hour: terms.usd_per_replica_hour,
        api_usd_per_call,
        fixed: fixed(plan, api_usd_per_call, work.seconds()),
        naive: naive(plan, &total),
        work,
    })
}

/// The mean call, taken apart.
fn call_work(plan: &HostPlan, limit: Option<f64>, total: &TokenSums) -> Option<CallWork> {
    let point = plan.assumptions.expected();
    let (coefficients, conversion) = (&plan.throughput.coefficients, conversion(&point));
    let multiplier = point.value(Parameter::WorkMultiplier);
    let per_call = |sums: &TokenSums| {
        let seconds = work(coefficients, &conversion, limit, sums)?;
        Some(multiplier * seconds / total.calls)
    };
    let prefill_seconds = per_call(&TokenSums {
        uncached_input: total.uncached_input,
        cached_input: total.cached_input,
        ..TokenSums::default()
    })?;
    let call_seconds = multiplier * coefficients.d;
    Some(CallWork {
        prefill_seconds,
        decode_seconds: per_call(total)? - prefill_seconds - call_seconds,
        call_seconds,
        multiplier,
    })
}

fn fixed(plan: &HostPlan, api_usd_per_call: f64, seconds_per_call: f64) -> Option<Fixed> {
    let terms = plan.terms(&plan.assumptions.expected());
    let replicas = match plan.policy {
        Policy::Fixed { replicas } => replicas,
        Policy::Peak { .. } | Policy::Auto { .. } | Policy::Hybrid => plan.min_replicas.max(1),
        // No replica is up day and night.
        Policy::Serverless { .. } => return None,
    };
    let a_day = |usd_per_month: f64| usd_per_month * DAY_HOURS / HOURS_PER_MONTH;
    let machines_usd_per_day = f64::from(replicas) * terms.usd_per_replica_hour * DAY_HOURS;
    let own_usd_per_call = terms.usd_per_call + terms.escalation * api_usd_per_call;
    let hosted = terms.qualifying_share;
    let full_seconds = f64::from(replicas) * terms.utilisation * DAY_HOURS * 3_600.0;
    let hosted_calls = ratio(full_seconds, seconds_per_call);
    let people = a_day(terms.ops_usd_per_month);
    let one_off = ratio(terms.one_off_usd, terms.amortisation_months).map_or(0.0, a_day);
    Some(Fixed {
        replicas,
        machines_usd_per_day,
        people_usd_per_day: people,
        one_off_usd_per_day: one_off,
        api_usd_per_call,
        own_usd_per_call,
        closed_form_calls_per_day: breakeven_requests_closed_form(
            machines_usd_per_day + people + one_off,
            hosted * api_usd_per_call,
            hosted * own_usd_per_call,
        ),
        capacity_calls_per_day: hosted_calls.and_then(|calls| ratio(calls, hosted)),
        full_usd_per_call: hosted_calls
            .and_then(|calls| ratio(machines_usd_per_day, calls))
            .map(|machines| machines + own_usd_per_call),
    })
}

fn naive(plan: &HostPlan, total: &TokenSums) -> Option<Naive> {
    let tflops = plan.gpu.tflops.get(&plan.precision)?;
    let card = Card {
        flops: f64::from(plan.gpus) * tflops * 1e12,
        usd_per_hour: plan.price.usd_per_hour,
    };
    let usd_per_1k = naive_inference_cost_per_1k(plan.model.active_params_b * 1e9, &card)?;
    let tokens = ratio(total.tokens(), total.calls)?;
    Some(Naive {
        usd_per_1k,
        usd_per_call: usd_per_1k * tokens / 1_000.0,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Bucket, Columns};
    use super::*;
    use crate::economics::examples::{checked, plan_draft};

    #[test]
    fn replicas_that_come_and_go_have_no_fixed_cost_and_so_no_closed_form() {
        let plan = checked(plan_draft("llama-70b-2xh100")).unwrap();
        let minute = Bucket {
            total: TokenSums {
                calls: 2.0,
                output: 200.0,
                ..TokenSums::default()
            },
            api_usd: 0.5,
            ..Bucket::default()
        };
        let of = |policy| {
            let plan = HostPlan {
                policy,
                ..plan.clone()
            };
            steps(&plan, None, Columns::from_iter([minute]).all()).unwrap()
        };
        assert!(of(Policy::Hybrid).fixed.is_some());
        let serverless = of(Policy::Serverless { idle_seconds: 60.0 });
        assert_eq!(serverless.fixed, None);
        assert!((serverless.api_usd_per_call - 0.25).abs() < 1e-12);
    }
}
