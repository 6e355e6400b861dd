//! Made history: already summed, written once, and kept apart from what was metered here.
//!
//! It is not in the journal: a rebuild does not bring it back.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;

use super::demand::{self, DemandKey};
use super::draft::{self, Draft};
use super::key::{Key, Span};
use super::write::{beats, commit_all};
use super::{Ledger, LedgerError, Totals};
use crate::economics::DemandMinute;
use crate::money::Currency;

/// What happened before tollgate was there.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Sums by hour; days and all time are made from them.
    pub hours: Vec<ImportedHour>,
    /// Demand by minute and stream.
    pub minutes: Vec<ImportedMinute>,
    /// When the source was up: minutes in it without demand are idle, not unknown.
    pub up: Option<Range<Timestamp>>,
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
    pub fn import(&self, history: &History) -> Result<(), LedgerError> {
        let writer = self.writer();
        let store = writer.store()?;
        let (changes, fresh) = {
            let memory = self.memory();
            let mut draft = Draft::new(&memory, &store, &self.settings.timezone);
            let mut totals: BTreeMap<Key, Totals> = BTreeMap::new();
            for hour in &history.hours {
                let ids = draft.imported_ids(hour);
                let day = draft::day_of(hour.start, &self.settings.timezone);
                for span in [Span::ALL_TIME, day, Span::hour(hour.start)] {
                    totals
                        .entry(Key { span, ids })
                        .or_default()
                        .merge(&hour.totals);
                }
            }
            let mut minutes: BTreeMap<DemandKey, DemandMinute> = BTreeMap::new();
            for minute in &history.minutes {
                let key = draft.imported_minute(minute);
                minutes.entry(key).or_default().merge(&minute.demand);
            }
            draft.set(totals, minutes);
            draft.finish(0)
        };
        commit_all(&writer, &store, &changes)?;
        self.set_memory(|memory| memory.merge(fresh));
        let up = history.up.clone().unwrap_or_default();
        beats(
            &writer,
            &store,
            demand::minute_of(up.start)..demand::minute_of(up.end),
        )
    }
}
