//! What is done to a ledger at rest: computed again, made smaller, copied.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::close::{make_folder, sync_folder};
use super::shelf::names;
use super::store::{In, KEYS_MAX, Store};
use super::{
    Ledger, LedgerError, Recovery, Settings, Totals, accepted, checkpoint, expired, pass, recover,
};
use crate::journal;

/// What a compaction saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the database before.
    pub before_bytes: u64,
    /// And now.
    pub after_bytes: u64,
}

/// What is in a backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackedUp {
    /// Files, of which most share their bytes with the original.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Calls in its totals.
    pub calls: u64,
}

impl Ledger {
    /// Puts the database aside and computes it again from the last good checkpoint and the rows
    /// behind it.
    pub fn rebuild(settings: Settings) -> Result<(Self, Recovery), LedgerError> {
        Self::open_with(settings, Some("a rebuild was asked for".to_owned()))
    }

    /// All calls and money ever counted, in one sum.
    #[must_use]
    pub fn grand_total(&self) -> Totals {
        let mut all = Totals::default();
        for rollup in self.all_time() {
            all.merge(&rollup.totals);
        }
        all
    }

    /// Copies the ledger at rest into a new folder and opens it there. Files that never change are
    /// linked where the file system can.
    pub fn back_up(&self, to: &Settings, now: Timestamp) -> Result<BackedUp, LedgerError> {
        let from = &self.settings;
        let mut done = BackedUp::default();
        done.link(&from.calls_dir, &to.calls_dir, |name| {
            name.ends_with(".parquet") || expired::is_mark(name) || accepted::is_note(name)
        })?;
        make_folder(&to.checkpoints_dir)?;
        let yesterday = TimeZone::UTC
            .to_datetime(now)
            .date()
            .saturating_sub(1.day());
        let day = self.shelf().last_day().unwrap_or(yesterday);
        let new = checkpoint::path(&to.checkpoints_dir, day);
        self.checkpoint_at(&new)?;
        done.link(&from.checkpoints_dir, &to.checkpoints_dir, |name| {
            name.ends_with(".totals")
                && Some(name) != new.file_name().and_then(|name| name.to_str())
        })?;
        self.back_up_passes(to, &mut done)?;
        self.back_up_journal(to, &mut done)?;
        let (copy, _) = Self::open(to.clone())?;
        done.calls = copy.grand_total().calls;
        let same = copy.grand_total() == self.grand_total();
        copy.close()?;
        if same {
            Ok(done)
        } else {
            Err(LedgerError::damaged("the copy has other totals"))
        }
    }

    /// Those that are complete; one that was stopped is begun anew.
    fn back_up_passes(&self, to: &Settings, done: &mut BackedUp) -> Result<(), LedgerError> {
        let passes: Vec<_> = self.passes().all().cloned().collect();
        for pass in passes {
            make_folder(&pass::folder(&to.calls_dir))?;
            let of = |dir: &Path| pass::folder_of(dir, pass.number);
            done.link(&of(&self.settings.calls_dir), &of(&to.calls_dir), |_| true)?;
        }
        Ok(())
    }

    /// The last segment is written on; all before it never change.
    fn back_up_journal(&self, to: &Settings, done: &mut BackedUp) -> Result<(), LedgerError> {
        let from = &self.settings.journal_dir;
        let last = journal::segments(from)?.pop();
        let last = last.map(|first| journal::segment_path(from, first));
        let last = last
            .as_deref()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str());
        done.link(from, &to.journal_dir, |name| {
            [".frames", ".lost"].iter().any(|end| name.ends_with(end)) && Some(name) != last
        })?;
        if let Some(last) = last {
            let path = to.journal_dir.join(last);
            std::fs::copy(from.join(last), &path).map_err(LedgerError::io("write", &path))?;
            done.add(&path)?;
        }
        sync_folder(&to.journal_dir)
    }
}

