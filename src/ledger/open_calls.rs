//! Calls that began and have not ended, by the number of their first frame.

use std::collections::{BTreeMap, HashMap};

use crate::call::CallId;

/// What a start has to look at again: everything from the first of these on.
#[derive(Debug, Default)]
pub(super) struct OpenCalls {
    by_seq: BTreeMap<u64, CallId>,
    by_id: HashMap<CallId, u64>,
}

impl OpenCalls {
    pub(super) fn begin(&mut self, seq: u64, id: CallId) {
        if let Some(earlier) = self.by_id.insert(id, seq) {
            self.by_seq.remove(&earlier);
        }
        self.by_seq.insert(seq, id);
    }

    pub(super) fn end(&mut self, id: CallId) {
        if let Some(seq) = self.by_id.remove(&id) {
            self.by_seq.remove(&seq);
        }
    }

    /// The first frame of the oldest open call.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.by_seq.keys().next().copied()
    }
}
