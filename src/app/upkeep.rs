//! The upkeep of a data directory in which nothing runs.

use std::path::{Path, PathBuf};

use super::offline::exists;
use super::{AppError, now, settings, statements};
use crate::config::Config;
use crate::journal::Journal;
use crate::ledger::{self, Acceptance, BackedUp, Checked, Compacted, Ledger, Recovery, Totals};

/// Both locks of a data directory, and its journal set right as a start does it.
struct AtRest {
    journal: Journal<()>,
}

impl AtRest {
    fn of(config: &Config) -> Result<Self, AppError> {
        exists(config)?;
        let journal = Journal::open(settings::journal(config), |_, ()| {})?;
        Ok(Self { journal })
    }

    fn done(self) {
        self.journal.close();
    }
}

/// Looks at everything and changes nothing; `step` is told how many of how many files are done.
///
/// # Errors
/// The ledger's, when it is missing or in use. What is damaged is no error.
pub(crate) fn check(config: &Config, step: &dyn Fn(u64, u64)) -> Result<Checked, AppError> {
    exists(config)?;
    Ok(ledger::check(&settings::ledger(config, None), step)?)
}

/// Accepts that the rows which a check misses are gone for good; `step` as in [`check`].
///
/// # Errors
/// The ledger's, when it is missing or in use, or the note cannot be written.
pub(crate) fn accept(
    config: &Config,
    step: &dyn Fn(u64, u64),
) -> Result<Option<(Acceptance, PathBuf)>, AppError> {
    exists(config)?;
    Ok(ledger::accept(
        &settings::ledger(config, None),
        now(),
        step,
    )?)
}

/// Computes the totals again; says what they were, what they are, and what was found.
///
/// # Errors
/// The ledger's.
pub(crate) fn rebuild(config: &Config) -> Result<(Totals, Totals, Recovery), AppError> {
    let at_rest = AtRest::of(config)?;
    let settings = settings::ledger(config, None);
    let (before, found) = Ledger::open(settings.clone())?;
    let was = before.grand_total();
    before.close()?;
    drop(before);
    // A database that was damaged has just been computed again.
    let (after, recovery) = if found.rebuilt.is_some() {
        let (after, _) = Ledger::open(settings)?;
        (after, found)
    } else {
        Ledger::rebuild(settings)?
    };
    let is = after.grand_total();
    after.close()?;
    at_rest.done();
    Ok((was, is, recovery))
}

/// Makes the database smaller.
///
/// # Errors
/// The ledger's; the database is then as it was.
pub(crate) fn compact(config: &Config) -> Result<Compacted, AppError> {
    let at_rest = AtRest::of(config)?;
    let compacted = ledger::compact(&settings::ledger(config, None))?;
    at_rest.done();
    Ok(compacted)
}

/// Copies the data directory into a new one, with which a tollgate can start.
///
/// # Errors
/// The ledger's, or that the folder is there already.
pub(crate) fn back_up(config: &Config, to: &Path) -> Result<BackedUp, AppError> {
    let failed = |source| AppError::DataDir {
        path: to.to_owned(),
        source,
    };
    if std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(failed(std::io::ErrorKind::DirectoryNotEmpty.into()));
    }
    let at_rest = AtRest::of(config)?;
    super::make_data_dir(to)?;
    let (ledger, recovery) = Ledger::open(settings::ledger(config, None))?;
    super::open::tell(&recovery);
    let done = ledger.back_up(&settings::ledger_in(config, to, None), now())?;
    statements::back_up(&config.server.data_dir, to)?;
    let secret = config.server.data_dir.join(settings::KEY_SECRET_FILE);
    if secret.exists() {
        std::fs::copy(secret, to.join(settings::KEY_SECRET_FILE)).map_err(failed)?;
    }
    ledger.close()?;
    at_rest.done();
    Ok(done)
}
