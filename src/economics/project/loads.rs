#![expect(clippy::float_arithmetic, reason = "loads are estimates")]
//! The loads that observed minutes would be on a plan's replicas.

use super::columns::Minutes;
use crate::economics::DemandMinute;
use crate::economics::assumptions::{Parameter, Point};
use crate::economics::evaluate::{Lone, Policy, Profile, Window};
use crate::economics::plan::{HostPlan, LatencyLimit, bucket_seconds, conversion};
use crate::economics::projection::Latency;
use crate::economics::work::{
    Coefficients, Conversion, Decode, TokenSums, Work, latency_factor, real, work,
};

/// The demand of one observed minute on the streams that an alternative covers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// The sums of the minute.
    pub total: TokenSums,
    /// The sums of its busiest slot.
    pub busiest: TokenSums,
    /// What it cost on the API and would not have cost if its calls had gone elsewhere, dollars.
    pub api_usd: f64,
    /// What it cost on the API and is paid wherever its calls go, dollars.
    pub committed_usd: f64,
    /// Seconds that its calls took together.
    pub duration_seconds: f64,
}

impl Bucket {
    /// The same, with all of its cost paid wherever its calls go.
    #[must_use]
    pub fn committed(mut self) -> Self {
        self.committed_usd += std::mem::take(&mut self.api_usd);
        self
    }

    /// All that was paid, dollars.
    #[must_use]
    pub fn paid_usd(&self) -> f64 {
        self.api_usd + self.committed_usd
    }

    /// Adds another part of the same minute. The busiest slots add up, which is never too low.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.busiest += other.busiest;
        self.api_usd += other.api_usd;
        self.committed_usd += other.committed_usd;
        self.duration_seconds += other.duration_seconds;
    }
}

impl From<&DemandMinute> for Bucket {
    fn from(minute: &DemandMinute) -> Self {
        let total = minute.total();
        Self {
            total: TokenSums::from(&total),
            busiest: TokenSums::from(&minute.busiest_slot()),
            api_usd: total.cost_usd.to_f64(),
            committed_usd: 0.0,
            duration_seconds: real(total.duration_ms.into()) / 1_000.0,
        }
    }
}

/// A window's observed minutes, in order, and those of the window before.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// The window.
    pub now: Minutes<'a>,
    /// The window before, empty if it was not observed.
    pub before: Minutes<'a>,
}

/// The loads of some minutes at one point of the assumptions.
pub(super) struct Loads<'a> {
    minutes: Minutes<'a>,
    pub(super) per_bucket: Vec<f64>,
    slot_work: Vec<f64>,
    lone: Vec<Lone>,
}

impl<'a> Loads<'a> {
    /// `None` if the latency limit cannot be held.
    pub(super) fn of(
        plan: &HostPlan,
        point: &Point,
        limit: Option<f64>,
        minutes: Minutes<'a>,
    ) -> Option<Self> {
        let conversion = conversion(point);
        let multiplier = point.value(Parameter::WorkMultiplier);
        let coefficients = &plan.throughput.coefficients;
        let work = Work::of(coefficients, &conversion, limit)?;
        let replica_seconds = |sums: TokenSums| multiplier * work.seconds(&sums);
        let length = bucket_seconds();
        let slot_work = if plan.ttft_slo_seconds.is_some() {
            minutes.busiest.each().map(replica_seconds).collect()
        } else {
            Vec::new()
        };
        let lone =
            if let (Policy::Serverless { .. }, Some(decode)) = (plan.policy, coefficients.decode) {
                let alone = alone(coefficients, decode);
                let of = |sums: TokenSums| lone(&alone, &conversion, multiplier, &sums);
                minutes.total.each().map(of).collect::<Option<_>>()?
            } else {
                Vec::new()
            };
        let loads = minutes.total.each().map(replica_seconds);
        Some(Self {
            minutes,
            per_bucket: loads.map(|work| work / length).collect(),
            slot_work,
            lone,
        })
    }

    /// Mean number of fully busy replicas; 0 of nothing.
    pub(super) fn mean(&self) -> f64 {
        let buckets = real(u128::try_from(self.per_bucket.len()).unwrap_or(u128::MAX));
        self.per_bucket.iter().sum::<f64>() / buckets.max(1.0)
    }

