//! The one thread that changes: batches into drafts, drafts into commits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(test)]
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::demand;
use super::draft::{Draft, KEYS_PER_CALL};
use super::open_calls::OpenCalls;
use super::sidecar::{self, State};
use super::status::Status;
use super::store::{In, KEYS_MAX, Store, Write};
use super::{Entry, Ledger, LedgerError, meta};

/// How long the journal may take to be synced before a batch is given back.
const DURABLE_PATIENCE: Duration = Duration::from_secs(5);
/// How often the sidecar is written.
const SIDECAR_EVERY: Duration = Duration::from_mins(1);
/// Rebuilds in the life of a process; then something else is wrong than the file.
const REBUILDS_MAX: u64 = 3;
/// Keys of the state that a commit changes beside its draft.
const META_KEYS: usize = 2;

/// What only the writing thread needs.
#[derive(Debug)]
pub(super) struct Writer {
    dir: PathBuf,
    status: Arc<Status>,
    db_id: String,
    pub(super) open: OpenCalls,
    sidecar_written: Option<Instant>,
    /// What the last batch found, if it was damage.
    pub(super) damage: Option<String>,
    /// Told once, and waited for, between a commit and its publication.
    #[cfg(test)]
    pub(super) pause: Option<(mpsc::SyncSender<()>, mpsc::Receiver<()>)>,
}

impl Writer {
    pub(super) fn new(dir: &Path, status: Arc<Status>) -> Self {
        Self {
            dir: dir.to_owned(),
            status,
            db_id: String::new(),
            open: OpenCalls::default(),
            sidecar_written: None,
            damage: None,
            #[cfg(test)]
            pause: None,
        }
    }

    #[cfg(test)]
    fn pause(&mut self) {
        if let Some((written, go_on)) = self.pause.take() {
            written.send(()).unwrap();
            go_on.recv().unwrap();
        }
    }

    pub(super) fn store(&self) -> Result<Arc<Store>, LedgerError> {
        self.status.store()
    }

    pub(super) fn attach(&mut self, store: Arc<Store>, db_id: String) {
        self.status.set_store(Some(store));
        self.db_id = db_id;
    }

    /// Counts a rebuild. False: there were too many of them to believe in another one.
    pub(super) fn may_rebuild(&self) -> bool {
        self.status
            .count(|stats| stats.rebuilds = stats.rebuilds.saturating_add(1));
        self.status.stats().rebuilds <= REBUILDS_MAX
    }

    /// Writes and counts one commit.
    pub(super) fn commit(&self, store: &Store, changes: &[Write]) -> Result<(), LedgerError> {
        let started = Instant::now();
        self.status.set_writing(Some(started));
        let written = store.commit(changes);
        self.status.set_writing(None);
        written?;
        let keys = u64::try_from(changes.len()).unwrap_or(u64::MAX);
        self.status.count(|stats| {
            stats.commits = stats.commits.saturating_add(1);
            stats.keys = stats.keys.saturating_add(keys);
            stats.commit_time = stats.commit_time.saturating_add(started.elapsed());
        });
        Ok(())
    }

    /// Writes the sidecar if it is due.
    pub(super) fn note(
        &mut self,
        watermark: u64,
        sync: bool,
        now: bool,
    ) -> Result<(), LedgerError> {
        let fresh = self
            .sidecar_written
            .is_some_and(|at| at.elapsed() < SIDECAR_EVERY);
        if fresh && !now {
            return Ok(());
        }
        let state = State {
            db_id: self.db_id.clone(),
            watermark,
        };
        sidecar::write(&self.dir, &state, sync)?;
        self.sidecar_written = Some(Instant::now());
        Ok(())
    }
}

