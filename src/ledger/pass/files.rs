//! The passes that are there, and how they come and go.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{NOTE, Pass, PassFile, VERSION, folder, folder_of, path};
use crate::ledger::LedgerError;
use crate::ledger::close::{make_folder, sync_folder};
use crate::ledger::dayfile::{self, Reader};
use crate::ledger::shelf::names;

/// All passes of a folder, by number.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Passes {
    all: Vec<Kept>,
    /// Those up to this number are in the totals, and rows show them.
    pub(in crate::ledger) applied: u64,
}

/// What is under a number.
#[derive(Clone, Debug)]
enum Kept {
    Whole(Arc<Pass>),
    /// What it holds cannot be read.
    Damaged(u64, String),
}

impl Kept {
    fn number(&self) -> u64 {
        match self {
            Self::Whole(pass) => pass.number,
            Self::Damaged(number, _) => *number,
        }
    }
}

impl Passes {
    /// Those of a folder that are complete; nothing is changed.
    pub(in crate::ledger) fn read(calls_dir: &Path) -> Result<Self, LedgerError> {
        let mut all = Vec::new();
        for number in numbers(calls_dir)? {
            match noted(calls_dir, number)? {
                Some(Ok(pass)) if pass.is_complete() => all.push(Kept::Whole(Arc::new(pass))),
                Some(Err(found)) => all.push(Kept::Damaged(number, found)),
                Some(Ok(_)) | None => {}
            }
        }
        Ok(Self { all, applied: 0 })
    }

    /// The passes that rows show, in order.
    pub(in crate::ledger) fn shown(&self, calls_dir: &Path) -> Result<Vec<Arc<Pass>>, LedgerError> {
        let shown = self.all.iter().filter(|kept| kept.number() <= self.applied);
        shown.map(|kept| whole(calls_dir, kept)).collect()
    }

    /// The first that is not in the totals.
    pub(in crate::ledger) fn next(
        &self,
        calls_dir: &Path,
        applied: u64,
    ) -> Result<Option<Arc<Pass>>, LedgerError> {
        let next = self.all.iter().find(|kept| kept.number() > applied);
        next.map(|kept| whole(calls_dir, kept)).transpose()
    }

    /// All that can be read, in order.
    pub(in crate::ledger) fn all(&self) -> impl Iterator<Item = &Arc<Pass>> {
        self.all.iter().filter_map(|kept| match kept {
            Kept::Whole(pass) => Some(pass),
            Kept::Damaged(..) => None,
        })
    }

    /// What cannot be read, in words.
    pub(in crate::ledger) fn problems(&self, calls_dir: &Path) -> Vec<String> {
        let problems = self.all.iter().map(|kept| whole(calls_dir, kept));
        problems
            .filter_map(Result::err)
            .map(|problem| problem.to_string())
            .collect()
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds one that has become complete.
    pub(super) fn put(&mut self, pass: Arc<Pass>) {
        self.all.push(Kept::Whole(pass));
        self.all.sort_by_key(Kept::number);
    }

    /// Those of the folder that are complete, not in the totals, and not known here: a note may get to
    /// the disk though writing it failed at last.
    pub(super) fn unknown(&self, calls_dir: &Path) -> Result<Vec<Arc<Pass>>, LedgerError> {
        let mut unknown = Vec::new();
        for number in numbers(calls_dir)? {
            if number <= self.applied || self.all.iter().any(|kept| kept.number() == number) {
                continue;
            }
            if let Some(Ok(pass)) = noted(calls_dir, number)?
                && pass.is_complete()
            {
                // It counts from now on, so its note must stay.
                sync_folder(&folder_of(calls_dir, number))?;
                unknown.push(Arc::new(pass));
            }
        }
        Ok(unknown)
    }

    /// Forgets one whose rows are gone.
    pub(in crate::ledger) fn forget(&mut self, number: u64) {
        self.all.retain(|kept| kept.number() != number);
    }
}

fn whole(calls_dir: &Path, kept: &Kept) -> Result<Arc<Pass>, LedgerError> {
    match kept {
        Kept::Whole(pass) => Ok(Arc::clone(pass)),
        Kept::Damaged(number, found) => Err(LedgerError::DayFile {
            path: folder_of(calls_dir, *number).join(NOTE),
            found: found.clone(),
        }),
    }
}

/// The numbers of the passes of a folder, complete or not, in order.
pub(in crate::ledger) fn numbers(calls_dir: &Path) -> Result<Vec<u64>, LedgerError> {
    let names = names(&folder(calls_dir))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// What a pass says of itself, or why that cannot be read; `None` if it was never said.
pub(super) fn noted(
    calls_dir: &Path,
    number: u64,
) -> Result<Option<Result<Pass, String>>, LedgerError> {
    let path = folder_of(calls_dir, number).join(NOTE);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LedgerError::io("read", &path)(error)),
    };
    let read = serde_json::from_slice::<Pass>(&text).map_err(|error| error.to_string());
    let is_ours = |pass: &Pass| pass.version == VERSION && pass.number == number;
    let other = "it is not of this pass, or of another version";
    Ok(Some(read.and_then(|pass| {
        is_ours(&pass).then_some(pass).ok_or_else(|| other.into())
    })))
}

