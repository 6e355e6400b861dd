//! Made history: already summed, written once, and kept apart from what was metered here.
//!
//! It is not in the journal: a rebuild does not bring it back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;

use super::demand::{self, DemandKey};
use super::draft::{Draft, KEYS_PER_HOUR};
use super::key::Span;
use super::names::{NameKind, OTHER};
use super::store::{KEYS_MAX, Store};
use super::write::beats;
use super::{Ledger, LedgerError, Totals, meta};
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
    pub up: Vec<Range<Timestamp>>,
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
    /// the hours and minutes that it shares with it, and days and all time follow.
    pub fn import(&self, history: History) -> Result<(), LedgerError> {
        let writer = self.writer();
        let store = writer.store()?;
        store.write(&[meta::raise_revision(&store)?])?;
        let History { hours, minutes, up } = history;
        let mut minutes = minutes.0.peekable();
        while minutes.peek().is_some() {
            self.import_with(&store, |draft| {
                let mut demand: BTreeMap<DemandKey, DemandMinute> = BTreeMap::new();
                for minute in minutes.by_ref().take(KEYS_MAX) {
                    let key = draft.imported_minute(&minute);
                    demand.entry(key).or_default().merge(&minute.demand);
                }
                draft.set(demand);
                Ok(())
            })?;
        }
        let minutes = |up: Range<Timestamp>| demand::minute_of(up.start)..demand::minute_of(up.end);
        beats(&writer, &store, up.into_iter().flat_map(minutes))?;
        // Totals last: where they are, all is.
        let hours = merged(hours);
        let mut hours = hours.iter().peekable();
        while hours.peek().is_some() {
            self.import_with(&store, |draft| {
                while draft.len() + KEYS_PER_HOUR <= KEYS_MAX
                    && let Some(hour) = hours.next()
                {
                    draft.import_hour(hour)?;
                }
                Ok(())
            })?;
        }
        // One wait for all: what a crash takes is imported again.
        store.flush()
    }

    /// Whether each of these models has a name of its own, or can be given one.
    pub fn takes_models(&self, models: &BTreeSet<&str>) -> bool {
        let names = &self.memory().names;
        let is_new = |model: &&&str| names.find(NameKind::Model, model).is_none();
        match models.iter().filter(is_new).count().checked_sub(1) {
            Some(ahead) => names.next_id(NameKind::Model, ahead) != OTHER,
            None => true,
        }
    }

    /// Writes what `fill` puts into a draft.
    fn import_with(
        &self,
        store: &Store,
        fill: impl FnOnce(&mut Draft<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let (changes, fresh) = {
            let memory = self.memory();
            let mut draft = Draft::new(&memory, store, &self.settings.timezone);
            fill(&mut draft)?;
            draft.finish(0)?
        };
        for chunk in changes.chunks(KEYS_MAX) {
            store.write(chunk)?;
        }
        self.set_memory(|memory| memory.merge(fresh));
        Ok(())
    }
}

/// The hours, each group of one once.
fn merged(hours: Vec<ImportedHour>) -> Vec<ImportedHour> {
    let mut merged: BTreeMap<_, ImportedHour> = BTreeMap::new();
    for hour in hours {
        let ImportedHour {
            upstream,
            model,
            tenant,
            currency,
            ..
        } = &hour;
        let group = (upstream.clone(), model.clone(), tenant.clone());
        let key = (Span::hour(hour.start), group, currency.code().to_owned());
        match merged.get_mut(&key) {
            Some(known) => known.totals.merge(&hour.totals),
            None => drop(merged.insert(key, hour)),
        }
    }
    merged.into_values().collect()
}
