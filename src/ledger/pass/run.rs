//! Writes a pass: looks at every row that is asked for, and keeps those whose bill is another one.
//!
//! Whoever counts calls is not waited for but by a commit at a time. What was stopped goes on where
//! it was, if the same is asked for by the same prices; else it is thrown away, and nothing moved.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::files::{self, noted};
use super::moves::known_ids;
use super::step::Loaded;
use super::{PASSES_MAX, Pass, VERSION, path, row_of};
use crate::call::{Again, CallRecord};
use crate::ledger::close::sync_folder;
use crate::ledger::dayfile::{self, Reader, Shape, Writer};
use crate::ledger::draft::{stored_totals, was_accepted};
use crate::ledger::key::{Key, Span};
use crate::ledger::pass::Summary;
use crate::ledger::{Ledger, LedgerError, Totals, meta};

/// Rows of a file at most: what it moves is in memory at one time, up to 50 MB of it. Fewer in tests,
/// so that their passes have several files.
const FILE_ROWS: u64 = if cfg!(test) { 200 } else { 32_768 };
/// Rows between two looks at whether to go on.
const LOOK_EVERY: u64 = 1_024;
/// Rows between two notes of how far a pass without changes is.
const NOTE_EVERY: u64 = 1 << 20;

/// What is to be priced again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// As it was written. What was stopped goes on if the same calls are meant, by the same prices.
    pub words: String,
    /// Calls that arrived from this moment on …
    pub since: Timestamp,
    /// … and before this one.
    pub until: Timestamp,
    /// Only of these models; of all if none is named.
    pub models: Vec<String>,
    /// Only of these upstreams; of all if none is named.
    pub upstreams: Vec<String>,
    /// A checksum of the prices.
    pub prices: String,
    /// Whether to look only.
    pub dry_run: bool,
    /// When it is asked for.
    pub now: Timestamp,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Frames of the journal that were passed, or files that were moved …
    pub done: u64,
    /// … of so many.
    pub of: u64,
    /// Calls whose bill is another one, so far.
    pub changed: u64,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Rows are read; no total has moved.
    Reading,
    /// All is on the disk, and totals move.
    Moving,
}

impl Phase {
    /// Its word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Moving => "moving",
        }
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repriced {
    /// The pass; one that changed nothing is not kept.
    pub pass: Pass,
    /// Whether its changes are in the totals.
    pub is_applied: bool,
    /// Whether it went on with what had been stopped.
    pub resumed: bool,
    /// Calls that ended before this UTC day have no rows any more, so their prices stay; `None` while
    /// every row is kept.
    pub rows_from: Option<Date>,
}

/// Asks whether to go on.
type Watch<'a> = &'a mut dyn FnMut(Progress) -> bool;

impl Ledger {
    /// Prices the calls again that are asked for: `price` says what becomes of each. `watch` is told
    /// how far it is, and ends it by false. Takes as long as it takes: for a thread of its own.
    ///
    /// # Errors
    /// [`LedgerError::Repricing`] if another one runs, [`LedgerError::Stopped`] if `watch` said so,
    /// and what reading and writing can give; a missing or damaged day file is one. Until all of the
    /// pass is on the disk no total has moved; from then on each start goes on with it.
    pub fn reprice(
        &self,
        asked: &Asked,
        price: &dyn Fn(&CallRecord) -> Again,
        watch: Watch<'_>,
    ) -> Result<Repriced, LedgerError> {
        let _turn = self
            .repricing
            .try_lock()
            .map_err(|_| LedgerError::Repricing)?;
        let known = self.passes().clone();
        for pass in known.unknown(&self.settings.calls_dir)? {
            self.set_passes(|passes| passes.put(pass));
        }
        // Rows do not show what is not in the totals yet.
        self.move_all(watch)?;
        let (pass, resumed) = self.begun(asked)?;
        let mut run = Run::of(self, asked, pass);
        if let Err(error) = run.look(price, watch) {
            run.abandon(&error);
            return Err(error);
        }
        let mut pass = run.pass;
        let is_applied = !asked.dry_run && pass.summary.changed > 0;
        if is_applied {
            self.complete(&mut pass, asked.now)?;
            self.move_all(watch)?;
            self.keep_totals();
        } else if !asked.dry_run {
            pass.remove(&self.settings.calls_dir)?;
        }
        Ok(Repriced {
            pass,
            is_applied,
            resumed,
            rows_from: self.first_day_with_rows(),
        })
    }

