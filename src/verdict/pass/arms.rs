#![expect(
    clippy::float_arithmetic,
    reason = "alternatives are compared as projections"
)]
//! Endpoints and ways to pay less over a window: for their own streams, and as rivals of a plan.

use super::Pass;
use crate::economics::plan::Moved;
use crate::economics::project::{rented_tokens, routed};
use crate::economics::projection::{AlternativeKind, Band};
use crate::economics::rival::{Part, Rival};
use crate::economics::{Alternative, Arm, Endpoint, EndpointProjection, OptimisedProjection};
use crate::verdict::gather::Totals;
use crate::verdict::settings::{Settings, Takers};

impl Pass<'_> {
    /// The cheapest endpoint for the streams of a plan; what it does not take stays on the API.
    pub(super) fn best_endpoint(&self, plan: usize, api_usd: f64) -> Option<Alternative> {
        let arms = self.settings.endpoints.iter().map(|endpoint| &endpoint.arm);
        let best = self.cheapest(plan, arms, |takers| &takers.endpoints)?;
        Some(alternative(best, AlternativeKind::Endpoint, api_usd))
    }

    /// The same for the ways to pay today's provider less.
    pub(super) fn best_optimised(&self, plan: usize, api_usd: f64) -> Option<Alternative> {
        let arms = self.settings.optimised.iter();
        let best = self.cheapest(plan, arms, |takers| &takers.optimised)?;
        Some(alternative(best, AlternativeKind::Optimised, api_usd))
    }

    /// The arm that saves most on the streams of a plan that it takes, and how much, dollars.
    fn cheapest<'s>(
        &self,
        plan: usize,
        arms: impl Iterator<Item = &'s Arm>,
        taken_by: fn(&Takers) -> &Vec<usize>,
    ) -> Option<(&'s Arm, f64)> {
        let saved = |(at, arm): (usize, &'s Arm)| {
            let totals = self
                .totals
                .sum(|takers| takers.plans.contains(&plan) && taken_by(takers).contains(&at));
            let band = rented(arm, &totals);
            (totals.tokens.calls > 0.0).then_some((arm, band.expected.savings_usd))
        };
        let all = arms.enumerate().filter_map(saved);
        // Of equals, the first.
        all.min_by(|x, y| y.1.total_cmp(&x.1))
    }

    /// What hosting must beat on the pools that `wanted` picks: each served by the arm that saves most
    /// on it.
    pub(super) fn rival(&self, wanted: impl Fn(&Takers) -> bool) -> Rival {
        let wanted = self.totals.each().filter(|(takers, _)| wanted(takers));
        Rival::of(wanted.map(|(takers, totals)| self.parts(takers, totals)))
    }

    /// What every arm that takes a pool would save on it; of equals, the one that moves less is first.
    fn parts(&self, takers: &Takers, totals: &Totals) -> impl Iterator<Item = Part> {
        let Settings {
            endpoints,
            optimised,
            ..
        } = self.settings;
        let optimised = takers.optimised.iter().filter_map(|at| optimised.get(*at));
        let endpoints = takers.endpoints.iter().filter_map(|at| endpoints.get(*at));
        let part = move |arm: &Arm, kind| Part {
            name: arm.name.clone(),
            kind,
            saved_usd: rented(arm, totals).expected.savings_usd,
        };
        optimised
            .map(move |arm| part(arm, AlternativeKind::Optimised))
            .chain(endpoints.map(move |at| part(&at.arm, AlternativeKind::Endpoint)))
    }

    pub(super) fn endpoint(&self, at: usize, endpoint: &Endpoint) -> EndpointProjection {
        let totals = self.totals.sum(|takers| takers.endpoints.contains(&at));
        EndpointProjection {
            endpoint: endpoint.arm.name.clone(),
            window: self.span,
            api_cost: totals.cost,
            committed: self
                .totals
                .committed(|takers| takers.endpoints.contains(&at)),
            evidence: totals.evidence(&self.now),
            moved_usd: moved_usd(&endpoint.arm, &totals),
            band: rented(&endpoint.arm, &totals),
        }
    }

    fn one_optimised(&self, at: usize, arm: &Arm) -> OptimisedProjection {
        let totals = self.totals.sum(|takers| takers.optimised.contains(&at));
        let api_usd = totals.cost.to_f64();
        OptimisedProjection {
            optimised: arm.name.clone(),
            window: self.span,
            api_cost: totals.cost,
            committed: self
                .totals
                .committed(|takers| takers.optimised.contains(&at)),
            evidence: totals.evidence(&self.now),
            band: rented(arm, &totals),
            routing: routed(arm, &totals.tokens, api_usd),
        }
    }

    pub(super) fn endpoints(&self) -> Vec<EndpointProjection> {
        let endpoints = self.settings.endpoints.iter().enumerate();
        endpoints
            .map(|(at, endpoint)| self.endpoint(at, endpoint))
            .collect()
    }

    pub(super) fn optimised(&self) -> Vec<OptimisedProjection> {
        let arms = self.settings.optimised.iter().enumerate();
        arms.map(|(at, arm)| self.one_optimised(at, arm)).collect()
    }
}

/// What an arm would cost for the calls of `totals`, beside what is paid anyway.
fn rented(arm: &Arm, totals: &Totals) -> Band {
    let band = rented_tokens(arm, &totals.tokens, totals.avoidable_usd());
    band.beside(totals.committed.to_f64())
}

/// What each default that was moved in an arm's favour adds to its expected savings.
fn moved_usd(arm: &Arm, totals: &Totals) -> Vec<f64> {
    let saved = |arm: &Arm| rented(arm, totals).expected.savings_usd;
    let worth = |Moved { parameter, default }: &Moved| {
        let unmoved = Arm {
            assumptions: arm.assumptions.with(*parameter, *default),
            ..arm.clone()
        };
        saved(arm) - saved(&unmoved)
    };
    arm.moved.iter().map(worth).collect()
}

fn alternative((arm, saved_usd): (&Arm, f64), kind: AlternativeKind, api_usd: f64) -> Alternative {
    Alternative {
        name: arm.name.clone(),
        kind,
        cost_usd: api_usd - saved_usd,
    }
}
