//! One upstream that is measured: its servers, its rounds, its hours.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use tracing::{info, warn};

use super::costs::CostWatch;
use super::hours::{DAYS_KEPT, Hours, day_of, hour_of};
use super::look::{Answer, Job};
use super::reading::Reading;
use super::round::{Metered, Rounds};
use super::seen::{CostsSeen, Now, Seen, ServerSeen, Window};
use super::{Costs, Settings, fetch};

/// Between two writes: what a crash loses.
const KEEP_EVERY: Duration = Duration::from_mins(1);
/// The longest that a server which fails is left alone.
pub(super) const BACKOFF_MAX: Duration = Duration::from_mins(5);

/// An upstream under measurement.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) settings: Settings,
    pub(super) client: Client,
    servers: Vec<Server>,
    rounds: Rounds,
    pub(super) hours: Hours,
    pub(super) costs: CostWatch,
    due: Timestamp,
    /// The hours that are not on the disk as they are.
    pub(super) unkept: BTreeSet<i64>,
    /// The day that was written last in each place.
    kept: BTreeMap<i64, i64>,
    keep_due: Timestamp,
}

/// One server.
#[derive(Clone, Debug, Default)]
struct Server {
    reading: Option<(Timestamp, Reading)>,
    failure: Option<String>,
    failures: u32,
    due: Timestamp,
}

impl Watch {
    pub(super) fn new(
        settings: Settings,
        kept: &impl Fn(&str) -> Option<String>,
    ) -> reqwest::Result<Self> {
        let client = fetch::client(&settings.extra_roots, settings.timeout)?;
        let mut hours = Hours::for_cost_of(question(&settings));
        for slot in 0..DAYS_KEPT {
            if let Some(text) = kept(&name(&settings.upstream, slot)) {
                hours.take_in(&text);
            }
        }
        Ok(Self {
            servers: vec![Server::default(); settings.pages.len()],
            settings,
            client,
            rounds: Rounds::default(),
            hours,
            costs: CostWatch::default(),
            due: Timestamp::MIN,
            unkept: BTreeSet::new(),
            kept: BTreeMap::new(),
            keep_due: Timestamp::MIN,
        })
    }

    pub(super) fn upstream(&self) -> &str {
        &self.settings.upstream
    }

    /// This one with what the one before it has seen; that one itself if it is to do the same.
    pub(super) fn instead_of(self, before: Self) -> Self {
        if self.settings == before.settings {
            return before;
        }
        let (mut hours, mut unkept, kept) = (before.hours, before.unkept, before.kept);
        let forgotten = hours.ask_cost_of(question(&self.settings));
        if !forgotten.is_empty() {
            let (upstream, hours) = (self.upstream(), forgotten.len());
            info!(
                upstream,
                hours,
                "another workload's cost is asked for: what was known of the old one is forgotten"
            );
        }
        unkept.extend(forgotten);
        Self {
            hours,
            unkept,
            kept,
            ..self
        }
    }

    /// Whether the next round is due.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        reached(self.due, now, self.settings.every) && !self.settings.pages.is_empty()
    }

    /// Begins a round: what is to be asked, which is nothing of a server that failed of late.
    pub(super) fn begin(&mut self, now: Timestamp) -> Vec<Job> {
        self.due = after(now, self.settings.every);
        let most = BACKOFF_MAX.max(self.settings.every);
        let servers = self.servers.iter().zip(&self.settings.pages).enumerate();
        let due = servers.filter(|(_, (server, _))| reached(server.due, now, most));
        due.map(|(server, (_, page))| Job {
            settings: self.settings.clone(),
            server,
            client: self.client.clone(),
            page: page.clone(),
        })
        .collect()
    }

    /// Books what came of a round that began at `at`.
    pub(super) fn book<'a>(
        &mut self,
        at: Timestamp,
        answers: impl Iterator<Item = &'a Answer>,
        metered: Metered,
    ) {
        let mut readings = vec![None; self.servers.len()];
        for Answer { server, result, .. } in answers {
            if let (Some(known), Some(reading)) =
                (self.servers.get_mut(*server), readings.get_mut(*server))
            {
                *reading = result.as_ref().ok().copied();
                known.note(at, result, &self.settings, *server);
            }
        }
        self.rounds.book(&mut self.hours, at, &readings, metered);
        self.unkept.insert(hour_of(at));
    }

    /// The texts that are to be kept by now, at most once a minute.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<(String, String)> {
        if !reached(self.keep_due, now, KEEP_EVERY) {
            return Vec::new();
        }
        self.keep_due = after(now, KEEP_EVERY);
        self.take_unkept(now)
    }

    /// The texts of the days that have changed, or were written over by another, by the names they are kept
    /// under.
    pub(super) fn take_unkept(&mut self, now: Timestamp) -> Vec<(String, String)> {
        // What a clock that was ahead has booked waits until its time has come.
        let ahead = self.unkept.split_off(&hour_of(now).saturating_add(1));
        let unkept = std::mem::replace(&mut self.unkept, ahead);
        let changed: BTreeSet<i64> = unkept.into_iter().map(Hours::slot).collect();
        let mut texts = Vec::new();
        for (slot, hour) in self.hours.by_slot(now) {
            let is_other = |day: &i64| *day != day_of(hour);
            if changed.contains(&slot) || self.kept.get(&slot).is_some_and(is_other) {
                self.kept.insert(slot, day_of(hour));
                texts.push((name(self.upstream(), slot), self.hours.day_text(hour)));
            }
        }
        texts
    }

    pub(super) fn seen(&self, now: Timestamp) -> Seen {
        let servers = self.servers.iter().zip(&self.settings.pages);
        let readings = self.servers.iter().filter(|it| it.failures == 0);
        let readings: Vec<Reading> = readings.filter_map(|it| Some(it.reading?.1)).collect();
        Seen {
            upstream: self.upstream().to_owned(),
            upstreams: self.settings.upstreams.clone(),
            servers: servers
                .map(|(server, page)| ServerSeen {
                    engine: page.engine,
                    url: page.url.to_string(),
                    read_at: server.reading.map(|(at, _)| at),
                    failure: server.failure.clone(),
                })
                .collect(),
            now: Now::of(&readings),
            costs: self.settings.costs.as_ref().map(|costs| CostsSeen {
                workload: costs.workload.name(),
                failure: self.costs.failure(),
            }),
            windows: Window::all(&self.hours, now),
        }
    }
}

