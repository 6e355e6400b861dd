//! How long a wait may last, at next to no cost while it does not.
//!
//! A timer is armed at the first wait and re-armed only when it fires: a stream of many short waits
//! touches the timer wheel once per limit, not once per chunk. A [`Spare`] carries the armed timer
//! on to the next wait of somebody else, so that short calls do not touch the wheel either.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// Measures waits against a limit.
pub(super) struct Patience {
    limit: Option<Duration>,
    since: Option<Instant>,
    timer: Option<Timer>,
    spare: Option<Spare>,
}

impl Patience {
    /// `None`: endless.
    pub(super) const fn new(limit: Option<Duration>) -> Self {
        Self {
            limit,
            since: None,
            timer: None,
            spare: None,
        }
    }

    /// The same with a timer from `spare`, which gets it back.
    pub(super) const fn with_spare(limit: Option<Duration>, spare: Spare) -> Self {
        Self {
            limit,
            since: None,
            timer: None,
            spare: Some(spare),
        }
    }

    /// The same timer with another limit, for a wait that begins anew.
    pub(super) fn limited_to(mut self, limit: Option<Duration>) -> Self {
        self.limit = limit;
        self.since = None;
        self
    }

    /// The wait is over; the next one starts anew.
    pub(super) fn progressed(&mut self) {
        self.since = None;
    }

    /// Call it while waiting. Ready when this wait has lasted the limit; else the task is woken then.
    pub(super) fn poll_exhausted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.limit.is_none() {
            return Poll::Pending;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        self.poll_exhausted_since(since, cx)
    }

    /// The same for a wait of which the caller knows since when it lasts.
    pub(super) fn poll_exhausted_since(
        &mut self,
        since: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        let deadline = since + limit;
        let spare = &self.spare;
        let armed = || {
            let spare = spare.as_ref().and_then(Spare::take);
            spare.unwrap_or_else(|| Timer::new(deadline))
        };
        self.timer.get_or_insert_with(armed).poll(deadline, cx)
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        if let (Some(spare), Some(timer)) = (&self.spare, self.timer.take()) {
            spare.put(timer);
        }
    }
}

/// Keeps one armed timer for whoever waits next; clones keep the same one.
#[derive(Clone, Default)]
pub(super) struct Spare(Arc<Mutex<Option<Timer>>>);

impl Spare {
    // Nobody waits for a timer that somebody else is just taking or bringing back.
    fn take(&self) -> Option<Timer> {
        self.0.try_lock().ok()?.take()
    }

    fn put(&self, timer: Timer) {
        if let Ok(mut kept) = self.0.try_lock() {
            *kept = Some(timer);
        }
    }
}

/// A timer that may be armed for an earlier moment than the one that is waited for.
struct Timer {
    sleep: Pin<Box<Sleep>>,
    wakes: Option<Waker>,
}

impl Timer {
    fn new(deadline: Instant) -> Self {
        Self {
            sleep: Box::pin(sleep_until(deadline)),
            wakes: None,
        }
    }

    /// Ready at the deadline; else the task is woken by then.
    fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.sleep.deadline() > deadline {
            self.sleep.as_mut().reset(deadline);
        } else if !self.sleep.is_elapsed() && self.wakes(cx.waker()) {
            return Poll::Pending;
        }
        // A task that has used up its budget would be told to come again, and not be registered.
        while pin!(unconstrained(self.sleep.as_mut())).poll(cx).is_ready() {
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(deadline);
        }
        if !self.wakes(cx.waker()) {
            self.wakes = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn wakes(&self, task: &Waker) -> bool {
        self.wakes
            .as_ref()
            .is_some_and(|waker| waker.will_wake(task))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::task::consume_budget;
    use tokio::time::{advance, timeout};

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const LIMIT: Option<Duration> = Some(seconds(100));

    async fn begin_to_wait(patience: &mut Patience) {
        let polled = poll_fn(|cx| Poll::Ready(patience.poll_exhausted(cx))).await;
        assert!(polled.is_pending());
    }

    /// The wait that goes on now is over after so many seconds; nothing else wakes it.
    async fn check(patience: &mut Patience, left: u64) {
        let start = Instant::now();
        let exhausted = poll_fn(|cx| patience.poll_exhausted(cx));
        timeout(seconds(10_000), exhausted).await.unwrap();
        assert_eq!(start.elapsed(), seconds(left));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_lasts_its_limit() {
        check(&mut Patience::new(LIMIT), 100).await;
        let endless = &mut Patience::new(None);
        begin_to_wait(endless).await;
        advance(seconds(1_000_000)).await;
        begin_to_wait(endless).await;
    }

    #[tokio::test(start_paused = true)]
    async fn progress_just_before_the_limit_starts_the_wait_anew() {
        let mut patience = Patience::new(LIMIT);
        for _ in 0..3 {
            begin_to_wait(&mut patience).await;
            advance(seconds(99)).await;
            begin_to_wait(&mut patience).await;
            patience.progressed();
        }
        check(&mut patience, 100).await;
    }

    #[tokio::test(start_paused = true)]
    async fn another_task_is_woken_that_waits_with_the_same_timer() {
        let mut patience = Patience::new(LIMIT);
        let mut nobody = Context::from_waker(Waker::noop());
        assert!(patience.poll_exhausted(&mut nobody).is_pending());
        advance(seconds(40)).await;
        check(&mut patience, 60).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_without_budget_is_woken_too() {
        let mut patience = Patience::new(LIMIT);
        let polled = poll_fn(|cx| {
            while pin!(consume_budget()).poll(cx).is_ready() {}
            Poll::Ready(patience.poll_exhausted(cx))
        });
        assert!(polled.await.is_pending());
        check(&mut patience, 100).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_spare_timer_does_not_shift_the_next_wait() {
        for (pause, limit) in [(30, 100), (30, 10), (500, 100), (500, 10)] {
            let spare = Spare::default();
            let mut first = Patience::with_spare(LIMIT, spare.clone());
            begin_to_wait(&mut first).await;
            drop(first);
            let kept = spare.take().unwrap();
            spare.put(kept);
            advance(seconds(pause)).await;
            let mut next = Patience::with_spare(Some(seconds(limit)), spare.clone());
            begin_to_wait(&mut next).await;
            assert!(spare.take().is_none(), "it was taken");
            check(&mut next, limit).await;
            check(&mut next.limited_to(LIMIT), 100).await;
        }
    }
}
