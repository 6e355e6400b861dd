//! What a pass finds, summed while it goes: by model, and what it left as it was, with why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::{Again, CallRecord, Flag, Pricing};
use crate::money::Pico;
use crate::usage::UsageSource;

/// Models that are told apart, and prices that are named; what comes on top is [`OTHER`].
const NAMES_MAX: usize = 1_000;
/// What is not told apart.
const OTHER: &str = "other";

/// What a pass found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Rows that were looked at.
    pub rows: u64,
    /// Calls whose bill is another one.
    pub changed: u64,
    /// Calls that nobody bills.
    pub not_billed: u64,
    /// Sums of the results of batches, left as they were booked.
    pub of_batches: u64,
    /// Calls of upstreams that are not configured any more, left as they were booked.
    pub without_upstream: BTreeMap<String, u64>,
    /// Billed calls that have no price now because nobody knows their tokens, …
    pub unknown_usage: u64,
    /// … because their model has no price, …
    pub no_price: u64,
    /// … or because its price has no rate for something that was used.
    pub no_rate: u64,
    /// The prices of changed calls, with how many they priced.
    pub price_ids: BTreeMap<String, u64>,
    /// All billed calls that were priced again, by upstream and model.
    pub models: BTreeMap<String, BTreeMap<String, ModelSums>>,
}

/// The calls of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSums {
    /// Billed calls that were looked at.
    pub calls: u64,
    /// Those whose bill is another one.
    pub changed: u64,
    /// Those that had no price.
    pub unpriced_before: u64,
    /// Those that have none now.
    pub unpriced_after: u64,
    /// What they had cost, by currency.
    pub cost_before: BTreeMap<String, Pico>,
    /// What they cost now, by currency.
    pub cost_after: BTreeMap<String, Pico>,
    /// What they had cost in dollars.
    pub cost_usd_before: Pico,
    /// What they cost now in dollars.
    pub cost_usd_after: Pico,
}

impl Summary {
    /// Adds a call, with what the prices of now say of it.
    pub(super) fn add(&mut self, call: &CallRecord, again: &Again) {
        count(&mut self.rows);
        let now = match again {
            Again::NotBilled => return count(&mut self.not_billed),
            Again::Summed => return count(&mut self.of_batches),
            Again::NoUpstream => {
                let upstreams = &mut self.without_upstream;
                return count(upstreams.entry(call.upstream.clone()).or_default());
            }
            Again::Same => call,
            Again::Changed(now) => now,
        };
        let is_changed = matches!(again, Again::Changed(_));
        self.changed = self.changed.saturating_add(u64::from(is_changed));
        if let (true, Some(id)) = (is_changed, &now.price_id) {
            count(self.price_ids.entry(name(&self.price_ids, id)).or_default());
        }
        if now.pricing == Pricing::Unpriced {
            self.add_unpriced(now);
        }
        self.model(call).add(call, now, is_changed);
    }

    fn add_unpriced(&mut self, call: &CallRecord) {
        let has = |flag| call.flags.contains(&flag);
        let is_unknown = call.source == Some(UsageSource::Unknown);
        count(match (is_unknown, has(Flag::NoRate)) {
            (false, true) => &mut self.no_rate,
            (false, false) if has(Flag::NoPrice) => &mut self.no_price,
            _ => &mut self.unknown_usage,
        });
    }

    fn model(&mut self, call: &CallRecord) -> &mut ModelSums {
        let known: usize = self.models.values().map(BTreeMap::len).sum();
        let models = self.models.entry(call.upstream.clone()).or_default();
        let model = call.model_name().unwrap_or("-");
        let is_named = known < NAMES_MAX || models.contains_key(model);
        let model = if is_named { model } else { OTHER };
        models.entry(model.to_owned()).or_default()
    }
}

impl ModelSums {
    fn add(&mut self, was: &CallRecord, now: &CallRecord, is_changed: bool) {
        let is_unpriced = |call: &CallRecord| u64::from(call.pricing == Pricing::Unpriced);
        count(&mut self.calls);
        self.changed = self.changed.saturating_add(u64::from(is_changed));
        self.unpriced_before = self.unpriced_before.saturating_add(is_unpriced(was));
        self.unpriced_after = self.unpriced_after.saturating_add(is_unpriced(now));
        self.cost_usd_before += was.cost_usd.unwrap_or_default();
        self.cost_usd_after += now.cost_usd.unwrap_or_default();
        pay(&mut self.cost_before, was);
        pay(&mut self.cost_after, now);
    }
}

fn pay(costs: &mut BTreeMap<String, Pico>, call: &CallRecord) {
    if let (Some(cost), Some(currency)) = (call.cost_native, call.currency) {
        match costs.get_mut(currency.code()) {
            Some(sum) => *sum += cost,
            None => drop(costs.insert(currency.code().to_owned(), cost)),
        }
    }
}

fn count(of: &mut u64) {
    *of = of.saturating_add(1);
}

/// A name that is known, or may be a new one.
fn name(known: &BTreeMap<String, u64>, name: &str) -> String {
    if known.len() < NAMES_MAX || known.contains_key(name) {
        name.to_owned()
    } else {
        OTHER.to_owned()
    }
}
