//! Round by round: what the servers counted and what was metered between two readings of them all.
//!
//! Both are counters that only grow, so a round that fails costs nothing: the next whole one is
//! compared with the last whole one. Only a server that began anew takes what it had counted with it;
//! such a time is left out on both sides, and the hours say how much was seen.

use std::time::Duration;

use jiff::Timestamp;

use super::hours::{Hours, Sums, hour_of};
use super::reading::Reading;

/// Longer than this between two whole rounds says nothing of any hour.
const GAP_MAX: Duration = Duration::from_hours(1);

/// What was metered of one or more upstreams since the ledger began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metered {
    /// Input tokens, cached ones included.
    pub input_tokens: u64,
    /// Of these, from a cache.
    pub cached_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
}

impl Metered {
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
        }
    }
}

/// The last round in which every server was read.
#[derive(Clone, Debug)]
struct Whole {
    at: Timestamp,
    readings: Vec<Reading>,
    metered: Metered,
}

/// The rounds over the servers of one upstream.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    whole: Option<Whole>,
    last: Vec<Option<Reading>>,
}

impl Rounds {
    /// Books a round: a reading for each server, nothing for one that could not be read.
    pub fn book(
        &mut self,
        hours: &mut Hours,
        at: Timestamp,
        readings: &[Option<Reading>],
        metered: Metered,
    ) {
        let restarts = self.restarts(readings);
        let mut sums = Sums {
            restarts,
            ..gauges(readings)
        };
        if let Some(readings) = readings.iter().copied().collect::<Option<Vec<Reading>>>() {
            let whole = Whole {
                at,
                readings,
                metered,
            };
            if let Some(compared) = self.whole.as_ref().and_then(|last| between(last, &whole)) {
                sums.add(&compared);
            }
            self.whole = Some(whole);
        }
        for (last, reading) in self.last.iter_mut().zip(readings) {
            *last = reading.or(*last);
        }
        if self.last.len() != readings.len() {
            self.last = readings.to_vec();
        }
        hours.at(hour_of(at)).add(&sums);
    }

    fn restarts(&self, readings: &[Option<Reading>]) -> u64 {
        let pairs = self.last.iter().zip(readings);
        let anew = pairs.filter(|(last, now)| {
            let both = last.as_ref().zip(now.as_ref());
            both.is_some_and(|(last, now)| now.began_after(last))
        });
        u64::try_from(anew.count()).unwrap_or(u64::MAX)
    }
}

/// What came in between, if nobody began anew.
fn between(last: &Whole, now: &Whole) -> Option<Sums> {
    let elapsed = now.at.duration_since(last.at);
    let seen = Duration::try_from(elapsed)
        .ok()
        .filter(|gap| *gap <= GAP_MAX)?;
    let mut sums = Sums {
        seen_ms: u64::try_from(seen.as_millis()).ok()?,
        metered_input: grown(last.metered.input_tokens, now.metered.input_tokens)?,
        metered_cached: grown(last.metered.cached_tokens, now.metered.cached_tokens)?,
        metered_output: grown(last.metered.output_tokens, now.metered.output_tokens)?,
        ..Sums::default()
    };
    if last.readings.len() != now.readings.len() {
        return None;
    }
    for (was, is) in last.readings.iter().zip(&now.readings) {
        if is.began_after(was) {
            return None;
        }
        let cache = was.cache.zip(is.cache);
        let cache = cache.and_then(|(was, is)| {
            Some((grown(was.hits, is.hits)?, grown(was.lookups, is.lookups)?))
        });
        let (cache_hits, cache_lookups) = cache.unwrap_or_default();
        sums.add(&Sums {
            server_input: grown(was.input_tokens, is.input_tokens)?,
            server_output: grown(was.output_tokens, is.output_tokens)?,
            cache_hits,
            cache_lookups,
            ..Sums::default()
        });
    }
    Some(sums)
}

/// By how much a counter grew; one that fell is another.
const fn grown(was: u64, is: u64) -> Option<u64> {
    is.checked_sub(was)
}

