//! When a request's body last moved: an upstream is not late while its client still sends.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::call::StreamEnd;
use crate::meter::RequestObserver;
use crate::tee::{Hold, Observer};

/// The moment at which the last bytes of a request went on; clones tell the same one.
#[derive(Clone)]
pub(super) struct Upload {
    began: Instant,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    moved_ms: AtomicU64,
    ended: AtomicBool,
}

impl Upload {
    pub(super) fn begin() -> Self {
        Self {
            began: Instant::now(),
            progress: Arc::default(),
        }
    }

    fn move_on(&self) {
        let moved = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.progress.moved_ms.store(moved, Ordering::Relaxed);
    }

    /// Whether all of the request has gone on.
    pub(super) fn has_ended(&self) -> bool {
        self.progress.ended.load(Ordering::Relaxed)
    }

    fn last_moved(&self) -> Instant {
        self.began + Duration::from_millis(self.progress.moved_ms.load(Ordering::Relaxed))
    }

    /// Waits for the answer until `limit` has passed since the last bytes of the request went on;
    /// `None` then. Without a limit it waits for ever.
    pub(super) async fn answered<F: Future>(
        &self,
        limit: Option<Duration>,
        answer: F,
    ) -> Option<F::Output> {
        let Some(limit) = limit else {
            return Some(answer.await);
        };
        let mut answer = pin!(answer);
        loop {
            let deadline = self.last_moved() + limit;
            if let Ok(answered) = timeout_at(deadline, answer.as_mut()).await {
                return Some(answered);
            }
            if self.last_moved() + limit <= Instant::now() {
                return None;
            }
        }
    }
}

/// Watches a request's body for the meter, if there is one, and for the upload.
pub(super) struct UploadObserver {
    pub(super) upload: Upload,
    pub(super) meter: Option<RequestObserver>,
}

impl Observer for UploadObserver {
    fn on_data(&mut self, data: &Bytes) -> Option<Hold> {
        self.upload.move_on();
        self.meter.on_data(data)
    }

    fn on_end(self, end: StreamEnd) -> Option<Hold> {
        self.upload.progress.ended.store(true, Ordering::Relaxed);
        self.meter.on_end(end)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_waited_for_as_long_as_the_request_moves() {
        let upload = Upload::begin();
        let sending = async {
            for _ in 0..3 {
                sleep(LIMIT * 9 / 10).await;
                upload.move_on();
            }
        };
        let (answer, ()) = tokio::join!(upload.answered(Some(LIMIT), pending::<()>()), sending);
        assert_eq!(answer, None);
        assert_eq!(upload.began.elapsed(), LIMIT * 27 / 10 + LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_stands_still_is_waited_for_once() {
        let upload = Upload::begin();
        assert_eq!(upload.answered(Some(LIMIT), pending::<()>()).await, None);
        assert_eq!(upload.began.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_ends_the_wait() {
        let upload = Upload::begin();
        let answer = async {
            sleep(LIMIT / 2).await;
            7
        };
        assert_eq!(upload.answered(Some(LIMIT), answer).await, Some(7));
        assert_eq!(upload.answered(None, async { 8 }).await, Some(8));
    }
}
