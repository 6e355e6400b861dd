//! Keeps the live sums, runs the projection over closed minutes, holds the state.
//!
//! Live demand, minute by minute, against whole replicas with idle hours paid; against the best
//! alternative, not only against staying; with a band; and "not enough evidence" instead of an
//! alarm when the data is thin. Arithmetic is `economics`; nothing here does I/O or reads a clock.

mod about;
mod anew;
mod evidence;
pub(crate) mod figures;
mod fresh;
mod gather;
mod hosting;
mod kept;
mod live;
mod names;
mod news;
mod paid;
mod pass;
mod past;
mod report;
mod reserved;
mod run;
mod seen;
mod settings;
mod state;
pub mod statement;
mod streams;
mod what_if;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use hosting::Hosted;
use jiff::Timestamp;

use about::About;
use fresh::ClosedMinute;
use kept::Kept;
use live::LiveDemand;
use news::Waiting;
use seen::Seen;

use crate::call::{CallRecord, Role};
use crate::economics::demand::{BUCKET_SECONDS, OPEN_SECONDS};
use crate::economics::{DemandMinute, Stream};

pub use evidence::Lack;
pub use hosting::{
    Beside, COMPARED_RATIO_MIN, Counted, HostingReport, HostingWindow, Pair, RunningPlan,
    RunningUpstream, Servers, ServersOf, Stretches, TokenRates,
};
pub use live::{UNNAMED_MODEL, demand_of};
pub use news::{News, Switch};
pub use paid::{PaidRule, PaidTier};
pub use past::{Past, PastMonth};
pub use report::{HostedMinutes, Report, ReservedView, StateView, WindowReport};
pub use reserved::ReservedRule;
pub use run::RunDay;
pub use settings::Settings;
pub use state::{Held, States};
pub use streams::{ApiPrice, StreamView};
pub use what_if::WhatIf;
pub use words::{dollars, owed, words};

/// Days that are decided after a longer pause; the kept minutes reach back no further.
const MISSED_DAYS_MAX: i64 = 7;
/// Minutes of demand that are kept: five weeks.
const KEPT_MINUTES: i64 = 35 * DAY_MINUTES;
/// Minutes in a day.
const DAY_MINUTES: i64 = 1_440;

/// The live verdict. Recording is short; a pass does not hold it up.
#[derive(Debug)]
pub struct Verdict {
    settings: Arc<Settings>,
    demand: Mutex<LiveDemand>,
    /// Locked by passes and loads, never by a call; before `demand` where both are.
    kept: Mutex<Kept>,
    hosted: Mutex<Hosted>,
    states: Mutex<States>,
    about: Vec<About>,
    /// Checksum of the settings, and the revision of the past that days are counted on.
    counted_by: String,
    news: Mutex<Waiting>,
    report: ArcSwap<Report>,
    /// The last frame of the journal whose call was in the kept minutes that it was made of.
    known_to: u64,
}

impl Verdict {
    /// A verdict over no demand yet, with the states that were stored.
    #[must_use]
    pub fn new(settings: Settings, states: States) -> Self {
        let settings = Arc::new(settings);
        Self {
            demand: Mutex::new(LiveDemand::new(&settings)),
            kept: Mutex::new(Kept::new(&settings)),
            hosted: Mutex::new(Hosted::new(&settings)),
            report: ArcSwap::from_pointee(Report::empty(Arc::clone(&settings))),
            states: Mutex::new(states),
            about: About::all(&settings),
            counted_by: about::checksum(&settings),
            news: Mutex::default(),
            known_to: 0,
            settings,
        }
    }

    /// Says that the kept minutes have the calls up to a frame of the journal.
    #[must_use]
    pub const fn knowing_to(mut self, seq: u64) -> Self {
        self.known_to = seq;
        self
    }

    /// Says of which revision of the past the kept minutes are. Days that were counted on another one are
    /// counted again.
    #[must_use]
    pub fn counting_on(mut self, revision: u64) -> Self {
        self.counted_by = format!("{} {revision}", self.counted_by);
        self
    }

    /// Whether the call of a frame came with the kept minutes, and is not to be recorded again.
    #[must_use]
    pub const fn knows(&self, seq: u64) -> bool {
        seq <= self.known_to
    }