    /// The first day that has its rows, where earlier ones are past their retention.
    fn first_day_with_rows(&self) -> Option<Date> {
        let files = self.shelf();
        (files.rows_from > 1).then(|| files.first_day()).flatten()
    }

    /// What was stopped, if it is the same; else a new one.
    fn begun(&self, asked: &Asked) -> Result<(Pass, bool), LedgerError> {
        let dir = &self.settings.calls_dir;
        let numbers = files::numbers(dir)?;
        for number in &numbers {
            let begun = match noted(dir, *number)? {
                Some(Ok(pass)) if pass.is_complete() => continue,
                // Nobody knows what it moved: it is named wherever rows are read.
                Some(Err(_)) => continue,
                Some(Ok(pass)) => Some(pass),
                None => None,
            };
            if asked.dry_run {
                continue;
            }
            if let Some(pass) = begun.filter(|pass| pass.is_for(asked)) {
                pass.tidy(dir)?;
                return Ok((self.up_to_now(pass)?, true));
            }
            files::remove(dir, *number)?;
            info!(
                pass = number,
                "a pass that was stopped is thrown away; nothing had moved"
            );
        }
        if self.passes().len() >= PASSES_MAX {
            return Err(LedgerError::Passes);
        }
        let last = files::numbers(dir)?.last().copied().unwrap_or(0);
        // Nor that of one whose folder was removed while it moved.
        let at = meta::pass_at(&*self.status.store()?)?.map_or(0, |(number, ..)| number);
        let number = last.max(self.passes().applied).max(at).saturating_add(1);
        let pass = self.up_to_now(Pass::new(number, asked))?;
        if !asked.dry_run {
            pass.make(dir)?;
        }
        Ok((pass, false))
    }

    /// What a pass looks at ends where the ledger is now: also calls that came while it was stopped.
    fn up_to_now(&self, pass: Pass) -> Result<Pass, LedgerError> {
        Ok(Pass {
            demand_from: meta::demand_from(&*self.status.store()?)?.unwrap_or(0),
            last_frame: self.watermark(),
            ..pass
        })
    }

    /// All is there: from now on the pass counts, whatever happens.
    fn complete(&self, pass: &mut Pass, now: Timestamp) -> Result<(), LedgerError> {
        let dir = &self.settings.calls_dir;
        pass.name_files(dir)?;
        pass.complete_at = Some(now);
        pass.note(dir)?;
        self.set_passes(|passes| passes.put(std::sync::Arc::new(pass.clone())));
        Ok(())
    }

    /// Takes all complete passes into the totals. Stopped in between, the next start goes on.
    fn move_all(&self, watch: Watch<'_>) -> Result<(), LedgerError> {
        let mut loaded = Loaded::default();
        while let Some(place) = self.next_move(&*self.status.store()?)? {
            if !place.is_of(&loaded) {
                self.check_files(&place)?;
                loaded = place.loaded(self.moves_of(&place.path(self))?);
                let (done, of) = place.done();
                let changed = place.changed();
                let phase = Phase::Moving;
                if !watch(Progress {
                    phase,
                    done,
                    of,
                    changed,
                }) {
                    return Err(LedgerError::Stopped);
                }
            }
            self.move_once(&loaded)?;
            std::thread::yield_now();
        }
        Ok(())
    }

    /// One commit of a pass that is on its way; false if none is.
    #[cfg(test)]
    pub(in crate::ledger) fn move_next(&self) -> Result<bool, LedgerError> {
        let Some(place) = self.next_move(&*self.status.store()?)? else {
            return Ok(false);
        };
        let moves = self.moves_of(&place.path(self))?;
        self.move_once(&place.loaded(moves))?;
        Ok(true)
    }

    /// One commit; where it is now is asked again: a ledger that was opened anew may be elsewhere.
    fn move_once(&self, loaded: &Loaded) -> Result<(), LedgerError> {
        let mut writer = self.writer();
        let store = writer.store()?;
        let moved = match self.next_move(&store)? {
            Some(place) if place.is_of(loaded) => self.move_some(&writer, &store, &place, loaded),
            Some(_) | None => Ok(()),
        };
        match &moved {
            // Nothing is wrong with the database: calls go on being counted.
            Ok(()) | Err(LedgerError::Misfit { .. }) => {}
            Err(error) => writer.fail(error),
        }
        moved
    }