impl Ledger {
    /// Counts a batch, in sequence: totals, roll-ups, demand and watermark, on the disk when this
    /// returns. What is counted already is passed over. After a failure the next batch, the same or
    /// a later one, first opens the database again, rebuilds it if it is damaged, and counts what is
    /// missing from the journal.
    pub fn apply(&self, batch: &[(u64, Entry<'_>)]) -> Result<(), LedgerError> {
        let mut writer = self.writer();
        let written = self.apply_with(&mut writer, batch);
        if let Err(error) = &written {
            writer.fail(error);
        }
        written
    }

    fn apply_with(
        &self,
        writer: &mut Writer,
        batch: &[(u64, Entry<'_>)],
    ) -> Result<(), LedgerError> {
        if !self.status.is_open() {
            self.recover(writer)?;
        }
        self.count(writer, batch)?;
        writer.note(self.watermark(), self.settings.sync, false)
    }

    /// Counts what lies behind the watermark, in as many commits as its keys need.
    pub(super) fn count(
        &self,
        writer: &mut Writer,
        batch: &[(u64, Entry<'_>)],
    ) -> Result<(), LedgerError> {
        let Some((last, _)) = batch.last() else {
            return Ok(());
        };
        if let Some(durable) = &self.settings.durable
            && !durable.wait(*last, DURABLE_PATIENCE)
        {
            return Err(LedgerError::NotDurable { seq: *last });
        }
        let watermark = self.watermark();
        let mut rest = batch.get(batch.partition_point(|(seq, _)| *seq <= watermark)..);
        while let Some(entries) = rest.filter(|entries| !entries.is_empty()) {
            let counted = self.commit_some(writer, entries)?;
            rest = entries.get(counted..);
        }
        Ok(())
    }

    /// One commit of as many entries as its keys allow; says how many.
    fn commit_some(
        &self,
        writer: &mut Writer,
        entries: &[(u64, Entry<'_>)],
    ) -> Result<usize, LedgerError> {
        let store = writer.store()?;
        let (mut counted, mut calls, mut watermark) = (0_usize, 0_u64, 0);
        let (mut changes, fresh) = {
            let memory = self.memory();
            let mut draft = Draft::new(&memory, &store, &self.settings.timezone);
            for (seq, entry) in entries {
                if draft.len() + KEYS_PER_CALL + META_KEYS > KEYS_MAX {
                    break;
                }
                match entry {
                    Entry::Begun(id) => writer.open.begin(*seq, *id),
                    Entry::Ended(call) => {
                        draft.add(call)?;
                        writer.open.end(call.call_id);
                        calls = calls.saturating_add(1);
                    }
                }
                watermark = *seq;
                counted = counted.saturating_add(1);
            }
            draft.finish(watermark)?
        };
        let open_from = writer.open.oldest().unwrap_or(watermark.saturating_add(1));
        changes.push(meta::put_number(meta::WATERMARK, watermark));
        changes.push(meta::put_number(meta::OPEN_FROM, open_from));
        let _under_way = self.commits.begin();
        writer.commit(&store, &changes)?;
        #[cfg(test)]
        writer.pause();
        writer
            .status
            .count(|stats| stats.calls = stats.calls.saturating_add(calls));
        self.set_memory(|memory| memory.merge(fresh));
        Ok(counted)
    }

    /// Keeps a small text for another room, such as a state, on the disk when this returns.
    pub fn keep(&self, name: &str, text: &str) -> Result<(), LedgerError> {
        let mut writer = self.writer();
        let kept = meta::put_text(&meta::kept(name), text);
        let written = writer
            .store()
            .and_then(|store| writer.commit(&store, &[kept]));
        if let Err(error) = &written {
            writer.fail(error);
        }
        written
    }

    /// The text that was kept under a name.
    pub fn kept(&self, name: &str) -> Result<Option<String>, LedgerError> {
        meta::text(&*self.status.store()?, &meta::kept(name))
    }

    /// As a write that failed leaves it: nothing can be kept until the next batch opens it again.
    #[cfg(test)]
    pub(crate) fn let_go(&self) {
        self.writer().fail(&LedgerError::Closed);
    }

    /// Notes that tollgate was up in the minute of `at`. Call it once a minute.
    pub fn beat(&self, at: Timestamp) -> Result<(), LedgerError> {
        let mut writer = self.writer();
        let minutes = [demand::minute_of(at)];
        let written = writer
            .store()
            .and_then(|store| beats(&writer, &store, minutes));
        if let Err(error) = &written {
            writer.fail(error);
        }
        written
    }

    /// Writes the sidecar; the last thing before the process ends.
    pub fn close(&self) -> Result<(), LedgerError> {
        let watermark = self.watermark();
        self.writer().note(watermark, self.settings.sync, true)
    }
}

impl Writer {
    /// Counts a write that failed, and lets go of the database.
    pub(super) fn fail(&mut self, error: &LedgerError) {
        self.status
            .count(|stats| stats.errors = stats.errors.saturating_add(1));
        self.let_go(error);
    }

    /// Lets go of the database after a failure. The next batch opens it again and reads what it
    /// missed from the journal, so that no gap can stay below the watermark.
    pub(super) fn let_go(&mut self, error: &LedgerError) {
        self.status.set_store(None);
        if let LedgerError::Damaged { found } = error {
            self.damage = Some(found.clone());
        }
    }
}

/// Writes any number of keys, in commits of a bounded size.
pub(super) fn commit_all(
    writer: &Writer,
    store: &Store,
    changes: &[Write],
) -> Result<(), LedgerError> {
    changes
        .chunks(KEYS_MAX)
        .try_for_each(|chunk| writer.commit(store, chunk))
}

/// Adds minutes to the beats of their hours.
pub(super) fn beats(
    writer: &Writer,
    store: &Store,
    minutes: impl IntoIterator<Item = u32>,
) -> Result<(), LedgerError> {
    let mut hours: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for minute in minutes {
        let (key, bit) = demand::beat(minute);
        *hours.entry(key).or_default() |= bit;
    }
    let mut changes = Vec::new();
    for (key, bits) in hours {
        let known = store.get(In::Demand, &key)?;
        let known = known
            .and_then(|value| demand::decode_beats(&value))
            .unwrap_or(0);
        if known | bits != known {
            changes.push((In::Demand, key, Some(demand::encode_beats(known | bits))));
        }
    }
    commit_all(writer, store, &changes)
}
