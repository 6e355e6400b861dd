//! What is new of the states is told in the log, and every switch is frozen in a file.

mod beside;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tracing::{error, info, warn};

use self::beside::beside;
use super::{AppError, statements, track};
use crate::config::Config;
use crate::economics::Stream;
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::projection::AlternativeKind;
use crate::ledger::{Ledger, LedgerError, StreamMinute};
use crate::usage::Capability;
use crate::verdict::statement::{
    Change, Days, Gathered, Gathering, Statement, days_of, opened, sealed,
};
use crate::verdict::{News, Settings, Switch, UNNAMED_MODEL, Verdict};

/// A statement that was written.
#[derive(Debug)]
pub(super) struct Frozen {
    /// The name of its file.
    pub(super) file: String,
    /// Its checksum.
    pub(super) sha256: String,
    /// What it says.
    pub(super) statement: Statement,
}

/// Tells all that is new. A statement that is written enters the track record before the next one is
/// begun; what cannot be written waits.
///
/// # Errors
/// The ledger's or the file system's; nothing of the news is lost.
pub(super) fn tell(
    verdict: &Verdict,
    config: &Config,
    ledger: &Ledger,
    now: Timestamp,
) -> Result<(), AppError> {
    let mut news = verdict.take_news().into_iter();
    while let Some(one) = news.next() {
        let told = match &one {
            News::Changed {
                kind,
                name,
                changed,
            } => {
                let changed = listed(changed);
                info!(
                    kind = kind.label(),
                    name,
                    changed,
                    "settings of a state are others: the days that are kept were decided again"
                );
                Ok(())
            }
            News::Dropped { key, was } => {
                let was = was.label();
                info!(
                    state = key,
                    was, "a state was dropped: what it is about is no longer configured"
                );
                Ok(())
            }
            News::Switched(switch) => freeze(switch, config, ledger)
                .and_then(|written| written.map_or(Ok(()), |it| track::add(ledger, it, now))),
        };
        if let Err(error) = told {
            verdict.put_back(std::iter::once(one).chain(news).collect());
            return Err(error);
        }
    }
    Ok(())
}

fn listed(changed: &[Change]) -> String {
    let one = |Change { key, was, is }: &Change| format!("{key}: {was} -> {is}");
    changed.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Writes the statement of a switch, or takes over the one that was written before an end that came too
/// early to remember it: the same switch has one statement.
fn freeze(switch: &Switch, config: &Config, ledger: &Ledger) -> Result<Option<Frozen>, AppError> {
    let first = switch.counted.first().map(|day| day.day);
    let days = days_of(first, switch.day);
    let of = (switch.kind, switch.name.as_str());
    let gathered = gathered(&switch.settings, of, days, ledger, |_| None)?;
    let made = gathered.and_then(|it| it.statement(switch, beside(&it, switch.day, config)));
    let Some(statement) = made else {
        warn!(
            name = switch.name,
            "a switch has no statement: nothing can be judged of it"
        );
        return Ok(None);
    };
    let dir = statements::folder(&config.server.data_dir);
    if let Some(there) = written(&dir, &statement, ledger)? {
        return Ok(Some(there));
    }
    let Ok((text, sha256)) = sealed(&statement) else {
        return Ok(None);
    };
    let path = statements::write(&dir, &statement.file_name(), &text)?;
    said(&statement, &path);
    Ok(Some(Frozen {
        file: statements::name(&path),
        sha256,
        statement,
    }))
}

/// The statement of the same switch that is there, unless a later switch has ended its record.
fn written(dir: &Path, new: &Statement, ledger: &Ledger) -> Result<Option<Frozen>, AppError> {
    let records = track::kept(ledger)?.records;
    let has_ended = |sum: &str| {
        let mut records = records.iter();
        records.any(|it| it.sha256 == sum && it.until.is_some())
    };
    let open = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).ok()?;
        let (statement, sha256) = opened(&text).ok()?;
        let is_it = statement.is_of_same_switch(new) && !has_ended(&sha256);
        is_it.then(|| Frozen {
            file: statements::name(path),
            sha256,
            statement,
        })
    };
    let there = statements::named(dir, &new.file_name())?;
    Ok(there.iter().rev().find_map(open))
}

/// The log line of a switch.
fn said(statement: &Statement, path: &Path) {
    let month = |place| statement.monthly(place);
    info!(
        kind = statement.kind,
        name = statement.name,
        from = statement.from.label(),
        to = statement.to.label(),
        day = %statement.decided,
        window = %format!("{} to {}", statement.window.first, statement.window.last),
        api_usd_per_month = month("/api_usd"),
        hosting_usd_per_month = month("/hosting_usd"),
        cost_usd_per_month = month("/cost_usd/expected"),
        saves_usd_per_month = month("/savings_usd/expected"),
        saves_at_worst = month("/savings_usd/pessimistic"),
        saves_at_best = month("/savings_usd/optimistic"),
        replicas = statement.figure("/replicas/mean"),
        throughput = statement.stands_on.get("throughput_source").and_then(|it| it.as_str()),
        most_influence = statement.influences().join(", "),
        file = %path.display(),
        "a state has switched"
    );
}