impl Server {
    fn note(
        &mut self,
        at: Timestamp,
        result: &Result<Reading, String>,
        settings: &Settings,
        number: usize,
    ) {
        let upstream = &settings.upstream;
        let page = settings.pages.get(number).map(|page| page.url.as_str());
        match result {
            Ok(reading) => {
                if self.failures > 0 {
                    info!(upstream, page, "a measured server answers again");
                }
                *self = Self {
                    reading: Some((at, *reading)),
                    due: at,
                    ..Self::default()
                };
            }
            Err(why) => {
                if self.failures == 0 {
                    warn!(upstream, page, why, "a server cannot be measured");
                }
                self.failure = Some(why.clone());
                self.due = after(at, backoff(settings.every, self.failures));
                self.failures = self.failures.saturating_add(1);
            }
        }
    }
}

/// Twice as long after each failure.
pub(super) fn backoff(every: Duration, failures: u32) -> Duration {
    let longer = every.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
    longer.min(BACKOFF_MAX.max(every))
}

/// Whether it is time; also when a clock that went back has made the wait longer than `most`.
pub(super) fn reached(due: Timestamp, now: Timestamp, most: Duration) -> bool {
    due <= now || due > after(now, most)
}

pub(super) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Whose cost is asked for.
fn question(settings: &Settings) -> Option<String> {
    settings.costs.as_ref().map(Costs::question)
}

/// The name a day is kept under.
fn name(upstream: &str, slot: i64) -> String {
    format!("measured/{upstream}/{slot}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_when_it_is_over_or_the_clock_went_back() {
        let now: Timestamp = "2026-11-23T07:00:00Z".parse().unwrap();
        let minute = Duration::from_mins(1);
        for (seconds, expected) in [(-1, true), (0, true), (1, false), (60, false), (61, true)] {
            let due = now + jiff::SignedDuration::from_secs(seconds);
            assert_eq!(reached(due, now, minute), expected, "{seconds}");
        }
    }

    /// An hour from one round to the next.
    const HOUR: Duration = Duration::from_hours(1);

    /// A watch by what is on a disk.
    fn watch(disk: &BTreeMap<String, String>) -> Watch {
        let settings = Settings {
            upstream: "own".to_owned(),
            upstreams: vec!["own".to_owned()],
            pages: Vec::new(),
            every: HOUR,
            timeout: HOUR,
            token: None,
            costs: None,
            extra_roots: Vec::new(),
        };
        Watch::new(settings, &|name: &str| disk.get(name).cloned()).unwrap()
    }

    /// A round, written down.
    fn round(watch: &mut Watch, at: Timestamp, disk: &mut BTreeMap<String, String>) {
        watch.book(at, std::iter::empty(), Metered::default());
        disk.extend(watch.take_due(at));
    }

    #[test]
    fn a_clock_that_was_wrong_for_a_round_takes_no_day_from_the_disk() {
        let now: Timestamp = "2026-11-23T07:00:00Z".parse().unwrap();
        for days in [-40, -32, -20, -1, 1, 17, 18, 20, 31, 40] {
            let mut disk = BTreeMap::new();
            let mut whole = watch(&disk);
            for hours in (0..31 * 24).rev() {
                round(&mut whole, now - HOUR * hours, &mut disk);
            }
            let wrong = now + jiff::SignedDuration::from_hours(days * 24);
            round(&mut whole, wrong, &mut disk);
            round(&mut whole, now, &mut disk);
            let rounds = |watch: &Watch| watch.hours.window(now, 14).rounds_all;
            let seen = rounds(&whole);
            assert!(seen > 14 * 24, "{days} days: {seen}");
            assert_eq!(rounds(&watch(&disk)), seen, "{days} days");
        }
    }

    #[test]
    fn what_was_booked_is_kept_also_where_the_clock_is_behind_when_it_should_be() {
        let now: Timestamp = "2026-11-23T07:00:00Z".parse().unwrap();
        let mut disk = BTreeMap::new();
        let mut watch = watch(&disk);
        watch.book(now, std::iter::empty(), Metered::default());
        disk.extend(watch.take_due(now - HOUR * 480));
        assert_eq!(disk.len(), 0);
        disk.extend(watch.take_due(now));
        assert_eq!(self::watch(&disk).hours, watch.hours);
    }

    #[test]
    fn a_server_that_fails_is_left_alone_twice_as_long_each_time() {
        let waits = [0, 1, 2, 3, 40].map(|times| backoff(Duration::from_mins(1), times).as_secs());
        assert_eq!(waits, [60, 120, 240, 300, 300]);
    }
}
