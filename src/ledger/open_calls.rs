//! Calls that began and have not ended, by the number of their first frame.
//!
//! Each call passes here twice, and all that is asked is where the oldest one began. So numbers are
//! kept in groups, and the answer may be up to a group too early: a start reads a little more.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::call::CallId;

/// Frames that are told apart no further.
const GROUP_FRAMES: u64 = 64;

/// What a start has to look at again: everything from the first of these on.
#[derive(Debug, Default)]
pub(super) struct OpenCalls {
    by_id: HashMap<CallId, u64, BuildHasherDefault<IdHasher>>,
    /// How many calls of a group of numbers are open; groups without one are not kept.
    groups: BTreeMap<u64, usize>,
}

impl OpenCalls {
    pub(super) fn begin(&mut self, seq: u64, id: CallId) {
        let group = seq / GROUP_FRAMES;
        let open = self.groups.entry(group).or_default();
        *open = open.saturating_add(1);
        if let Some(earlier) = self.by_id.insert(id, group) {
            self.leave(earlier);
        }
    }

    pub(super) fn end(&mut self, id: CallId) {
        if let Some(group) = self.by_id.remove(&id) {
            self.leave(group);
        }
    }

    /// A frame at or before the first one of the oldest open call.
    pub(super) fn oldest(&self) -> Option<u64> {
        let (group, _) = self.groups.first_key_value()?;
        Some(group.saturating_mul(GROUP_FRAMES).max(1))
    }

    fn leave(&mut self, group: u64) {
        let Some(open) = self.groups.get_mut(&group) else {
            return;
        };
        *open = open.saturating_sub(1);
        if *open == 0 {
            self.groups.remove(&group);
        }
    }
}

/// The random end of a call's id is its hash: ids are made here, so nobody can choose them.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(random) = bytes.last_chunk() {
            // Big-endian: the two bits that are the same in every id are not among the lowest.
            self.0 = u64::from_be_bytes(*random);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_open_call_is_never_behind_the_frame_that_is_named() {
        let id = |n: u64| CallId(uuid::Uuid::from_u64_pair(7, n));
        let mut open = OpenCalls::default();
        assert_eq!(open.oldest(), None);
        for seq in [5, 63, 64, 400] {
            open.begin(seq, id(seq));
        }
        // The same call once more: where it began now is what counts.
        open.begin(500, id(5));
        for (ended, oldest) in [
            (0, Some(1)),
            (63, Some(64)),
            (63, Some(64)),
            (64, Some(384)),
            (400, Some(448)),
            (5, None),
        ] {
            open.end(id(ended));
            assert_eq!(open.oldest(), oldest, "after the end of {ended}");
        }
    }
}
