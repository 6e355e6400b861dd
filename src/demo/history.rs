//! A made past: thirty days of calls that never were, as plain sums.
//!
//! Whoever takes them must mark them imported. All arithmetic is on integers, so a seed gives the
//! same past on every machine. What an hour says, its minutes say too, to the token:
//!
//! * a stream's hour is its daily volume × hour of day × weekday × growth × noise;
//! * each of its calls has one of eight sizes, the eighths of a log-normal, in equal numbers;
//! * an hour is spread over its 360 slots of ten seconds by drawn weights: a minute's weight is 0.7
//!   to 1.4 of the mean, a slot's 0.7 to 1.3 of its minute's.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

use super::dice::Dice;
use super::streams::{SIZES, STREAMS, Stream};
use super::sums::{MadeCall, Sums, share};
use super::traffic::TENANTS;
use crate::money::Pico;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const MINUTES: usize = 60;
const SLOTS: usize = 6;

/// Which past to make.
#[derive(Clone, Copy, Debug)]
pub struct HistorySettings {
    /// The same seed, end and length are the same past.
    pub seed: u64,
    /// Where it ends: the hour that holds this moment is not part of it.
    pub until: Timestamp,
    /// How long it is.
    pub days: u32,
}

/// What one tenant used of one stream in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourOfHistory {
    /// The hour's begin.
    pub start: Timestamp,
    /// Whose calls.
    pub tenant: &'static str,
    /// The stream, as one of its calls.
    pub like: MadeCall,
    /// The sums.
    pub sums: Sums,
}

/// What all tenants together used of one stream in one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteOfHistory {
    /// The minute's begin.
    pub start: Timestamp,
    /// The stream, as one of its calls.
    pub like: MadeCall,
    /// The sums of its six slots of ten seconds.
    pub slots: [Sums; SLOTS],
}

/// A made past.
#[derive(Debug)]
pub struct History {
    settings: HistorySettings,
    streams: Vec<PricedStream>,
}

/// A stream with its eight kinds of calls and what each costs.
#[derive(Debug)]
struct PricedStream {
    stream: &'static Stream,
    number: u64,
    kinds: [(MadeCall, Option<Pico>); SIZES],
}

impl History {
    /// A past whose calls cost what `price` says; `None` is a call without a price.
    pub fn new(settings: HistorySettings, price: impl Fn(&MadeCall) -> Option<Pico>) -> Self {
        let streams = STREAMS
            .iter()
            .zip(0..)
            .map(|(stream, number)| PricedStream {
                stream,
                number,
                kinds: stream.calls().map(|call| (call, price(&call))),
            });
        Self {
            settings,
            streams: streams.collect(),
        }
    }

    /// The hours, oldest first: for totals and roll-ups.
    pub fn hours(&self) -> impl Iterator<Item = HourOfHistory> + '_ {
        self.stream_hours().flat_map(|(start, stream)| {
            let counts = self.counts(stream, start);
            let total: u32 = TENANTS.iter().map(|(_, weight)| weight).sum();
            let mut before = 0;
            TENANTS.iter().map(move |&(tenant, weight)| {
                let (from, to) = (before, before + weight);
                before = to;
                let sums = stream.sums(&counts, |n, phase| share(n, from..to, total, phase));
                HourOfHistory {
                    start,
                    tenant,
                    like: stream.like(),
                    sums,
                }
            })
        })
    }

    /// The minutes from `since` on, stream by stream within each hour: for demand. They are made
    /// as they are taken.
    pub fn into_minutes(self, since: Timestamp) -> impl Iterator<Item = MinuteOfHistory> + Send {
        let starts = self.starts().filter(move |start| *start + HOUR > since);
        let minutes = starts.flat_map(move |start| {
            let streams = self.streams.iter();
            let hour = streams.flat_map(|stream| self.spread(stream, start));
            hour.collect::<Vec<_>>()
        });
        minutes.filter(move |minute| minute.start >= since)
    }

    /// Every hour of every stream.
    fn stream_hours(&self) -> impl Iterator<Item = (Timestamp, &PricedStream)> + '_ {
        let starts = self.starts();
        starts.flat_map(|start| self.streams.iter().map(move |stream| (start, stream)))
    }

    /// The hours' begins, oldest first.
    fn starts(&self) -> impl Iterator<Item = Timestamp> + Send + use<> {
        let end = whole_hour(self.settings.until);
        let hours = i64::from(self.settings.days) * 24;
        (1..=hours)
            .rev()
            .map(move |back| end - SignedDuration::from_hours(back))
    }

    /// How many calls of each size a stream has in the hour.
    fn counts(&self, stream: &PricedStream, start: Timestamp) -> [u64; SIZES] {
        let mut dice = self.dice(stream, start);
        let days_back = whole_hour(self.settings.until)
            .duration_since(start)
            .as_hours()
            / 24;
        let local = start.to_zoned(TimeZone::UTC);
        let calls = stream.stream.calls_in(
            local.hour(),
            local.weekday().to_monday_zero_offset(),
            u32::try_from(days_back).unwrap_or(0),
            dice.between(920..=1080),
        );
        let sizes = u32::try_from(SIZES).unwrap_or(1);
        let phase = dice.between(0..=u64::from(sizes) - 1);
        let mut from = 0..sizes;
        [(); SIZES].map(|()| {
            let size = from.next().unwrap_or(0);
            share(calls, size..size + 1, sizes, phase)
        })
    }

    /// The hour, minute by minute.
    fn spread(&self, stream: &PricedStream, start: Timestamp) -> Vec<MinuteOfHistory> {
        let counts = self.counts(stream, start);
        let weights = self.weights(stream, start);
        let total = weights.iter().flatten().sum();
        let mut before = 0_u32;
        let mut minute_start = start;
        weights
            .iter()
            .map(|slots| {
                let slots = slots.map(|weight| {
                    let (from, to) = (before, before + weight);
                    before = to;
                    stream.sums(&counts, |n, phase| share(n, from..to, total, phase))
                });
                let start = minute_start;
                minute_start += MINUTE;
                MinuteOfHistory {
                    start,
                    like: stream.like(),
                    slots,
                }
            })
            .collect()
    }

    /// How busy each slot of an hour is, relative to the others.
    fn weights(&self, stream: &PricedStream, start: Timestamp) -> [[u32; SLOTS]; MINUTES] {
        let mut dice = self.dice(stream, start);
        let mut drawn = move |range| u32::try_from(dice.between(range)).unwrap_or(1);
        [(); MINUTES].map(|()| {
            let minute = drawn(700..=1400);
            [(); SLOTS].map(|()| minute * drawn(70..=130) / 100)
        })
    }

    fn dice(&self, stream: &PricedStream, start: Timestamp) -> Dice {
        let hour = u64::try_from(start.as_second() / 3600).unwrap_or(0);
        Dice::new(self.settings.seed, hour * 64 + stream.number)
    }
}

