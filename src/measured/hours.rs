//! What was measured, hour by hour: small sums that can be added up over any window and kept as text,
//! a text a day.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Days that are kept: the longest window, and the day that runs.
pub const DAYS_KEPT: i64 = 31;
/// Of a day, and of a window's days.
const HOURS_A_DAY: i64 = 24;
const HOUR_SECONDS: i64 = 3_600;
/// The hours of all days that are kept, and one day more.
const HOURS_KEPT: usize = 32 * 24;
/// Two rounds in one second would say nothing new.
const MILLIS_A_SECOND: u64 = 1_000;

/// What one hour, or a window, came to. Counts of tokens are of the time that was seen whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    /// Time between two rounds in which every server was read and none had begun anew.
    pub seen_ms: u64,
    /// Input tokens the servers counted then.
    pub server_input: u64,
    /// Output tokens the servers counted then.
    pub server_output: u64,
    /// Input tokens of the calls that were metered then.
    pub metered_input: u64,
    /// Output tokens of the calls that were metered then.
    pub metered_output: u64,
    /// Part of the metered input that the servers' answers called cached.
    pub metered_cached: u64,
    /// Input tokens the servers' prefix caches had then.
    pub cache_hits: u64,
    /// Input tokens the servers' prefix caches were asked for then.
    pub cache_lookups: u64,
    /// Servers that were found to have begun anew.
    pub restarts: u64,
    /// Rounds, whether a server was read in them or not.
    pub rounds_all: u64,
    /// Over these: servers read.
    pub up: u64,
    /// Over these: servers configured.
    pub servers: u64,
    /// Rounds in which a server was read.
    pub rounds: u64,
    /// Over `rounds`: calls worked on.
    pub running: f64,
    /// Over `rounds`: calls that waited.
    pub waiting: f64,
    /// Over `cache_rounds`: the part of the KV cache that was taken.
    pub cache_use: f64,
    /// Rounds in which a server said how full its KV cache is.
    pub cache_rounds: u64,
    /// Dollars that the cluster's cost service says the servers cost.
    pub cost_usd: f64,
    /// Of these, for GPUs.
    pub gpu_usd: f64,
    /// Hours whose cost is known.
    pub cost_hours: u64,
}

impl Sums {
    /// Adds what another hour came to.
    #[expect(
        clippy::float_arithmetic,
        reason = "means and estimates are made of these"
    )]
    pub fn add(&mut self, other: &Self) {
        let Self {
            seen_ms,
            server_input,
            server_output,
            metered_input,
            metered_output,
            metered_cached,
            cache_hits,
            cache_lookups,
            restarts,
            rounds_all,
            up,
            servers,
            rounds,
            running,
            waiting,
            cache_use,
            cache_rounds,
            cost_usd,
            gpu_usd,
            cost_hours,
        } = other;
        for (mine, theirs) in [
            (&mut self.seen_ms, seen_ms),
            (&mut self.server_input, server_input),
            (&mut self.server_output, server_output),
            (&mut self.metered_input, metered_input),
            (&mut self.metered_output, metered_output),
            (&mut self.metered_cached, metered_cached),
            (&mut self.cache_hits, cache_hits),
            (&mut self.cache_lookups, cache_lookups),
            (&mut self.restarts, restarts),
            (&mut self.rounds_all, rounds_all),
            (&mut self.up, up),
            (&mut self.servers, servers),
            (&mut self.rounds, rounds),
            (&mut self.cache_rounds, cache_rounds),
            (&mut self.cost_hours, cost_hours),
        ] {
            *mine = mine.saturating_add(*theirs);
        }
        self.running += running;
        self.waiting += waiting;
        self.cache_use += cache_use;
        self.cost_usd += cost_usd;
        self.gpu_usd += gpu_usd;
    }

    /// Leaves what it cost unknown.
    const fn forget_cost(&mut self) {
        (self.cost_usd, self.gpu_usd, self.cost_hours) = (0.0, 0.0, 0);
    }

    /// Whole seconds that were seen.
    #[must_use]
    pub const fn seen_seconds(&self) -> u64 {
        self.seen_ms.wrapping_div(MILLIS_A_SECOND)
    }
}

