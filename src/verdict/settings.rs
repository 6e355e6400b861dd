//! What the verdict compares, and when it is sure.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::hosting::RunningPlan;
use super::paid::{PaidRule, PaidTerms, PaidTier};
use super::reserved::ReservedRule;
use crate::call::names_model;
use crate::economics::hysteresis::Rule;
use crate::economics::projection::AlternativeKind;
use crate::economics::{Arm, Endpoint, HostPlan, Stream};
use crate::usage::Capability;

/// Checked settings, as `config` hands them over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Ways of hosting.
    pub plans: Vec<HostPlan>,
    /// Per-token alternatives.
    pub endpoints: Vec<Endpoint>,
    /// Ways to pay the same provider less. They have no state: they are what plans must beat.
    pub optimised: Vec<Arm>,
    /// What is paid whether calls are made or not, the best match of a stream first.
    pub paid: Vec<PaidRule>,
    /// Tiers that are reserved for a time.
    pub tiers: Vec<PaidTier>,
    /// Throughput that is paid by the hour; the first that runs serves a stream's calls.
    pub reserved: Vec<ReservedRule>,
    /// Hosting that runs.
    pub running: Vec<RunningPlan>,
    /// Where today and this month begin, of hosting that runs.
    #[serde(skip)]
    pub timezone: TimeZone,
    /// When a state switches.
    pub rule: Rule,
    /// More of the money than this unpriced or unknown is not enough evidence.
    pub doubtful_share_max: f64,
    /// Less of a reconciled invoice than this was metered: not enough evidence.
    pub capture_ratio_min: f64,
    /// This instance sees all of the traffic; one that sees a part gives no verdict.
    pub sees_all_traffic: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            plans: Vec::new(),
            endpoints: Vec::new(),
            optimised: Vec::new(),
            paid: Vec::new(),
            tiers: Vec::new(),
            reserved: Vec::new(),
            running: Vec::new(),
            timezone: TimeZone::UTC,
            rule: Rule::default(),
            doubtful_share_max: 0.02,
            capture_ratio_min: 0.95,
            sees_all_traffic: true,
        }
    }
}

/// Whether something that replaces `replaces` and can do `serves` takes the calls of a stream.
pub(super) fn takes(replaces: &[String], serves: Capability, stream: &Stream) -> bool {
    let named = |name: &String| names_model(name, &stream.model);
    stream.capability.within(serves) && replaces.iter().any(named)
}

/// Which plans and arms, by their place in the settings, take the calls of a stream, and what of its
/// money moving them would not save.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Takers {
    pub(super) plans: Vec<usize>,
    pub(super) endpoints: Vec<usize>,
    pub(super) optimised: Vec<usize>,
    pub(super) paid: PaidTerms,
    /// What is reserved for them, each while it runs.
    pub(super) reserved: Vec<usize>,
}

impl Takers {
    /// Whether the calls are taken by the plan or endpoint at a place of the settings.
    pub(super) fn takes(&self, kind: AlternativeKind, at: usize) -> bool {
        match kind {
            AlternativeKind::Selfhost => self.plans.contains(&at),
            AlternativeKind::Endpoint => self.endpoints.contains(&at),
            AlternativeKind::Optimised => self.optimised.contains(&at),
            AlternativeKind::Stay => true,
            // Own hosting is no demand of an API.
            AlternativeKind::Api => false,
        }
    }

    /// What of it says whose money it is: the same for all whose money moves alike.
    pub(super) fn money(&self) -> Self {
        Self {
            paid: self.paid.clone(),
            reserved: self.reserved.clone(),
            ..Self::default()
        }
    }
}

impl Settings {
    /// Where a plan, an endpoint or hosting that runs stands; `None` if there is none of that name.
    #[must_use]
    pub(super) fn place_of(&self, kind: AlternativeKind, name: &str) -> Option<usize> {
        match kind {
            AlternativeKind::Selfhost => self.plans.iter().position(|it| it.name == name),
            AlternativeKind::Endpoint => self.endpoints.iter().position(|it| it.arm.name == name),
            AlternativeKind::Api => self.running.iter().position(|it| it.plan.name == name),
            AlternativeKind::Stay | AlternativeKind::Optimised => None,
        }
    }

    /// Whether a plan or endpoint takes the calls of a stream.
    #[must_use]
    pub fn takes(&self, (kind, name): (AlternativeKind, &str), stream: &Stream) -> bool {
        let place = self.place_of(kind, name);
        place.is_some_and(|at| self.takers(stream).takes(kind, at))
    }

    /// Whether the state of what is at a place may ever say "cheaper".
    pub(super) fn may_say(&self, kind: AlternativeKind, at: usize) -> bool {
        let alert = match kind {
            AlternativeKind::Selfhost => self.plans.get(at).map(|it| it.alert),
            AlternativeKind::Endpoint => self.endpoints.get(at).map(|it| it.alert),
            AlternativeKind::Api => self.running.get(at).map(|it| it.plan.alert),
            AlternativeKind::Stay | AlternativeKind::Optimised => None,
        };
        self.sees_all_traffic && alert.unwrap_or(false)
    }

    /// Who takes the calls of a stream.
    pub(super) fn takers(&self, stream: &Stream) -> Takers {
        let arm = |arm: &Arm| takes(&arm.replaces, arm.serves, stream);
        Takers {
            paid: PaidTerms::of(&self.paid, &self.tiers, stream),
            reserved: places(&self.reserved, |rule| rule.is_for(stream)),
            plans: places(&self.plans, |plan| {
                takes(&plan.replaces, plan.serves, stream)
            }),
            endpoints: places(&self.endpoints, |endpoint| arm(&endpoint.arm)),
            optimised: places(&self.optimised, arm),
        }
    }
}

/// Where those are that `wanted` picks.
fn places<T>(all: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    let all = all.iter().enumerate();
    all.filter(|(_, one)| wanted(one))
        .map(|(at, _)| at)
        .collect()
}
