//! What a change of prices is worth: the calls of the ledger, priced by both sides.

use std::collections::BTreeMap;

use super::columns::{self, Side as Align};
use super::compare::percent;
use super::side::Side;
use crate::call::{CallRecord, Pricing, Role};
use crate::cli::numbers::{count, money};
use crate::cli::report::plain;
use crate::config::Upstream;
use crate::money::Pico;
use crate::pricing::{Priceable, Priced};

/// The operation whose rows are the sum of many calls: their parts are priced each by itself.
const BATCHES: &str = "batches";

/// The sums so far.
pub(super) struct Worth<'a> {
    was: &'a Side,
    is: &'a Side,
    upstreams: &'a [Upstream],
    models: BTreeMap<(String, String), Sums>,
    /// Calls that were read.
    pub(super) read: u64,
    batches: u64,
}

/// Of a model: calls by what becomes of them, and their money in dollars.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// Priced by both.
    both: u64,
    was: Pico,
    is: Pico,
    /// Priced by the second only, and what they cost there.
    gained: u64,
    gained_usd: Pico,
    /// Priced by the first only, and what they cost there.
    lost: u64,
    lost_usd: Pico,
    neither: u64,
}

impl<'a> Worth<'a> {
    /// Nothing read yet; `upstreams` say whose list a call is priced by.
    pub(super) fn new(was: &'a Side, is: &'a Side, upstreams: &'a [Upstream]) -> Self {
        Self {
            was,
            is,
            upstreams,
            models: BTreeMap::new(),
            read: 0,
            batches: 0,
        }
    }

    /// Adds a call. Nobody bills what is free, and a gateway's bill is its provider's.
    pub(super) fn add(&mut self, record: &CallRecord) {
        self.read = self.read.saturating_add(1);
        let upstream = self.upstreams.iter().find(|it| it.name == record.upstream);
        let billed = upstream.is_none_or(|upstream| upstream.billed);
        if record.source.is_none() || !billed || record.role == Role::Gateway {
            return;
        }
        if record.operation == BATCHES {
            self.batches = self.batches.saturating_add(1);
            return;
        }
        let list = upstream.map_or_else(|| list_of(record), |upstream| upstream.prices.as_str());
        let call = Priceable::of(record, list);
        let price = |side: &Side| usd(&side.book.price_as_of(&call, side.at));
        let (was, is) = (price(self.was), price(self.is));
        let model = record.model_name().unwrap_or("(none)").to_owned();
        let sums = self.models.entry((list.to_owned(), model)).or_default();
        sums.add(was, is);
    }

    /// The sums in words.
    pub(super) fn text(&self, since: &str) -> String {
        let head = format!(
            "\nWhat it is worth: the {} calls since {since}, as if all were billed by either\n",
            count(self.read)
        );
        let mut total = Sums::default();
        let mut rows = Vec::new();
        for ((list, model), sums) in &self.models {
            total.join(sums);
            if sums.differs() {
                rows.push(row(format!("{}/{}", plain(list), plain(model)), sums));
            }
        }
        let same = self.models.len().saturating_sub(rows.len());
        rows.push(row("total".to_owned(), &total));
        let headings = [
            ("model", Align::Left),
            ("calls", Align::Right),
            ("was", Align::Right),
            ("is", Align::Right),
            ("change", Align::Right),
            ("", Align::Left),
        ];
        let table = columns::lines(headings, &rows).into_iter();
        let table = table.map(|line| format!("  {line}\n"));
        let notes = self.notes(&total, same).into_iter();
        let notes = notes.map(|note| format!("  {note}\n"));
        let parts = std::iter::once(head).chain(table).chain(["\n".to_owned()]);
        parts.chain(notes).collect()
    }

    fn notes(&self, total: &Sums, same: usize) -> Vec<String> {
        let mut notes = Vec::new();
        if same > 0 {
            notes.push(format!(
                "models whose calls cost the same: {}",
                count(count_of(same))
            ));
        }
        if total.gained > 0 {
            let (calls, usd) = (count(total.gained), money(total.gained_usd, "USD"));
            notes.push(format!(
                "calls that become priced: {calls}, {usd} that was not known"
            ));
        }
        if total.lost > 0 {
            let (calls, usd) = (count(total.lost), money(total.lost_usd, "USD"));
            notes.push(format!(
                "calls that become unpriced: {calls}, {usd} that is known now"
            ));
        }
        if total.neither > 0 {
            notes.push(format!(
                "calls without a price on both sides: {}",
                count(total.neither)
            ));
        }
        if self.batches > 0 {
            let batches = count(self.batches);
            notes.push(format!(
                "left out: {batches} rows of batches, each of many calls"
            ));
        }
        notes
    }
}

impl Sums {
    fn add(&mut self, was: Option<Pico>, is: Option<Pico>) {
        let more = |calls: &mut u64| *calls = calls.saturating_add(1);
        match (was, is) {
            (Some(was), Some(is)) => {
                more(&mut self.both);
                self.was += was;
                self.is += is;
            }
            (None, Some(is)) => {
                more(&mut self.gained);
                self.gained_usd += is;
            }
            (Some(was), None) => {
                more(&mut self.lost);
                self.lost_usd += was;
            }
            (None, None) => more(&mut self.neither),
        }
    }

    fn join(&mut self, other: &Self) {
        let Self {
            both,
            was,
            is,
            gained,
            gained_usd,
            lost,
            lost_usd,
            neither,
        } = other;
        self.both = self.both.saturating_add(*both);
        self.was += *was;
        self.is += *is;
        self.gained = self.gained.saturating_add(*gained);
        self.gained_usd += *gained_usd;
        self.lost = self.lost.saturating_add(*lost);
        self.lost_usd += *lost_usd;
        self.neither = self.neither.saturating_add(*neither);
    }

    fn differs(&self) -> bool {
        self.was != self.is || self.gained > 0 || self.lost > 0
    }
}

fn row(name: String, sums: &Sums) -> [String; 6] {
    let change = sums.is - sums.was;
    let sign = if change > Pico::ZERO { "+" } else { "" };
    let becomes = match (sums.gained, sums.lost) {
        (0, 0) => String::new(),
        (gained, 0) => format!("{} become priced", count(gained)),
        (0, lost) => format!("{} become unpriced", count(lost)),
        (gained, lost) => format!("{} become priced, {} unpriced", count(gained), count(lost)),
    };
    let share = percent(sums.was, sums.is);
    [
        name,
        count(sums.both),
        money(sums.was, "USD"),
        money(sums.is, "USD"),
        format!("{sign}{}", money(change, "USD")),
        format!("{}  {becomes}", share.trim()).trim().to_owned(),
    ]
}

/// What the call costs; nothing where that is not known. A model declared free costs nothing.
fn usd(bill: &Priced) -> Option<Pico> {
    match bill.pricing {
        Pricing::Priced => bill.cost_usd,
        Pricing::Free => Some(Pico::ZERO),
        Pricing::Unpriced => None,
    }
}

/// The list of a call whose upstream is no longer configured: of the price it had, else its name.
fn list_of(record: &CallRecord) -> &str {
    let list = record.price_id.as_deref().and_then(|id| id.split_once('/'));
    list.map_or(record.upstream.as_str(), |(list, _)| list)
}

fn count_of(models: usize) -> u64 {
    u64::try_from(models).unwrap_or(u64::MAX)
}