/// The hour a moment is in, since 1970.
#[must_use]
pub(super) fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(HOUR_SECONDS)
}

/// The day an hour is in, since 1970.
#[must_use]
pub(super) const fn day_of(hour: i64) -> i64 {
    hour.div_euclid(HOURS_A_DAY)
}

/// When an hour begins; nothing where no calendar goes.
#[must_use]
pub(super) fn start_of(hour: i64) -> Option<Timestamp> {
    Timestamp::from_second(hour.checked_mul(HOUR_SECONDS)?).ok()
}

/// The hours of the last days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hours {
    by_hour: BTreeMap<i64, Sums>,
    /// Whose cost is in them: what was asked for, and of whom.
    cost_of: Option<String>,
}

/// A day as it is kept.
#[derive(Serialize, Deserialize)]
struct Day {
    /// By the hour since 1970.
    hours: BTreeMap<i64, Sums>,
    /// Whose cost is in them.
    #[serde(default)]
    cost_of: Option<String>,
}

impl Hours {
    /// No hour yet, for the cost of what is asked for so.
    #[must_use]
    pub const fn for_cost_of(question: Option<String>) -> Self {
        Self {
            by_hour: BTreeMap::new(),
            cost_of: question,
        }
    }

    /// Forgets the cost if it was of something else, and says in which hours there was one: another
    /// workload's money must not stay in a window for a month.
    pub fn ask_cost_of(&mut self, question: Option<String>) -> Vec<i64> {
        if self.cost_of == question {
            return Vec::new();
        }
        self.cost_of = question;
        let priced = self.by_hour.iter_mut();
        let priced = priced.filter(|(_, sums)| sums.cost_hours > 0);
        priced
            .map(|(hour, sums)| {
                sums.forget_cost();
                *hour
            })
            .collect()
    }

    /// An hour since 1970, to be added to. The oldest goes when there are too many: by number, so that
    /// a clock which was ahead for a moment takes nothing with it.
    pub fn at(&mut self, hour: i64) -> &mut Sums {
        while self.by_hour.len() > HOURS_KEPT {
            self.by_hour.pop_first();
        }
        self.by_hour.entry(hour).or_default()
    }

    /// What an hour came to.
    #[must_use]
    pub fn get(&self, hour: i64) -> Option<&Sums> {
        self.by_hour.get(&hour)
    }

    /// The sums of so many days up to `now`, the hour that runs included.
    #[must_use]
    pub fn window(&self, now: Timestamp, days: i64) -> Sums {
        let last = hour_of(now);
        let first = last.saturating_sub(days.saturating_mul(HOURS_A_DAY));
        let mut sums = Sums::default();
        for (_, hour) in self.by_hour.range(first.saturating_add(1)..=last) {
            sums.add(hour);
        }
        sums
    }

    /// The place of a day's text among [`DAYS_KEPT`]: each is written over when its turn comes again.
    #[must_use]
    pub const fn slot(hour: i64) -> i64 {
        day_of(hour).rem_euclid(DAYS_KEPT)
    }

    /// For each place, an hour of the day whose turn it is: the newest that is not ahead of `now`. A clock
    /// that was ahead for a moment must not leave its day in the place of another.
    #[must_use]
    pub fn by_slot(&self, now: Timestamp) -> BTreeMap<i64, i64> {
        let hours = self.by_hour.range(..=hour_of(now));
        hours.map(|(hour, _)| (Self::slot(*hour), *hour)).collect()
    }

    /// The text of the day that an hour is in.
    #[must_use]
    pub fn day_text(&self, hour: i64) -> String {
        let first = day_of(hour).saturating_mul(HOURS_A_DAY);
        let hours = self.by_hour.range(first..first.saturating_add(HOURS_A_DAY));
        let day = Day {
            hours: hours.map(|(hour, sums)| (*hour, *sums)).collect(),
            cost_of: self.cost_of.clone(),
        };
        // Numbers by numbers have a JSON form.
        serde_json::to_string(&day).unwrap_or_default()
    }

