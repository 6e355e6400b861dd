//! A call that was priced once, by the prices that are known now.

use super::{PriceBook, Priceable};
use crate::call::{Again, CallRecord, Pricing, Settled};

impl PriceBook {
    /// Prices a call again by a list, as its meter would have. A bill under another name is the same
    /// bill: what its price is called, and what is odd about it, stays as it was booked.
    #[must_use]
    pub fn again(&self, record: &CallRecord, list: &str) -> Again {
        let declared_free = record.price_id.is_some();
        let was_billed = record.pricing != Pricing::Free || declared_free;
        if record.source.is_none() || !was_billed {
            return Again::NotBilled;
        }
        if record.operation == "batches" {
            return Again::Summed;
        }
        let priced = self.price(&Priceable::of(record, list));
        let is_same = priced.pricing == record.pricing
            && (priced.currency, priced.cost_native) == (record.currency, record.cost_native)
            && priced.cost_usd == record.cost_usd
            && priced.lines == record.cost_lines
            && Settled::of(&priced.flags) == Settled::of(&record.flags);
        if is_same {
            return Again::Same;
        }
        let mut changed = record.clone();
        priced.settle(&mut changed);
        Again::Changed(Box::new(changed))
    }
}