impl Pass {
    /// Makes its folder.
    pub(super) fn make(&self, calls_dir: &Path) -> Result<(), LedgerError> {
        make_folder(calls_dir)?;
        make_folder(&folder(calls_dir))?;
        make_folder(&folder_of(calls_dir, self.number))?;
        self.note(calls_dir)
    }

    /// Writes down what it says of itself, as a whole or not at all.
    pub(super) fn note(&self, calls_dir: &Path) -> Result<(), LedgerError> {
        let dir = folder_of(calls_dir, self.number);
        let (path, new) = (dir.join(NOTE), dir.join("pass.json.new"));
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)
        });
        written.map_err(LedgerError::io("write", &path))?;
        sync_folder(&dir)
    }

    /// Removes what was written behind the last note: it is written again.
    pub(super) fn tidy(&self, calls_dir: &Path) -> Result<(), LedgerError> {
        for path in self.found(calls_dir)? {
            let is_behind = Reader::facts_of(&path).map_or(true, |it| it.last_seq > self.done_to);
            if is_behind {
                std::fs::remove_file(&path).map_err(LedgerError::io("delete", &path))?;
            }
        }
        Ok(())
    }

    /// The files that are there, in sequence.
    fn found(&self, calls_dir: &Path) -> Result<Vec<PathBuf>, LedgerError> {
        let dir = folder_of(calls_dir, self.number);
        let mut found = names(&dir)?;
        found.retain(|name| name.ends_with(dayfile::SUFFIX) || dayfile::is_unfinished(name));
        found.sort_unstable();
        Ok(found.into_iter().map(|name| dir.join(name)).collect())
    }

    /// Names its files, of which none may have gone meanwhile.
    pub(super) fn name_files(&mut self, calls_dir: &Path) -> Result<(), LedgerError> {
        let found = self.found(calls_dir)?;
        let files = found.iter().map(|path| {
            let facts = Reader::facts_of(path)?;
            Ok(PassFile {
                first_seq: facts.first_seq,
                last_seq: facts.last_seq,
                calls: facts.calls(),
            })
        });
        self.files = files.collect::<Result<_, LedgerError>>()?;
        let calls: u64 = self.files.iter().map(|file| file.calls).sum();
        let finished = u64::try_from(self.files.len()).unwrap_or(u64::MAX);
        if (finished, calls) == (self.files_finished, self.summary.changed) {
            return Ok(());
        }
        Err(LedgerError::DayFile {
            path: folder_of(calls_dir, self.number),
            found: "files of the pass are gone; remove the folder and reprice again".to_owned(),
        })
    }

    /// Removes its folder, the note first: what is left of it is no pass.
    pub(in crate::ledger) fn remove(&self, calls_dir: &Path) -> Result<(), LedgerError> {
        remove(calls_dir, self.number)
    }

    /// Removes the files whose rows are all before a number. True: there are none left.
    pub(in crate::ledger) fn remove_before(
        &self,
        calls_dir: &Path,
        rows_from: u64,
    ) -> Result<bool, LedgerError> {
        for file in self.files.iter().filter(|it| it.last_seq < rows_from) {
            let path = path(calls_dir, self.number, file.first_seq);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(LedgerError::io("delete", &path)(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(self.files.iter().all(|it| it.last_seq < rows_from))
    }
}

/// Removes the folder of a number, the note first: what is left of it is no pass.
pub(super) fn remove(calls_dir: &Path, number: u64) -> Result<(), LedgerError> {
    let dir = folder_of(calls_dir, number);
    let _ = std::fs::remove_file(dir.join(NOTE));
    std::fs::remove_dir_all(&dir).map_err(LedgerError::io("delete", &dir))?;
    sync_folder(&folder(calls_dir))
}
