//! What of a map can be taken at its word: rates of a usual size, names with one price.

use std::collections::BTreeMap;

use super::found::{Model, Reason};
use super::slip::slip;
use crate::money::RatePerMtok;
use crate::pricing::Rates;

const ZERO: RatePerMtok = RatePerMtok::from_pico_per_token(0);

/// Tells what cannot be taken; models that tell such a thing are left out by who reads them.
pub(super) fn sift(models: &mut [Model], zero_is_free: bool) {
    for model in models.iter_mut() {
        if model.list.is_empty() && model.left_out().is_none() {
            model.tell("", Reason::NoVendor);
        }
        if let Some(name) = model.names.iter().find(|name| !is_name(name)) {
            let name = name.clone();
            model.tell(&name, Reason::NoName);
        }
        sizes(model);
        if !zero_is_free {
            zeros(model);
        }
        if model.prices.is_empty() && model.left_out().is_none() {
            model.tell("", Reason::NoPrice);
        }
    }
    names(models);
}

/// A price of nothing at all, which is declared and not read by chance.
pub(super) fn is_free(rates: &Rates) -> bool {
    rates.iter().all(|(_, rate)| rate == ZERO)
}

/// A star of the map would be a pattern; the one behind what was made from a model is ours.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.strip_suffix(":*").unwrap_or(name).contains('*')
}

fn sizes(model: &mut Model) {
    let rates = model.prices.iter().flat_map(|price| price.rates.iter());
    let slips = rates.filter_map(|(kind, rate)| Some((kind, slip(kind, rate)?)));
    let slips: Vec<_> = slips.collect();
    for (kind, slip) in slips {
        model.tell(kind.name(), Reason::Slip(slip));
    }
}

/// A zero is left out: calls with such a part stay unpriced instead of costing nothing.
fn zeros(model: &mut Model) {
    if model.prices.iter().any(|price| is_free(&price.rates)) {
        return model.tell("", Reason::AllZero);
    }
    let mut parts = Vec::new();
    for price in &mut model.prices {
        let zero = price.rates.iter().filter(|(_, rate)| *rate == ZERO);
        parts.extend(zero.map(|(kind, _)| kind));
        price.rates = price
            .rates
            .iter()
            .filter(|(_, rate)| *rate != ZERO)
            .collect();
    }
    for kind in parts {
        model.tell(kind.name(), Reason::Zero);
    }
}

/// Who claims a name: whether it is the model's own first one, and whether it is not resold.
type Claim = (bool, bool, usize);

/// Gives each name to one model: its own before an alias, the vendor's own price before a reseller's.
/// Two that claim it alike must agree.
fn names(models: &mut [Model]) {
    let mut claims: BTreeMap<(String, String), Vec<Claim>> = BTreeMap::new();
    for (at, model) in models.iter().enumerate() {
        if model.left_out().is_some() {
            continue;
        }
        for (place, name) in model.names.iter().enumerate() {
            let key = (model.list.clone(), name.clone());
            let claim = (place == 0, !model.resold, at);
            claims.entry(key).or_default().push(claim);
        }
    }
    for ((_, name), mut claims) in claims {
        claims.sort_by_key(|(own, vendor, at)| (!own, !vendor, *at));
        let Some((own, vendor, first)) = claims.first().copied() else {
            continue;
        };
        for (other_own, other_vendor, at) in claims.into_iter().skip(1) {
            let agree = same(models, first, at);
            let alike = (other_own, other_vendor) == (own, vendor);
            if let Some(model) = models.get_mut(at) {
                model.names.retain(|known| *known != name);
                if !agree && other_own {
                    model.names.insert(0, name.clone());
                    model.tell(&name, Reason::Contradicted);
                }
            }
            if let Some(model) = models.get_mut(first).filter(|_| alike && !agree) {
                model.tell(&name, Reason::Contradicted);
            }
        }
    }
}

fn same(models: &[Model], one: usize, other: usize) -> bool {
    let prices = |at: usize| models.get(at).map(|model| &model.prices);
    prices(one) == prices(other)
}
