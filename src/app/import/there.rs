//! What is in a ledger already where something is to be imported.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::pieces::Piece;
use super::shape::Shape;
use super::{named, refused};
use crate::app::AppError;
use crate::ledger::{Grain, ImportedHour, Ledger, Origin, Period, Totals};
use crate::money::{Currency, Pico};

/// Seconds in an hour.
const HOUR_SECONDS: i64 = 3_600;

/// What a ledger has of a stretch of time.
#[derive(Default)]
pub(super) struct There {
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

impl Figures {
    fn of(totals: &Totals, currency: Option<Currency>) -> Self {
        Self {
            currency,
            calls: totals.calls,
            input: totals.input_tokens,
            cached: totals.cache_read_tokens,
            output: totals.output_tokens,
            cost: totals.cost_native,
        }
    }

    /// What two of them are compared by: what no bill says is of the catalogue of that day's release,
    /// and another price is no other figure.
    fn compared(self, piece: &Piece) -> Self {
        if piece.is_billed {
            return self;
        }
        Self {
            currency: None,
            cost: Pico::ZERO,
            ..self
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            currency: self.currency.filter(|it| Some(*it) == other.currency),
            calls: self.calls.saturating_add(other.calls),
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            output: self.output.saturating_add(other.output),
            cost: self.cost + other.cost,
        }
    }
}

impl From<&ImportedHour> for Figures {
    fn from(hour: &ImportedHour) -> Self {
        Self::of(&hour.totals, Some(hour.currency))
    }
}

impl From<&Piece> for Figures {
    fn from(piece: &Piece) -> Self {
        let total = &piece.total;
        let (cost, currency) = piece.cost.unwrap_or((Pico::ZERO, Currency::USD));
        Self {
            currency: Some(currency),
            calls: total.calls,
            input: total.uncached_input.saturating_add(total.cached_input),
            cached: total.cached_input,
            output: total.output,
            cost,
        }
    }
}

/// Whether a piece is in the ledger.
pub(super) enum Known {
    Absent,
    Same,
    /// Some hours of it: an import was stopped.
    Begun,
    Other,
}

impl There {
    pub(super) fn of(ledger: &Ledger, stretch: Range<Timestamp>) -> Result<Self, AppError> {
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
                    let new = Figures::of(&hour.totals, hour.group.currency);
                    let known = of.remove(&start);
                    of.insert(start, known.map_or(new, |known| known.and(new)));
                }
            }
        }
        Ok(there)
    }

    /// Whether a piece is here, that would be written in a shape.
    pub(super) fn known(&self, piece: &Piece, (shape, zone): (Shape, &TimeZone)) -> Known {
        let of = (piece.upstream.clone(), piece.model.clone());
        let of = self.imported.get(&of).into_iter();
        let here: BTreeMap<Timestamp, Figures> = of
            .flat_map(|of| of.range(hours_of(&piece.range)))
            .map(|(start, figures)| (*start, *figures))
            .collect();
        let Some(sum) = here.values().copied().reduce(Figures::and) else {
            // Of no calls nothing is written.
            let is_empty = piece.total.calls == 0;
            return if is_empty { Known::Same } else { Known::Absent };
        };
        let compared = |figures: Figures| figures.compared(piece);
        if compared(sum) == compared(piece.into()) {
            return Known::Same;
        }
        // Hours are written in order, each once: some of them are what a stopped import leaves.
        let (made, _) = piece.made(shape, zone);
        let made: BTreeMap<Timestamp, Figures> = made
            .iter()
            .map(|hour| (hour.start, compared(hour.into())))
            .collect();
        if here
            .iter()
            .all(|(start, hour)| made.get(start) == Some(&compared(*hour)))
        {
            Known::Begun
        } else {
            Known::Other
        }
    }

    pub(super) fn refuse_metered(&self, pieces: &[Piece]) -> Result<(), AppError> {
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
    pub(super) fn unmetered(&self, stretch: &Range<Timestamp>) -> Vec<Range<Timestamp>> {
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

/// The hours of a stretch by their begin: those of UTC, also where days begin half an hour off.
fn hours_of(range: &Range<Timestamp>) -> Range<Timestamp> {
    let floor = |at: Timestamp| {
        let second = at.as_second();
        Timestamp::from_second(second - second.rem_euclid(HOUR_SECONDS)).unwrap_or(at)
    };
    floor(range.start)..floor(range.end)
}
