//! Made history that is looked at and taken back: a stream's figures of a stretch of time.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;

use super::demand::{self, DemandKey};
use super::draft::{day_of, stored_totals};
use super::hours::{HourKey, hour_keys, minute_keys};
use super::key::{Key, Span};
use super::memory::{Fresh, read_totals};
use super::names::NameKind;
use super::store::{In, KEYS_MAX, Store, Write};
use super::write::commit_all;
use super::{Ledger, LedgerError, Totals, meta};

/// Hours taken back by one commit: each changes a day and all time, too.
const HOURS_AT_ONCE: usize = KEYS_MAX / 4;

impl Ledger {
    /// Takes back what was imported of a model at an upstream in the hours that begin in a stretch,
    /// out of days and all time too. Stopped in between, the rest of it is there.
    pub fn forget_imported(
        &self,
        upstream: &str,
        model: &str,
        stretch: Range<Timestamp>,
    ) -> Result<(), LedgerError> {
        let writer = self.writer();
        let store = writer.store()?;
        let ids = {
            let names = &self.memory().names;
            let upstream = names.find(NameKind::Upstream, upstream);
            upstream.zip(names.find(NameKind::Model, model))
        };
        let Some((upstream, model)) = ids else {
            return Ok(());
        };
        store.write(&[meta::raise_revision(&store)?])?;
        let is_meant = |key: &Key| {
            key.ids.is_imported() && (key.ids.upstream, key.ids.model) == (upstream, model)
        };
        let hours =
            Span::hour(stretch.start).bytes().to_vec()..Span::hour(stretch.end).bytes().to_vec();
        let mut found: Vec<(Key, Totals)> = Vec::new();
        for hour in store.scan(In::Totals, hours) {
            let (key, totals) = read_totals(&hour?)?;
            if is_meant(&key) {
                found.push((key, totals));
            }
        }
        for some in found.chunks(HOURS_AT_ONCE) {
            let (changes, totals, gone) = self.taken_back(&store, some)?;
            writer.commit(&store, &changes)?;
            self.set_memory(|memory| {
                memory.merge(Fresh {
                    totals,
                    ..Fresh::default()
                });
                for key in &gone {
                    memory.totals.remove(key);
                }
            });
        }
        let is_of =
            |key: &DemandKey| key.imported && (key.upstream, key.model) == (upstream, model);
        let (from, to) = (
            demand::minute_of(stretch.start),
            demand::minute_of(stretch.end),
        );
        let mut gone: Vec<Write> = Vec::new();
        for keys in [minute_keys(from, to), hour_keys(from, to)] {
            for entry in store.scan(In::Demand, keys) {
                let (key, _) = entry?;
                let minute = DemandKey::decode(&key);
                let hour = || HourKey::decode(&key).map(HourKey::first_minute);
                if minute.or_else(hour).is_some_and(|key| is_of(&key)) {
                    gone.push((In::Demand, key.to_vec(), None));
                }
            }
        }
        self.set_memory(|memory| {
            memory
                .demand
                .retain(|key, _| !is_of(key) || !(from..to).contains(&key.minute));
        });
        commit_all(&writer, &store, &gone)
    }

    /// What some hours leave behind when they go: the changes, and what they are for memory.
    #[expect(clippy::type_complexity, reason = "three parts of one commit")]
    fn taken_back(
        &self,
        store: &Store,
        hours: &[(Key, Totals)],
    ) -> Result<(Vec<Write>, BTreeMap<Key, Totals>, Vec<Key>), LedgerError> {
        let memory = self.memory();
        let mut left: BTreeMap<Key, Totals> = BTreeMap::new();
        let mut gone = Vec::new();
        for (key, totals) in hours {
            let Some(begin) = key.span.begin() else {
                continue;
            };
            gone.push(*key);
            for span in [Span::ALL_TIME, day_of(begin, &self.settings.timezone)] {
                let key = Key { span, ..*key };
                let now = match left.get(&key) {
                    Some(now) => *now,
                    None => stored_totals(&memory, store, key)?,
                };
                left.insert(key, now.less(totals));
            }
        }
        let empty = |totals: &Totals| *totals == Totals::default();
        gone.extend(
            left.iter()
                .filter(|(_, totals)| empty(totals))
                .map(|(key, _)| *key),
        );
        left.retain(|_, totals| !empty(totals));
        let kept = left.iter();
        let kept = kept.map(|(key, totals)| (In::Totals, key.encode(), Some(totals.encode())));
        let removed = gone.iter().map(|key| (In::Totals, key.encode(), None));
        Ok((kept.chain(removed).collect(), left, gone))
    }
}
