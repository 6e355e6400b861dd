//! The track record in the ledger: each switch enters it, and each closed day adds what came.

mod score;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use tracing::{error, warn};

use self::score::{Known, score};
use super::{AppError, freeze, statements};
use crate::economics::demand::OPEN_SECONDS;
use crate::ledger::{Ledger, LedgerError};
use crate::verdict::statement::{Record, Track, opened};
use crate::verdict::{RunningPlan, Settings};

/// The name under which the ledger keeps it.
const KEPT: &str = "verdict-record";
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

/// Remembers a switch whose statement was written at `now`.
///
/// # Errors
/// The ledger's; the statement is to be added again.
pub(super) fn add(ledger: &Ledger, frozen: freeze::Frozen, now: Timestamp) -> Result<(), AppError> {
    let freeze::Frozen {
        file,
        sha256,
        statement,
    } = frozen;
    let before = kept(ledger)?;
    let mut track = before.clone();
    track.add(&statement, file, sha256, last_closed(now));
    keep(ledger, &before, &track)
}

/// Adds every day that has closed by `now`.
///
/// # Errors
/// The ledger's; the days are added at the next look.
pub(super) fn look(
    ledger: &Ledger,
    data_dir: &Path,
    running: &[RunningPlan],
    now: Timestamp,
) -> Result<(), AppError> {
    let before = kept(ledger)?;
    let mut track = before.clone();
    let closed = last_closed(now);
    let oldest = closed.saturating_sub(MISSED_DAYS_MAX.days());
    let dir = statements::folder(data_dir);
    for record in &mut track.records {
        record.go_back(closed);
        let last = record.until.map_or(closed, |until| until.min(closed));
        if record.until.is_some() && last <= oldest {
            // What it lacks was no day of it when it ended.
            record.looked_at = record.looked_at.max(last);
        }
        if record.looked_at < last {
            add_days(record, &dir, (oldest, last), (ledger, running))?;
        }
    }
    keep(ledger, &before, &track)
}

/// The last UTC day whose calls are all known.
fn last_closed(now: Timestamp) -> Date {
    let closed = now.saturating_sub(SignedDuration::from_secs(OPEN_SECONDS));
    let today = TimeZone::UTC.to_datetime(closed.unwrap_or(now)).date();
    today.saturating_sub(1.day())
}

fn keep(ledger: &Ledger, before: &Track, track: &Track) -> Result<(), AppError> {
    if track != before {
        // Numbers, names and days have a JSON form.
        let text = serde_json::to_string(track).unwrap_or_default();
        ledger.keep(KEPT, &text)?;
    }
    Ok(())
}

/// Adds the days behind the last one that was looked at, to the last one that has closed; nothing is
/// known of those up to `oldest`.
fn add_days(
    record: &mut Record,
    dir: &Path,
    (oldest, last): (Date, Date),
    from: (&Ledger, &[RunningPlan]),
) -> Result<(), AppError> {
    let frozen = read(&dir.join(&record.file), &record.sha256);
    if frozen.is_none() {
        warn!(
            file = record.file,
            "the statement of a verdict is gone or was changed: what came since cannot be scored"
        );
    }
    while record.looked_at < last {
        let day = record.looked_at.saturating_add(1.day());
        let known = match &frozen {
            Some(settings) if day > oldest => score(settings, record, day, from)?,
            Some(_) | None => Known::Nothing,
        };
        match known {
            Known::Scored(scored) => record.came(day, scored),
            Known::Elsewhere => record.went_elsewhere(day),
            Known::Nothing => record.unseen(day),
        }
    }
    Ok(())
}

/// The frozen settings of a statement that is still what was noted.
fn read(path: &Path, sha256: &str) -> Option<Arc<Settings>> {
    let text = std::fs::read_to_string(path).ok()?;
    let (statement, sum) = opened(&text).ok()?;
    let settings = serde_json::from_value(statement.settings).ok()?;
    (sum == sha256).then(|| Arc::new(settings))
}

/// The answer of `/api/v1/verdicts`.
///
/// # Errors
/// The ledger's, or that the folder of statements cannot be listed.
pub(super) fn json(ledger: &Ledger, data_dir: &Path) -> Result<Value, AppError> {
    let Track { records } = kept(ledger)?;
    let files = statements::files(&statements::folder(data_dir))?;
    let name = |path: &PathBuf| statements::name(path);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::anew::tests::house;

    /// A record whose statement is gone.
    fn record(until: Option<Date>, looked_at: Date) -> Value {
        json!({
            "file": "gone.json", "sha256": "", "kind": "selfhost", "name": "llama", "to": "on",
            "decided": looked_at, "until": until, "looked_at": looked_at, "days": 0,
            "unseen_days": 0, "hours": 0.0, "api_usd": 0.0, "cost_usd": 0.0,
        })
    }

    #[test]
    fn a_record_that_ended_long_ago_gains_no_day() {
        let dir = tempfile::tempdir().unwrap();
        let (_, ledger) = house(dir.path());
        let now = super::super::now();
        let ago = |days: i32| last_closed(now).saturating_sub(days.days());
        // It was looked at before its last day counted for it; the others wait since a long stop.
        let records = [
            record(Some(ago(MISSED_DAYS_MAX)), ago(MISSED_DAYS_MAX + 1)),
            record(Some(ago(0)), ago(30)),
            record(None, ago(30)),
        ];
        let text = json!({ "records": records }).to_string();
        ledger.keep(KEPT, &text).unwrap();
        look(&ledger, dir.path(), &[], now).unwrap();
        let seen = kept(&ledger).unwrap().records;
        let seen: Vec<_> = seen
            .iter()
            .map(|it| (it.looked_at, it.unseen_days))
            .collect();
        assert_eq!(
            seen,
            [(ago(MISSED_DAYS_MAX), 0), (ago(0), 30), (ago(0), 30)]
        );
    }

    #[test]
    fn the_day_that_decided_the_next_switch_still_counts_for_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let (_, ledger) = house(dir.path());
        let now = super::super::now();
        let closed = last_closed(now);
        let before = closed.saturating_sub(1.day());
        let records = [record(Some(closed), before), record(None, closed)];
        let text = json!({ "records": records }).to_string();
        ledger.keep(KEPT, &text).unwrap();
        look(&ledger, dir.path(), &[], now).unwrap();
        let seen = kept(&ledger).unwrap().records;
        let seen: Vec<_> = seen
            .iter()
            .map(|it| (it.looked_at, it.unseen_days))
            .collect();
        assert_eq!(seen, [(closed, 1), (closed, 0)]);
    }
}