/// The demand of some days from the kept minutes; `None` where nothing of the name is configured. A
/// minute of own hosting is demand of an API where `was` says which stream it would be there.
pub(super) fn gathered(
    settings: &Arc<Settings>,
    of: (AlternativeKind, &str),
    days: Days,
    ledger: &Ledger,
    mut was: impl FnMut(&StreamMinute) -> Option<Stream>,
) -> Result<Option<Gathered>, LedgerError> {
    let Some(mut gathering) = Gathering::new(settings, of, days) else {
        return Ok(None);
    };
    let minutes = gathering.minutes();
    let at = |minute: i64| {
        let second = minute.saturating_mul(BUCKET_SECONDS);
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    };
    let range = at(minutes.start)..at(minutes.end);
    for minute in ledger.demand(range.clone())? {
        let minute = minute?;
        let at = i64::from(minute.minute);
        if minute.own == gathering.is_own() {
            gathering.add(&stream(&minute), at, &minute.demand);
        } else if let Some(stream) = minute.own.then(|| was(&minute)).flatten() {
            gathering.add(&stream, at, &minute.demand);
        } else {
            gathering.up(at);
        }
    }
    for minute in ledger.minutes_up(range)? {
        gathering.up(i64::from(minute));
    }
    Ok(Some(gathering.finish()))
}

/// A kept minute's stream as the live verdict names it: an unreadable class asks for everything.
pub(super) fn stream(minute: &StreamMinute) -> Stream {
    Stream {
        upstream: minute.upstream.to_string(),
        model: minute.model.as_deref().unwrap_or(UNNAMED_MODEL).to_owned(),
        capability: minute.capability.parse().unwrap_or(Capability::MOST),
    }
}

/// Says that news wait.
pub(super) fn waits(error: &AppError) {
    let error: &dyn std::error::Error = error;
    error!(
        error,
        "a switch could not be frozen, and waits: it is tried again in a minute; the file or folder named \
         must be writable, with room on the disk"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::anew::{self, tests::house};
    use crate::verdict::statement::Side;

    /// A switch of a plan on a day.
    fn switched(verdict: &Verdict, name: &str, day: i64) -> News {
        News::Switched(Switch {
            kind: AlternativeKind::Selfhost,
            name: name.to_owned(),
            day,
            from: Side::Off,
            to: Side::On,
            changed: Vec::new(),
            counted: Vec::new(),
            servers: Vec::new(),
            settings: Arc::clone(verdict.settings()),
        })
    }

    #[test]
    fn a_switch_that_is_told_again_keeps_its_statement_until_the_next_one_ends_it() {
        let dir = tempfile::tempdir().unwrap();
        let (mut config, ledger) = house(dir.path());
        let verdict = anew::verdict(&config, &ledger, None).unwrap();
        let name = verdict.settings().plans[0].name.clone();
        let now = super::super::now();
        let News::Switched(switch) = switched(&verdict, &name, now.as_second() / 86_400 - 1) else {
            panic!("no switch")
        };
        // It ended before it was remembered; what it stands beside has changed since.
        let first = freeze(&switch, &config, &ledger).unwrap().unwrap();
        config.upstreams.clear();
        let remembered = || {
            let again = freeze(&switch, &config, &ledger).unwrap().unwrap();
            assert_eq!((&again.file, &again.sha256), (&first.file, &first.sha256));
            assert_eq!(again.statement, first.statement);
            track::add(&ledger, again, now).unwrap();
            track::kept(&ledger).unwrap().records.len()
        };
        assert_eq!(remembered(), 1);
        // Or before its state was kept.
        assert_eq!(remembered(), 1);
        // Decided otherwise, it is another one.
        let changed = Switch {
            changed: vec![Change {
                key: "gpus".into(),
                was: 4.into(),
                is: 2.into(),
            }],
            ..switch.clone()
        };
        let other = freeze(&changed, &config, &ledger).unwrap().unwrap();
        assert_ne!(other.file, first.file);
        let off = Switch {
            to: Side::Off,
            ..switch.clone()
        };
        let off = freeze(&off, &config, &ledger).unwrap().unwrap();
        track::add(&ledger, off, now).unwrap();
        let anew = freeze(&switch, &config, &ledger).unwrap().unwrap();
        assert_ne!(anew.file, first.file);
    }

    #[test]
    fn what_was_written_is_in_the_track_record_and_what_was_not_waits() {
        let dir = tempfile::tempdir().unwrap();
        let (config, ledger) = house(dir.path());
        let verdict = anew::verdict(&config, &ledger, None).unwrap();
        let name = verdict.settings().plans[0].name.clone();
        let now = super::super::now();
        let today = now.as_second() / 86_400;
        // Where the second one is to be written is a folder.
        let in_the_way = statements::folder(dir.path());
        let day = crate::verdict::statement::days_of(None, today - 1).last;
        let in_the_way = in_the_way.join(format!("{day}-selfhost-{name}-on.json"));
        std::fs::create_dir_all(&in_the_way).unwrap();
        let switches = (2..5).map(|ago| switched(&verdict, &name, today - 5 + ago));
        verdict.put_back(switches.collect());
        tell(&verdict, &config, &ledger, now).unwrap_err();
        let remembered = |ledger| track::kept(ledger).unwrap().records.len();
        assert_eq!(remembered(&ledger), 2);
        // It waits alone, and is told as soon as it can be.
        tell(&verdict, &config, &ledger, now).unwrap_err();
        assert_eq!(remembered(&ledger), 2);
        std::fs::remove_dir(in_the_way).unwrap();
        tell(&verdict, &config, &ledger, now).unwrap();
        assert_eq!(remembered(&ledger), 3);
    }
}
