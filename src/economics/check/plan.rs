//! A way of hosting, checked.

use std::ops::RangeInclusive;

use super::Checker;
use super::machine::machine;
use super::price::replica_price;
use super::throughput::throughput;
use crate::economics::assumptions::{Assumptions, Parameter, Range};
use crate::economics::catalogue::Catalogue;
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::draft::{PlanDraft, PlanProblem};
use crate::economics::evaluate::Policy;
use crate::economics::plan::{HostPlan, LatencyLimit, Moved, ReplicaPrice, ThroughputSource};
use crate::economics::work::Decode;

/// Less saving than this, dollars a month, is not worth hosting.
const PLAN_SAVING_MIN_USD: f64 = 500.0;
/// Months over which up-front money must come back.
const AMORTISATION_MONTHS: u32 = 12;
/// How long a replica takes to start, seconds.
const WARM_UP_SECONDS: u32 = 300;
/// How long a serverless replica stays up after a call, seconds.
const IDLE_SECONDS: u32 = 60;
/// What stays up longer than this is no serverless host.
const IDLE_SECONDS_MAX: f64 = 900.0;
/// A scaler that waits longer is none; each minute looks back as far as that.
const SCALER_SECONDS_MAX: f64 = 86_400.0;
/// How long a scaler waits before it stops a replica, seconds.
const COOL_DOWN_SECONDS: u32 = 900;

impl HostPlan {
    /// The checked plan, or everything that is wrong with the draft.
    pub fn check(draft: PlanDraft, catalogue: &Catalogue) -> Result<Self, Vec<PlanProblem>> {
        let mut checker = Checker::default();
        let c = &mut checker;
        let gpus = c.require("gpus", draft.gpus, "2").max(1);
        let machine = machine(c, &draft, catalogue);
        let throughput = throughput(c, &draft, catalogue, &machine);
        let defaults = Assumptions::defaults(throughput.source, true);
        let (assumptions, mut moved) = c.ranges(&defaults, &draft.ranges, draft.basis.as_ref());
        let assumptions = match further(c, &draft) {
            Some(people) => {
                let parameter = Parameter::OpsUsdPerMonth;
                let default = assumptions.range(parameter);
                moved.push(Moved { parameter, default });
                assumptions.with(parameter, people)
            }
            None => assumptions,
        };
        let min_replicas = min_replicas(c, &draft);
        let max_replicas = draft.max_replicas.unwrap_or(u32::MAX);
        if max_replicas < min_replicas {
            c.tell(
                "max_replicas",
                format!("{max_replicas} is below min_replicas {min_replicas}"),
            );
        }
        let months = draft.amortisation_months.unwrap_or(AMORTISATION_MONTHS);
        if months == 0 {
            c.tell(
                "amortisation_months",
                "0 is no time to earn the cost back; such as 12",
            );
        }
        c.within_decade("amortisation_months", months);
        let price = replica_price(c, &draft, gpus, catalogue);
        let answered = |parameter: &Parameter| {
            let moved = || moved.iter().any(|moved| moved.parameter == *parameter);
            is_written(&draft, *parameter) || moved()
        };
        let assumed = |parameter: &Parameter| parameter.is_assumed() && !answered(parameter);
        let plan = Self {
            assumed: Parameter::ALL.into_iter().filter(assumed).collect(),
            replaces: c.names(&draft.replaces),
            serves: c.serves(draft.serves.as_deref()),
            policy: policy(c, &draft, &price, min_replicas..=max_replicas),
            price,
            latency: latency(c, &draft, throughput.coefficients.decode),
            ttft_slo_seconds: draft
                .ttft_limit_seconds
                .map(|limit| c.within("ttft_limit_seconds", limit, (0.0, 3_600.0))),
            one_off_usd: c.amount("one_off_usd", draft.one_off_usd, 0.0),
            usd_per_call: c.amount("usd_per_call", draft.usd_per_call, 0.0),
            min_saving_usd_per_month: c.amount(
                "min_saving_usd_per_month",
                draft.min_saving_usd_per_month,
                PLAN_SAVING_MIN_USD,
            ),
            model: machine.shape,
            gpu: machine.gpu,
            precision: draft.precision.unwrap_or_default(),
            name: draft.name,
            gpus,
            throughput,
            min_replicas,
            max_replicas,
            assumptions,
            moved,
            basis: draft.basis,
            amortisation_months: months,
            alert: draft.alert.unwrap_or(true),
        };
        checker.done(plan)
    }
}

fn is_written(draft: &PlanDraft, parameter: Parameter) -> bool {
    draft
        .ranges
        .iter()
        .any(|(written, _)| *written == parameter)
}

/// The people of a further plan, dollars a month. Plans are compared alone: that others look after it
/// already is a default moved in favour of hosting, and someone answers for it. Written people come
/// first.
fn further(c: &mut Checker, draft: &PlanDraft) -> Option<Range> {
    if !draft.further || is_written(draft, Parameter::OpsUsdPerMonth) {
        return None;
    }
    if draft.basis.is_none() {
        let message = "leaves out the people of the first plan: say who looks after this one already, in \
                       a table basis with the keys basis, by and date";
        c.tell("further", message);
    }
    // Where throughput comes from says nothing about people.
    let defaults = Assumptions::defaults(ThroughputSource::Measured, false);
    Some(defaults.range(Parameter::OpsUsdPerMonth))
}

