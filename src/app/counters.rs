//! What proxy and meter count, as metrics.

use std::sync::Arc;
use std::time::Duration;

use crate::meter::{ConfirmHook, Confirmed};
use crate::metrics::{Gate, LateEnd, Metrics, Stage, Unmetered, UsageAsked};
use crate::proxy::{Counters, UpstreamCounters};

/// The metrics as the proxy's counters.
pub(super) struct Measured(pub(super) Metrics);

impl Counters for Measured {
    fn upstream(&self, name: &str) -> Arc<dyn UpstreamCounters> {
        Arc::new(MeasuredUpstream(self.0.gate(name)))
    }

    fn handed_on(&self, after: Duration) {
        self.0.overhead(Stage::Request, after);
    }

    fn answered_by_us(&self, reason: &'static str) {
        self.0.answered_by_us(reason);
    }
}

/// One upstream's part of them.
struct MeasuredUpstream(Arc<Gate>);

impl UpstreamCounters for MeasuredUpstream {
    fn begun(&self) {
        self.0.entered();
    }

    fn ended(&self) {
        self.0.left();
    }

    fn unmetered(&self) {
        self.0.unmetered(Unmetered::LedgerBehind);
    }

    fn usage_asked(&self, outcome: UsageAsked) {
        self.0.usage_asked(outcome);
    }

    fn overlong_event(&self) {
        self.0.overlong_event();
    }
}

/// Counts what the last frames of calls found when they waited for their records.
pub(super) fn confirmed(metrics: Metrics) -> ConfirmHook {
    Box::new(move |upstream, confirmed, waited| {
        metrics.overhead(Stage::Confirm, waited);
        match confirmed {
            Confirmed::Written => {}
            Confirmed::Late => metrics.late_end(upstream, LateEnd::AckTimeout),
            Confirmed::Refused => metrics.late_end(upstream, LateEnd::JournalFailed),
            Confirmed::Lost => metrics.gate(upstream).unmetered(Unmetered::JournalFailed),
        }
    })
}
