//! Takes a pass into the totals, a commit of a bounded size at a time. How far it has come stands in
//! the same commit, so nothing moves twice and nothing is left out, whenever the process dies.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;

use tracing::{error, info};

use super::moves::{Moved, Moves};
use super::{Pass, PassFile, path};
use crate::economics::{DemandHour, DemandMinute};
use crate::ledger::dayfile::Reader;
use crate::ledger::demand::{self, DemandKey};
use crate::ledger::draft::{stored_minute, stored_totals};
use crate::ledger::hours::{self, HourKey, stored_hour};
use crate::ledger::key::{Key, Span};
use crate::ledger::memory::Fresh;
use crate::ledger::recover::Recovery;
use crate::ledger::store::{In, KEYS_MAX, Store, Write};
use crate::ledger::write::Writer;
use crate::ledger::{Ledger, LedgerError, Totals, meta};

/// Keys of the state that a commit changes beside the moves.
const META_KEYS: usize = 3;
/// Minutes of demand are some kilobytes: a commit has fewer of them, to be as short as others.
const DEMAND_MAX: usize = KEYS_MAX / 4;

/// Where the next move is.
#[derive(Debug)]
pub(super) struct Place {
    pass: Arc<Pass>,
    file: PassFile,
    /// What of the file has been moved; nothing before its first commit.
    moved: Vec<u8>,
    /// Whether nothing of the pass has been moved.
    is_first: bool,
}

/// A file's moves, kept from one commit to the next.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    of: Option<(u64, u64)>,
    moves: Moves,
}

/// What a commit changes, beside the state.
#[derive(Default)]
struct Commit {
    changes: Vec<Write>,
    fresh: Fresh,
    gone_totals: Vec<Key>,
    gone_demand: Vec<DemandKey>,
    hours: BTreeMap<HourKey, DemandHour>,
    /// The last key that it has.
    last: Vec<u8>,
    is_all: bool,
}

impl Place {
    pub(super) fn is_of(&self, loaded: &Loaded) -> bool {
        loaded.of == Some((self.pass.number, self.file.first_seq))
    }

    pub(super) fn path(&self, ledger: &Ledger) -> PathBuf {
        let dir = &ledger.settings.calls_dir;
        path(dir, self.pass.number, self.file.first_seq)
    }

    pub(super) fn loaded(&self, moves: Moves) -> Loaded {
        let of = Some((self.pass.number, self.file.first_seq));
        Loaded { of, moves }
    }

    pub(super) fn changed(&self) -> u64 {
        self.pass.summary.changed
    }

    pub(super) fn done(&self) -> (u64, u64) {
        let all = || self.pass.files.iter();
        let done = all().take_while(|it| it.first_seq < self.file.first_seq);
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        (number(done.count()), number(all().count()))
    }
}

impl Ledger {
    /// Takes every complete pass into the totals that is not: after a replay, which counts rows as
    /// they were booked. One that cannot be read stays out, and rows do not show it either.
    pub(in crate::ledger) fn catch_up(
        &self,
        writer: &Writer,
        recovery: &mut Recovery,
    ) -> Result<(), LedgerError> {
        let store = writer.store()?;
        self.set_applied(meta::passes(&store)?);
        match self.catch_up_with(writer, &store) {
            Err(
                problem @ (LedgerError::DayFile { .. }
                | LedgerError::Damaged { .. }
                | LedgerError::Misfit { .. }),
            ) => {
                let what = match meta::pass_at(&store)? {
                    None => "is not in the totals",
                    Some(_) => "is in the totals in part: rebuild them",
                };
                let problem = format!("a pass {what}, and rows do not show it: {problem}");
                error!(
                    problem,
                    "calls that were priced again have their old prices"
                );
                recovery.problems.push(problem);
                Ok(())
            }
            other => other,
        }
    }

    fn catch_up_with(&self, writer: &Writer, store: &Store) -> Result<(), LedgerError> {
        let mut loaded = Loaded::default();
        while let Some(place) = self.next_move(store)? {
            if !place.is_of(&loaded) {
                self.check_files(&place)?;
                loaded = place.loaded(self.moves_of(&place.path(self))?);
            }
            self.move_some(writer, store, &place, &loaded)?;
        }
        Ok(())
    }