    /// Takes the place of another one in the same process: goes on counting where that stopped, the
    /// minute that runs too, and has what that one had to tell. Nobody may tell or tick meanwhile.
    #[must_use]
    pub fn following(self, before: &Self) -> Self {
        self.hosted().count_on(before.counted());
        self.demand().follow(&mut before.demand());
        self.put_back(before.take_news());
        self
    }

    /// What hosting that runs has cost and avoided since the process began, by plan.
    #[must_use]
    pub fn counted(&self) -> BTreeMap<String, Counted> {
        self.hosted().counted().clone()
    }

    /// Takes a kept minute of own hosting, also while [`Verdict::load`] takes others; that marks it as
    /// up.
    pub fn load_hosted(&self, stream: &Stream, minute: i64, sums: &DemandMinute) {
        self.hosted().keep(stream, minute, sums);
    }

    /// Takes the kept minutes of demand, and the minutes in which tollgate was up (minutes since
    /// 1970); a minute with demand counts as up by itself.
    pub fn load(
        &self,
        kept: impl IntoIterator<Item = (Stream, i64, DemandMinute)>,
        up: impl IntoIterator<Item = i64>,
    ) {
        let (mut whole, mut demand) = (self.kept(), self.demand());
        for (stream, minute, sums) in kept {
            let closed = demand.keep(&stream, minute, &sums);
            if let Some(closed) = closed {
                whole.know(&demand);
                whole.add(&closed);
            }
        }
        for minute in up {
            demand.up(minute);
        }
        for minute in self.hosted().take_kept() {
            demand.up(minute);
        }
    }

    /// Adds one finished call.
    pub fn record(&self, call: &CallRecord) {
        if call.role == Role::Own {
            let minute = self.hosted().record(call);
            if let Some(minute) = minute {
                self.demand().up(minute);
            }
            return;
        }
        self.demand().record(call);
    }

    /// Marks the minute of `now` as observed (call this at least twice a minute), decides days that
    /// have closed, and computes the report anew when a minute has ended since the last one.
    /// Returns whether it did.
    pub fn tick(&self, now: Timestamp) -> bool {
        let minute = now.as_second().div_euclid(BUCKET_SECONDS);
        self.demand().up(minute);
        if self.report.load().end_minute == Some(minute) {
            return false;
        }
        let mut kept = self.kept();
        self.hosted()
            .forget_before(minute.saturating_sub(KEPT_MINUTES));
        let previous = self.report.load_full();
        let (seen, closed) = self.take(&mut kept, minute);
        let whole = closed.iter().filter(|one| one.whole);
        let whole: Vec<i64> = whole.map(|one| one.minute).collect();
        self.hosted().close(&whole);
        self.decide(&kept, now);
        let states = self.states().clone();
        let now = (&*kept, &seen);
        let known = (states, closed);
        let mut report = pass::report(&self.settings, now, minute, &previous, &known);
        self.look_at_hosting(&mut report, &seen, minute, &known.0);
        report.streams = self.demand().streams();
        self.report.store(Arc::new(report));
        true
    }

