//! The past of a bill, as sums by day or hour, put into a ledger at rest and marked as imported.
//!
//! The same rows again change nothing; other figures for what was imported before, or hours that
//! tollgate metered itself, are refused unless they are meant.

mod pieces;
mod rows;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use serde::Serialize;

use self::pieces::Piece;
pub(crate) use self::pieces::{UsageCost, UsageRow};
pub(crate) use self::shape::Shape;
use super::{AppError, now, settings};
use crate::config::Config;
use crate::journal::Journal;
use crate::ledger::{Grain, History, Ledger, Minutes, NAMES_MAX, Origin, Period};
use crate::money::{Currency, Pico};

/// Stretches that are written with one wait for the disk.
const PIECES_AT_ONCE: usize = 16;
/// Stretches that a refusal names.
const NAMED_MAX: usize = 5;
/// Seconds in an hour.
const HOUR_SECONDS: i64 = 3_600;

/// What is to be imported, and how.
#[derive(Debug)]
pub(crate) struct ImportAsked {
    /// The sums.
    pub(crate) rows: Vec<UsageRow>,
    /// Bills that stand beside them.
    pub(crate) costs: Vec<UsageCost>,
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
}

/// Imports, or looks; `watch` is told how many of how many stretches are done.
///
/// # Errors
/// What is refused, and the ledger's.
pub(crate) fn run(
    config: &Config,
    asked: ImportAsked,
    watch: &mut dyn FnMut(u64, u64),
) -> Result<Imported, AppError> {
    // As a start: an import may be the first thing a data directory sees.
    Journal::<()>::open(settings::journal(config), |_, ()| {})?.close();
    let (ledger, recovery) = Ledger::open(settings::ledger(config, None))?;
    super::open::tell(&recovery);
    let done = import(config, &ledger, asked, watch);
    ledger.close()?;
    done
}