    /// Where the next move is; `None` if all passes are in the totals.
    pub(super) fn next_move(&self, store: &Store) -> Result<Option<Place>, LedgerError> {
        loop {
            let applied = meta::passes(store)?;
            let Some(pass) = self.passes().next(&self.settings.calls_dir, applied)? else {
                return Ok(None);
            };
            // What another one noted, whose folder was removed, says nothing of this one.
            let at = meta::pass_at(store)?.filter(|(number, ..)| *number == pass.number);
            let is_first = at.is_none();
            let (_, first, moved) = at.unwrap_or_default();
            let mut files = self.files_of(&pass);
            let Some(file) = files.find(|file| file.first_seq >= first) else {
                // The rows of all that were left are past their retention.
                self.pass_is_applied(store, pass.number)?;
                continue;
            };
            let moved = if file.first_seq == first {
                moved
            } else {
                Vec::new()
            };
            return Ok(Some(Place {
                pass,
                file,
                moved,
                is_first,
            }));
        }
    }

    /// The files of a pass that are to be moved. One that went with its days was in the totals of a
    /// checkpoint that is gone, too.
    fn files_of(&self, pass: &Arc<Pass>) -> std::vec::IntoIter<PassFile> {
        let rows_from = self.shelf().rows_from;
        let is_there = |file: &PassFile| {
            let path = path(&self.settings.calls_dir, pass.number, file.first_seq);
            file.last_seq >= rows_from || path.exists()
        };
        let files: Vec<PassFile> = pass.files.iter().copied().filter(is_there).collect();
        files.into_iter()
    }

    /// Reads all of a pass before its first move: one that lacks a file moves nothing.
    pub(super) fn check_files(&self, place: &Place) -> Result<(), LedgerError> {
        if !place.is_first {
            return Ok(());
        }
        for file in self.files_of(&place.pass) {
            let path = path(&self.settings.calls_dir, place.pass.number, file.first_seq);
            let facts = Reader::open(&path)?.check()?;
            if (facts.first_seq, facts.last_seq, facts.calls())
                != (file.first_seq, file.last_seq, file.calls)
            {
                let found = "it is not the one that its pass names".to_owned();
                return Err(LedgerError::DayFile { path, found });
            }
        }
        Ok(())
    }

    fn pass_is_applied(&self, store: &Store, number: u64) -> Result<(), LedgerError> {
        store.commit(&applied(number))?;
        self.set_applied(number);
        Ok(())
    }

    /// One commit of as much as its keys allow.
    pub(super) fn move_some(
        &self,
        writer: &Writer,
        store: &Store,
        place: &Place,
        loaded: &Loaded,
    ) -> Result<(), LedgerError> {
        let mut some = self.some(store, &loaded.moves, place)?;
        some.end_hours();
        let Place { pass, file, .. } = place;
        let next = pass.files.iter().find(|it| it.first_seq > file.first_seq);
        let is_last = some.is_all && next.is_none();
        some.changes.push(meta::raise_revision(store)?);
        match (some.is_all, next) {
            (false, _) => {
                some.changes
                    .push(meta::put_pass_at(pass.number, file.first_seq, &some.last));
            }
            (true, Some(next)) => {
                some.changes
                    .push(meta::put_pass_at(pass.number, next.first_seq, &[]));
            }
            (true, None) => some.changes.extend(applied(pass.number)),
        }
        let _under_way = self.commits.begin();
        writer.commit(store, &some.changes)?;
        self.set_memory(|memory| {
            memory.merge(some.fresh);
            for key in &some.gone_totals {
                memory.totals.remove(key);
            }
            for key in &some.gone_demand {
                memory.demand.remove(key);
            }
        });
        if is_last {
            self.set_applied(pass.number);
            info!(
                pass = pass.number,
                calls = pass.summary.changed,
                "calls were priced again"
            );
        }
        Ok(())
    }

    /// The next changes behind a place in the moves of a file.
    fn some(&self, store: &Store, moves: &Moves, place: &Place) -> Result<Commit, LedgerError> {
        let mut some = Commit::default();
        let kept = Kept::of(store, &place.pass)?;
        let mut left = KEYS_MAX - META_KEYS;
        let memory = self.memory();
        let done = place.moved.split_first();
        let (from_key, from_demand) = match done {
            None => (None, None),
            Some((0, key)) => (Key::decode(key), None),
            Some((_, key)) => (None, DemandKey::decode(key)),
        };
        if done.is_none_or(|(tree, _)| *tree == 0) {
            for (key, sums) in behind(&moves.totals, from_key) {
                if left == 0 {
                    return Ok(some);
                }
                left = left.saturating_sub(1);
                some.last = [&[0], key.encode().as_slice()].concat();
                if kept.has(key.span) {
                    let stored = stored_totals(&memory, store, *key)?;
                    kept.check(*key, sums, &stored, place.pass.number)?;
                    some.put(*key, sums, stored);
                }
            }
        }
        // An old minute goes into its hour: two keys.
        left = (left / 2).min(DEMAND_MAX);
        for (key, sums) in behind(&moves.demand, from_demand) {
            if left == 0 {
                return Ok(some);
            }
            left = left.saturating_sub(1);
            some.last = [&[1], key.encode().as_slice()].concat();
            if key.minute >= kept.demand {
                let stored = stored_minute(&memory, store, *key)?;
                if key.minute >= kept.demand_folded {
                    some.put_demand(*key, sums, stored);
                } else {
                    some.put_hour(*key, sums, &stored, store)?;
                }
            }
        }
        some.is_all = true;
        Ok(some)
    }
}

