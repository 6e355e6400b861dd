//! Roll-ups summed while they are read: what is not told apart is added up at once, so that an
//! answer is as large as its rows, whatever it was made from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::key::{DIMENSIONS_MAX, Grain, Ids, Key, Span};
use super::names::{ABSENT, NameKind, OTHER};
use super::store::In;
use super::{Ledger, LedgerError, Rollup, Totals};
use crate::money::Pico;

/// Keys summed at once; between pages the writer gets its turn.
const PAGE_KEYS: usize = 1_000;

/// What sums are told apart by, beside whether they were metered here and whose bill they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column that may be asked for"
)]
pub struct Apart {
    /// By the day, hour or minute that was read; else all of them are one, [`Period::AllTime`].
    ///
    /// [`Period::AllTime`]: super::Period::AllTime
    pub period: bool,
    /// By where the calls went.
    pub upstream: bool,
    /// By the model that names them.
    pub model: bool,
    /// By who pays.
    pub tenant: bool,
    /// By these dimensions, such as `team`.
    pub dimensions: BTreeSet<String>,
}

impl Ledger {
    /// The days, hours or minutes that begin in a stretch of time, summed; currencies are one, and
    /// there is no `cost_native`. Recent days and all time are read from memory, the others page by
    /// page.
    ///
    /// A moment stands for the day, hour or minute it lies in: the first is `since`'s, the last is
    /// the one before `until`'s.
    ///
    /// # Errors
    /// [`LedgerError::Forgotten`] if the stretch begins before the hours or minutes that are kept,
    /// and what reading the disk can give.
    pub fn sums(
        &self,
        grain: Grain,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        apart: &Apart,
    ) -> Result<Vec<Rollup>, LedgerError> {
        let span = |at| self.span(grain, at);
        let (first, end) = Span::all(grain);
        let ever = since.is_none() && until.is_none() && !apart.period;
        let (from, to) = if ever {
            (Span::ALL_TIME, Span::FIRST_DAY)
        } else {
            let from = since.map_or(first, span);
            (from, until.map_or(end, span).max(from))
        };
        let mut sums = Folded::new(apart);
        let mut recent = self.memory().held_from(from, to);
        if !self.sum_memory(&mut sums, recent, to) {
            (sums, recent) = (Folded::new(apart), to);
        }
        if from < recent {
            self.sum_disk(&mut sums, from, recent)?;
            // Behind the reading: it is noted before the first of them goes.
            self.expect_kept(grain, from)?;
        }
        let memory = self.memory();
        let named = |(key, totals)| {
            let cost_native = Pico::ZERO;
            memory.named(
                key,
                Totals {
                    cost_native,
                    ..totals
                },
            )
        };
        Ok(sums.finish().into_iter().filter_map(named).collect())
    }

    /// Sums what is read from the disk.
    fn sum_disk(&self, sums: &mut Folded<'_>, from: Span, to: Span) -> Result<(), LedgerError> {
        let keys = from.bytes().to_vec()..to.bytes().to_vec();
        let name = |id| self.memory().names.name(NameKind::Dimension, id);
        let read = self.status.store()?.visit(In::Totals, keys, |key, value| {
            let read = Key::decode(key).zip(Totals::decode(value));
            if let Some((key, totals)) = &read {
                sums.add(&name, *key, totals);
            }
            read.is_some()
        });
        if read? {
            Ok(())
        } else {
            Err(LedgerError::damaged("a total cannot be read"))
        }
    }

    /// Sums what is all in memory, page by page, so that who counts calls waits for a page at most;
    /// false if it is not, or no longer.
    fn sum_memory(&self, sums: &mut Folded<'_>, from: Span, to: Span) -> bool {
        let mut next = Some(Key::first_of(from));
        while let Some(from) = next.take() {
            let memory = self.memory();
            if !memory.holds(from.span, to) {
                return false;
            }
            let mut keys = memory.totals.range(from..Key::first_of(to));
            let name = |id| memory.names.name(NameKind::Dimension, id);
            for (key, totals) in keys.by_ref().take(PAGE_KEYS) {
                sums.add(&name, *key, totals);
            }
            next = keys.next().map(|(key, _)| *key);
        }
        true
    }

    /// The dimensions that calls have had.
    #[must_use]
    pub fn dimensions(&self) -> BTreeSet<String> {
        let memory = self.memory();
        let pairs = memory.names.all(NameKind::Dimension).iter();
        let names = pairs.filter_map(|pair| pair.split_once('='));
        names.map(|(name, _)| name.to_owned()).collect()
    }
}

/// Sums by what they are told apart by.
struct Folded<'a> {
    apart: &'a Apart,
    /// Whether a numbered `name=value` is of a dimension that is told apart.
    kept: HashMap<u16, bool>,
    sums: BTreeMap<Key, Totals>,
    /// The sum that grows: keys that follow each other mostly go into the same one.
    last: Option<(Key, Totals)>,
}

impl<'a> Folded<'a> {
    fn new(apart: &'a Apart) -> Self {
        Self {
            apart,
            kept: HashMap::new(),
            sums: BTreeMap::new(),
            last: None,
        }
    }

    fn add(&mut self, name: &impl Fn(u16) -> Option<Arc<str>>, key: Key, totals: &Totals) {
        let Key { span, ids } = key;
        let span = if self.apart.period {
            span
        } else {
            Span::ALL_TIME
        };
        let ids = self.told_apart(name, ids);
        let key = Key { span, ids };
        match &mut self.last {
            Some((last, sum)) if *last == key => sum.merge(totals),
            _ => {
                self.put_last();
                self.last = Some((key, *totals));
            }
        }
    }

    /// Adds the sum that grew to those of its key.
    fn put_last(&mut self) {
        if let Some((key, sum)) = self.last.take() {
            self.sums.entry(key).or_default().merge(&sum);
        }
    }

    fn finish(mut self) -> BTreeMap<Key, Totals> {
        self.put_last();
        self.sums
    }

    fn told_apart(&mut self, name: &impl Fn(u16) -> Option<Arc<str>>, ids: Ids) -> Ids {
        let Apart {
            upstream,
            model,
            tenant,
            ..
        } = *self.apart;
        let mut ids = ids.of_any_currency();
        for (id, asked) in [
            (&mut ids.upstream, upstream),
            (&mut ids.model, model),
            (&mut ids.tenant, tenant),
        ] {
            if !asked {
                *id = ABSENT;
            }
        }
        ids.dimensions = self.dimensions(name, ids.dimensions);
        ids
    }

    /// Those that are told apart, in front. One without a name of its own may be any of them.
    fn dimensions(
        &mut self,
        name: &impl Fn(u16) -> Option<Arc<str>>,
        ids: [u16; DIMENSIONS_MAX],
    ) -> [u16; DIMENSIONS_MAX] {
        let asked = &self.apart.dimensions;
        let mut kept = [ABSENT; DIMENSIONS_MAX];
        if asked.is_empty() {
            return kept;
        }
        let is_kept = |id: &u16| match *id {
            ABSENT => false,
            OTHER => true,
            id => *self.kept.entry(id).or_insert_with(|| {
                let pair = name(id);
                let name = pair.as_deref().and_then(|pair| pair.split_once('='));
                name.is_some_and(|(name, _)| asked.contains(name))
            }),
        };
        for (place, id) in kept.iter_mut().zip(ids.into_iter().filter(is_kept)) {
            *place = id;
        }
        kept
    }
}
