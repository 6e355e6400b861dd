//! What is counted on a call's own path: atomics, apart from the lock a scrape holds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::histogram::{OVERHEAD_US, SharedHistogram};

/// Why a call passed without being metered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmetered {
    /// Ledger or journal were so far behind that no place was left in their queue.
    LedgerBehind,
    /// The journal did not take its record.
    JournalFailed,
}

impl Unmetered {
    const ALL: [Self; 2] = [Self::LedgerBehind, Self::JournalFailed];

    /// The label `reason`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::LedgerBehind => "ledger_behind",
            Self::JournalFailed => "journal_failed",
        }
    }
}

/// Why the last bytes of an answer did not wait for the ledger any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateEnd {
    /// The journal had not confirmed within the time a frame may wait.
    AckTimeout,
    /// The journal said that it failed.
    JournalFailed,
}

impl LateEnd {
    const ALL: [Self; 2] = [Self::AckTimeout, Self::JournalFailed];

    /// The label `reason`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::AckTimeout => "ack_timeout",
            Self::JournalFailed => "journal_failed",
        }
    }
}

/// What came of asking for the usage of a stream whose client did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageAsked {
    /// The upstream was asked, and took it.
    Injected,
    /// The upstream refused the question; the call went again without.
    Refused,
    /// It was not asked again, because it has refused before.
    Remembered,
    /// The body was longer than may be held.
    TooLarge,
    /// The body can be meant in two ways.
    InDoubt,
    /// The upstream compressed the answer though it was asked not to: the client sees the usage.
    Compressed,
    /// The request's headers vouch for its body: changed, it would be refused.
    Signed,
    /// The upstream was asked, and no answer was heard, or not all of one that may have refused.
    Unanswered,
}

impl UsageAsked {
    const ALL: [Self; 8] = [
        Self::Injected,
        Self::Refused,
        Self::Remembered,
        Self::TooLarge,
        Self::InDoubt,
        Self::Compressed,
        Self::Signed,
        Self::Unanswered,
    ];

    /// The label `outcome`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Injected => "injected",
            Self::Refused => "refused",
            Self::Remembered => "remembered",
            Self::TooLarge => "too_large",
            Self::InDoubt => "in_doubt",
            Self::Compressed => "compressed",
            Self::Signed => "signed",
            Self::Unanswered => "unanswered",
        }
    }
}

/// Where the proxy spends time of its own on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From the request's head to the request handed to its upstream's client.
    Request,
    /// The wait of the last frame for the journal.
    Confirm,
}

/// What the stages took, all calls together.
#[derive(Debug)]
pub(super) struct Overhead {
    pub(super) request: SharedHistogram,
    pub(super) confirm: SharedHistogram,
}

impl Default for Overhead {
    fn default() -> Self {
        Self {
            request: SharedHistogram::new(&OVERHEAD_US),
            confirm: SharedHistogram::new(&OVERHEAD_US),
        }
    }
}

impl Overhead {
    pub(super) fn observe(&self, stage: Stage, took_us: u64) {
        match stage {
            Stage::Request => self.request.observe(took_us),
            Stage::Confirm => self.confirm.observe(took_us),
        }
    }
}

/// The counters of one upstream's path: what the proxy counts while calls pass.
#[derive(Debug, Default)]
pub struct Gate {
    in_flight: AtomicU64,
    unmetered: [AtomicU64; Unmetered::ALL.len()],
    late_ends: [AtomicU64; LateEnd::ALL.len()],
    usage_asked: [AtomicU64; UsageAsked::ALL.len()],
    overlong_events: AtomicU64,
}

impl Gate {
    /// A call is in flight from now on, until [`Gate::left`].
    pub fn entered(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A call that entered is not in flight any more.
    pub fn left(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts a call that passes without being metered.
    pub fn unmetered(&self, reason: Unmetered) {
        let kinds = Unmetered::ALL.iter().zip(&self.unmetered);
        for (_, count) in kinds.filter(|(kind, _)| **kind == reason) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts what came of asking for a stream's usage.
    pub fn usage_asked(&self, outcome: UsageAsked) {
        let kinds = UsageAsked::ALL.iter().zip(&self.usage_asked);
        for (_, count) in kinds.filter(|(kind, _)| **kind == outcome) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts an event that went on because it was too long to be held.
    pub fn overlong_event(&self) {
        self.overlong_events.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn overlong_events(&self) -> u64 {
        self.overlong_events.load(Ordering::Relaxed)
    }

    pub(super) fn usages_asked(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self
            .usage_asked
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let labels = UsageAsked::ALL.map(UsageAsked::label);
        labels.into_iter().zip(counts)
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn unmetered_calls(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self
            .unmetered
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        Unmetered::ALL.map(Unmetered::label).into_iter().zip(counts)
    }

    pub(super) fn late_ends(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self
            .late_ends
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        LateEnd::ALL.map(LateEnd::label).into_iter().zip(counts)
    }

    pub(super) fn count_late_end(&self, reason: LateEnd) {
        let kinds = LateEnd::ALL.iter().zip(&self.late_ends);
        for (_, count) in kinds.filter(|(kind, _)| **kind == reason) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The gates of all upstreams. Their names come from configuration alone, so they are few.
#[derive(Debug, Default)]
pub(super) struct Gates(RwLock<BTreeMap<Arc<str>, Arc<Gate>>>);

impl Gates {
    /// The gate of an upstream; made at its first use.
    pub(super) fn gate(&self, upstream: &str) -> Arc<Gate> {
        let known = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(upstream)
            .cloned();
        known.unwrap_or_else(|| {
            let mut gates = self.0.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(gates.entry(upstream.into()).or_default())
        })
    }

    /// All gates by name.
    pub(super) fn all(&self) -> Vec<(Arc<str>, Arc<Gate>)> {
        let gates = self.0.read().unwrap_or_else(PoisonError::into_inner);
        gates
            .iter()
            .map(|(name, gate)| (Arc::clone(name), Arc::clone(gate)))
            .collect()
    }
}
