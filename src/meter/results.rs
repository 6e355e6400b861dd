//! The results of a batch as they pass: one download, one record, the sum of its calls.
//!
//! Each result is priced by itself, at its own model and length, and only the sums are kept. Results
//! come in the same order each time, so how many of them were billed says which.

use std::sync::Arc;

use jiff::Timestamp;

use super::UpstreamFacts;
use super::close::Ending;
use super::open::Answer;
use crate::call::{CallRecord, Flag, Origins, Pricing, StreamEnd};
use crate::pricing::{PriceBook, Priceable, Priced};
use crate::usage::{Capability, ContextClass, SideUsage, TokenUsage, Units, UsageSource};
use crate::wire::{Operation, Report, ResponseReader};

/// Models and kinds of inference that one record tells apart. A batch has one model, or a handful.
const SIDES_MAX: usize = 32;

/// The unit that says how many results a record accounts for, those that bill nothing included.
pub(super) const RESULTS: &str = "results";

/// What names a model's sum that is not the record's own.
const SIDE_KIND: &str = "batch";

/// Whose results they are.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) upstream: Arc<UpstreamFacts>,
    /// What the provider names them by.
    pub(super) id: Option<String>,
    /// When they were asked for.
    pub(super) at: Timestamp,
}

/// What a download's results sum to so far.
#[derive(Debug)]
pub(super) struct Results {
    file: File,
    /// So many were billed before.
    from: u64,
    read: u64,
    /// Those whose usage was reported, and those where nobody knows.
    reported: u64,
    unknown: u64,
    model: Option<String>,
    usage: TokenUsage,
    side: Vec<SideUsage>,
    units: Units,
    flags: Vec<Flag>,
    bill: Option<Priced>,
    /// Of the longest call.
    context: u64,
    tier: Option<String>,
}

impl Results {
    /// Nothing has come yet; the first `from` are another record's.
    pub(super) fn new(file: File, from: u64) -> Self {
        Self {
            file,
            from,
            read: 0,
            reported: 0,
            unknown: 0,
            model: None,
            usage: TokenUsage::default(),
            side: Vec::new(),
            units: Units::default(),
            flags: Vec::new(),
            bill: None,
            context: 0,
            tier: None,
        }
    }

    pub(super) const fn from(&self) -> u64 {
        self.from
    }

    /// Adds what a reader has read since it was last asked.
    pub(super) fn take(&mut self, reader: &mut ResponseReader, prices: &PriceBook) {
        for result in reader.take_results() {
            self.add(&result, prices);
        }
    }

    fn add(&mut self, result: &Report, prices: &PriceBook) {
        self.read = self.read.saturating_add(1);
        if self.read <= self.from {
            return;
        }
        for flag in &result.flags {
            self.flag(*flag);
        }
        match result.usage {
            Some(usage) if self.has_room(result) => {
                self.reported = self.reported.saturating_add(1);
                self.count(&usage, result);
                if self.file.upstream.billed {
                    let bill = self.price(result, prices);
                    self.charge(bill, result.model.as_ref());
                }
            }
            Some(_) => {
                self.flag(Flag::Truncated);
                self.unknown = self.unknown.saturating_add(1);
            }
            None if result.flags.is_empty() => {}
            None => self.unknown = self.unknown.saturating_add(1),
        }
    }

    fn has_room(&self, result: &Report) -> bool {
        let more = result.side.len().saturating_add(1);
        self.side.len().saturating_add(more) <= SIDES_MAX
    }

