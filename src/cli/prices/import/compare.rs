//! What a map says beside what the configured prices say, calls of a kind by calls of a kind.

use jiff::Timestamp;

use super::found::Model;
use crate::call::LineKind;
use crate::money::{Currency, Pico, RatePerMtok};
use crate::pricing::{Conditions, Layer, Price, PriceBook, Rates, Terms};

/// How a model of a map stands to the configured prices.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether the configured prices know the model at all.
    pub(super) known: bool,
    /// Whether it is a price of the user's own.
    pub(super) own: bool,
    /// Whether one of the prices is not in dollars: those are not compared.
    pub(super) other_currency: bool,
    /// What is not the same.
    pub(super) changes: Vec<Change>,
    /// The kinds of calls that only the configured prices tell apart, and the map's would hide.
    pub(super) hides: Vec<Conditions>,
}

/// A rate that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) calls: Conditions,
    pub(super) part: LineKind,
    /// For a million tokens, or one of what is billed by number.
    pub(super) ours: Pico,
    /// The same.
    pub(super) theirs: Pico,
}

/// Both sides of a comparison.
pub(super) struct Sides<'a> {
    /// The configured prices.
    pub(super) ours: &'a PriceBook,
    /// Those of the map.
    pub(super) theirs: &'a PriceBook,
    pub(super) at: Timestamp,
}

impl Sides<'_> {
    /// How a model of the map stands.
    pub(super) fn standing(&self, model: &Model) -> Standing {
        let mut standing = Standing::default();
        let list = model.list.as_str();
        let known = |name: &&String| self.ours.entries_for(list, name).next().is_some();
        let Some(ours) = model.names.iter().find(known) else {
            return standing;
        };
        standing.known = true;
        let mut kinds: Vec<&Conditions> = Vec::new();
        for price in &model.prices {
            if !kinds.contains(&&price.conditions) {
                kinds.push(&price.conditions);
            }
        }
        let own = kinds.len();
        for kind in self.ours.kinds(list, ours) {
            let now = self.ours.quote((list, ours), self.at, kind);
            let is_past = now.is_ok_and(|now| now.entry().conditions != *kind);
            if !is_past && !kinds.iter().any(|known| is_near(known, kind)) {
                kinds.push(kind);
            }
        }
        let theirs = model.name();
        for (at, kind) in kinds.into_iter().enumerate() {
            let before = standing.changes.len();
            self.compare((list, ours, theirs), kind, &mut standing);
            if at >= own && standing.changes.len() > before {
                standing.hides.push(kind.clone());
            }
        }
        standing
    }

    /// Compares what both say of calls of a kind.
    fn compare(
        &self,
        (list, our_name, their_name): (&str, &str, &str),
        kind: &Conditions,
        standing: &mut Standing,
    ) {
        let Ok(theirs) = self.theirs.quote((list, their_name), self.at, kind) else {
            return;
        };
        let Ok(ours) = self.ours.quote((list, our_name), self.at, kind) else {
            return;
        };
        standing.own |= ours.entry().layer == Layer::Overlay;
        if ours.entry().currency != Currency::USD {
            standing.other_currency = true;
            return;
        }
        for part in LineKind::ALL {
            let Some(theirs) = of(&theirs, |rates| rates.written(part), part) else {
                continue;
            };
            // A part that only the map has is no disagreement.
            let ours = of(&ours, |rates| default_write(rates, part), part);
            if let Some(ours) = ours.filter(|ours| !is_rounded(*ours, theirs)) {
                standing.changes.push(Change {
                    calls: kind.clone(),
                    part,
                    ours,
                    theirs,
                });
            }
        }
    }
}

/// Whether two kinds of calls are the same but for one token, which "from" and "above" differ by.
fn is_near(one: &Conditions, other: &Conditions) -> bool {
    let near = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (Some(one), Some(other)) => one.abs_diff(other) <= 1,
        (one, other) => one == other,
    };
    let rest = |of: &Conditions| Conditions {
        above_input_tokens: None,
        above_output_tokens: None,
        ..of.clone()
    };
    near(one.above_input_tokens, other.above_input_tokens)
        && near(one.above_output_tokens, other.above_output_tokens)
        && rest(one) == rest(other)
}

/// Less than so many thousandths of a rate apart, one of them is the other, rounded.
const ROUNDED_PER_MILLE: i128 = 1;

fn is_rounded(ours: Pico, theirs: Pico) -> bool {
    let (Pico(ours), Pico(apart)) = (ours, theirs - ours);
    let apart = i128::try_from(apart.unsigned_abs()).unwrap_or(i128::MAX);
    apart == 0 || apart.saturating_mul(1_000) < ours.saturating_mul(ROUNDED_PER_MILLE)
}

/// The rate of a part; a write of the default lifetime has two names.
fn default_write(rates: &Rates, part: LineKind) -> Option<RatePerMtok> {
    let other = || rates.written(LineKind::CacheWrite);
    let same = || other().filter(|_| part == LineKind::CacheWrite5m);
    rates.of(part).or_else(same)
}

/// What so many of a part cost: a million tokens, or one of another unit.
fn of(
    price: &Price<'_>,
    rate: impl Fn(&Rates) -> Option<RatePerMtok>,
    part: LineKind,
) -> Option<Pico> {
    let rates = match &price.entry().terms {
        Terms::Free => return Some(Pico::ZERO),
        Terms::Rates(rates) | Terms::Beyond(rates) => rates,
        Terms::Times(_) => return None,
    };
    let rate = rate(rates)?;
    Some(if part.is_tokens() {
        price.times().of(rate.cost(1_000_000))
    } else {
        rate.cost(1)
    })
}
