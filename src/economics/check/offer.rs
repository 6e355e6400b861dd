#![expect(
    clippy::float_arithmetic,
    reason = "an offer is for one GPU, a replica has several"
)]
//! The offer a plan names, from the catalogue.

use super::Checker;
use super::price::unpriced;
use crate::economics::catalogue::{Catalogue, Offer, OfferKind};
use crate::economics::draft::PlanDraft;
use crate::economics::plan::ReplicaPrice;

/// What the row says a replica costs, or what is wrong with naming it.
pub(super) fn offer(
    c: &mut Checker,
    draft: &PlanDraft,
    gpus: u32,
    catalogue: &Catalogue,
) -> ReplicaPrice {
    for (key, written) in [
        ("price_as_of", draft.price_as_of.is_some()),
        ("price_source", draft.price_source.is_some()),
    ] {
        if written {
            c.tell(key, "comes with the offer; leave it out");
        }
    }
    let Some(offer) = row(c, draft, catalogue) else {
        return unpriced();
    };
    if !gpus.is_multiple_of(offer.gpus) {
        let (label, together) = (offer.label(), offer.gpus);
        let message = format!(
            "{label} is rented {together} GPUs at a time, a replica has {gpus}: gpus = {together}, \
             or write gpu_usd_per_hour, price_as_of and price_source"
        );
        c.tell("offer", message);
    }
    terms(c, draft, offer);
    let usd_per_hour = f64::from(gpus) * offer.usd_per_gpu_hour;
    let term_months = offer.kind.term_months();
    ReplicaPrice {
        usd_per_hour,
        term_months,
        owed_usd_per_hour: if term_months.is_some() {
            usd_per_hour
        } else {
            0.0
        },
        as_of: offer.as_of,
        source: offer.cite(),
        ..unpriced()
    }
}

/// Whether a plan can be had on the terms of the offer.
fn terms(c: &mut Checker, draft: &PlanDraft, offer: &Offer) {
    let label = offer.label();
    if offer.kind == OfferKind::Ownership {
        let message = format!(
            "{label} is what an hour costs an owner, as someone estimates it: nobody sells it, and no \
             commitment can be judged by it. Write a table [plans.{}.owned] with capex_usd and \
             life_years, price_as_of and price_source",
            draft.name
        );
        c.tell("offer", message);
    }
    let serverless = draft.policy.as_deref() == Some("serverless");
    if serverless && offer.kind != OfferKind::Serverless {
        let message = format!(
            "{label} is {}, and policy is serverless: name an offer that is billed while in use, or \
             write its gpu_usd_per_hour, price_as_of and price_source; or policy = \"auto\"",
            offer.kind.label()
        );
        c.tell("offer", message);
    }
}

/// The row of the plan's GPU that is so named.
fn row<'r>(c: &mut Checker, draft: &PlanDraft, catalogue: &'r Catalogue) -> Option<&'r Offer> {
    let name = draft.offer.as_deref()?;
    // If no row is this GPU's, that is the problem, and told.
    let gpu = draft.gpu.as_deref()?;
    catalogue.gpus.iter().find(|known| known.name == gpu)?;
    let found = catalogue.offers_of(gpu).find(|row| row.label() == name);
    if found.is_none() {
        let for_plans = |offer: &&Offer| offer.kind != OfferKind::Ownership;
        let known = catalogue.offers_of(gpu).filter(for_plans);
        let known: Vec<String> = known.map(Offer::label).collect();
        let known = match known.as_slice() {
            [] => "there is none".to_owned(),
            known => format!("there are {}", known.join(", ")),
        };
        let message = format!(
            "{name} is no offer for {gpu} in the catalogue; {known}; or write gpu_usd_per_hour, \
             price_as_of and price_source"
        );
        c.tell("offer", message);
    }
    found
}
