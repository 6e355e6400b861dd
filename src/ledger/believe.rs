//! How far the clock is believed where something is deleted by it.
//!
//! A clock that is wrong once, for a minute or a night, must not cost what was kept for a year. So what
//! is deleted goes by a day of its own: it follows the clock one day at a time, each after the clock
//! has stood ahead of it for [`STANDS`] without going back, and is never ahead of the clock. Both are
//! kept in the database, so a start counts no more than any other moment.

use std::sync::{MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tracing::{debug, warn};

use super::shelf::start_of;
use super::store::Store;
use super::{Ledger, LedgerError, meta};

/// How long the clock must stand for each day. Shorter than a day, so that a tollgate that was off for
/// long comes nearer to it; longer than a clock is wrong by accident.
pub(super) const STANDS: SignedDuration = SignedDuration::from_hours(6);

/// What the clock is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Believed {
    /// What is deleted for its age goes by this moment.
    pub(super) now: Timestamp,
    /// Whether the clock has just stood for long enough.
    pub(super) has_stood: bool,
    /// When more of it can be believed; `None` if all of it is.
    pub(super) look_again: Option<Timestamp>,
}

/// How far it has been believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Belief {
    /// The day by which was deleted last.
    pub(super) reached: Option<Date>,
    /// Since when the clock is ahead of it.
    pub(super) ahead_since: Option<Timestamp>,
}

impl Ledger {
    /// Takes over what the database says. What this process has seen is newer.
    pub(super) fn remember(&self, store: &Store) -> Result<(), LedgerError> {
        let noted = meta::belief(store)?;
        let mut belief = self.belief();
        if belief.reached.is_none() {
            *belief = noted;
        }
        Ok(())
    }

    /// Follows the clock as far as it is believed.
    ///
    /// `None`: no day has its file yet, so there is nothing old.
    pub(super) fn believe(&self, clock: Timestamp) -> Option<Believed> {
        let was = *self.belief();
        let mut reached = self.reached()?;
        let today = day_of(clock);
        let is_one = |since: &Timestamp| *since <= clock && reached < today;
        let mut since = was.ahead_since.filter(is_one);
        let has_stood = since.is_some_and(|since| clock.duration_since(since) >= STANDS);
        if has_stood {
            reached = reached.saturating_add(1.day());
        }
        if has_stood || since.is_none() {
            since = (reached < today).then_some(clock);
        }
        if since.is_some() && !has_stood && was.ahead_since != since {
            tell(clock, reached, today);
        }
        let belief = Belief {
            reached: Some(reached),
            ahead_since: since,
        };
        if belief != was {
            *self.belief() = belief;
            self.note_belief(belief);
        }
        Some(Believed {
            now: within(clock, reached),
            has_stood,
            look_again: since.and_then(|since| since.checked_add(STANDS).ok()),
        })
    }

    /// Until when a day waits for its file: the one behind the last file does not; one that leaves
    /// days out does until the clock is believed. Else a wrong clock could close days of a far future,
    /// and nothing could follow them until then.
    pub(super) fn may_close(
        &self,
        day: Date,
        last_day: Option<Date>,
        clock: Timestamp,
    ) -> Option<Timestamp> {
        last_day.filter(|last| day > last.saturating_add(1.day()))?;
        let wait = |believed: &Believed| !believed.has_stood && day > day_of(believed.now);
        self.believe(clock).filter(wait)?.look_again
    }

    /// What was written before anything was noted is as good a witness.
    fn reached(&self) -> Option<Date> {
        let noted = self.belief().reached;
        noted.or_else(|| self.shelf().last_day())
    }

    /// Where the database refuses, this process goes on by what it has seen: retention makes room on a
    /// full disk. The next one begins where the last note was.
    fn note_belief(&self, belief: Belief) {
        let noted = self.status.store().and_then(|store| {
            let writer = self.writer();
            writer.commit(&store, &meta::put_belief(belief))
        });
        if let Err(error) = noted {
            let error: &dyn std::error::Error = &error;
            debug!(error, "how far the clock is believed could not be noted");
        }
    }

    pub(super) fn belief(&self) -> MutexGuard<'_, Belief> {
        self.belief.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One day ahead is every morning.
fn tell(clock: Timestamp, reached: Date, today: Date) {
    if reached.saturating_add(1.day()) < today {
        warn!(
            %clock,
            %reached,
            "the clock is days ahead of the day that deletion went by last: what is too old goes a \
             day's worth at a time, each after the clock has held for six hours"
        );
    }
}

fn day_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// The clock, if it is not ahead of a day; else the begin of that day, behind which it was already.
fn within(clock: Timestamp, reached: Date) -> Timestamp {
    if day_of(clock) <= reached {
        clock
    } else {
        start_of(reached).unwrap_or(Timestamp::MIN)
    }
}
