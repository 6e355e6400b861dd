//! A way to pay the same provider less, checked.

use super::Checker;
use crate::economics::arm::{Arm, ArmPrice, assumed};
use crate::economics::assumptions::{Assumptions, Group, Parameter, Range};
use crate::economics::draft::{OptimisedDraft, PlanProblem};
use crate::economics::plan::ThroughputSource;
use crate::usage::Capability;

/// The three ways, and the keys that say which.
const WAYS: &str = "model = \"gpt-4o-mini\" (or input_usd_per_mtok and output_usd_per_mtok) for a \
    smaller model, price_factor = 0.5 for a batch or flex tier, or cached_share for a prompt cache";

/// Which of the three ways.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Model,
    Factor(f64),
    Cache(Range),
}

impl Arm {
    /// The checked way to pay less, or everything that is wrong with the draft.
    pub fn check_optimised(draft: OptimisedDraft) -> Result<Self, Vec<PlanProblem>> {
        let mut checker = Checker::default();
        let c = &mut checker;
        let replaces = c.names(&draft.replaces);
        let router_usd_per_call = c.amount("router_usd_per_call", draft.router_usd_per_call, 0.0);
        let Some(way) = way(c, &draft) else {
            return Err(checker.problems);
        };
        let serves = serves(c, way, draft.serves.as_deref());
        let assumptions = assumptions(c, way, &draft.ranges);
        let Some(price) = price(c, way, &draft) else {
            return Err(checker.problems);
        };
        let arm = Self {
            as_of: c.require("price_as_of", draft.price_as_of, "2026-05-22"),
            source: c.require("price_source", draft.price_source, "\"pricing page of …\""),
            name: draft.name,
            replaces,
            serves,
            price,
            router_usd_per_call,
            assumptions,
            moved: Vec::new(),
            basis: None,
            assumed: assumed(&draft.ranges),
        };
        checker.done(arm)
    }
}

fn way(c: &mut Checker, draft: &OptimisedDraft) -> Option<Way> {
    let has_model = draft.model.is_some() || draft.rates.is_some();
    match (draft.price_factor, draft.cached_share) {
        (Some(_), Some(_)) => {
            let message = "and price_factor are two ways: a table for each";
            c.tell("cached_share", message);
            None
        }
        (Some(factor), None) => {
            if has_model {
                let message = "is times what the same model cost: leave out model and its prices, \
                               or price_factor";
                c.tell("price_factor", message);
            }
            Some(Way::Factor(c.within("price_factor", factor, (0.0, 1.0))))
        }
        (None, Some(share)) => {
            if draft.replaces.len() > 1 {
                let message = "names more than one model, and each has its own cache prices: a \
                               table for each";
                c.tell("replaces", message);
            }
            cached_share(c, share);
            Some(Way::Cache(share))
        }
        (None, None) if has_model => Some(Way::Model),
        (None, None) => {
            c.tell("model", format!("is missing; one of {WAYS}"));
            None
        }
    }
}

/// The way with its prices; `None` if they are not there.
fn price(c: &mut Checker, way: Way, draft: &OptimisedDraft) -> Option<ArmPrice> {
    if let Way::Factor(factor) = way {
        return Some(ArmPrice::Factor(factor));
    }
    let Some(rates) = draft.rates else {
        let message = "has no prices: name one of the price catalogue, such as \"gpt-4o-mini\", or \
                       write input_usd_per_mtok and output_usd_per_mtok";
        c.tell("model", message);
        return None;
    };
    match way {
        Way::Factor(factor) => Some(ArmPrice::Factor(factor)),
        Way::Cache(share) => {
            if rates.cached_input >= rates.input {
                let message = "saves nothing: cached input costs no less than fresh input; write \
                               cached_input_usd_per_mtok";
                c.tell("cached_share", message);
            }
            Some(ArmPrice::Cache { share, rates })
        }
        Way::Model => {
            let model = c.require("model", draft.model.clone(), "\"gpt-4o-mini\"");
            Some(ArmPrice::Tokens { model, rates })
        }
    }
}

fn cached_share(c: &mut Checker, share: Range) {
    let Range {
        low,
        expected,
        high,
    } = share;
    for value in [low, expected, high] {
        c.within("cached_share", value, (0.0, 1.0));
    }
    if !(low <= expected && expected <= high) {
        let message = format!(
            "[{low}, {expected}, {high}] is not in the order pessimistic, expected, optimistic: \
             rising values"
        );
        c.tell("cached_share", message);
    }
}

/// The same model can do what it does today; what another one can do must be said.
fn serves(c: &mut Checker, way: Way, written: Option<&str>) -> Capability {
    if written.is_none() && way != Way::Model {
        return Capability::MOST;
    }
    c.serves(written)
}

/// The written ranges over what holds without them.
fn assumptions(c: &mut Checker, way: Way, written: &[(Parameter, Range)]) -> Assumptions {
    let known: &[Parameter] = match way {
        Way::Model => Group::Quality.members(),
        Way::Factor(_) | Way::Cache(_) => &[Parameter::QualifyingShare, Parameter::Escalation],
    };
    let mut assumptions = defaults(way);
    for (parameter, range) in written.iter().copied() {
        if !known.contains(&parameter) {
            c.tell(
                parameter.key(),
                "says nothing about this way: the same model answers",
            );
            continue;
        }
        for value in [range.low, range.expected, range.high] {
            c.within(parameter.key(), value, parameter.bounds());
        }
        c.order(parameter, range);
        assumptions = assumptions.with(parameter, range);
    }
    let mut parameters = written.iter().map(|(parameter, _)| *parameter);
    let share_is_written = parameters.any(|parameter| parameter == Parameter::QualifyingShare);
    if let (Some(part), false) = (part(way), share_is_written) {
        let message = format!("is missing; such as [0.1, 0.2, 0.4]: the part of the calls {part}");
        c.tell(Parameter::QualifyingShare.key(), message);
    }
    assumptions
}

/// The part that nobody can guess: which answers a smaller model may give, or which may wait.
const fn part(way: Way) -> Option<&'static str> {
    match way {
        Way::Model => Some("that this model answers well enough"),
        Way::Factor(_) => Some("whose answer may wait"),
        Way::Cache(_) => None,
    }
}

/// The models of one provider share a tokenizer more often than not; the same model gives the same
/// answers.
fn defaults(way: Way) -> Assumptions {
    let certain = |ranges: Assumptions, (parameter, value): (Parameter, f64)| {
        ranges.with(parameter, Range::certain(value))
    };
    let another_model = [
        (Parameter::QualifyingShare, 1.0),
        (Parameter::TokenRatioIn, 1.0),
    ];
    let same_model = [
        (Parameter::Escalation, 0.0),
        (Parameter::TokenRatioOut, 1.0),
    ];
    let ranges = Assumptions::defaults(ThroughputSource::Measured, false);
    let ranges = another_model.into_iter().fold(ranges, certain);
    match way {
        Way::Model => ranges,
        Way::Factor(_) | Way::Cache(_) => same_model.into_iter().fold(ranges, certain),
    }
}
