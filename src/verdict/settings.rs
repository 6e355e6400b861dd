//! What the verdict compares, and when it is sure.

use crate::call::names_model;
use crate::economics::hysteresis::Rule;
use crate::economics::{Endpoint, HostPlan, Stream};
use crate::usage::Capability;

/// Checked settings, as `config` hands them over.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Ways of hosting.
    pub plans: Vec<HostPlan>,
    /// Per-token alternatives.
    pub endpoints: Vec<Endpoint>,
    /// When a state switches.
    pub rule: Rule,
    /// More of the money than this unpriced or unknown is not enough evidence.
    pub doubtful_share_max: f64,
    /// This instance sees all of the traffic; one that sees a part gives no verdict.
    pub sees_all_traffic: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            plans: Vec::new(),
            endpoints: Vec::new(),
            rule: Rule::default(),
            doubtful_share_max: 0.02,
            sees_all_traffic: true,
        }
    }
}

/// Whether something that replaces `replaces` and can do `serves` takes the calls of a stream.
fn takes(replaces: &[String], serves: Capability, stream: &Stream) -> bool {
    let named = |name: &String| names_model(name, &stream.model);
    stream.capability.within(serves) && replaces.iter().any(named)
}

/// Which plans and endpoints, by their place in the settings, take the calls of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Takers {
    pub(super) plans: Vec<usize>,
    pub(super) endpoints: Vec<usize>,
}

impl Settings {
    /// Who takes the calls of a stream.
    pub(super) fn takers(&self, stream: &Stream) -> Takers {
        let plans = self.plans.iter().enumerate();
        let endpoints = self.endpoints.iter().enumerate();
        Takers {
            plans: plans
                .filter(|(_, plan)| takes(&plan.replaces, plan.serves, stream))
                .map(|(i, _)| i)
                .collect(),
            endpoints: endpoints
                .filter(|(_, endpoint)| takes(&endpoint.replaces, endpoint.serves, stream))
                .map(|(i, _)| i)
                .collect(),
        }
    }
}