    /// Takes a kept day in, whenever it was: a window takes what is in it, also where the clock was wrong
    /// now. What cannot be read is left out, and so is the cost of something else than is asked for.
    pub fn take_in(&mut self, text: &str) {
        let day: Day = serde_json::from_str(text).unwrap_or(Day {
            hours: BTreeMap::new(),
            cost_of: None,
        });
        let is_ours = day.cost_of == self.cost_of;
        for (hour, mut sums) in day.hours {
            if !is_ours {
                sums.forget_cost();
            }
            *self.at(hour) = sums;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn sums(server_input: u64) -> Sums {
        Sums {
            server_input,
            running: 0.5,
            ..Sums::default()
        }
    }

    #[test]
    fn a_window_is_its_last_hours() {
        let now = at("2026-11-23T07:30:00Z");
        let mut hours = Hours::default();
        for (back, tokens) in [(0, 1), (23, 10), (24, 100), (24 * 7, 1_000)] {
            hours.at(hour_of(now) - back).add(&sums(tokens));
        }
        let seen = |days| hours.window(now, days).server_input;
        assert_eq!([seen(1), seen(7), seen(14)], [11, 111, 1_111]);
    }

    #[test]
    fn a_month_is_kept_by_day_and_read_again() {
        let now = at("2026-11-23T07:30:00Z");
        let last = hour_of(now);
        let mut hours = Hours::default();
        for hour in last - 40 * 24..=last {
            hours.at(hour).add(&sums(1));
        }
        let mut slots = BTreeMap::new();
        for hour in last - 40 * 24..=last {
            slots.insert(Hours::slot(hour), hours.day_text(hour));
        }
        assert_eq!(slots.len(), usize::try_from(DAYS_KEPT).unwrap());
        let mut again = Hours::default();
        for text in slots.values() {
            again.take_in(text);
        }
        assert_eq!(again.window(now, 30), hours.window(now, 30));
        assert_eq!(again.window(now, 30).server_input, 720);
        // A clock that is ahead for an hour.
        again.at(last + 1_000_000).add(&sums(1));
        assert_eq!(again.window(now, 30).server_input, 720);
        // A slot of two months ago, and damage.
        let mut old = Hours::default();
        old.at(last - 62 * 24).add(&sums(1));
        again.take_in(&old.day_text(last - 62 * 24));
        again.take_in("{\"hours\":{\"x\":");
        assert_eq!(again.window(now, 30), hours.window(now, 30));
    }

    #[test]
    fn the_cost_of_another_question_is_forgotten_in_memory_and_on_the_disk() {
        let now = at("2026-11-23T07:30:00Z");
        let last = hour_of(now);
        let asked = |workload: &str| Some(workload.to_owned());
        let mut hours = Hours::for_cost_of(asked("web"));
        hours.at(last).add(&Sums {
            cost_usd: 3.0,
            gpu_usd: 2.0,
            cost_hours: 1,
            ..sums(7)
        });
        hours.at(last - 1).add(&sums(1));
        let text = hours.day_text(last);
        let read = |question| {
            let mut again = Hours::for_cost_of(question);
            again.take_in(&text);
            again.window(now, 30)
        };
        assert_eq!(read(asked("web")).cost_usd.to_string(), "3");
        assert_eq!(read(asked("vllm")), hours_without_cost());
        // As it was written before anything was said of it.
        assert_eq!(read(None), hours_without_cost());
        assert_eq!(hours.ask_cost_of(asked("web")), Vec::<i64>::new());
        assert_eq!(hours.ask_cost_of(asked("vllm")), [last]);
        assert_eq!(hours.window(now, 30), hours_without_cost());
    }

    fn hours_without_cost() -> Sums {
        Sums {
            running: 1.0,
            ..sums(8)
        }
    }
}
