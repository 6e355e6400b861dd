#![expect(
    clippy::float_arithmetic,
    reason = "what would have been paid is summed as an estimate"
)]
//! The track record: what each switch said, and what the days after it came to.
//!
//! A closed day is scored by the settings that were frozen, on the calls that really came; a day that
//! was not observed well enough is said and never guessed.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::words::subject;
use super::{Scored, Side, Statement};
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::verdict::words::dollars;

/// Switches that are remembered; the oldest go first.
const RECORDS_MAX: usize = 200;

/// What one switch said, and what came since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The name of its statement's file.
    pub file: String,
    /// The statement's checksum.
    pub sha256: String,
    /// What was decided about.
    pub kind: String,
    /// Its configured name.
    pub name: String,
    /// The closed UTC day that decided.
    pub decided: Date,
    /// What the state says since.
    pub to: Side,
    /// What it said would be saved, dollars a month: pessimistic, expected, optimistic; absent where
    /// the calls could not have been served.
    pub said_usd_per_month: Option<[f64; 3]>,
    /// The last day that counts for it: those after it count for the next switch of the same state.
    pub until: Option<Date>,
    /// The last day that was looked at.
    pub looked_at: Date,
    /// The last one of them of which something is known: it was scored, or its calls were served
    /// elsewhere; at first the one behind which it begins. Absent in what an earlier release stored.
    #[serde(default)]
    pub known_to: Option<Date>,
    /// Days that were scored.
    pub days: u32,
    /// Days that were not observed well enough, or not at all.
    pub unseen_days: u32,
    /// Days on which own hosting that does not name the plan served the calls.
    #[serde(default)]
    pub elsewhere_days: u32,
    /// Observed hours of the scored days.
    pub hours: f64,
    /// What their calls cost on the API, dollars; of hosting that runs, what it cost.
    pub api_usd: f64,
    /// What they would have cost this way by the frozen settings, dollars.
    pub cost_usd: f64,
}

/// All that is remembered, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// One for each switch.
    pub records: Vec<Record>,
}

impl Track {
    /// Remembers a switch that was frozen when `closed` was the last closed day. The one before of the
    /// same state ends with it: a day counts for what was known of it by then, and for one of both.
    pub fn add(&mut self, statement: &Statement, file: String, sha256: String, closed: Date) {
        if self.records.iter().any(|known| known.sha256 == sha256) {
            return;
        }
        let Statement {
            kind,
            name,
            decided,
            to,
            ..
        } = statement;
        // Changed settings decide earlier days again, which the one before has been held to already.
        let last = closed.max(*decided);
        for record in &mut self.records {
            if record.until.is_none() && record.kind == *kind && record.name == *name {
                record.until = Some(last);
            }
        }
        self.records.push(Record {
            file,
            sha256,
            kind: kind.clone(),
            name: name.clone(),
            decided: *decided,
            to: *to,
            said_usd_per_month: statement.said_usd_per_month(),
            until: None,
            looked_at: last,
            known_to: Some(last),
            days: 0,
            unseen_days: 0,
            elsewhere_days: 0,
            hours: 0.0,
            api_usd: 0.0,
            cost_usd: 0.0,
        });
        let over = self.records.len().saturating_sub(RECORDS_MAX);
        self.records.drain(..over);
    }
}

impl Record {
    /// Takes back days that a clock which was ahead has passed: nobody has seen them yet. One day ahead
    /// of which something is known stays, else what a clock sets right around midnight would count twice.
    pub fn go_back(&mut self, closed: Date) {
        let next = closed.saturating_add(1.day());
        let keeps_next = self.known_to == Some(next);
        let last = if keeps_next { next } else { closed };
        if self.looked_at <= last {
            return;
        }
        let ahead = self.looked_at.since(last).map_or(0, |span| span.get_days());
        let ahead = u32::try_from(ahead).unwrap_or_default();
        self.unseen_days = self.unseen_days.saturating_sub(ahead);
        self.looked_at = last;
        // One that ends with the next day is to have it.
        if self.until > Some(next) {
            self.until = Some(last);
        }
    }

    /// Adds a closed day whose calls were served elsewhere, at nobody knows what they would have cost.
    pub fn went_elsewhere(&mut self, day: Date) {
        self.known(day);
        self.elsewhere_days = self.elsewhere_days.saturating_add(1);
    }

    /// Adds a closed day of which nothing can be said.
    pub fn unseen(&mut self, day: Date) {
        self.looked_at = day;
        self.unseen_days = self.unseen_days.saturating_add(1);
    }

    /// Adds a closed day that was observed well enough.
    pub fn came(&mut self, day: Date, scored: Scored) {
        self.known(day);
        self.days = self.days.saturating_add(1);
        self.hours += scored.hours;
        self.api_usd += scored.api_usd;
        self.cost_usd += scored.cost_usd;
    }

    fn known(&mut self, day: Date) {
        self.looked_at = day;
        self.known_to = Some(day);
    }

    /// What the scored days would have saved, dollars a month; absent before the first of them.
    #[must_use]
    pub fn came_usd_per_month(&self) -> Option<f64> {
        let saved = self.api_usd - self.cost_usd;
        (self.hours > 0.0).then(|| saved * HOURS_PER_MONTH / self.hours)
    }

    /// What was said and what came, in a sentence or two.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { decided, days, .. } = self;
        let what = subject(&self.kind, &self.name);
        let switched = match self.to {
            Side::On => "is cheaper",
            Side::Off => "is no longer cheaper",
        };
        let said = self.said_usd_per_month.map_or_else(
            || "it cannot serve the calls".to_owned(),
            |[low, expected, high]| {
                let (low, high) = (dollars(low), dollars(high));
                format!("it saves {} ({low} to {high}) a month", dollars(expected))
            },
        );
        let came = self.came_usd_per_month().map_or_else(
            || "no day has been scored since".to_owned(),
            |usd| format!("what came since, {days} days: {} a month", dollars(usd)),
        );
        let unseen = match self.unseen_days {
            0 => String::new(),
            days => format!("; {days} days were not observed well enough and are left out"),
        };
        let elsewhere = match self.elsewhere_days {
            0 => String::new(),
            days => format!(
                "; on {days} days own hosting served the calls, and none of its upstreams has this plan \
                 and would_cost_as: they are left out"
            ),
        };
        let until = self
            .until
            .map_or_else(String::new, |day| format!("; it switched again on {day}"));
        format!(
            "On {decided} tollgate said that {what} {switched}: {said}; {came}{unseen}{elsewhere}{until}."
        )
    }
}
