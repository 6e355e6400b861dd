//! The bill of one call: its lines, their sum, and the sum in dollars.

use super::book::{Found, PriceBook};
use super::entry::{PriceEntry, Rates, Terms};
use super::lines::{is_complete, rateless, split};
use super::{Priceable, Priced};
use crate::call::{CostLine, Flag, LineKind, Pricing};
use crate::money::{Currency, PICO_PER_UNIT, Pico, apportion};
use crate::usage::{TokenUsage, Units};

/// Why there is no bill; `None` where the usage itself is unknown.
type Unpriced = Option<Flag>;

/// Lines as they are found.
pub(super) struct Bill {
    currency: Currency,
    lines: Vec<CostLine>,
    flags: Vec<Flag>,
}

impl Bill {
    /// Prices a call whole or not at all.
    pub(super) fn of(book: &PriceBook, call: &Priceable<'_>) -> Result<Priced, Unpriced> {
        let model = call.model.ok_or(Some(Flag::NoPrice))?;
        let found = book.find(call, model, call.usage.map_or(0, input_tokens))?;
        let mut bill = Self {
            currency: found.entry.currency,
            lines: Vec::new(),
            flags: Vec::new(),
        };
        let free = bill.call(&found, call)?;
        for side in call.side {
            let usage = side.tokens();
            let name = side.model.as_deref().unwrap_or(model);
            let found = book.find(call, name, input_tokens(&usage))?;
            bill.tokens(&found, &usage, (name != model).then_some(name))?;
        }
        bill.close(book, call, found.id, free)
    }

    /// The call's own lines; whether the entry declares it free.
    fn call(&mut self, found: &Found<'_>, call: &Priceable<'_>) -> Result<bool, Unpriced> {
        let Terms::Rates(rates) = &found.entry.terms else {
            self.note(found);
            return Ok(true);
        };
        let usage = call.usage.ok_or(None)?;
        let silent = usage.input.is_none() && usage.output.is_none();
        if silent && call.units.is_empty() && call.side.is_empty() {
            return Err(None);
        }
        self.tokens(found, usage, None)?;
        self.units(found.entry, rates, call.units)?;
        if rates.request.is_some() {
            self.line(rates, LineKind::Request, 1, None)?;
        }
        Ok(false)
    }

    /// One line for each kind of token used.
    fn tokens(
        &mut self,
        found: &Found<'_>,
        usage: &TokenUsage,
        model: Option<&str>,
    ) -> Result<(), Unpriced> {
        self.note(found);
        let Terms::Rates(rates) = &found.entry.terms else {
            return Ok(());
        };
        if found.entry.currency != self.currency {
            return Err(Some(Flag::NoRate));
        }
        if !is_complete(usage) {
            return Err(None);
        }
        rateless(usage).map_or(Ok(()), |flag| Err(Some(flag)))?;
        let split = split(usage, rates.reasoning.is_some());
        if split.clamped {
            self.flag(Flag::NegativeClamped);
        }
        for (kind, count) in split.parts {
            self.line(rates, kind, count, model)?;
        }
        Ok(())
    }

    /// One line for each unit that is billed; a unit nobody priced is not taken for free.
    fn units(&mut self, entry: &PriceEntry, rates: &Rates, units: &Units) -> Result<(), Unpriced> {
        for (unit, count) in units {
            match unit.as_str() {
                _ if *count == 0 || entry.free_units.contains(unit) => {}
                "web_search" => self.line(rates, LineKind::WebSearch, *count, None)?,
                _ => return Err(Some(Flag::NoRate)),
            }
        }
        Ok(())
    }

    fn line(
        &mut self,
        rates: &Rates,
        kind: LineKind,
        quantity: u64,
        model: Option<&str>,
    ) -> Result<(), Unpriced> {
        if quantity == 0 {
            return Ok(());
        }
        let rate = rates.of(kind).ok_or(Some(Flag::NoRate))?;
        let cost = rate.cost(quantity);
        self.lines.push(CostLine {
            kind,
            model: model.map(str::to_owned),
            quantity,
            rate,
            cost_native: cost,
            cost_usd: cost,
        });
        Ok(())
    }

    /// The sum, once converted to dollars and spread over the lines.
    fn close(
        mut self,
        book: &PriceBook,
        call: &Priceable<'_>,
        id: &str,
        free: bool,
    ) -> Result<Priced, Unpriced> {
        let native: Pico = self.lines.iter().map(|line| line.cost_native).sum();
        let mut usd = native;
        if self.currency != Currency::USD {
            let rate = book.usd_for(self.currency, call.at);
            usd = native.scaled(rate.ok_or(Some(Flag::NoRate))?.0, PICO_PER_UNIT);
            let weights: Vec<Pico> = self.lines.iter().map(|line| line.cost_native).collect();
            for (line, share) in self.lines.iter_mut().zip(apportion(usd, &weights)) {
                line.cost_usd = share;
            }
        }
        let free = free && self.lines.is_empty();
        Ok(Priced {
            pricing: if free { Pricing::Free } else { Pricing::Priced },
            price_id: Some(id.to_owned()),
            currency: (!free).then_some(self.currency),
            cost_native: (!free).then_some(native),
            cost_usd: (!free).then_some(usd),
            lines: self.lines,
            flags: self.flags,
        })
    }

    fn note(&mut self, found: &Found<'_>) {
        if found.seen_later {
            self.flag(Flag::PriceSeenLater);
        }
    }

    fn flag(&mut self, flag: Flag) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }
}

/// What an input-length condition is about: everything the model read.
fn input_tokens(usage: &TokenUsage) -> u64 {
    usage.input.unwrap_or(0)
}
