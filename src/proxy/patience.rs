//! How long a wait may last, at next to no cost while it does not.
//!
//! A timer is armed at the first wait and re-armed only when it fires: a stream of many short waits
//! touches the timer wheel once per limit, not once per chunk.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Measures waits against a limit.
pub(super) struct Patience {
    limit: Option<Duration>,
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// `None`: endless.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self {
            limit,
            since: None,
            timer: None,
        }
    }

    /// The wait is over; the next one starts anew.
    pub(super) fn progressed(&mut self) {
        self.since = None;
    }

    /// Call it while waiting. Ready when this wait has lasted the limit; else the task is woken then.
    pub(super) fn poll_exhausted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        let deadline = *self.since.get_or_insert_with(Instant::now) + limit;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            ready!(timer.as_mut().poll(cx));
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            // It was armed for an earlier wait.
            timer.as_mut().reset(deadline);
        }
    }
}