    /// Whether a tick now would make a report.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let minute = now.as_second().div_euclid(BUCKET_SECONDS);
        self.report.load().end_minute != Some(minute)
    }

    /// What own hosting served in a range of minutes since 1970, of the five weeks that are kept.
    #[must_use]
    pub fn stretches(&self, minutes: &Range<i64>) -> Stretches {
        let served = self.hosted().part(minutes);
        Stretches::of(served, &self.demand().seen(minutes.clone()))
    }

    /// Takes what the servers of hosting that runs say by now, for the next tick.
    pub fn see_servers(&self, servers: Vec<ServersOf>) {
        self.hosted().see_servers(servers);
    }

    /// Whether the last tick was at a moment more than a day after `now`: the clock was wrong, and
    /// what this has forgotten by it is to be loaded again, into a new one.
    #[must_use]
    pub fn is_ahead_of(&self, now: Timestamp) -> bool {
        let minute = now.as_second().div_euclid(BUCKET_SECONDS);
        let last = self.report.load().end_minute;
        last.is_some_and(|last| last > minute.saturating_add(DAY_MINUTES))
    }

    /// Takes what was recorded since the last pass; returns what was observed before `minute`, and the
    /// minutes that are to be counted.
    fn take(&self, kept: &mut Kept, minute: i64) -> (Seen, Vec<ClosedMinute>) {
        let oldest = minute.saturating_sub(KEPT_MINUTES);
        let mut demand = self.demand();
        demand.forget_before(oldest);
        let (closed, open) = (demand.close(minute), demand.open());
        let counted = demand.take_closed(minute);
        kept.know(&demand);
        let seen = demand.seen(oldest..minute);
        drop(demand);
        kept.show(&closed, open, oldest);
        (seen, counted)
    }

    /// The report over the minutes up to the last tick.
    #[must_use]
    pub fn report(&self) -> Arc<Report> {
        self.report.load_full()
    }

    /// The states as they are to be stored.
    #[must_use]
    pub fn stored(&self) -> States {
        self.states().clone()
    }

    /// Decides every day that has closed since the last decision, the oldest first.
    fn decide(&self, kept: &Kept, now: Timestamp) {
        let closed = now.as_second().saturating_sub(OPEN_SECONDS);
        let last_closed = closed
            .div_euclid(BUCKET_SECONDS * DAY_MINUTES)
            .saturating_sub(1);
        self.forget_others();
        let mut anew = self.states().begin(&self.about);
        let decided = self.states().resume(last_closed);
        let again = self.states().count_again(&self.counted_by);
        let oldest = last_closed
            .saturating_sub(MISSED_DAYS_MAX)
            .saturating_add(1);
        let first = decided.map_or(last_closed, |day| day.saturating_add(1).max(oldest));
        // What is judged by other settings now is judged by them over the days that are kept, too.
        let anew_from = (!anew.is_empty() && decided.is_some()).then_some(oldest);
        let begins = again.values().map(|from| oldest.max(*from));
        let begins = begins.chain(anew_from).fold(first, i64::min);
        let mut switches = Vec::new();
        for day in begins..=last_closed {
            let end = day.saturating_add(1).saturating_mul(DAY_MINUTES);
            let seen = self.demand().seen(i64::MIN..end);
            let mut facts = pass::day(&self.settings, (kept, &seen), day);
            facts.extend(hosting::days(&self.settings, &self.hosted(), &seen, day));
            facts.retain(|fact| {
                let counts_again = again.get(&state::key(fact.kind, &fact.name));
                day >= first
                    || counts_again.is_some_and(|from| *from <= day)
                    || anew.iter().any(|anew| anew.is_of(fact))
            });
            for anew in &mut anew {
                anew.saw(day, &facts, &self.settings.rule);
            }
            switches.extend(self.states().decide(day, &facts, &self.settings));
        }
        for anew in &mut anew {
            self.states().stay(anew);
        }
        let told = anew::told(switches, anew, last_closed, &self.settings);
        self.waiting().add(told);
    }

    /// Forgets the states of plans and endpoints that are no longer configured.
    fn forget_others(&self) {
        let dropped = self.states().drop_others(&self.about).into_iter();
        self.waiting()
            .add(dropped.map(|(key, was)| News::Dropped { key, was }));
    }

    /// What the states have to tell since it was last taken, in order.
    #[must_use]
    pub fn take_news(&self) -> Vec<News> {
        self.waiting().take()
    }

    /// Keeps news for later that could not be told.
    pub fn put_back(&self, news: Vec<News>) {
        let mut waiting = self.waiting();
        let newer = waiting.take();
        waiting.add(news.into_iter().chain(newer));
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it compares, and when it is sure.
    #[must_use]
    pub const fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Adds what hosting that runs costs and saves, and whether leaving it is cheaper.
    fn look_at_hosting(&self, report: &mut Report, seen: &Seen, end: i64, states: &States) {
        if self.settings.running.is_empty() {
            return;
        }
        let observed = hosting::observed(&self.settings, seen, end);
        report.hosting = hosting::look(&self.settings, &self.hosted(), &observed, end);
        let views = hosting::views(&self.settings, &report.hosting, states, end);
        report.states.extend(views);
    }

    fn hosted(&self) -> MutexGuard<'_, Hosted> {
        self.hosted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn demand(&self) -> MutexGuard<'_, LiveDemand> {
        // Sums stay usable whatever happened to the thread that held them.
        self.demand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn states(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