/// The entries behind a key.
fn behind<K: Ord + Copy, V>(
    all: &BTreeMap<K, V>,
    key: Option<K>,
) -> impl Iterator<Item = (&K, &V)> {
    let from = key.map_or(Bound::Unbounded, Bound::Excluded);
    all.range((from, Bound::Unbounded))
}

/// What says that a pass is in the totals.
fn applied(number: u64) -> [Write; 2] {
    [meta::put_passes(number), meta::no_pass_at()]
}

impl Commit {
    fn put(&mut self, key: Key, moved: &Moved<Totals>, mut totals: Totals) {
        totals = totals.less(&moved.less);
        totals.merge(&moved.more);
        let is_empty = totals == Totals::default();
        let value = (!is_empty).then(|| totals.encode());
        self.changes.push((In::Totals, key.encode(), value));
        if is_empty {
            self.gone_totals.push(key);
        } else {
            self.fresh.totals.insert(key, totals);
        }
    }

    fn put_demand(
        &mut self,
        key: DemandKey,
        moved: &Moved<DemandMinute>,
        mut minute: DemandMinute,
    ) {
        minute.take_off(&moved.less);
        minute.merge(&moved.more);
        let is_empty = minute == DemandMinute::default();
        let value = (!is_empty).then(|| demand::encode(&minute));
        self.changes.push((In::Demand, key.encode(), value));
        if is_empty {
            self.gone_demand.push(key);
        } else {
            self.fresh.demand.insert(key, minute);
        }
    }
}

impl Commit {
    /// The minute has become part of its hour; what came late of it does so now.
    fn put_hour(
        &mut self,
        key: DemandKey,
        moved: &Moved<DemandMinute>,
        late: &DemandMinute,
        store: &Store,
    ) -> Result<(), LedgerError> {
        let hour_key = HourKey::of(key);
        let mut hour = match self.hours.get(&hour_key) {
            Some(hour) => *hour,
            None => stored_hour(store, hour_key)?,
        };
        if *late != DemandMinute::default() {
            hour.add_minute(key.minute, late);
            self.changes.push((In::Demand, key.encode(), None));
            self.gone_demand.push(key);
        }
        hour.move_minute(key.minute, &moved.less, &moved.more);
        self.hours.insert(hour_key, hour);
        Ok(())
    }

    fn end_hours(&mut self) {
        for (key, hour) in std::mem::take(&mut self.hours) {
            let value = (!hour.is_empty()).then(|| hours::encode(&hour));
            self.changes.push((In::Demand, key.encode(), value));
        }
    }
}

/// From where on each grain is not past its retention: what was deleted is not made again.
struct Kept {
    hours: Span,
    /// Earlier ones cannot be computed again.
    days: Span,
    minutes: Span,
    demand: u32,
    /// Before it demand is kept by hour.
    demand_folded: u32,
}

impl Kept {
    fn of(store: &Store, pass: &Pass) -> Result<Self, LedgerError> {
        let from = meta::hours_from(store)?;
        let hours = from.map(|from| Span::hour(from.hour));
        Ok(Self {
            hours: hours.unwrap_or(Span::FIRST_HOUR),
            days: from.map_or(Span::FIRST_DAY, |from| from.day),
            minutes: meta::minutes_from(store)?.unwrap_or(Span::FIRST_MINUTE),
            demand: pass.demand_from.max(meta::demand_from(store)?.unwrap_or(0)),
            demand_folded: meta::demand_folded(store)?,
        })
    }

    /// Nothing is taken off that is not there: sums end at zero, and calls would vanish unseen. A day
    /// whose hours are gone may be one of an earlier time zone, and other calls then.
    fn check(
        &self,
        key: Key,
        moved: &Moved<Totals>,
        stored: &Totals,
        number: u64,
    ) -> Result<(), LedgerError> {
        let is_old_day = key.span >= Span::FIRST_DAY && key.span < self.days;
        if is_old_day || stored.has(&moved.less) {
            return Ok(());
        }
        Err(LedgerError::Misfit {
            number,
            found: "it takes more calls from a total than that has; rebuild the totals".to_owned(),
        })
    }

    fn has(&self, span: Span) -> bool {
        if span >= Span::FIRST_MINUTE {
            span >= self.minutes
        } else if span >= Span::FIRST_HOUR {
            span >= self.hours
        } else {
            true
        }
    }
}