impl BackedUp {
    /// Links or copies the files of a folder.
    fn link(
        &mut self,
        from: &Path,
        to: &Path,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<(), LedgerError> {
        make_folder(to)?;
        for name in names(from)?.iter().filter(|name| is_wanted(name)) {
            let (from, to) = (from.join(name), to.join(name));
            std::fs::hard_link(&from, &to)
                .or_else(|_| std::fs::copy(&from, &to).map(drop))
                .map_err(LedgerError::io("write", &to))?;
            self.add(&to)?;
        }
        sync_folder(to)
    }

    fn add(&mut self, path: &Path) -> Result<(), LedgerError> {
        let file = std::fs::File::open(path).and_then(|file| {
            file.sync_all()?;
            file.metadata()
        });
        let bytes = file.map_err(LedgerError::io("sync", path))?.len();
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }
}

/// Copies the database into a new one, which has no free space in it, and swaps the two.
pub fn compact(settings: &Settings) -> Result<Compacted, LedgerError> {
    let (ledger, _) = Ledger::open(settings.clone())?;
    ledger.close()?;
    drop(ledger);
    let _lock = recover::prepare(&settings.dir)?;
    let dir = recover::database(&settings.dir);
    let (new, old) = (dir.with_extension("compact"), dir.with_extension("old"));
    for left in [&new, &old] {
        // Of a compaction that was broken off: the database itself was whole, or is rebuilt.
        let _ = std::fs::remove_dir_all(left);
    }
    let before_bytes = bytes_of(&dir)?;
    copy_store(&dir, &new)?;
    let swap =
        |from: &Path, to: &Path| std::fs::rename(from, to).map_err(LedgerError::io("rename", from));
    swap(&dir, &old)?;
    swap(&new, &dir)?;
    sync_folder(&settings.dir)?;
    std::fs::remove_dir_all(&old).map_err(LedgerError::io("delete", &old))?;
    let after_bytes = bytes_of(&dir)?;
    Ok(Compacted {
        before_bytes,
        after_bytes,
    })
}

fn copy_store(from: &Path, to: &Path) -> Result<(), LedgerError> {
    let (from, to) = (Store::open(from, true)?, Store::open(to, true)?);
    let trees = [In::Totals, In::Names, In::Demand, In::Meta];
    let all = || Vec::new()..vec![u8::MAX];
    for tree in trees {
        let mut writes = Vec::with_capacity(KEYS_MAX);
        for found in from.scan(tree, all()) {
            let (key, value) = found?;
            writes.push((tree, key.to_vec(), Some(value.to_vec())));
            if writes.len() == KEYS_MAX {
                to.commit(&writes)?;
                writes.clear();
            }
        }
        to.commit(&writes)?;
    }
    for tree in trees {
        let (mut one, mut other) = (from.scan(tree, all()), to.scan(tree, all()));
        loop {
            match (one.next().transpose()?, other.next().transpose()?) {
                (None, None) => break,
                (one, other) if one == other => {}
                _ => return Err(LedgerError::damaged("the copy is not what the database is")),
            }
        }
    }
    Ok(())
}

/// Copies the files of a folder and of those in it.
pub(super) fn copy_folder(from: &Path, to: &Path) -> Result<(), LedgerError> {
    make_folder(to)?;
    for name in names(from)? {
        let (from, to): (PathBuf, PathBuf) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            std::fs::copy(&from, &to).map_err(LedgerError::io("write", &to))?;
        }
    }
    Ok(())
}

fn bytes_of(dir: &Path) -> Result<u64, LedgerError> {
    let mut bytes = 0_u64;
    for name in names(dir)? {
        let path = dir.join(name);
        let meta = std::fs::metadata(&path).map_err(LedgerError::io("look at", &path))?;
        let inner = if meta.is_dir() {
            bytes_of(&path)?
        } else {
            meta.len()
        };
        bytes = bytes.saturating_add(inner);
    }
    Ok(bytes)
}
