//! Which of the known ways are compared.

use crate::call::names_model;
use crate::cli::Failure;
use crate::cli::house::Known;
use crate::economics::Arm;
use crate::economics::catalogue::nearest;

/// All endpoints, and of the ways to pay the same provider less those for the model: their prices are
/// a part of its own.
pub(super) fn arms(known: &Known, model: &str) -> Vec<Arm> {
    let own = known.optimised.iter();
    let own = own.filter(|arm| may_replace(&arm.replaces, model));
    known.endpoints.iter().chain(own).cloned().collect()
}

/// Those that may replace the model: a plan has to beat them.
pub(super) fn rivals(arms: &[Arm], model: &str) -> Vec<Arm> {
    let may = arms.iter().filter(|arm| may_replace(&arm.replaces, model));
    may.cloned().collect()
}

/// Whether somebody said that what replaces these models answers as well as this one.
pub(super) fn may_replace(replaces: &[String], model: &str) -> bool {
    replaces.iter().any(|name| names_model(name, model))
}

/// Keeps the plans that were named, in that order; all of them if none was.
pub(super) fn plans(known: &mut Known, named: &[String]) -> Result<(), Failure> {
    if named.is_empty() {
        return Ok(());
    }
    let mut chosen = Vec::with_capacity(named.len());
    for name in named {
        let plan = known.plans.iter().find(|plan| plan.name == *name);
        chosen.push(plan.cloned().ok_or_else(|| unknown(name, known))?);
    }
    known.plans = chosen;
    Ok(())
}

fn unknown(name: &str, known: &Known) -> Failure {
    let names = || known.plans.iter().map(|plan| plan.name.clone());
    let failure = Failure::use_or_config(format!("--plan {name}: there is no such plan"));
    let known: Vec<String> = names().collect();
    match &nearest(name, names())[..] {
        [] if known.is_empty() => {
            failure.remedy("no plan is configured; name a file of plans with --plans")
        }
        [] => failure.remedy(format!("known: {}", known.join(", "))),
        near => failure.remedy(format!("nearest: {}", near.join(", "))),
    }
}