/// One, unless replicas come and go with the calls.
fn min_replicas(c: &mut Checker, draft: &PlanDraft) -> u32 {
    if draft.policy.as_deref() != Some("serverless") {
        return draft.min_replicas.unwrap_or(1);
    }
    if let Some(least @ 1..) = draft.min_replicas {
        let message =
            format!("{least} is a fleet that stays up, and policy is serverless: use auto");
        c.tell("min_replicas", message);
    }
    0
}

fn policy(
    c: &mut Checker,
    draft: &PlanDraft,
    price: &ReplicaPrice,
    limits: RangeInclusive<u32>,
) -> Policy {
    let chosen = draft.policy.as_deref().unwrap_or("hybrid");
    if matches!(chosen, "auto" | "serverless") && price.term_months.is_some() {
        let message = format!(
            "{chosen} gives replicas back when they are idle, and these are paid for until their \
             term ends: use fixed, peak or hybrid"
        );
        c.tell("policy", message);
    }
    let mut buckets = |key: &str, written: Option<u32>, default: u32| {
        let bucket = u32::try_from(BUCKET_SECONDS).unwrap_or(60);
        let seconds = written.unwrap_or(default);
        c.within(key, f64::from(seconds), (0.0, SCALER_SECONDS_MAX));
        usize::try_from(seconds.div_ceil(bucket)).unwrap_or(usize::MAX)
    };
    match chosen {
        "hybrid" => Policy::Hybrid,
        "peak" => Policy::Peak {
            quantile: c.within(
                "peak_quantile",
                draft.peak_quantile.unwrap_or(1.0),
                (0.01, 1.0),
            ),
        },
        "auto" => Policy::Auto {
            warm_buckets: buckets("warm_up_seconds", draft.warm_up_seconds, WARM_UP_SECONDS),
            cool_buckets: buckets(
                "cool_down_seconds",
                draft.cool_down_seconds,
                COOL_DOWN_SECONDS,
            ),
        },
        "serverless" => Policy::Serverless {
            idle_seconds: c.within(
                "idle_seconds",
                f64::from(draft.idle_seconds.unwrap_or(IDLE_SECONDS)),
                (0.0, IDLE_SECONDS_MAX),
            ),
        },
        "fixed" => {
            let replicas = c.require("replicas", draft.replicas, "2: policy is fixed");
            if draft.replicas.is_some() && !limits.contains(&replicas) {
                c.tell(
                    "replicas",
                    format!("{replicas} is not in min_replicas to max_replicas"),
                );
            }
            Policy::Fixed { replicas }
        }
        other => {
            c.tell(
                "policy",
                format!("{other} is not one of fixed, peak, auto, serverless, hybrid"),
            );
            Policy::Hybrid
        }
    }
}

fn latency(c: &mut Checker, draft: &PlanDraft, decode: Option<Decode>) -> LatencyLimit {
    let Some(limit) = draft.tpot_limit_seconds else {
        return LatencyLimit::AsToday;
    };
    let floor = decode.map_or(0.0, |decode| decode.weights_seconds);
    if limit <= floor {
        let message = format!("{limit} is infeasible: reading the weights takes {floor:.4} s");
        c.tell("tpot_limit_seconds", message);
    }
    c.within("tpot_limit_seconds", limit, (0.0, 60.0));
    LatencyLimit::Seconds(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economics::examples::{checked, plan_draft};

    #[test]
    fn a_serverless_plan_keeps_no_replica_up() {
        let check = |least, idle_seconds| {
            let mut draft = plan_draft("llama-70b-2xh100");
            draft.policy = Some("serverless".into());
            draft.min_replicas = least;
            draft.idle_seconds = idle_seconds;
            draft.offer = None;
            draft.gpu_usd_per_hour = Some(4.0);
            draft.price_as_of = "2026-09".parse().ok();
            draft.price_source = Some("price page".into());
            checked(draft)
        };
        let plan = check(None, None).unwrap();
        assert_eq!(plan.min_replicas, 0);
        assert_eq!(plan.policy, Policy::Serverless { idle_seconds: 60.0 });
        for (least, idle, key) in [
            (Some(1), None, "min_replicas"),
            (None, Some(901), "idle_seconds"),
        ] {
            assert_eq!(check(least, idle).unwrap_err()[0].key, key);
        }
    }

    #[test]
    fn a_scaler_that_waits_for_days_is_refused() {
        let seconds = [
            (Some(86_401), None, "warm_up_seconds"),
            (None, Some(u32::MAX), "cool_down_seconds"),
        ];
        for (warm, cool, key) in seconds {
            let mut draft = plan_draft("llama-70b-2xh100");
            draft.policy = Some("auto".into());
            (draft.warm_up_seconds, draft.cool_down_seconds) = (warm, cool);
            assert_eq!(checked(draft).unwrap_err()[0].key, key);
        }
    }
}