    fn count(&mut self, usage: &TokenUsage, result: &Report) {
        if self.reported == 1 {
            self.model.clone_from(&result.model);
            self.tier.clone_from(&result.service_tier);
        }
        if result.model == self.model {
            self.usage.add(usage);
        } else {
            self.beside(SideUsage {
                kind: SIDE_KIND.to_owned(),
                model: result.model.clone(),
                input_tokens: usage.input,
                cached_input_tokens: usage.cache_read,
                cache_write_tokens: usage.cache_write,
                output_tokens: usage.output,
            });
        }
        for side in &result.side {
            let model = side.model.clone().or_else(|| result.model.clone());
            self.beside(SideUsage {
                model,
                ..side.clone()
            });
        }
        for (unit, count) in &result.units {
            let sum = self.units.entry(unit.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        let context = usage.input.unwrap_or(0);
        let context = context.saturating_add(usage.output.unwrap_or(0));
        self.context = self.context.max(context);
    }

    fn beside(&mut self, more: SideUsage) {
        let same = |side: &&mut SideUsage| (&side.kind, &side.model) == (&more.kind, &more.model);
        match self.side.iter_mut().find(same) {
            Some(side) => side.add(&more),
            None => self.side.push(more),
        }
    }

    fn price(&self, result: &Report, prices: &PriceBook) -> Priced {
        prices.price(&Priceable {
            upstream: Some(&self.file.upstream.name),
            list: &self.file.upstream.price_list,
            model: result.model.as_deref(),
            asked: None,
            at: self.file.at,
            ended_at: self.file.at,
            hours_known: true,
            usage: result.usage.as_ref(),
            side: &result.side,
            units: &result.units,
            service_tier: result.service_tier.as_deref(),
            speed: result.speed.as_deref(),
            region: result.region.as_deref(),
            origins: Origins::default(),
            thinking: result
                .usage
                .and_then(|usage| usage.reasoning)
                .map(|n| n > 0),
        })
    }

    /// Adds the bill of a result of that model.
    fn charge(&mut self, mut bill: Priced, model: Option<&String>) {
        for line in &mut bill.lines {
            let named = line.model.take().or_else(|| model.cloned());
            line.model = named.filter(|name| self.model.as_ref() != Some(name));
        }
        match &mut self.bill {
            Some(sum) => sum.add(bill),
            None => self.bill = Some(bill),
        }
    }

    fn flag(&mut self, flag: Flag) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }

    /// Makes the record of a download that of its results, if it has any.
    pub(super) fn fill(&self, record: &mut CallRecord, answer: &Answer, ending: &Ending) {
        if self.read == 0 {
            return;
        }
        record.operation = Operation::Batches.label().into();
        record.response_id.clone_from(&self.file.id);
        let billed = self.reported.saturating_add(self.unknown);
        if billed == 0 {
            return;
        }
        // A range of the file: which of its results these are is not known.
        if record.status != Some(200) {
            record.flags.push(Flag::BilledLater);
            return;
        }
        let ends_behind_a_line = |reader: &ResponseReader| reader.report().final_usage;
        let whole = answer.reader.as_ref().is_some_and(ends_behind_a_line);
        record.complete = whole && ending.end == StreamEnd::Complete;
        record.source = Some(match (self.reported, self.unknown) {
            (0, _) => UsageSource::Unknown,
            (_, 0) if record.complete => UsageSource::Reported,
            _ => UsageSource::Partial,
        });
        record.model.clone_from(&self.model);
        record.usage = self.usage;
        record.side.clone_from(&self.side);
        record.units.clone_from(&self.units);
        let accounted = self.read.saturating_sub(self.from);
        record.units.insert(RESULTS.to_owned(), accounted);
        record.service_tier.clone_from(&self.tier);
        record.capability = Capability {
            context: ContextClass::of(self.context),
            ..Capability::default()
        }
        .name();
        record.flags.extend(self.flags.iter().copied());
        record.flags.push(Flag::Background);
        self.fill_money(record);
    }

    fn fill_money(&self, record: &mut CallRecord) {
        if !self.file.upstream.billed {
            return;
        }
        // The record may still have the money of its last mark.
        record.pricing = Pricing::Unpriced;
        record.price_id = None;
        record.currency = None;
        record.cost_native = None;
        record.cost_usd = None;
        record.cost_lines.clear();
        let Some(bill) = self.bill.clone() else {
            return;
        };
        for flag in &bill.flags {
            if !record.flags.contains(flag) {
                record.flags.push(*flag);
            }
        }
        if self.unknown > 0 {
            return;
        }
        record.pricing = bill.pricing;
        record.price_id = bill.price_id;
        record.currency = bill.currency;
        record.cost_native = bill.cost_native;
        record.cost_usd = bill.cost_usd;
        record.cost_lines = bill.lines;
    }
}
