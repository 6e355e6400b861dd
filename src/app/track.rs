//! The track record in the ledger: each switch enters it, and each closed day adds what came.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use tracing::{error, warn};

use super::{AppError, freeze, statements};
use crate::economics::Stream;
use crate::economics::demand::{BUCKET_SECONDS, OPEN_SECONDS};
use crate::economics::projection::AlternativeKind;
use crate::ledger::{Ledger, LedgerError, StreamMinute};
use crate::verdict::statement::{Days, Record, Scored, Track, kind_of, opened};
use crate::verdict::{RunningPlan, Settings};

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
    let dir = statements::folder(data_dir);
    for record in &mut track.records {
        record.go_back(closed);
        let last = record.until.map_or(closed, |until| until.min(closed));
        if record.looked_at < last {
            add_days(record, &dir, last, (ledger, running))?;
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

/// Adds the days behind the last one that was looked at.
fn add_days(
    record: &mut Record,
    dir: &Path,
    last: Date,
    from: (&Ledger, &[RunningPlan]),
) -> Result<(), AppError> {
    let frozen = read(&dir.join(&record.file), &record.sha256);
    if frozen.is_none() {
        warn!(
            file = record.file,
            "the statement of a verdict is gone or was changed: what came since cannot be scored"
        );
    }
    let oldest = last.saturating_sub(MISSED_DAYS_MAX.days());
    while record.looked_at < last {
        let day = record.looked_at.saturating_add(1.day());
        let of = kind_of(&record.kind).map(|kind| (kind, record.name.as_str()));
        let known = match (&frozen, of) {
            (Some(settings), Some(of)) if day > oldest => score(settings, of, day, from)?,
            (Some(_) | None, Some(_) | None) => Known::Nothing,
        };
        let coverage_min = frozen.as_ref().map_or(1.0, |it| it.rule.coverage_min);
        match known {
            Known::Scored(scored) => record.came(day, Some(scored), coverage_min),
            Known::Nothing => record.came(day, None, coverage_min),
            Known::Elsewhere => record.went_elsewhere(day),
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

/// What is known of a closed day.
#[derive(Debug, PartialEq)]
enum Known {
    /// What its calls cost, and would have cost.
    Scored(Scored),
    /// Own hosting served calls, nobody says in whose place, and no other call is left: what they would
    /// cost on the API is not 0.
    Elsewhere,
    /// Nothing can be said.
    Nothing,
}

/// Scores a day. Calls that moved to own hosting which names the plan are at what the API would have
/// taken for them: else hosting would be held against nothing once its advice is followed.
fn score(
    settings: &Arc<Settings>,
    of: (AlternativeKind, &str),
    day: Date,
    (ledger, running): (&Ledger, &[RunningPlan]),
) -> Result<Known, AppError> {
    let days = Days {
        first: day.saturating_sub(CHOSEN_ON_DAYS.days()),
        last: day,
    };
    let (kind, name) = of;
    let mut unnamed = false;
    let was = |minute: &StreamMinute| {
        let moved = moved(running.iter().find(|it| it.plan.name == name), minute);
        let began = Timestamp::from_second(i64::from(minute.minute).saturating_mul(BUCKET_SECONDS));
        let began = began.map(|at| TimeZone::UTC.to_datetime(at).date());
        unnamed |= moved.is_none() && began.is_ok_and(|began| began == day);
        moved
    };
    let gathered = freeze::gathered(settings, of, days, ledger, was)?;
    let scored = gathered.and_then(|it| it.scored(day));
    Ok(match scored {
        // Of hosting that runs it is the other way round: what it served is all there is.
        Some(scored) if unnamed && scored.api_usd <= 0.0 && kind != AlternativeKind::Api => {
            Known::Elsewhere
        }
        Some(scored) => Known::Scored(scored),
        None => Known::Nothing,
    })
}

/// The stream that a minute of own hosting would be on the API, if it is of a plan that runs.
fn moved(running: Option<&RunningPlan>, minute: &StreamMinute) -> Option<Stream> {
    let mut upstreams = running?.upstreams.iter();
    let upstream = upstreams.find(|it| *it.name == *minute.upstream)?;
    Some(Stream {
        model: upstream.model.clone(),
        ..freeze::stream(minute)
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::anew::{self, tests::house};
    use crate::call::{CallRecord, Role};
    use crate::ledger::Entry;
    use crate::money::Pico;
    use crate::verdict::RunningUpstream;

    #[test]
    fn calls_that_moved_to_own_hosting_are_held_against_the_api_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (config, ledger) = house(dir.path());
        let now = super::super::now();
        let day = last_closed(now);
        let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
        let call = CallRecord {
            role: Role::Own,
            upstream: "vllm".into(),
            model: Some("llama".into()),
            capability: "8k".into(),
            started_at: noon.timestamp(),
            would_cost_usd: Some(Pico::from_units(5)),
            ..crate::call::tests::full()
        };
        ledger.apply(&[(1, Entry::Ended(&call))]).unwrap();
        let verdict = anew::verdict(&config, &ledger, None).unwrap();
        let settings = verdict.settings();
        let plan = settings.plans[0].clone();
        let scored = |running: &[RunningPlan]| {
            let of = (AlternativeKind::Selfhost, plan.name.as_str());
            score(settings, of, day, (&ledger, running)).unwrap()
        };
        assert_eq!(scored(&[]), Known::Elsewhere);
        let named = RunningPlan {
            plan: plan.clone(),
            steps: Vec::new(),
            upstreams: vec![RunningUpstream {
                name: "vllm".into(),
                list: "openai".into(),
                model: plan.replaces[0].clone(),
                since_minute: None,
            }],
        };
        let Known::Scored(day) = scored(&[named]) else {
            panic!("it was not scored");
        };
        assert!((day.api_usd - 5.0).abs() < 1e-9, "{day:?}");
        assert!(day.cost_usd > 0.0, "{day:?}");
    }

    #[test]
    fn the_day_that_decided_the_next_switch_still_counts_for_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let (_, ledger) = house(dir.path());
        let now = super::super::now();
        let closed = last_closed(now);
        let before = closed.saturating_sub(1.day());
        let record = |until: Option<Date>, looked_at: Date| {
            serde_json::json!({
                "file": "gone.json", "sha256": "", "kind": "selfhost", "name": "llama", "to": "on",
                "decided": looked_at, "until": until, "looked_at": looked_at, "days": 0,
                "unseen_days": 0, "hours": 0.0, "api_usd": 0.0, "cost_usd": 0.0,
            })
        };
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