    /// A checkpoint of the new totals, so that no rebuild has to move them again; the next day that is
    /// closed writes one anyway.
    fn keep_totals(&self) {
        let Some(day) = self.shelf().last_day() else {
            return;
        };
        if let Err(error) = self.checkpoint(day) {
            let error: &dyn std::error::Error = &error;
            error!(
                error,
                "the new totals have no checkpoint before the next day is closed"
            );
        }
    }
}

impl Pass {
    fn new(number: u64, asked: &Asked) -> Self {
        let Asked {
            words,
            since,
            until,
            models,
            upstreams,
            prices,
            dry_run: _,
            now,
        } = asked.clone();
        Self {
            version: VERSION,
            number,
            begun_at: now,
            complete_at: None,
            words,
            since,
            until,
            models,
            upstreams,
            last_frame: 0,
            demand_from: 0,
            prices,
            summary: Summary::default(),
            done_to: 0,
            files_finished: 0,
            files: Vec::new(),
        }
    }

    fn is_for(&self, asked: &Asked) -> bool {
        // What is counted back from now has the same words on another day, and means other calls.
        (self.since, self.until, &self.prices) == (asked.since, asked.until, &asked.prices)
            && (&self.models, &self.upstreams) == (&asked.models, &asked.upstreams)
    }

    fn wants(&self, call: &CallRecord) -> bool {
        let named = |names: &[String], name: Option<&str>| {
            names.is_empty() || names.iter().any(|known| Some(known.as_str()) == name)
        };
        named(&self.models, call.model_name()) && named(&self.upstreams, Some(&call.upstream))
    }
}

/// A pass while it is being written.
struct Run<'a> {
    ledger: &'a Ledger,
    /// Whether it only looks.
    is_dry: bool,
    pass: Pass,
    open: Option<(Date, Writer)>,
    /// What was taken from under the names of calls that may have had none.
    taken: BTreeMap<Key, Totals>,
}

impl<'a> Run<'a> {
    fn of(ledger: &'a Ledger, asked: &Asked, pass: Pass) -> Self {
        Self {
            ledger,
            is_dry: asked.dry_run,
            pass,
            open: None,
            taken: BTreeMap::new(),
        }
    }

    fn look(
        &mut self,
        price: &dyn Fn(&CallRecord) -> Again,
        watch: Watch<'_>,
    ) -> Result<(), LedgerError> {
        let Pass {
            since,
            until,
            done_to,
            last_frame,
            ..
        } = self.pass;
        let (mut first, mut rows, mut seen) = (None, 0_u64, done_to);
        for row in self.ledger.rows(since, until, done_to)? {
            let (seq, call) = row?;
            if seq > last_frame {
                break;
            }
            let first = *first.get_or_insert(seq);
            if rows.is_multiple_of(LOOK_EVERY) {
                let progress = Progress {
                    phase: Phase::Reading,
                    done: seq.saturating_sub(first),
                    of: last_frame.saturating_sub(first),
                    changed: self.pass.summary.changed,
                };
                if !watch(progress) {
                    return Err(LedgerError::Stopped);
                }
                if rows.is_multiple_of(NOTE_EVERY) && rows > 0 {
                    self.end_file(seen)?;
                }
            }
            rows = rows.saturating_add(1);
            if self.pass.wants(&call) {
                self.take(seq, seen, call, price)?;
            }
            seen = seq;
        }
        self.end_file(last_frame)
    }

    fn take(
        &mut self,
        seq: u64,
        seen: u64,
        call: CallRecord,
        price: &dyn Fn(&CallRecord) -> Again,
    ) -> Result<(), LedgerError> {
        let again = price(&call);
        if let (Again::Changed(_), false) = (&again, self.is_dry) {
            let day = ended_on(&call);
            let is_full =
                |(first, file): &(Date, Writer)| day > *first || file.calls() >= FILE_ROWS;
            if self.open.as_ref().is_some_and(is_full) {
                self.end_file(seen)?;
            }
        }
        // Behind the end of the file before: what is noted with that has no call of this one.
        self.pass.summary.add(&call, &again);
        match again {
            Again::Changed(now) if !self.is_dry => self.write(seq, call, *now),
            Again::Changed(_)
            | Again::NotBilled
            | Again::Summed
            | Again::NoUpstream
            | Again::Same => Ok(()),
        }
    }

