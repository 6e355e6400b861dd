#![expect(
    clippy::float_arithmetic,
    reason = "a calculator's figures are estimates, and wrong ones"
)]
//! What a calculator of averages says: mean tokens a second over one figure for the machine.
//!
//! Its fleet is full all the time, nobody is paid to look after it and no minute is busier than
//! another. It is judged by the plan's own table, without the margins the projection adds: only
//! what taking averages does is counted against it.

use super::{Traffic, hours};
use crate::economics::HostPlan;
use crate::economics::demand::{SLOT_SECONDS, SLOTS};
use crate::economics::naive::{Card, naive_inference_cost_per_1k};
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::plan::{bucket_seconds, conversion, seconds};
use crate::economics::replicas::need;
use crate::economics::roofline::constants;
use crate::economics::work::{Conversion, TokenSums, real, work};

/// Length of the prompt and of the answer at which a machine's one figure is usually taken.
const SHAPE_TOKENS: f64 = 1_000.0;
/// Relative slack before work counts as more than a fleet can do.
const SLACK: f64 = 1e-9;

/// What it says, and where it errs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Calculator {
    /// Tokens a second of one replica, in and out, at 1000 in and 1000 out.
    pub tokens_per_second: f64,
    /// Mean tokens a second of the calls.
    pub asked_per_second: f64,
    /// Whole replicas, each full all the time.
    pub replicas: u32,
    /// Their rent, dollars over 730 hours.
    pub usd_per_month: f64,
    /// Its mean load over the one that the same table gives for these calls.
    pub load_ratio: Option<f64>,
    /// The part of minutes that bring more work than its fleet can do at full load.
    pub short_minutes: f64,
    /// The part of 10-second slots that do.
    pub short_slots: f64,
    /// What the arithmetic of the tokens alone costs at the full peak of the cards, dollars over 730
    /// hours; absent without a data sheet for the precision.
    pub naive_usd_per_month: Option<f64>,
}

impl Calculator {
    /// Its answer for the calls that a plan takes.
    #[must_use]
    pub fn of(plan: &HostPlan, traffic: &Traffic) -> Self {
        let conversion = conversion(&plan.assumptions.expected());
        let busy = |sums: &TokenSums, conversion: &Conversion| {
            work(&plan.throughput.coefficients, conversion, None, sums).unwrap_or_default()
        };
        let shape = TokenSums {
            calls: 1.0,
            uncached_input: SHAPE_TOKENS,
            output: SHAPE_TOKENS,
            output_by_input: SHAPE_TOKENS * SHAPE_TOKENS,
            output_squared: SHAPE_TOKENS * SHAPE_TOKENS,
            ..TokenSums::default()
        };
        let tokens_per_second = 2.0 * SHAPE_TOKENS / busy(&shape, &Conversion::SAME);
        let slots: Vec<TokenSums> = traffic.slots(plan.serves.context);
        let lasted = hours(traffic.minutes()) * 3_600.0;
        let tokens: f64 = slots.iter().map(TokenSums::tokens).sum();
        let asked_per_second = if lasted > 0.0 { tokens / lasted } else { 0.0 };
        let load = asked_per_second / tokens_per_second;
        let replicas = need(load, 1.0);
        let slots: Vec<f64> = slots.iter().map(|slot| busy(slot, &conversion)).collect();
        let minutes: Vec<f64> = slots
            .chunks(SLOTS)
            .map(|slots| slots.iter().sum())
            .collect();
        let true_load = slots.iter().sum::<f64>() / lasted;
        let can = f64::from(replicas);
        Self {
            tokens_per_second,
            asked_per_second,
            replicas,
            usd_per_month: can * plan.price.usd_per_hour * HOURS_PER_MONTH,
            load_ratio: (true_load > 0.0).then(|| load / true_load),
            short_minutes: part_above(&minutes, can * bucket_seconds()),
            short_slots: part_above(&slots, can * seconds(SLOT_SECONDS)),
            naive_usd_per_month: naive(plan, asked_per_second),
        }
    }
}

/// The naive cost of so many tokens a second, over 730 hours.
fn naive(plan: &HostPlan, tokens_per_second: f64) -> Option<f64> {
    let precision = constants::precision(&plan.precision)?;
    let tflops = plan.gpu.tflops.get(precision.name)?;
    let card = Card {
        flops: f64::from(plan.gpus) * tflops * 1e12,
        usd_per_hour: plan.price.usd_per_hour,
    };
    let per_1k = naive_inference_cost_per_1k(plan.model.active_params_b * 1e9, &card)?;
    Some(per_1k * tokens_per_second / 1_000.0 * HOURS_PER_MONTH * 3_600.0)
}

/// The part of some works that are more than `can`.
fn part_above(works: &[f64], can: f64) -> f64 {
    let above = works.iter().filter(|work| **work > can * (1.0 + SLACK));
    let count = |length: usize| real(u128::try_from(length).unwrap_or(u128::MAX));
    count(above.count()) / count(works.len()).max(1.0)
}
