//! The demand that a statement is made of: minute by minute, hashed, and kept for a projection.
//!
//! It is taken the same way from the kept minutes when a state switches and from the rows when
//! somebody checks: equal hashes are equal demand, stream by stream.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::{Days, DemandSeal, hex};
use crate::economics::demand::DemandSums;
use crate::economics::projection::AlternativeKind;
use crate::economics::{DemandMinute, Stream};
use crate::verdict::DAY_MINUTES;
use crate::verdict::hosting::Hosted;
use crate::verdict::kept::Kept;
use crate::verdict::live::LiveDemand;
use crate::verdict::report::{day_of, number_of};
use crate::verdict::seen::Seen;
use crate::verdict::settings::Settings;

/// Days of demand behind the last one: those whose minutes are kept.
const DAYS_BACK: i64 = 34;
/// Days of a window and the one before it, less one.
pub(super) const BOTH_WINDOWS: i64 = 27;

/// Demand on its way into a statement. Minutes come in order of time.
#[derive(Debug)]
pub struct Gathering {
    settings: Arc<Settings>,
    kind: AlternativeKind,
    /// The place of what is judged in the settings.
    at: usize,
    first: i64,
    last: i64,
    live: LiveDemand,
    kept: Kept,
    hosted: Hosted,
    hash: Sha256,
    minute: i64,
    open: BTreeMap<Stream, DemandMinute>,
    models: BTreeSet<(String, String)>,
    stream_minutes: u64,
    calls: u64,
}

/// Demand that is complete.
#[derive(Debug)]
pub struct Gathered {
    /// What it comes to.
    pub seal: DemandSeal,
    /// The models of it, each with its upstream.
    pub models: Vec<(String, String)>,
    pub(in crate::verdict) settings: Arc<Settings>,
    pub(in crate::verdict) kind: AlternativeKind,
    pub(in crate::verdict) at: usize,
    pub(in crate::verdict) kept: Kept,
    pub(in crate::verdict) hosted: Hosted,
    pub(in crate::verdict) seen: Seen,
}

/// The days whose demand is used where the first counted day is `first` and the last decided `last`, since 1970.
#[must_use]
pub fn days_of(first: Option<Date>, last: i64) -> Days {
    let first = first.map_or(last, number_of).saturating_sub(BOTH_WINDOWS);
    Days {
        first: day_of(first.max(last.saturating_sub(DAYS_BACK))),
        last: day_of(last),
    }
}

impl Gathering {
    /// No demand yet of some days; `None` where the settings have no such plan, endpoint or hosting.
    #[must_use]
    pub fn new(
        settings: &Arc<Settings>,
        (kind, name): (AlternativeKind, &str),
        days: Days,
    ) -> Option<Self> {
        Some(Self {
            settings: Arc::clone(settings),
            kind,
            at: settings.place_of(kind, name)?,
            first: number_of(days.first).saturating_mul(DAY_MINUTES),
            last: number_of(days.last)
                .saturating_add(1)
                .saturating_mul(DAY_MINUTES),
            live: LiveDemand::new(settings),
            kept: Kept::new(settings),
            hosted: Hosted::new(settings),
            hash: Sha256::new(),
            minute: i64::MIN,
            open: BTreeMap::new(),
            models: BTreeSet::new(),
            stream_minutes: 0,
            calls: 0,
        })
    }

    /// The minutes that are asked for, since 1970.
    #[must_use]
    pub const fn minutes(&self) -> std::ops::Range<i64> {
        self.first..self.last
    }