    fn write(&mut self, seq: u64, call: CallRecord, now: CallRecord) -> Result<(), LedgerError> {
        let unnamed = self.was_unnamed(&call)?;
        let dir = &self.ledger.settings.calls_dir;
        let (_, file) = if let Some(open) = &mut self.open {
            open
        } else {
            let day = ended_on(&call);
            let place = unfinished(&path(dir, self.pass.number, seq));
            let file = Writer::create(place, Shape::Pass, day, seq)?;
            self.open.insert((day, file))
        };
        file.add_row(row_of(seq, call, now, unnamed))
    }

    /// Whether a call was summed without the names that its client gave: one that no upstream had
    /// accepted, before another call made them names. Its hour says, as far as it is kept.
    fn was_unnamed(&mut self, call: &CallRecord) -> Result<Option<bool>, LedgerError> {
        if was_accepted(call) {
            return Ok(None);
        }
        let ledger = self.ledger;
        let (store, memory) = (ledger.status.store()?, ledger.memory());
        let (ids, one) = (known_ids(call, &memory), Totals::of(call));
        let span = Span::hour(call.started_at);
        for (unnamed, ids) in [(false, ids), (true, ids.of_no_names())] {
            let key = Key { span, ids };
            let taken = self.taken.entry(key).or_default();
            let rest = stored_totals(&memory, &store, key)?.less(taken);
            if rest.least(&one) == one {
                taken.merge(&one);
                return Ok(Some(unnamed));
            }
        }
        Ok(None)
    }

    /// Ends the open file, if there is one: whole, read back and synced; then notes how far it is.
    fn end_file(&mut self, done_to: u64) -> Result<(), LedgerError> {
        if self.is_dry {
            return Ok(());
        }
        if let Some((_, file)) = self.open.take() {
            let facts = file.finish()?;
            let dir = &self.ledger.settings.calls_dir;
            let place = path(dir, self.pass.number, facts.first_seq);
            let new = unfinished(&place);
            if Reader::open(&new)?.check()? != facts {
                return Err(LedgerError::DayFile {
                    path: new,
                    found: "it does not hold what was written".to_owned(),
                });
            }
            std::fs::rename(&new, &place).map_err(LedgerError::io("rename", &new))?;
            sync_folder(&super::folder_of(dir, self.pass.number))?;
            self.pass.files_finished = self.pass.files_finished.saturating_add(1);
        }
        self.taken.clear();
        self.pass.done_to = done_to;
        self.pass.note(&self.ledger.settings.calls_dir)
    }

    /// Leaves what is finished; the open file is written again. On a full disk all of it goes: the
    /// journal needs the room.
    fn abandon(&mut self, error: &LedgerError) {
        let dir = &self.ledger.settings.calls_dir;
        let was_open = self.open.take().is_some();
        if self.is_dry {
            return;
        }
        // What stays is written over, or thrown away by the next one.
        if is_full(error) {
            let _ = self.pass.remove(dir);
        } else if was_open {
            let _ = self.pass.tidy(dir);
        }
    }
}

/// Whether there was no room.
pub(in crate::ledger) fn is_full(error: &LedgerError) -> bool {
    let mut at: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = at {
        let kind = error
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind);
        if matches!(
            kind,
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        ) {
            return true;
        }
        at = error.source();
    }
    false
}

/// Where a file is while it is being written.
fn unfinished(path: &Path) -> std::path::PathBuf {
    path.with_extension(dayfile::UNFINISHED.trim_start_matches('.'))
}

/// The UTC day in whose file the call is, or nearly so.
fn ended_on(call: &CallRecord) -> Date {
    let took = i64::try_from(call.duration_ms).unwrap_or(i64::MAX);
    let ended = call
        .started_at
        .checked_add(SignedDuration::from_millis(took));
    TimeZone::UTC
        .to_datetime(ended.unwrap_or(call.started_at))
        .date()
}
