//! What was told and what waits to be delivered, as the ledger keeps it; and what became of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::fact::{Fact, TOLD_KEPT, id};
use super::receiver::{Linked, Receiver, Topic};
use super::words::{Said, said};

/// Messages that wait, for all receivers together: an outage of days, not a history.
pub(super) const PENDING_MAX: usize = 256;
/// Keys that are remembered for a receiver: forty days of the most that can be news.
const TOLD_MAX: usize = 2_048;
/// How exactly it is noted that something is still news.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How long a message is tried.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);
/// The wait after the first failed attempt; it doubles …
const BACKOFF_MIN: SignedDuration = SignedDuration::from_secs(1);
/// … up to this, which is also how long a refused message waits.
pub(super) const BACKOFF_MAX: SignedDuration = SignedDuration::from_hours(1);
/// Doublings that reach the longest wait.
const DOUBLINGS_MAX: u32 = 12;

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Outbox {
    /// The oldest first.
    pub(super) pending: Vec<Message>,
    /// By receiver and key, when it was last news.
    told: BTreeMap<String, BTreeMap<String, Timestamp>>,
}

/// One message to one receiver, in the words of the moment it became news.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) receiver: String,
    pub(super) key: String,
    pub(super) topic: String,
    pub(super) at: Timestamp,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) data: Value,
    attempts: u32,
    next_at: Timestamp,
    refused: bool,
}

impl Message {
    pub(super) fn new(receiver: &Receiver, fact: &Fact, at: Timestamp) -> Self {
        let Said { title, text } = said(fact, receiver.language);
        Self {
            receiver: receiver.name.clone(),
            key: fact.key(),
            topic: fact.topic().map_or("test", Topic::label).to_owned(),
            at,
            title,
            text,
            data: fact.data(),
            attempts: 0,
            next_at: at,
            refused: false,
        }
    }

    /// The same for the same news, in every process and for every receiver.
    pub(super) fn id(&self) -> String {
        id(&self.key)
    }

    fn is(&self, other: &Self) -> bool {
        self.receiver == other.receiver && self.key == other.key
    }

    /// When it is tried again; the wait is up to a quarter longer, so that many tollgates do not come
    /// back at one moment.
    fn retry_at(&self, now: Timestamp, at_least: SignedDuration) -> Timestamp {
        let doubled = BACKOFF_MIN.checked_mul(1 << self.attempts.min(DOUBLINGS_MAX));
        let wait = doubled.map_or(BACKOFF_MAX, |wait| wait.max(at_least).min(BACKOFF_MAX));
        let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let jitter = SignedDuration::from_millis(fastrand::i64(0..=millis / 4));
        now.saturating_add(wait.saturating_add(jitter))
            .unwrap_or(Timestamp::MAX)
    }
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// It could not be reached, or asked to be left alone for a while.
    Retried,
    /// It said no; it is asked again slowly.
    Refused,
    /// It was tried for three days.
    GivenUp,
    /// Too many waited, and it was the oldest.
    Dropped,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Delivered,
        Self::Retried,
        Self::Refused,
        Self::GivenUp,
        Self::Dropped,
    ];

    /// The label `outcome`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::Dropped => "dropped",
        }
    }
}

impl Outbox {
    /// What a receiver was told, and when it was last news.
    pub(super) fn told(&mut self, receiver: &str) -> &BTreeMap<String, Timestamp> {
        self.told.entry(receiver.to_owned()).or_default()
    }

    /// Puts a message in, unless this receiver was told it before; whether it did.
    pub(super) fn tell(&mut self, receiver: &Receiver, fact: &Fact, now: Timestamp) -> bool {
        let told = self.told.entry(receiver.name.clone()).or_default();
        if let Some(last) = told.get_mut(&fact.key()) {
            if now.duration_since(*last) >= NOTED_EVERY {
                *last = now;
            }
            return false;
        }
        forget(told, now);
        told.insert(fact.key(), now);
        self.pending.push(Message::new(receiver, fact, now));
        true
    }

    /// Drops the oldest messages beyond the bound; whom they were for.
    pub(super) fn make_room(&mut self) -> Vec<String> {
        let over = self.pending.len().saturating_sub(PENDING_MAX);
        let dropped = self.pending.drain(..over);
        dropped.map(|message| message.receiver).collect()
    }