impl PricedStream {
    /// The stream itself, named by its smallest call.
    fn like(&self) -> MadeCall {
        let [(smallest, _), ..] = self.kinds;
        smallest
    }

    /// The sums over a part of so many calls of each size; each size has a phase of its own.
    fn sums(&self, counts: &[u64; SIZES], part: impl Fn(u64, u64) -> u64) -> Sums {
        let mut sums = Sums::default();
        for (((call, cost), count), phase) in self.kinds.iter().zip(counts).zip(0..) {
            sums += call.times(*cost, part(*count, phase));
        }
        sums
    }
}

/// The hour that holds the moment.
fn whole_hour(moment: Timestamp) -> Timestamp {
    moment
        - moment.as_second().rem_euclid(3600).seconds()
        - i64::from(moment.subsec_nanosecond()).nanoseconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLS_OF_SEED_1: u64 = 99_172_748;

    fn history(seed: u64, days: u32) -> History {
        let until = "2026-11-22T12:34:56.789Z".parse().unwrap();
        History::new(HistorySettings { seed, until, days }, |call| {
            // A cent per thousand tokens of output; nobody knows what vision costs.
            (call.capability != "8k+vision").then(|| Pico(i128::from(call.output) * 10_000_000))
        })
    }

    fn total(sums: impl Iterator<Item = Sums>) -> Sums {
        sums.fold(Sums::default(), |mut total, sums| {
            total += sums;
            total
        })
    }

    #[test]
    fn a_seed_is_one_past_to_the_token() {
        let sums = |seed| total(history(seed, 30).hours().map(|hour| hour.sums));
        assert_eq!(sums(1), sums(1));
        assert_ne!(sums(1), sums(2));
        // All of it is integer arithmetic: this number holds on every machine.
        assert_eq!(sums(1).calls, CALLS_OF_SEED_1);
    }

    #[test]
    fn an_hours_tenants_and_its_minutes_say_the_same() {
        let history = history(3, 2);
        for (start, stream) in history.stream_hours() {
            let of_hour = |like: MadeCall, at: Timestamp| like == stream.like() && at == start;
            let tenants = history
                .hours()
                .filter(|hour| of_hour(hour.like, hour.start));
            let minutes = history.spread(stream, start);
            assert_eq!(minutes.len(), MINUTES);
            let slots = minutes.into_iter().flat_map(|minute| minute.slots);
            assert_eq!(
                total(tenants.map(|hour| hour.sums)),
                total(slots),
                "{start}"
            );
        }
    }

    #[test]
    fn it_ends_with_the_last_whole_hour_and_is_as_long_as_asked() {
        let history = history(1, 2);
        let mut starts: Vec<Timestamp> = history.hours().map(|hour| hour.start).collect();
        starts.dedup();
        assert_eq!(starts.len(), 48);
        assert_eq!(starts[0].to_string(), "2026-11-20T12:00:00Z");
        assert_eq!(starts[47].to_string(), "2026-11-22T11:00:00Z");
        let since: Timestamp = "2026-11-22T11:58:00Z".parse().unwrap();
        let last: Vec<_> = history
            .into_minutes(since)
            .map(|minute| minute.start.to_string())
            .collect();
        assert_eq!(last.len(), 2 * STREAMS.len());
        assert_eq!(last[1], "2026-11-22T11:59:00Z");
    }

    #[test]
    fn weekends_are_quiet_nights_are_quieter_and_it_grows() {
        let calls = |filter: &dyn Fn(&str) -> bool| -> u64 {
            let history = history(1, 30);
            let hours = history
                .hours()
                .filter(|hour| filter(&hour.start.to_string()));
            hours.map(|hour| hour.sums.calls).sum()
        };
        let day = |day: &str| calls(&|at| at.starts_with(day));
        assert!(day("2026-11-17") > day("2026-11-15") * 5 / 4);
        assert!(day("2026-11-17") > day("2026-10-27") * 11 / 10);
        assert!(calls(&|at| at.contains("T15:")) > 3 * calls(&|at| at.contains("T03:")));
    }

    #[test]
    fn what_has_no_price_is_counted_and_not_priced() {
        let history = history(1, 1);
        let hours = history
            .hours()
            .filter(|hour| hour.like.capability == "8k+vision");
        let sums = total(hours.map(|hour| hour.sums));
        assert_eq!(
            (sums.unpriced_calls, sums.cost_usd),
            (sums.calls, Pico::ZERO)
        );
    }
}