    /// The same in the busiest minute.
    pub(super) fn peak(&self) -> f64 {
        self.per_bucket.iter().copied().fold(0.0, f64::max)
    }

    pub(super) fn window(&self) -> Window<'_> {
        Window::new(Profile {
            bucket_seconds: bucket_seconds(),
            loads: &self.per_bucket,
            api_usd: self.minutes.api_usd,
            slot_work: &self.slot_work,
            bucket_calls: self.minutes.total.calls,
            lone: &self.lone,
            calls: self.minutes.total.calls.iter().sum(),
        })
    }
}

/// What a call needs of a replica that it has for itself: nothing shares its reading of the weights.
const fn alone(coefficients: &Coefficients, decode: Decode) -> Coefficients {
    Coefficients {
        b: decode.weights_seconds,
        c: decode.c0,
        ..*coefficients
    }
}

/// How long some calls would take one by one. The longest output is not longer than the root of the
/// sum of squares.
fn lone(
    alone: &Coefficients,
    conversion: &Conversion,
    multiplier: f64,
    total: &TokenSums,
) -> Option<Lone> {
    let others = TokenSums {
        output: (total.output - total.output_squared.sqrt()).max(0.0),
        ..TokenSums::default()
    };
    let seconds = |sums: &TokenSums| Some(multiplier * work(alone, conversion, None, sums)?);
    let all = seconds(total)?;
    Some(Lone {
        seconds: all,
        longest_seconds: all - seconds(&others)?,
    })
}

/// What limit the projection holds, and what is known about it.
#[must_use]
pub fn latency(plan: &HostPlan, minutes: &Minutes<'_>) -> Latency {
    let Some(decode) = plan.throughput.coefficients.decode else {
        return Latency::NotChecked;
    };
    let limit = match plan.latency {
        LatencyLimit::Seconds(limit) => limit,
        LatencyLimit::AsToday => {
            let output: f64 = minutes.total.output.iter().sum();
            let taken: f64 = minutes.duration_seconds.iter().sum();
            // Without durations, as in most traces, nobody knows what the calls get today.
            if output <= 0.0 || taken <= 0.0 {
                return Latency::NotChecked;
            }
            taken / output
        }
    };
    match latency_factor(decode, limit) {
        Some(_) => Latency::Held(limit),
        None => Latency::Infeasible(limit),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Columns;
    use super::*;
    use crate::economics::examples;

    #[test]
    fn calls_without_durations_set_no_limit() {
        let plan = HostPlan {
            latency: LatencyLimit::AsToday,
            ..examples::checked(examples::plan_drafts().remove(0)).unwrap()
        };
        let bucket = |duration_seconds| Bucket {
            total: TokenSums {
                output: 100.0,
                ..TokenSums::default()
            },
            duration_seconds,
            ..Bucket::default()
        };
        let check = |bucket| latency(&plan, &Columns::from_iter([bucket]).all());
        assert_eq!(check(bucket(10.0)), Latency::Held(0.1));
        assert_eq!(check(bucket(0.0)), Latency::NotChecked);
    }

    #[test]
    fn a_lone_call_reads_all_weights_for_every_token() {
        let coefficients = Coefficients {
            a: 1e-3,
            b: 1e-4,
            c: 1e-6,
            d: 0.0,
            decode: Some(Decode {
                c0: 1e-7,
                weights_seconds: 0.02,
            }),
        };
        let alone = alone(&coefficients, coefficients.decode.unwrap());
        // 1000 in and 300 out, 1000 in and 400 out.
        let total = TokenSums {
            calls: 2.0,
            uncached_input: 2_000.0,
            output: 700.0,
            output_by_input: 700_000.0,
            output_squared: 250_000.0,
            ..TokenSums::default()
        };
        let lone = lone(&alone, &Conversion::SAME, 2.0, &total).unwrap();
        // Twice 2 s of prefill, 14 s of weights and 0.0825 s of context.
        assert!((lone.seconds - 2.0 * 16.0825).abs() < 1e-9);
        // The longest writes 500 tokens at most.
        assert!((lone.longest_seconds - 2.0 * 12.0825).abs() < 1e-9);
    }
}
