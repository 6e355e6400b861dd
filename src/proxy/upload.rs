//! When a request's body last moved: an upstream is not late while its client still sends.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::patience::Patience;
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
    pub(super) fn begin(began: Instant) -> Self {
        Self {
            began,
            progress: Arc::default(),
        }
    }

    /// That of a request which is here whole.
    pub(super) fn whole(began: Instant) -> Self {
        let upload = Self::begin(began);
        upload.progress.ended.store(true, Ordering::Relaxed);
        upload
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

    /// Waits for the answer until `patience` has lasted since the last bytes of the request went on;
    /// `None` then.
    pub(super) async fn answered<F: Future>(
        &self,
        patience: &mut Patience,
        answer: F,
    ) -> Option<F::Output> {
        let mut answer = pin!(answer);
        poll_fn(|cx| match answer.as_mut().poll(cx) {
            Poll::Ready(answered) => Poll::Ready(Some(answered)),
            Poll::Pending => patience
                .poll_exhausted_since(self.last_moved(), cx)
                .map(|()| None),
        })
        .await
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

    fn patience() -> Patience {
        Patience::new(Some(LIMIT))
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_waited_for_as_long_as_the_request_moves() {
        let upload = Upload::begin(Instant::now());
        let sending = async {
            for _ in 0..3 {
                sleep(LIMIT * 9 / 10).await;
                upload.move_on();
            }
        };
        let patience = &mut patience();
        let (answer, ()) = tokio::join!(upload.answered(patience, pending::<()>()), sending);
        assert_eq!(answer, None);
        assert_eq!(upload.began.elapsed(), LIMIT * 27 / 10 + LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_stands_still_is_waited_for_once() {
        let upload = Upload::begin(Instant::now());
        let answer = upload.answered(&mut patience(), pending::<()>()).await;
        assert_eq!(answer, None);
        assert_eq!(upload.began.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_ends_the_wait() {
        let upload = Upload::begin(Instant::now());
        let answer = async {
            sleep(LIMIT / 2).await;
            7
        };
        assert_eq!(upload.answered(&mut patience(), answer).await, Some(7));
        let endless = &mut Patience::new(None);
        assert_eq!(upload.answered(endless, async { 8 }).await, Some(8));
    }
}