fn import(
    config: &Config,
    ledger: &Ledger,
    asked: ImportAsked,
    watch: &mut dyn FnMut(u64, u64),
) -> Result<Imported, AppError> {
    let ImportAsked {
        rows,
        costs,
        shape,
        replace,
        beside_metered,
        dry_run,
    } = asked;
    let mut done = Imported {
        dry_run,
        ..Imported::default()
    };
    let mut pieces = pieces::of(config, rows, &costs, &mut done)?;
    let oldest = i64::from(settings::ledger(config, None).retention.hours_days);
    let kept_from = Timestamp::from_second(now().as_second().saturating_sub(oldest * 86_400));
    let kept_from = kept_from.unwrap_or(Timestamp::MIN);
    refuse_too_many(ledger, &pieces)?;
    let all = pieces.len();
    pieces.retain(|piece| piece.range.start >= kept_from);
    done.too_old = number(all.saturating_sub(pieces.len()));
    let Some(stretch) = stretch(&pieces) else {
        return Ok(done);
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
    let there = There::of(ledger, stretch.clone())?;
    if !beside_metered {
        there.refuse_metered(&pieces)?;
    }
    let mut new = Vec::new();
    for piece in pieces {
        match there.known(&piece) {
            Known::Absent => new.push((piece, false)),
            Known::Same if !replace => done.unchanged = done.unchanged.saturating_add(1),
            Known::Same | Known::Other => new.push((piece, true)),
        }
    }
    let others = new
        .iter()
        .filter(|(_, known)| *known)
        .map(|(piece, _)| piece);
    if !replace && others.clone().next().is_some() {
        let message = format!("imported before with other figures: {}", named(others));
        return Err(refused(message, "--replace takes these figures instead"));
    }
    done.replaced = number(new.iter().filter(|(_, known)| *known).count());
    done.written = number(new.len()).saturating_sub(done.replaced);
    if dry_run {
        return Ok(done);
    }
    write(ledger, &new, shape, watch)?;
    ledger.import(History {
        up: there.unmetered(&stretch),
        ..History::default()
    })?;
    Ok(done)
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

/// What a ledger has of a stretch of time.
struct There {
    /// The hours in which an upstream was metered.
    metered: BTreeSet<(Timestamp, String)>,
    /// What was imported of an hour: calls, input, cached input, output, native cost.
    imported: BTreeMap<(String, String), BTreeMap<Timestamp, Figures>>,
}

/// Figures that are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    /// Of all of it; `None` where there are two, or none.
    currency: Option<Currency>,
    calls: u64,
    input: u64,
    cached: u64,
    output: u64,
    cost: Pico,
}

/// Whether a piece is in the ledger.
enum Known {
    Absent,
    Same,
    Other,
}

impl There {
    fn of(ledger: &Ledger, stretch: Range<Timestamp>) -> Result<Self, AppError> {
        let mut there = Self {
            metered: BTreeSet::new(),
            imported: BTreeMap::new(),
        };
        for hour in ledger.rollups(Grain::Hour, hours_of(&stretch))? {
            let hour = hour?;
            let Period::Hour(start) = hour.period else {
                continue;
            };
            let name =
                |name: &Option<std::sync::Arc<str>>| name.as_deref().unwrap_or("").to_owned();
            let (upstream, model) = (name(&hour.group.upstream), name(&hour.group.model));
            match hour.group.origin {
                Origin::Live => drop(there.metered.insert((start, upstream))),
                Origin::Imported => {
                    let of = there.imported.entry((upstream, model)).or_default();
                    let new = Figures {
                        currency: hour.group.currency,
                        ..Figures::default()
                    };
                    let of = of.entry(start).or_insert(new);
                    of.currency = of.currency.filter(|it| Some(*it) == hour.group.currency);
                    of.calls = of.calls.saturating_add(hour.totals.calls);
                    of.input = of.input.saturating_add(hour.totals.input_tokens);
                    of.cached = of.cached.saturating_add(hour.totals.cache_read_tokens);
                    of.output = of.output.saturating_add(hour.totals.output_tokens);
                    of.cost += hour.totals.cost_native;
                }
            }
        }
        Ok(there)
    }

    fn known(&self, piece: &Piece) -> Known {
        let of = self
            .imported
            .get(&(piece.upstream.clone(), piece.model.clone()));
        let mut sum = Figures::default();
        let mut is_there = false;
        for (_, hour) in of
            .into_iter()
            .flat_map(|of| of.range(hours_of(&piece.range)))
        {
            if !is_there {
                sum.currency = hour.currency;
            }
            is_there = true;
            sum.currency = sum.currency.filter(|it| Some(*it) == hour.currency);
            sum.calls = sum.calls.saturating_add(hour.calls);
            sum.input = sum.input.saturating_add(hour.input);
            sum.cached = sum.cached.saturating_add(hour.cached);
            sum.output = sum.output.saturating_add(hour.output);
            sum.cost += hour.cost;
        }
        if !is_there {
            return Known::Absent;
        }
        let total = &piece.total;
        let now = Figures {
            currency: piece
                .cost
                .map_or(Some(Currency::USD), |(_, currency)| Some(currency)),
            calls: total.calls,
            input: total.uncached_input.saturating_add(total.cached_input),
            cached: total.cached_input,
            output: total.output,
            cost: piece.cost.map_or(Pico::ZERO, |(cost, _)| cost),
        };
        if sum == now {
            Known::Same
        } else {
            Known::Other
        }
    }

    fn refuse_metered(&self, pieces: &[Piece]) -> Result<(), AppError> {
        let is_metered = |piece: &&Piece| {
            let mut hours = self.metered.iter();
            hours.any(|(hour, upstream)| {
                *upstream == piece.upstream && hours_of(&piece.range).contains(hour)
            })
        };
        let mut twice = pieces.iter().filter(is_metered).peekable();
        if twice.peek().is_none() {
            return Ok(());
        }
        let message = format!("tollgate metered calls itself in {}", named(twice));
        Err(refused(
            message,
            "leave these out, or they count twice; --beside-metered takes them all the same, for \
             traffic that did not pass tollgate",
        ))
    }

    /// The stretch without the days of UTC in which something was metered: there tollgate's own beats
    /// say when it was up.
    fn unmetered(&self, stretch: &Range<Timestamp>) -> Vec<Range<Timestamp>> {
        let day_of = |at: Timestamp| at.as_second().div_euclid(24 * HOUR_SECONDS);
        let metered: BTreeSet<i64> = self.metered.iter().map(|(hour, _)| day_of(*hour)).collect();
        let (first, last) = (stretch.start.as_second(), stretch.end.as_second());
        let hours = (first..last).step_by(usize::try_from(HOUR_SECONDS).unwrap_or(usize::MAX));
        let hours = hours.filter_map(|second| Timestamp::from_second(second).ok());
        let free = hours.filter(|hour| !metered.contains(&day_of(*hour)));
        let end = |hour: Timestamp| Timestamp::from_second(hour.as_second() + HOUR_SECONDS);
        free.filter_map(|hour| Some(hour..end(hour).ok()?))
            .collect()
    }
}

/// Models beyond the ledger's bound would be `other`, each writing over the one before.
fn refuse_too_many(ledger: &Ledger, pieces: &[Piece]) -> Result<(), AppError> {
    let models: BTreeSet<&str> = pieces.iter().map(|piece| piece.model.as_str()).collect();
    if ledger.takes_models(&models) {
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

/// The hours of a stretch by their begin: those of UTC, also where days begin half an hour off.
fn hours_of(range: &Range<Timestamp>) -> Range<Timestamp> {
    let floor = |at: Timestamp| {
        let second = at.as_second();
        Timestamp::from_second(second - second.rem_euclid(HOUR_SECONDS)).unwrap_or(at)
    };
    floor(range.start)..floor(range.end)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
