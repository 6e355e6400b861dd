#![expect(
    clippy::float_arithmetic,
    reason = "figures are scaled to a month for people"
)]
//! An endpoint, and a way to pay the same provider less, in words.

use std::fmt::{self, Write as _};

use super::{Words, age, committed, dollars, percent, plan, standing};
use crate::economics::arm::{Arm, ArmPrice, Endpoint};
use crate::economics::assumptions::{Parameter, Range};
use crate::economics::projection::{Band, Evidence};
use crate::economics::routing::{Routing, routing_breakeven_share};
use crate::economics::{EndpointProjection, OptimisedProjection};

impl Words<'_> {
    pub(super) fn endpoint(
        &self,
        out: &mut String,
        projection: &EndpointProjection,
        monthly: f64,
    ) -> fmt::Result {
        let named = |endpoint: &&Endpoint| endpoint.arm.name == projection.endpoint;
        let Some(endpoint) = self.0.settings.endpoints.iter().find(named) else {
            return Ok(());
        };
        let (arm, settings) = (&endpoint.arm, &self.0.settings);
        let EndpointProjection { evidence, band, .. } = projection;
        if figures(
            out,
            arm,
            (evidence, band),
            projection.api_cost.to_f64(),
            monthly,
        )? {
            committed(out, &projection.committed, monthly)?;
            self.price(out, arm)?;
            let at = place(settings.endpoints.iter().map(|it| &it.arm), arm);
            let prices = self
                .0
                .api_prices_of(|stream| stream.endpoints.contains(&at));
            standing::prices(out, "  ", &prices, self.today())?;
            standing::seen(out, evidence, projection.window)?;
            standing::assumed(out, &arm.assumed)?;
            let moved = (arm.moved.as_slice(), projection.moved_usd.as_slice());
            plan::moved(out, moved, arm.basis.as_ref(), monthly)?;
        }
        Ok(())
    }

    pub(super) fn optimised(
        &self,
        out: &mut String,
        projection: &OptimisedProjection,
        monthly: f64,
    ) -> fmt::Result {
        let named = |arm: &&Arm| arm.name == projection.optimised;
        let Some(arm) = self.0.settings.optimised.iter().find(named) else {
            return Ok(());
        };
        let OptimisedProjection { evidence, band, .. } = projection;
        if figures(
            out,
            arm,
            (evidence, band),
            projection.api_cost.to_f64(),
            monthly,
        )? {
            committed(out, &projection.committed, monthly)?;
            taken(out, arm)?;
            if let Some(routing) = &projection.routing {
                routed(out, arm, routing)?;
            }
            self.price(out, arm)?;
            let at = place(self.0.settings.optimised.iter(), arm);
            let prices = self
                .0
                .api_prices_of(|stream| stream.optimised.contains(&at));
            standing::prices(out, "  ", &prices, self.today())?;
            standing::seen(out, evidence, projection.window)?;
            standing::assumed(out, &arm.assumed)?;
        }
        Ok(())
    }

    fn price(&self, out: &mut String, arm: &Arm) -> fmt::Result {
        let looked_up = age(arm.as_of, self.today());
        writeln!(out, "  Price: {}, {looked_up}.", arm.source)
    }
}

/// Where an arm stands among others.
fn place<'a>(mut arms: impl Iterator<Item = &'a Arm>, arm: &Arm) -> usize {
    arms.position(|other| other.name == arm.name)
        .unwrap_or(usize::MAX)
}

/// What it is and what it costs; false if it takes nothing.
fn figures(
    out: &mut String,
    arm: &Arm,
    (evidence, band): (&Evidence, &Band),
    api_usd: f64,
    monthly: f64,
) -> Result<bool, fmt::Error> {
    write!(out, "\n{} ({}): ", arm.name, what(&arm.price))?;
    if evidence.calls <= 0.0 {
        writeln!(out, "takes none of the calls seen.")?;
        return Ok(false);
    }
    writeln!(
        out,
        "{} a month instead of {}; {}.",
        dollars(band.expected.cost_usd * monthly),
        dollars(api_usd * monthly),
        plan::saving(band, monthly),
    )?;
    Ok(true)
}

/// What it sells, as a phrase.
fn what(price: &ArmPrice) -> String {
    match price {
        ArmPrice::Tokens { model, .. } => format!("{model}, per token"),
        ArmPrice::Factor(factor) => format!("{} of what is paid now", percent(*factor)),
        ArmPrice::Cache { .. } => "more input from the provider's cache".to_owned(),
    }
}

/// Which part was taken to qualify: an assumption of whoever wrote the table.
fn taken(out: &mut String, arm: &Arm) -> fmt::Result {
    let share = arm.assumptions.range(Parameter::QualifyingShare);
    match &arm.price {
        ArmPrice::Tokens { .. } => writeln!(
            out,
            "  Taken to be answered well enough: {} of the calls; {} of these are repeated.",
            span(share),
            span(arm.assumptions.range(Parameter::Escalation)),
        ),
        ArmPrice::Factor(_) => writeln!(
            out,
            "  Taken to be able to wait: {} of the calls.",
            span(share)
        ),
        ArmPrice::Cache { share, .. } => writeln!(
            out,
            "  Taken to become cached input: {} of the fresh input.",
            span(*share)
        ),
    }
}

/// `40 % (20 % to 60 %)`.
fn span(range: Range) -> String {
    let Range {
        low,
        expected,
        high,
    } = range;
    if low.total_cmp(&high).is_eq() {
        return percent(expected);
    }
    format!(
        "{} ({} to {})",
        percent(expected),
        percent(low),
        percent(high)
    )
}

/// From which share on a router earns what it costs.
fn routed(out: &mut String, arm: &Arm, routing: &Routing) -> fmt::Result {
    if arm.router_usd_per_call <= 0.0 {
        return Ok(());
    }
    match routing_breakeven_share(routing) {
        Some(share) if share <= 1.0 => {
            writeln!(out, "  Routing pays above a share of {}.", percent(share))
        }
        Some(_) | None => writeln!(
            out,
            "  Routing never pays: deciding costs more than the smaller model saves."
        ),
    }
}
