//! The past of a bill, as sums by day or hour, put into a ledger at rest and marked as imported.
//!
//! The same rows again change nothing; other figures for what was imported before, or hours that
//! tollgate metered itself, are refused unless they are meant.

mod pieces;
mod rows;
mod shape;
mod there;

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use self::pieces::Piece;
pub(crate) use self::pieces::{UsageCost, UsageRow};
pub(crate) use self::shape::Shape;
use self::there::{Known, There};
use super::{AppError, now, settings};
use crate::config::Config;
use crate::journal::Journal;
use crate::ledger::{History, Ledger, Minutes, NAMES_MAX};
use crate::money::Pico;

/// Stretches that are written with one wait for the disk.
const PIECES_AT_ONCE: usize = 16;
/// Stretches that a refusal names.
const NAMED_MAX: usize = 5;

/// What can be done about other figures, …
const REPLACE: &str = "--replace takes these figures instead";
/// … also where only the catalogue may have made them so.
const DIVIDED: &str = "--replace takes these figures instead; a bill that names no model is divided by \
                       what the catalogue takes, and otherwise since that has other prices";

/// What is to be imported, and how.
#[derive(Debug)]
pub(crate) struct ImportAsked {
    /// The sums.
    pub(crate) rows: Vec<UsageRow>,
    /// Bills that stand beside them.
    pub(crate) costs: Vec<UsageCost>,
    /// What was given back: of no usage.
    pub(crate) credits: Vec<UsageCost>,
    /// How calls spread over the minutes.
    pub(crate) shape: Shape,
    /// Take other figures for what was imported before.
    pub(crate) replace: bool,
    /// Import also what tollgate metered itself.
    pub(crate) beside_metered: bool,
    /// Look only.
    pub(crate) dry_run: bool,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Imported {
    pub(crate) dry_run: bool,
    /// The first moment and the last.
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// Days or hours of a model that were written, …
    pub(crate) written: u64,
    /// … were there with the same figures, …
    pub(crate) unchanged: u64,
    /// … were there with others, …
    pub(crate) replaced: u64,
    /// … or end before the hours that are kept.
    pub(crate) too_old: u64,
    /// What was read, without what is too old.
    pub(crate) calls: u64,
    pub(crate) tokens: u64,
    pub(crate) cost_usd: Pico,
    /// Part of the cost that no bill says: priced by the catalogue of its day.
    pub(crate) by_catalogue_usd: Pico,
    /// Calls without a bill and without a price.
    pub(crate) unpriced_calls: u64,
    /// Billed for what no row has: left out.
    pub(crate) cost_without_usage_usd: Pico,
    /// Given back by credits, which are of no call: left out. Below zero.
    pub(crate) credits_left_out_usd: Pico,
}

/// Imports, or looks; `watch` is told how many of how many stretches are done.
///
/// # Errors
/// What is refused, and the ledger's.
pub(crate) fn run(
    config: &Config,
    asked: &ImportAsked,
    watch: &mut dyn FnMut(u64, u64),
) -> Result<Imported, AppError> {
    let wanted = settings::ledger(config, None);
    // Who only looks leaves nothing behind; what is not there has nothing in it.
    if asked.dry_run && !wanted.dir.exists() {
        return Ok(planned(config, None, asked)?.done);
    }
    // As a start: an import may be the first thing a data directory sees.
    Journal::<()>::open(settings::journal(config), |_, ()| {})?.close();
    let (ledger, recovery) = Ledger::open(wanted)?;
    super::open::tell(&recovery);
    let done = import(config, &ledger, asked, watch);
    ledger.close()?;
    done
}

fn import(
    config: &Config,
    ledger: &Ledger,
    asked: &ImportAsked,
    watch: &mut dyn FnMut(u64, u64),
) -> Result<Imported, AppError> {
    let Planned { done, new, up } = planned(config, Some(ledger), asked)?;
    if done.dry_run {
        return Ok(done);
    }
    write(ledger, &new, asked.shape, watch)?;
    let up = History {
        up,
        ..History::default()
    };
    ledger.import(up)?;
    Ok(done)
}

/// What an import would do.
struct Planned {
    done: Imported,
    /// What is written, each with whether other figures are in its place.
    new: Vec<(Piece, bool)>,
    /// When the source was up.
    up: Vec<Range<Timestamp>>,
}

fn planned(
    config: &Config,
    ledger: Option<&Ledger>,
    asked: &ImportAsked,
) -> Result<Planned, AppError> {
    let mut done = Imported {
        dry_run: asked.dry_run,
        ..Imported::default()
    };
    let pieces = pieces::of(config, asked, &mut done)?;
    refuse_too_many(ledger, &pieces)?;
    let pieces = kept(config, pieces, &mut done);
    let Some(stretch) = stretch(&pieces) else {
        return Ok(Planned {
            done,
            new: Vec::new(),
            up: Vec::new(),
        });
    };
    if stretch.end > now() {
        return Err(refused(
            "some of it is not over yet".to_owned(),
            "leave out the day or hour that still runs",
        ));
    }
    (done.since, done.until) = (Some(stretch.start), Some(stretch.end));
    for piece in &pieces {
        done.add(piece);
    }
    let there = ledger.map_or_else(|| Ok(There::default()), |it| There::of(it, stretch.clone()))?;
    if !asked.beside_metered {
        there.refuse_metered(&pieces)?;
    }
    let zone = settings::ledger(config, None).timezone;
    let new = new(pieces, &there, (asked, &zone), &mut done)?;
    Ok(Planned {
        done,
        new,
        up: there.unmetered(&stretch),
    })
}

/// The pieces that are not older than the hours that are kept.
fn kept(config: &Config, mut pieces: Vec<Piece>, done: &mut Imported) -> Vec<Piece> {
    let oldest = i64::from(settings::ledger(config, None).retention.hours_days);
    let from = Timestamp::from_second(now().as_second().saturating_sub(oldest * 86_400));
    let from = from.unwrap_or(Timestamp::MIN);
    let all = pieces.len();
    pieces.retain(|piece| piece.range.start >= from);
    done.too_old = number(all.saturating_sub(pieces.len()));
    pieces
}

/// The pieces that are written, each with whether other figures are in its place.
fn new(
    pieces: Vec<Piece>,
    there: &There,
    (asked, zone): (&ImportAsked, &TimeZone),
    done: &mut Imported,
) -> Result<Vec<(Piece, bool)>, AppError> {
    let mut new = Vec::new();
    for piece in pieces {
        match there.known(&piece, (asked.shape, zone)) {
            Known::Absent | Known::Begun => new.push((piece, false)),
            Known::Same if !asked.replace => done.unchanged = done.unchanged.saturating_add(1),
            Known::Same | Known::Other => new.push((piece, true)),
        }
    }
    let known = new.iter().filter(|(_, known)| *known);
    let others = known.map(|(piece, _)| piece);
    if !asked.replace && others.clone().next().is_some() {
        let message = format!("imported before with other figures: {}", named(others));
        let is_divided = asked.costs.iter().any(|cost| cost.model.is_none());
        return Err(refused(message, if is_divided { DIVIDED } else { REPLACE }));
    }
    done.replaced = number(others.count());
    done.written = number(new.len()).saturating_sub(done.replaced);
    Ok(new)
}

/// Writes pieces, each with whether others are in its place; `watch` as in [`run`].
fn write(
    ledger: &Ledger,
    new: &[(Piece, bool)],
    shape: Shape,
    watch: &mut dyn FnMut(u64, u64),
) -> Result<(), AppError> {
    let of = number(new.len());
    for (at, some) in new.chunks(PIECES_AT_ONCE).enumerate() {
        watch(number(at.saturating_mul(PIECES_AT_ONCE)), of);
        // Also of what is not known: an import that was stopped leaves minutes without sums, and what
        // is folded into an hour since is not replaced by minutes, but added to them.
        for (piece, _) in some {
            ledger.forget_imported(&piece.upstream, &piece.model, piece.range.clone())?;
        }
        let made = some
            .iter()
            .map(|(piece, _)| piece.made(shape, ledger.timezone()));
        let (hours, minutes): (Vec<_>, Vec<_>) = made.unzip();
        ledger.import(History {
            hours: hours.concat(),
            minutes: Minutes::new(minutes.into_iter().flatten()),
            up: Vec::new(),
        })?;
    }
    Ok(())
}

impl Imported {
    fn add(&mut self, piece: &Piece) {
        let total = &piece.total;
        self.calls = self.calls.saturating_add(total.calls);
        for tokens in [total.uncached_input, total.cached_input, total.output] {
            self.tokens = self.tokens.saturating_add(tokens);
        }
        match total.cost_usd {
            Some(cost) => self.cost_usd += cost,
            None => self.unpriced_calls = self.unpriced_calls.saturating_add(total.calls),
        }
        self.by_catalogue_usd += piece.by_catalogue_usd;
    }
}

/// Models beyond the ledger's bound would be `other`, each writing over the one before.
fn refuse_too_many(ledger: Option<&Ledger>, pieces: &[Piece]) -> Result<(), AppError> {
    let models: BTreeSet<&str> = pieces.iter().map(|piece| piece.model.as_str()).collect();
    if ledger.map_or(models.len() <= NAMES_MAX, |it| it.takes_models(&models)) {
        return Ok(());
    }
    Err(refused(
        format!("the ledger keeps the names of {NAMES_MAX} models, and these would be more"),
        "give the rare ones one name, such as rest",
    ))
}

/// From the first moment to the last.
fn stretch(pieces: &[Piece]) -> Option<Range<Timestamp>> {
    let first = pieces.iter().map(|piece| piece.range.start).min()?;
    let last = pieces.iter().map(|piece| piece.range.end).max()?;
    Some(first..last)
}

/// Some stretches in words.
fn named<'a>(pieces: impl Iterator<Item = &'a Piece> + Clone) -> String {
    let some = pieces.clone().take(NAMED_MAX).map(|piece| {
        let Piece {
            upstream, model, ..
        } = piece;
        format!("{} of {upstream}/{model}", piece.range.start)
    });
    let more = pieces.count().saturating_sub(NAMED_MAX);
    let more = (more > 0).then(|| format!("{more} more"));
    some.chain(more).collect::<Vec<_>>().join(", ")
}

fn refused(message: String, remedy: &str) -> AppError {
    AppError::Import {
        message,
        remedy: remedy.to_owned(),
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
