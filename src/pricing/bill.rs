//! The bill of one call: its lines, their sum, and the sum in dollars.

use jiff::Timestamp;

use super::beyond::cut;
use super::book::PriceBook;
use super::conditions::Served;
use super::entry::{PriceEntry, Settlement};
use super::find::Price;
use super::lines::{is_complete, split};
use super::rates::Rates;
use super::reserved::Reservation;
use super::{Priceable, Priced};
use crate::call::{CostLine, Flag, LineKind, Origins, Pricing};
use crate::money::{Currency, Factor, PICO_PER_UNIT, Pico, apportion};
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
    /// Prices a call whole or not at all, by the prices of `at`.
    pub(super) fn of(
        book: &PriceBook,
        call: &Priceable<'_>,
        at: Timestamp,
    ) -> Result<Priced, Unpriced> {
        let model = book.name_of(call, at).ok_or(Some(Flag::NoPrice))?;
        let nothing = TokenUsage::default();
        let usage = call.usage.unwrap_or(&nothing);
        let reserved = book.serving(call, at, model);
        let worth = reserved.filter(|reserved| reserved.service_tier.is_some());
        // The tier is what was reserved: its calls are worth what they would cost without.
        let call = &match worth.map(|_| book.find(call, at, model, usage)) {
            Some(Err(_)) => Priceable {
                service_tier: None,
                ..*call
            },
            Some(Ok(_)) | None => *call,
        };
        let price = book.find(call, at, model, usage)?;
        let mut bill = Self {
            currency: price.base.entry.currency,
            lines: Vec::new(),
            flags: Vec::new(),
        };
        let free = bill.call(&price, call)?;
        if !free {
            if call.origins != Origins::default() {
                bill.flags.extend(Served::of(call).assumed(call));
            }
            bill.flags.extend(settled(price.base.entry, reserved, at));
        }
        for side in call.side {
            let usage = side.tokens();
            let name = side.model.as_deref().unwrap_or(model);
            let price = book.find(call, at, name, &usage)?;
            bill.tokens(&price, &usage, (name != model).then_some(name))?;
        }
        bill.close(book, at, price.id(), free)
    }

    /// The call's own lines; whether the entry declares it free.
    fn call(&mut self, price: &Price<'_>, call: &Priceable<'_>) -> Result<bool, Unpriced> {
        let entry = price.base.entry;
        let Some(rates) = entry.terms.rates() else {
            self.note(price);
            return Ok(true);
        };
        let usage = call.usage.ok_or(None)?;
        let silent = usage.input.is_none() && usage.output.is_none();
        if silent && call.units.is_empty() && call.side.is_empty() {
            return Err(None);
        }
        self.tokens(price, usage, None)?;
        self.units(entry, rates, call.units)?;
        if rates.of(LineKind::Request).is_some() {
            self.line(rates, (LineKind::Request, 1), Factor::ONE, None)?;
        }
        Ok(false)
    }

    /// One line for each kind of token used, more where a length divides it.
    fn tokens(
        &mut self,
        price: &Price<'_>,
        usage: &TokenUsage,
        model: Option<&str>,
    ) -> Result<(), Unpriced> {
        self.note(price);
        let Some(rates) = price.base.entry.terms.rates() else {
            return Ok(());
        };
        let mut entries = std::iter::once(price.base.entry).chain(price.beyond.iter().copied());
        if entries.any(|entry| entry.currency != self.currency) {
            return Err(Some(Flag::NoRate));
        }
        if !is_complete(usage) {
            return Err(None);
        }
        let split = split(usage, rates);
        if split.clamped {
            self.flag(Flag::NegativeClamped);
        }
        let times = price.times();
        if price.beyond.is_empty() {
            for part in split.parts {
                self.line(rates, part, times, model)?;
            }
            return Ok(());
        }
        for (kind, count, rates) in cut(&split.parts, rates, &price.beyond) {
            self.line(rates, (kind, count), times, model)?;
        }
        Ok(())
    }

    /// One line for each unit that is billed; a unit nobody priced is not taken for free.
    fn units(&mut self, entry: &PriceEntry, rates: &Rates, units: &Units) -> Result<(), Unpriced> {
        let mut billed = Vec::new();
        for (unit, count) in units {
            if *count > 0 && !entry.free_units.contains(unit) {
                let kind = LineKind::named(unit).filter(|kind| !kind.is_tokens());
                billed.push((kind.ok_or(Some(Flag::NoRate))?, *count));
            }
        }
        billed.sort_unstable();
        for part in billed {
            self.line(rates, part, Factor::ONE, None)?;
        }
        Ok(())
    }

    fn line(
        &mut self,
        rates: &Rates,
        (kind, quantity): (LineKind, u64),
        times: Factor,
        model: Option<&str>,
    ) -> Result<(), Unpriced> {
        if quantity == 0 {
            return Ok(());
        }
        let rate = rates.of(kind).ok_or(Some(Flag::NoRate))?;
        let cost = times.of(rate.cost(quantity));
        self.lines.push(CostLine {
            kind,
            model: model.map(str::to_owned),
            quantity,
            rate,
            times: (times != Factor::ONE).then_some(times),
            cost_native: cost,
            cost_usd: cost,
        });
        Ok(())
    }

    /// The sum, once converted to dollars and spread over the lines.
    fn close(
        mut self,
        book: &PriceBook,
        at: Timestamp,
        id: String,
        free: bool,
    ) -> Result<Priced, Unpriced> {
        let native: Pico = self.lines.iter().map(|line| line.cost_native).sum();
        let mut usd = native;
        if self.currency != Currency::USD {
            let rate = book.usd_for(self.currency, at);
            usd = native.scaled(rate.ok_or(Some(Flag::NoRate))?.0, PICO_PER_UNIT);
            let weights: Vec<Pico> = self.lines.iter().map(|line| line.cost_native).collect();
            for (line, share) in self.lines.iter_mut().zip(apportion(usd, &weights)) {
                line.cost_usd = share;
            }
        }
        let free = free && self.lines.is_empty();
        Ok(Priced {
            pricing: if free { Pricing::Free } else { Pricing::Priced },
            price_id: Some(id),
            currency: (!free).then_some(self.currency),
            cost_native: (!free).then_some(native),
            cost_usd: (!free).then_some(usd),
            lines: self.lines,
            flags: self.flags,
        })
    }

    fn note(&mut self, price: &Price<'_>) {
        if price.seen_later() {
            self.flag(Flag::PriceSeenLater);
        }
        if price.region_assumed {
            self.flag(Flag::RegionAssumed);
        }
    }

    fn flag(&mut self, flag: Flag) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }
}

/// Who pays, where no invoice does. Reserved hours are paid already, whatever the price says.
fn settled(entry: &PriceEntry, reserved: Option<&Reservation>, at: Timestamp) -> Option<Flag> {
    if reserved.is_some() {
        return Some(Flag::Reserved);
    }
    Some(match entry.settlement.filter(|how| how.holds(at))? {
        Settlement::FreeUntil(_) => Flag::FreeQuota,
        Settlement::Prepaid => Flag::Prepaid,
        Settlement::Reserved => Flag::Reserved,
    })
}
