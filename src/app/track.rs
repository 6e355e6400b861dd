//! The track record in the ledger: each switch enters it, and each closed day adds what came.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use tracing::{error, warn};

use super::{AppError, freeze, statements};
use crate::economics::demand::OPEN_SECONDS;
use crate::ledger::{Ledger, LedgerError};
use crate::verdict::Settings;
use crate::verdict::statement::{Days, Record, Scored, Statement, Track, kind_of, opened};

/// The name under which the ledger keeps it.
const KEPT: &str = "verdict-record";
/// Days of demand before a day that its replicas are chosen on.
const CHOSEN_ON_DAYS: i32 = 14;
/// Days that are looked at after a longer pause: the kept minutes reach back no further.
const MISSED_DAYS_MAX: i32 = 20;

/// What is remembered.
///
/// # Errors
/// The ledger's.
pub(super) fn kept(ledger: &Ledger) -> Result<Track, LedgerError> {
    let text = ledger.kept(KEPT)?;
    Ok(text.map_or_else(Track::default, |text| {
        serde_json::from_str(&text).unwrap_or_else(|error| {
            error!(%error, "the record of verdicts cannot be read; it begins anew");
            Track::default()
        })
    }))
}

/// Remembers switches, and adds every day that has closed by `now`.
///
/// # Errors
/// The ledger's; the days are added at the next look.
pub(super) fn look(
    ledger: &Ledger,
    data_dir: &Path,
    frozen: &[freeze::Frozen],
    now: Timestamp,
) -> Result<(), AppError> {
    let before = kept(ledger)?;
    let mut track = before.clone();
    for freeze::Frozen {
        file,
        sha256,
        statement,
    } in frozen
    {
        track.add(statement, file.clone(), sha256.clone());
    }
    let closed = now.saturating_sub(SignedDuration::from_secs(OPEN_SECONDS));
    let today = jiff::tz::TimeZone::UTC
        .to_datetime(closed.unwrap_or(now))
        .date();
    let yesterday = today.saturating_sub(1.day());
    let dir = statements::folder(data_dir);
    for record in &mut track.records {
        if record.until.is_none() && record.looked_at < yesterday {
            add_days(record, &dir, yesterday, ledger)?;
        }
    }
    if track != before {
        // Numbers, names and days have a JSON form.
        let text = serde_json::to_string(&track).unwrap_or_default();
        ledger.keep(KEPT, &text)?;
    }
    Ok(())
}

/// Adds the days behind the last one that was looked at.
fn add_days(
    record: &mut Record,
    dir: &Path,
    yesterday: Date,
    ledger: &Ledger,
) -> Result<(), AppError> {
    let frozen = read(&dir.join(&record.file), &record.sha256);
    if frozen.is_none() {
        warn!(
            file = record.file,
            "the statement of a verdict is gone or was changed: what came since cannot be scored"
        );
    }
    let oldest = yesterday.saturating_sub(MISSED_DAYS_MAX.days());
    while record.looked_at < yesterday {
        let day = record.looked_at.saturating_add(1.day());
        let scored = match &frozen {
            Some((settings, statement)) if day > oldest => score(settings, statement, day, ledger)?,
            Some(_) | None => None,
        };
        let coverage_min = frozen.as_ref().map_or(1.0, |(it, _)| it.rule.coverage_min);
        record.came(day, scored, coverage_min);
    }
    Ok(())
}

/// The frozen settings of a statement that is still what was noted.
fn read(path: &Path, sha256: &str) -> Option<(Arc<Settings>, Statement)> {
    let text = std::fs::read_to_string(path).ok()?;
    let (statement, sum) = opened(&text).ok()?;
    let settings = serde_json::from_value(statement.settings.clone()).ok()?;
    (sum == sha256).then(|| (Arc::new(settings), statement))
}

fn score(
    settings: &Arc<Settings>,
    statement: &Statement,
    day: Date,
    ledger: &Ledger,
) -> Result<Option<Scored>, AppError> {
    let days = Days {
        first: day.saturating_sub(CHOSEN_ON_DAYS.days()),
        last: day,
    };
    let Some(kind) = kind_of(&statement.kind) else {
        return Ok(None);
    };
    let gathered = freeze::gathered(settings, (kind, &statement.name), days, ledger)?;
    Ok(gathered.and_then(|it| it.scored(day)))
}

/// The answer of `/api/v1/verdicts`.
///
/// # Errors
/// The ledger's, or that the folder of statements cannot be listed.
pub(super) fn json(ledger: &Ledger, data_dir: &Path) -> Result<Value, AppError> {
    let Track { records } = kept(ledger)?;
    let files = statements::files(&statements::folder(data_dir))?;
    let name = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let record = |record: &Record| {
        let mut value = serde_json::to_value(record).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            fields.insert("words".to_owned(), record.words().into());
            let came = json!(record.came_usd_per_month());
            fields.insert("came_usd_per_month".to_owned(), came);
        }
        value
    };
    let words = records.is_empty().then_some(NEVER);
    Ok(json!({
        "words": words,
        "records": records.iter().map(record).collect::<Vec<_>>(),
        "statements": files.iter().map(name).collect::<Vec<_>>(),
    }))
}

/// What is said where no state has switched.
pub(super) const NEVER: &str =
    "No state has ever switched here: nothing was decided yet, neither for hosting nor against it.";