    /// The oldest message of each receiver that may be tried now.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Message> {
        let mut seen = BTreeSet::new();
        let due = self.pending.iter().filter(|message| message.next_at <= now);
        due.filter(|message| seen.insert(&message.receiver))
            .cloned()
            .collect()
    }

    /// Drops what waits for receivers that are gone; whose it was.
    pub(super) fn keep_only(&mut self, links: &[Linked]) -> Vec<String> {
        let is_there = |name: &str| links.iter().any(|link| link.receiver.name == name);
        self.told.retain(|name, _| is_there(name));
        let gone = self
            .pending
            .extract_if(.., |message| !is_there(&message.receiver));
        gone.map(|message| message.receiver).collect()
    }

    /// Notes what an attempt came to.
    pub(super) fn note(&mut self, tried: &Message, answer: &Answer, now: Timestamp) -> Noted {
        let Some(place) = self.pending.iter().position(|message| message.is(tried)) else {
            return Noted::of(Outcome::Dropped);
        };
        let is_old = now.duration_since(tried.at) >= GIVE_UP_AFTER;
        let outcome = match answer {
            Answer::Delivered => Outcome::Delivered,
            _ if is_old => Outcome::GivenUp,
            Answer::Later { .. } => Outcome::Retried,
            Answer::Refused { .. } => Outcome::Refused,
        };
        if matches!(outcome, Outcome::Delivered | Outcome::GivenUp) {
            self.pending.remove(place);
            return Noted::of(outcome);
        }
        let Some(message) = self.pending.get_mut(place) else {
            return Noted::of(outcome);
        };
        let again = message.refused;
        let wait = match answer {
            Answer::Later { after, .. } => *after,
            Answer::Refused { .. } | Answer::Delivered => BACKOFF_MAX,
        };
        message.next_at = message.retry_at(now, wait);
        message.attempts = message.attempts.saturating_add(1);
        message.refused = outcome == Outcome::Refused;
        let until = message.next_at;
        if outcome == Outcome::Retried {
            // It is the receiver that cannot be reached: its other messages wait too.
            let others = self.pending.iter_mut();
            for other in others.filter(|other| other.receiver == tried.receiver) {
                other.next_at = other.next_at.max(until);
            }
        }
        Noted { outcome, again }
    }
}

/// What an attempt came to, and whether that was said in the log before.
pub(super) struct Noted {
    pub(super) outcome: Outcome,
    pub(super) again: bool,
}

impl Noted {
    const fn of(outcome: Outcome) -> Self {
        let again = false;
        Self { outcome, again }
    }
}

/// Forgets what is no longer news, and makes room for one more.
fn forget(told: &mut BTreeMap<String, Timestamp>, now: Timestamp) {
    told.retain(|_, last| now.duration_since(*last) < TOLD_KEPT);
    while told.len() >= TOLD_MAX {
        let oldest = told.iter().min_by_key(|(_, last)| **last);
        let Some(key) = oldest.map(|(key, _)| key.clone()) else {
            break;
        };
        told.remove(&key);
    }
}

/// How often something became of messages to a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The receiver's name.
    pub receiver: String,
    /// What became of them.
    pub outcome: Outcome,
    /// How often.
    pub times: u64,
}

/// The counts of this process; receivers come from configuration alone.
#[derive(Debug, Default)]
pub(super) struct Counts(BTreeMap<(String, Outcome), u64>);

impl Counts {
    pub(super) fn of(links: &[Linked]) -> Self {
        let mut counts = Self::default();
        counts.preset(links);
        counts
    }

    pub(super) fn preset(&mut self, links: &[Linked]) {
        for link in links {
            for outcome in Outcome::ALL {
                self.0
                    .entry((link.receiver.name.clone(), outcome))
                    .or_default();
            }
        }
    }

    /// Counts for a receiver that there is.
    pub(super) fn add(&mut self, receiver: &str, outcome: Outcome) {
        if let Some(times) = self.0.get_mut(&(receiver.to_owned(), outcome)) {
            *times = times.saturating_add(1);
        }
    }

    pub(super) fn all(&self) -> Vec<Count> {
        let counts = self.0.iter().map(|((receiver, outcome), times)| Count {
            receiver: receiver.clone(),
            outcome: *outcome,
            times: *times,
        });
        counts.collect()
    }
}
