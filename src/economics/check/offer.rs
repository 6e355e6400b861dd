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
    let idle_is_free = matches!(draft.policy.as_deref(), Some("auto" | "serverless"));
    if offer.kind == OfferKind::Ownership && idle_is_free {
        let message = "an owner pays for idle machines too: use fixed, peak or hybrid";
        c.tell("policy", message);
    }
    ReplicaPrice {
        usd_per_hour: f64::from(gpus) * offer.usd_per_gpu_hour,
        term_months: offer.kind.term_months(),
        as_of: offer.as_of,
        source: offer.cite(),
        ..unpriced()
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
        let known: Vec<String> = catalogue.offers_of(gpu).map(Offer::label).collect();
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
