//! How much of all requests together may be held.

use std::sync::Arc;

use http_body::SizeHint;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes, as many as text that is kept to be counted may take: 64 of the longest requests that are
/// asked for their usage, ten of the longest that are signed, or thousands of usual ones. What finds
/// no room is not asked, and not signed.
const HELD_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The room there is. One a proxy.
pub(super) struct Holding(Arc<Semaphore>);

/// A request's part of it, given back when it is dropped.
pub(super) struct Room {
    /// Bytes of the request that may be held.
    pub(super) bytes_max: usize,
    _room: Option<OwnedSemaphorePermit>,
}

impl Default for Holding {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(HELD_BYTES_MAX)))
    }
}

impl Holding {
    /// Room for a request of this size, up to so many bytes; for none where there is no more room.
    ///
    /// One that does not say how long it is may come to the limit, and takes that.
    pub(super) fn take(&self, size: &SizeHint, bytes_max: usize) -> Room {
        let said = size
            .upper()
            .map_or(Some(bytes_max), |size| size.try_into().ok());
        let bytes = said.filter(|bytes| *bytes <= bytes_max);
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        let room = bytes.and_then(|bytes| Arc::clone(&self.0).try_acquire_many_owned(bytes).ok());
        Room {
            bytes_max: room.as_ref().map_or(0, |_| bytes_max),
            _room: room,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_finds_no_room_is_not_held_and_room_comes_back() {
        let holding = Holding::default();
        let too_long = holding.take(&SizeHint::with_exact(5), 4);
        assert_eq!(too_long.bytes_max, 0);
        let all = holding.take(&SizeHint::default(), HELD_BYTES_MAX);
        assert_eq!(all.bytes_max, HELD_BYTES_MAX);
        let take = || holding.take(&SizeHint::with_exact(1), 4).bytes_max;
        assert_eq!(take(), 0);
        drop(all);
        assert_eq!(take(), 4);
    }
}
