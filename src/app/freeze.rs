//! What is new of the states is told in the log, and every switch is frozen in a file.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use tracing::{error, info, warn};

use super::{AppError, gauges, statements};
use crate::config::Config;
use crate::economics::Stream;
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::projection::AlternativeKind;
use crate::ledger::{self, Ledger, LedgerError, StreamMinute};
use crate::metrics::PriceDate;
use crate::usage::Capability;
use crate::verdict::statement::{
    ApiPrice, Beside, Change, Days, Gathered, Gathering, Statement, days_of, hex, sealed,
};
use crate::verdict::{News, Settings, Switch, UNNAMED_MODEL, Verdict};

/// Seconds in a day.
const DAY_SECONDS: i64 = 86_400;

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

/// Tells all that is new; gives the statements that were written. What cannot be written waits.
///
/// # Errors
/// The ledger's or the file system's; nothing of the news is lost.
pub(super) fn tell(
    verdict: &Verdict,
    config: &Config,
    ledger: &Ledger,
) -> Result<Vec<Frozen>, AppError> {
    let mut frozen = Vec::new();
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
                Ok(None)
            }
            News::Dropped { key, was } => {
                let was = was.label();
                info!(
                    state = key,
                    was, "a state was dropped: what it is about is no longer configured"
                );
                Ok(None)
            }
            News::Switched(switch) => freeze(verdict.settings(), switch, config, ledger),
        };
        match told {
            Ok(written) => frozen.extend(written),
            Err(error) => {
                verdict.put_back(std::iter::once(one).chain(news).collect());
                return Err(error);
            }
        }
    }
    Ok(frozen)
}

fn listed(changed: &[Change]) -> String {
    let one = |Change { key, was, is }: &Change| format!("{key}: {was} -> {is}");
    changed.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Writes the statement of a switch.
fn freeze(
    settings: &Arc<Settings>,
    switch: &Switch,
    config: &Config,
    ledger: &Ledger,
) -> Result<Option<Frozen>, AppError> {
    let first = switch.counted.first().map(|day| day.day);
    let days = days_of(first, switch.day);
    let gathered = gathered(settings, (switch.kind, &switch.name), days, ledger)?;
    let made = gathered.and_then(|it| it.statement(switch, beside(&it, switch.day, config)));
    let Some(statement) = made else {
        warn!(
            name = switch.name,
            "a switch has no statement: nothing can be judged of it"
        );
        return Ok(None);
    };
    let Ok((text, sha256)) = sealed(&statement) else {
        return Ok(None);
    };
    let dir = statements::folder(&config.server.data_dir);
    let path = statements::write(&dir, &statement.file_name(), &text)?;
    said(&statement, &path);
    let file = path.file_name().unwrap_or_default();
    Ok(Some(Frozen {
        file: file.to_string_lossy().into_owned(),
        sha256,
        statement,
    }))
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

/// The demand of some days from the kept minutes; `None` where nothing of the name is configured.
pub(super) fn gathered(
    settings: &Arc<Settings>,
    of: (AlternativeKind, &str),
    days: Days,
    ledger: &Ledger,
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
fn stream(minute: &StreamMinute) -> Stream {
    Stream {
        upstream: minute.upstream.to_string(),
        model: minute.model.as_deref().unwrap_or(UNNAMED_MODEL).to_owned(),
        capability: minute.capability.parse().unwrap_or(Capability::MOST),
    }
}

/// What else the figures depend on; another release may write it otherwise.
fn beside(gathered: &Gathered, day: i64, config: &Config) -> Beside {
    let sum = |text: String| hex(&Sha256::digest(text.as_bytes()));
    let upstreams = config.upstreams.iter();
    let lists: Vec<_> = upstreams
        .map(|of| (&of.name, &of.prices, of.billed))
        .collect();
    let calls = config.server.data_dir.join(super::settings::CALLS_DIR);
    let end = day.saturating_add(1).saturating_mul(DAY_SECONDS);
    let end = Timestamp::from_second(end).unwrap_or(Timestamp::MAX);
    let prices = gauges::api_prices(config, &gathered.models, end).into_iter();
    Beside {
        api_prices: prices.map(|price| api_price(price, end)).collect(),
        prices_sha256: sum(format!("{:?} {lists:?}", config.prices)),
        catalogue_sha256: sum(format!("{:?}", config.rows)),
        priced_again: ledger::last_pass(&calls),
    }
}

fn api_price(price: PriceDate, end: Timestamp) -> ApiPrice {
    let PriceDate {
        kind,
        name,
        checked_at,
    } = price;
    let age = end.as_second().saturating_sub(checked_at.as_second());
    ApiPrice {
        kind: kind.to_owned(),
        name,
        as_of: TimeZone::UTC.to_datetime(checked_at).date(),
        // The day itself counts as none.
        age_days: age.div_euclid(DAY_SECONDS).saturating_sub(1),
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
