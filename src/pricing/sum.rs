//! The bills of several calls as one.

use super::Priced;
use crate::call::{CostLine, Flag, Pricing};
use crate::money::Pico;

impl Priced {
    /// Adds another call's bill: its lines join those of the same kind, model and rate. Whole or not
    /// at all: with one that has no price the sum has none.
    pub fn add(&mut self, other: Self) {
        for flag in &other.flags {
            self.flag(*flag);
        }
        match (self.pricing, other.pricing) {
            (Pricing::Unpriced, _) | (_, Pricing::Free) => {}
            (_, Pricing::Unpriced) => self.lose(None),
            (Pricing::Free, Pricing::Priced) => {
                let flags = std::mem::take(&mut self.flags);
                *self = Self { flags, ..other };
            }
            (Pricing::Priced, Pricing::Priced) if self.currency != other.currency => {
                self.lose(Some(Flag::NoRate));
            }
            (Pricing::Priced, Pricing::Priced) => self.join(other),
        }
    }

    fn join(&mut self, other: Self) {
        let sum = |mine: Option<Pico>, theirs: Option<Pico>| Some(mine? + theirs?);
        self.cost_native = sum(self.cost_native, other.cost_native);
        self.cost_usd = sum(self.cost_usd, other.cost_usd);
        for line in other.lines {
            match self.lines.iter_mut().find(|known| is_alike(known, &line)) {
                Some(known) => {
                    known.quantity = known.quantity.saturating_add(line.quantity);
                    known.cost_native += line.cost_native;
                    known.cost_usd += line.cost_usd;
                }
                None => self.lines.push(line),
            }
        }
    }

    fn lose(&mut self, why: Option<Flag>) {
        let flags = std::mem::take(&mut self.flags);
        *self = Self {
            flags,
            ..Self::unpriced(None)
        };
        if let Some(flag) = why {
            self.flag(flag);
        }
    }

    fn flag(&mut self, flag: Flag) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }
}

fn is_alike(one: &CostLine, other: &CostLine) -> bool {
    (one.kind, one.rate, one.times, &one.model)
        == (other.kind, other.rate, other.times, &other.model)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::LineKind;
    use crate::money::Currency;

    fn bill(rate: &str, quantity: u64) -> Priced {
        let rate: crate::money::RatePerMtok = rate.parse().unwrap();
        let cost = rate.cost(quantity);
        Priced {
            pricing: Pricing::Priced,
            price_id: Some("openai/gpt-4o@2025-07-04".into()),
            currency: Some(Currency::USD),
            cost_native: Some(cost),
            cost_usd: Some(cost),
            lines: vec![CostLine {
                kind: LineKind::Input,
                model: None,
                quantity,
                rate,
                times: None,
                cost_native: cost,
                cost_usd: cost,
            }],
            flags: Vec::new(),
        }
    }

    fn free() -> Priced {
        Priced {
            pricing: Pricing::Free,
            price_id: None,
            currency: None,
            cost_native: None,
            cost_usd: None,
            lines: Vec::new(),
            flags: Vec::new(),
        }
    }

    #[test]
    fn lines_of_one_rate_are_one_and_all_sum_to_the_cost() {
        let mut sum = free();
        for (rate, quantity) in [("2.5", 10), ("2.5", 7), ("5", 1)] {
            sum.add(bill(rate, quantity));
        }
        sum.add(free());
        let quantities: Vec<_> = sum.lines.iter().map(|line| line.quantity).collect();
        assert_eq!(quantities, [17, 1]);
        let lines: Pico = sum.lines.iter().map(|line| line.cost_usd).sum();
        assert_eq!(sum.cost_usd, Some(lines));
        assert_eq!(lines, Pico(17 * 2_500_000 + 5_000_000));
    }

    #[test]
    fn with_a_part_that_has_no_price_the_whole_has_none() {
        let unpriced = Priced::unpriced(Some(Flag::NoPrice));
        for parts in [
            [bill("1", 1), unpriced.clone()],
            [unpriced.clone(), bill("1", 1)],
        ] {
            let mut sum = free();
            for part in parts {
                sum.add(part);
            }
            assert_eq!(sum, unpriced);
        }
    }
}
