//! A question on its way: whatever becomes of it is counted, and once.

use std::sync::Arc;

use crate::metrics::UsageAsked;
use crate::proxy::UpstreamCounters;

/// What an upstream was asked in its client's place. Dropped unanswered, it was that.
pub(super) struct Question {
    counters: Arc<dyn UpstreamCounters>,
    outcome: UsageAsked,
}

impl Question {
    pub(super) fn new(counters: &Arc<dyn UpstreamCounters>) -> Self {
        Self {
            counters: Arc::clone(counters),
            outcome: UsageAsked::Unanswered,
        }
    }

    /// This came of it.
    pub(super) fn came_to(mut self, outcome: UsageAsked) {
        self.outcome = outcome;
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.counters.usage_asked(self.outcome);
    }
}