/// What the servers that were read are at.
#[expect(
    clippy::float_arithmetic,
    reason = "gauges are floats, and only their means are shown"
)]
fn gauges(readings: &[Option<Reading>]) -> Sums {
    let count = |many: usize| u64::try_from(many).unwrap_or(u64::MAX);
    let read: Vec<&Reading> = readings.iter().flatten().collect();
    let full: Vec<f64> = read.iter().filter_map(|it| it.cache_use).collect();
    let mean = full.iter().sum::<f64>() / f64::from(u32::try_from(full.len()).unwrap_or(u32::MAX));
    Sums {
        rounds_all: 1,
        up: count(read.len()),
        servers: count(readings.len()),
        rounds: u64::from(!read.is_empty()),
        running: read.iter().filter_map(|it| it.running).sum(),
        waiting: read.iter().filter_map(|it| it.waiting).sum(),
        cache_use: if full.is_empty() { 0.0 } else { mean },
        cache_rounds: u64::from(!full.is_empty()),
        ..Sums::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::reading::Cache;

    struct House {
        rounds: Rounds,
        hours: Hours,
        now: Timestamp,
    }

    impl House {
        fn new() -> Self {
            Self {
                rounds: Rounds::default(),
                hours: Hours::default(),
                now: "2026-11-23T07:00:00Z".parse().unwrap(),
            }
        }

        /// A minute later.
        fn round(&mut self, readings: &[Option<Reading>], metered: u64) {
            self.now += Duration::from_mins(1);
            let metered = Metered {
                input_tokens: metered,
                ..Metered::default()
            };
            let Self { rounds, hours, now } = self;
            rounds.book(hours, *now, readings, metered);
        }

        fn sums(&self) -> Sums {
            self.hours.window(self.now, 1)
        }

        /// Seconds seen, tokens of the servers, tokens metered.
        #[track_caller]
        fn saw(&self, expected: [u64; 3]) {
            let sums = self.sums();
            assert_eq!(
                [sums.seen_seconds(), sums.server_input, sums.metered_input],
                expected
            );
        }
    }

    fn at(input_tokens: u64) -> Reading {
        Reading {
            input_tokens,
            cache: Some(Cache {
                hits: input_tokens / 2,
                lookups: input_tokens,
            }),
            running: Some(2.0),
            cache_use: Some(0.5),
            ..Reading::default()
        }
    }

    #[test]
    fn servers_that_say_nothing_of_their_cache_have_no_mean_of_it() {
        let mut house = House::new();
        house.round(&[Some(Reading::default())], 0);
        assert_eq!(
            (house.sums().cache_use, house.sums().cache_rounds),
            (0.0, 0)
        );
    }

    #[test]
    fn two_whole_rounds_are_compared_and_the_servers_added_up() {
        let mut house = House::new();
        house.round(&[Some(at(1_000)), Some(at(500))], 70);
        house.saw([0, 0, 0]);
        house.round(&[Some(at(1_100)), Some(at(520))], 190);
        house.saw([60, 120, 120]);
        let sums = house.sums();
        assert_eq!((sums.cache_hits, sums.cache_lookups), (60, 120));
        assert_eq!((sums.rounds_all, sums.up, sums.servers), (2, 4, 4));
        assert_eq!(
            (sums.running, sums.cache_use, sums.cache_rounds),
            (8.0, 1.0, 2)
        );
    }

    #[test]
    fn a_round_that_fails_loses_nothing_but_its_gauges() {
        let mut house = House::new();
        house.round(&[Some(at(1_000)), Some(at(500))], 0);
        house.round(&[Some(at(1_100)), None], 100);
        house.saw([0, 0, 0]);
        house.round(&[Some(at(1_200)), Some(at(600))], 300);
        house.saw([120, 300, 300]);
        house.round(&[None, None], 300);
        let sums = house.sums();
        assert_eq!((sums.up, sums.servers), (5, 8));
        assert_eq!((sums.rounds_all, sums.rounds), (4, 3));
    }

    #[test]
    fn a_server_that_began_anew_leaves_the_time_out_on_both_sides() {
        let mut house = House::new();
        house.round(&[Some(at(1_000))], 0);
        house.round(&[Some(at(1_100))], 100);
        house.round(&[None], 150);
        house.round(&[Some(at(30))], 200);
        house.saw([60, 100, 100]);
        house.round(&[Some(at(80))], 250);
        house.saw([120, 150, 150]);
        assert_eq!(house.sums().restarts, 1);
    }

    #[test]
    fn a_server_that_began_anew_and_has_counted_more_already_is_left_out_too() {
        let mut house = House::new();
        let began = |started: f64, input_tokens| Reading {
            started: Some(started),
            ..at(input_tokens)
        };
        house.round(&[Some(began(100.0, 10))], 0);
        house.round(&[Some(began(200.0, 1_000))], 2_000);
        house.saw([0, 0, 0]);
        house.round(&[Some(began(200.0, 1_500))], 2_500);
        house.saw([60, 500, 500]);
    }

    #[test]
    fn a_ledger_that_fell_back_or_a_long_gap_is_not_compared() {
        let mut house = House::new();
        house.round(&[Some(at(1_000))], 500);
        house.round(&[Some(at(1_100))], 400);
        house.saw([0, 0, 0]);
        house.now += Duration::from_hours(1);
        house.round(&[Some(at(9_000))], 8_000);
        house.saw([0, 0, 0]);
        house.round(&[Some(at(9_010))], 8_005);
        house.saw([60, 10, 5]);
    }

    #[test]
    fn another_number_of_servers_begins_anew() {
        let mut house = House::new();
        house.round(&[Some(at(1_000))], 0);
        house.round(&[Some(at(1_000)), Some(at(5))], 10);
        house.round(&[Some(at(1_007)), Some(at(8))], 20);
        house.saw([60, 10, 10]);
    }
}