    /// Whether the demand that matters is what own hosting served, or what providers were paid for:
    /// streams of one are not for the other.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.kind == AlternativeKind::Api
    }

    /// Whether a stream matters: what is judged takes it, or it shares reserved hours; of hosting that
    /// runs, it served it.
    #[must_use]
    pub fn wants(&self, stream: &Stream) -> bool {
        if self.is_own() {
            let runs_on = self.settings.running_at(&stream.upstream);
            return runs_on.is_some_and(|(at, _)| at == self.at);
        }
        let takers = self.settings.takers(stream);
        takers.takes(self.kind, self.at) || !takers.reserved.is_empty()
    }

    /// Adds a minute of a stream; earlier ones must have come.
    pub fn add(&mut self, stream: &Stream, minute: i64, sums: &DemandMinute) {
        if !self.minutes().contains(&minute) {
            return;
        }
        self.live.up(minute);
        if !self.wants(stream) {
            return;
        }
        if minute != self.minute {
            self.close();
            self.minute = minute;
        }
        self.open.entry(stream.clone()).or_default().merge(sums);
    }

    /// Says that tollgate was up in a minute.
    pub fn up(&mut self, minute: i64) {
        if self.minutes().contains(&minute) {
            self.live.up(minute);
        }
    }

    /// Takes the streams of one minute in the order of their names.
    fn close(&mut self) {
        for (stream, sums) in std::mem::take(&mut self.open) {
            self.keep(&stream, &sums);
            let model = (stream.upstream.clone(), stream.model.clone());
            self.models.insert(model);
            if self.is_own() {
                // Not what a provider was paid for.
                self.hash.update("own ");
            }
            self.stream_minutes = self.stream_minutes.saturating_add(1);
            self.calls = self.calls.saturating_add(sums.total().calls);
            self.hash.update(line(self.minute, &stream, &sums));
        }
    }

    /// Keeps a stream's minute where its figures are made of.
    fn keep(&mut self, stream: &Stream, sums: &DemandMinute) {
        if self.is_own() {
            self.hosted.add(stream, self.minute, sums);
        } else if let Some(closed) = self.live.keep(stream, self.minute, sums) {
            self.kept.know(&self.live);
            self.kept.add(&closed);
        }
    }

    /// Ends it: the minutes that were observed are part of the hash.
    #[must_use]
    pub fn finish(mut self) -> Gathered {
        self.close();
        let closed = self.live.close(i64::MAX);
        self.kept.know(&self.live);
        self.kept.show(&closed, Vec::new(), i64::MIN);
        let seen = self.live.seen(self.minutes());
        let observed: Vec<_> = seen.runs().iter().map(|run| (run.start, run.end)).collect();
        for (from, until) in &observed {
            self.hash.update(format!("up {from} {until}\n"));
        }
        let days = Days {
            first: day_of(self.first.div_euclid(DAY_MINUTES)),
            last: day_of(self.last.div_euclid(DAY_MINUTES).saturating_sub(1)),
        };
        Gathered {
            seal: DemandSeal {
                days,
                sha256: hex(&self.hash.finalize()),
                stream_minutes: self.stream_minutes,
                calls: self.calls,
                observed,
            },
            models: self.models.into_iter().collect(),
            settings: self.settings,
            kind: self.kind,
            at: self.at,
            kept: self.kept,
            hosted: self.hosted,
            seen,
        }
    }
}

impl Gathered {
    /// Whether a day's window and the one before it are all there.
    pub(in crate::verdict) fn holds(&self, day: Date) -> bool {
        let (day, Days { first, last }) = (number_of(day), self.seal.days);
        number_of(first) <= day.saturating_sub(BOTH_WINDOWS) && day <= number_of(last)
    }
}

/// A minute of a stream as it is hashed.
fn line(minute: i64, stream: &Stream, sums: &DemandMinute) -> String {
    let DemandMinute {
        slots,
        unpriced_calls,
        unpriced_tokens,
        unknown_calls,
        imported_calls,
    } = sums;
    let Stream {
        upstream,
        model,
        capability,
    } = stream;
    let slots = slots.iter().map(slot);
    format!(
        "{minute} {upstream:?} {model:?} {capability} {unpriced_calls} {unpriced_tokens} \
         {unknown_calls} {imported_calls}{}\n",
        slots.collect::<String>()
    )
}

fn slot(sums: &DemandSums) -> String {
    let DemandSums {
        calls,
        uncached_input,
        cached_input,
        output,
        output_by_input,
        output_squared,
        cost_usd,
        duration_ms,
    } = sums;
    format!(
        " {calls} {uncached_input} {cached_input} {output} {output_by_input} {output_squared} {} \
         {duration_ms}",
        cost_usd.0
    )
}
