//! What the cheapest way takes for granted, said beside its figure.

use std::fmt::{self, Write as _};

use crate::economics::Alternative;
use crate::economics::arm::ArmPrice;
use crate::economics::projection::AlternativeKind;
use crate::verdict::Settings;

/// The model that would answer instead. What pays the same provider less says its own part below.
pub(super) fn assumed(
    out: &mut String,
    settings: &Settings,
    cheapest: &Alternative,
) -> fmt::Result {
    let Some(model) = model(settings, cheapest) else {
        return Ok(());
    };
    writeln!(
        out,
        "That takes for granted that {model} answers these calls well enough: nobody measured it \
         here."
    )
}

fn model<'s>(settings: &'s Settings, cheapest: &Alternative) -> Option<&'s str> {
    match cheapest.kind {
        AlternativeKind::Stay | AlternativeKind::Optimised | AlternativeKind::Api => None,
        AlternativeKind::Selfhost => {
            let mut plans = settings.plans.iter();
            let plan = plans.find(|plan| plan.name == cheapest.name)?;
            Some(&plan.model.name)
        }
        AlternativeKind::Endpoint => {
            let mut arms = settings.endpoints.iter().map(|endpoint| &endpoint.arm);
            match &arms.find(|arm| arm.name == cheapest.name)?.price {
                ArmPrice::Tokens { model, .. } => Some(model),
                ArmPrice::Factor(_) | ArmPrice::Cache { .. } => None,
            }
        }
    }
}
