//! Every way over the made week: plans with their steps, endpoints, ways to pay less, staying.

use super::Question;
use crate::economics::arm::Arm;
use crate::economics::breakeven::BreakEven;
use crate::economics::decision::rival_savings;
use crate::economics::plan::HostPlan;
use crate::economics::project::{
    Columns, Demand, Minutes, Steps, breakeven, hosted, latency, rented_tokens, steps,
};
use crate::economics::projection::{Alternative, AlternativeKind, Hosted, Latency};

/// The name of staying, among alternatives.
const STAY: &str = "stay";

/// What may take the calls.
#[derive(Clone, Debug, Default)]
pub struct Arms<'a> {
    /// Ways of hosting.
    pub plans: Vec<&'a HostPlan>,
    /// Services that sell an open model per token.
    pub endpoints: Vec<&'a Arm>,
    /// Ways to pay the same provider less.
    pub optimised: Vec<&'a Arm>,
}

/// All ways over the week.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What the week costs on the API, dollars.
    pub api_usd: f64,
    /// Every way by its cost of the week, the cheapest first; of equals the one that moves less.
    pub alternatives: Vec<Alternative>,
    /// The best endpoint.
    pub best_endpoint: Option<Alternative>,
    /// The best way to pay the provider less.
    pub best_optimised: Option<Alternative>,
    /// The plans, in the order asked for.
    pub plans: Vec<PlanAnswer>,
}

/// A plan over the week.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanAnswer {
    /// The configured name.
    pub plan: String,
    /// The limit on the time per output token.
    pub latency: Latency,
    /// How its figure comes about; absent if it cannot hold the limit.
    pub steps: Option<Steps>,
    /// What hosting would mean; absent if it cannot hold the limit.
    pub hosted: Option<Hosted>,
    /// The volume from which on it beats staying, times the volume asked about.
    pub against_staying: Option<BreakEven>,
    /// The volume from which on it beats every other way.
    pub against_all: Option<BreakEven>,
}

/// Compares all ways over the week of a question.
#[must_use]
pub fn compare(question: &Question, arms: &Arms<'_>) -> Comparison {
    let week: Columns = question.week().into_iter().collect();
    let week = week.all();
    let (total, api_usd) = (week.sums(), week.api_usd.iter().sum());
    let rented = |kind| {
        move |arm: &&Arm| Alternative {
            name: arm.name.clone(),
            kind,
            cost_usd: rented_tokens(arm, &total, api_usd).expected.cost_usd,
        }
    };
    let endpoints = arms.endpoints.iter().map(rented(AlternativeKind::Endpoint));
    let optimised = arms
        .optimised
        .iter()
        .map(rented(AlternativeKind::Optimised));
    let (endpoints, optimised) = (ordered(endpoints), ordered(optimised));
    let best = [endpoints.first(), optimised.first()];
    let best = best.into_iter().flatten().map(|best| best.cost_usd);
    let rival_usd = rival_savings(api_usd, best.min_by(f64::total_cmp));
    let plans: Vec<PlanAnswer> = arms
        .plans
        .iter()
        .map(|plan| answer(plan, week, rival_usd))
        .collect();
    let stay = Alternative {
        name: STAY.to_owned(),
        kind: AlternativeKind::Stay,
        cost_usd: api_usd,
    };
    let own = plans.iter().filter_map(|plan| {
        Some(Alternative {
            name: plan.plan.clone(),
            kind: AlternativeKind::Selfhost,
            cost_usd: plan.hosted.as_ref()?.band.expected.cost_usd,
        })
    });
    let (best_endpoint, best_optimised) = (endpoints.first().cloned(), optimised.first().cloned());
    let ways = std::iter::once(stay).chain(optimised).chain(endpoints);
    Comparison {
        api_usd,
        alternatives: ordered(ways.chain(own)),
        best_endpoint,
        best_optimised,
        plans,
    }
}

/// The cheapest first; a stable order.
fn ordered(ways: impl Iterator<Item = Alternative>) -> Vec<Alternative> {
    let mut ways: Vec<Alternative> = ways.collect();
    ways.sort_by(|x, y| x.cost_usd.total_cmp(&y.cost_usd));
    ways
}

fn answer(plan: &HostPlan, week: Minutes<'_>, rival_usd: f64) -> PlanAnswer {
    let latency = latency(plan, &week);
    let limit = match latency {
        Latency::Held(limit) => Some(limit),
        Latency::NotChecked => None,
        Latency::Infeasible(_) => {
            return PlanAnswer {
                plan: plan.name.clone(),
                latency,
                steps: None,
                hosted: None,
                against_staying: None,
                against_all: None,
            };
        }
    };
    let demand = Demand {
        now: week,
        before: Minutes::default(),
    };
    PlanAnswer {
        plan: plan.name.clone(),
        latency,
        steps: steps(plan, limit, week),
        hosted: hosted(plan, limit, &demand),
        against_staying: breakeven(plan, limit, week, 0.0),
        against_all: breakeven(plan, limit, week, rival_usd),
    }
}
