//! The held states beside what is missing now.

use crate::economics::projection::{AlternativeKind, ChosenOn, FORTNIGHT};
use crate::economics::{EndpointProjection, Projection};
use crate::verdict::evidence::{Lack, lacks};
use crate::verdict::report::StateView;
use crate::verdict::settings::Settings;
use crate::verdict::state::States;

/// The states of all plans and endpoints, in the order of the settings.
pub(super) fn views(
    settings: &Settings,
    plans: &[Projection],
    endpoints: &[EndpointProjection],
    states: &States,
) -> Vec<StateView> {
    let view = |kind, name: &str, lacks: Vec<Lack>| {
        let held = states.of(kind, name);
        StateView {
            name: name.to_owned(),
            kind,
            cheaper: held.hysteresis.cheaper,
            since: held.since,
            lacks,
        }
    };
    let plans = plans.iter().map(|plan| {
        let lacks = plan_lacks(settings, plan);
        view(AlternativeKind::Selfhost, &plan.plan, lacks)
    });
    let endpoints = endpoints.iter().map(|endpoint| {
        let lacks = lacks(settings, &endpoint.evidence, FORTNIGHT, ChosenOn::Nothing);
        view(AlternativeKind::Endpoint, &endpoint.endpoint, lacks)
    });
    plans.chain(endpoints).collect()
}

/// What is missing before a plan's state may switch.
pub(super) fn plan_lacks(settings: &Settings, plan: &Projection) -> Vec<Lack> {
    let chosen_on = plan
        .hosted
        .as_ref()
        .map_or(ChosenOn::Nothing, |hosted| hosted.chosen_on);
    lacks(settings, &plan.evidence, plan.window, chosen_on)
}
