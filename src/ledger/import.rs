//! Made history: already summed, written once, and kept apart from what was metered here.
//!
//! It is not in the journal: a rebuild does not bring it back.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;

use super::demand::{self, DemandKey};
use super::draft::{self, Draft};
use super::key::{Key, Span};
use super::store::{KEYS_MAX, Store};
use super::write::beats;
use super::{Ledger, LedgerError, Totals};
use crate::economics::DemandMinute;
use crate::money::Currency;

/// What happened before tollgate was there.
#[derive(Default)]
pub struct History {
    /// Sums by hour; days and all time are made from them.
    pub hours: Vec<ImportedHour>,
    /// Demand by minute and stream, each pair once; made as it is written, since a month of it is
    /// hundreds of megabytes.
    pub minutes: Minutes,
    /// When the source was up: minutes in it without demand are idle, not unknown.
    pub up: Option<Range<Timestamp>>,
}

/// Minutes of demand, one after the other.
pub struct Minutes(Box<dyn Iterator<Item = ImportedMinute> + Send>);

impl Minutes {
    /// These minutes.
    pub fn new(minutes: impl Iterator<Item = ImportedMinute> + Send + 'static) -> Self {
        Self(Box::new(minutes))
    }
}

impl Default for Minutes {
    fn default() -> Self {
        Self::new(std::iter::empty())
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("hours", &self.hours.len())
            .field("up", &self.up)
            .finish_non_exhaustive()
    }
}

/// The calls of one group in one hour.
#[derive(Clone, Debug)]
pub struct ImportedHour {
    /// Any moment of the hour.
    pub start: Timestamp,
    /// Where the calls went.
    pub upstream: String,
    /// What answered.
    pub model: String,
    /// Who paid.
    pub tenant: Option<String>,
    /// The currency of `totals.cost_native`.
    pub currency: Currency,
    /// The sums.
    pub totals: Totals,
}

/// The demand of one stream in one minute.
#[derive(Clone, Debug)]
pub struct ImportedMinute {
    /// Any moment of the minute.
    pub start: Timestamp,
    /// Where the calls went.
    pub upstream: String,
    /// What answered.
    pub model: String,
    /// The label of their capability class.
    pub capability: String,
    /// The sums.
    pub demand: DemandMinute,
}

impl Ledger {
    /// Writes made history. The same history written again changes nothing; another one replaces
    /// the figures it shares with it.
    pub fn import(&self, history: History) -> Result<(), LedgerError> {
        let writer = self.writer();
        let store = writer.store()?;
        let History { hours, minutes, up } = history;
        self.import_with(&store, |draft| {
            let totals = self.imported_totals(draft, &hours);
            draft.set(totals, BTreeMap::new());
        })?;
        let mut minutes = minutes.0.peekable();
        while minutes.peek().is_some() {
            self.import_with(&store, |draft| {
                let mut demand: BTreeMap<DemandKey, DemandMinute> = BTreeMap::new();
                for minute in minutes.by_ref().take(KEYS_MAX) {
                    let key = draft.imported_minute(&minute);
                    demand.entry(key).or_default().merge(&minute.demand);
                }
                draft.set(BTreeMap::new(), demand);
            })?;
        }
        // One wait for all: what a crash takes is imported again.
        store.flush()?;
        let up = up.unwrap_or_default();
        beats(
            &writer,
            &store,
            demand::minute_of(up.start)..demand::minute_of(up.end),
        )
    }

    /// Writes what `fill` puts into a draft.
    fn import_with(
        &self,
        store: &Store,
        fill: impl FnOnce(&mut Draft<'_>),
    ) -> Result<(), LedgerError> {
        let (changes, fresh) = {
            let memory = self.memory();
            let mut draft = Draft::new(&memory, store, &self.settings.timezone);
            fill(&mut draft);
            draft.finish(0)?
        };
        for chunk in changes.chunks(KEYS_MAX) {
            store.write(chunk)?;
        }
        self.set_memory(|memory| memory.merge(fresh));
        Ok(())
    }

    /// The hours, with the days and all time that are made from them.
    fn imported_totals(
        &self,
        draft: &mut Draft<'_>,
        hours: &[ImportedHour],
    ) -> BTreeMap<Key, Totals> {
        let mut totals: BTreeMap<Key, Totals> = BTreeMap::new();
        for hour in hours {
            let ids = draft.imported_ids(hour);
            let span = Span::hour(hour.start);
            // As it is when days are computed again: there only the begin of the hour is known.
            let begin = span.begin().unwrap_or(hour.start);
            let day = draft::day_of(begin, &self.settings.timezone);
            for span in [Span::ALL_TIME, day, span] {
                totals
                    .entry(Key { span, ids })
                    .or_default()
                    .merge(&hour.totals);
            }
        }
        totals
    }
}
