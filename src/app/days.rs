//! The thread that closes days: beside the traffic, at the lowest priority, in its own time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use tracing::{debug, error, warn};

use super::now;
use crate::ledger::Ledger;

/// How long a day that could not be closed waits for the next try.
const RETRY: Duration = Duration::from_mins(10);
/// The longest nap: naps do not follow a clock that is set, days do. After each one files are looked at.
const NAP_MAX: Duration = Duration::from_secs(10);
/// The lowest priority there is: all else on the machine goes first.
const NICE: i32 = 19;

/// The running thread.
pub(super) struct Days {
    thread: JoinHandle<()>,
    ended: Arc<AtomicBool>,
}

impl Days {
    /// Starts it; it begins with the days that ended while nothing ran.
    pub(super) fn start(ledger: Arc<Ledger>) -> std::io::Result<Self> {
        let ended = Arc::<AtomicBool>::default();
        let seen = Arc::clone(&ended);
        let thread = std::thread::Builder::new().name("day-files".into());
        let thread = thread.spawn(move || {
            if let Err(error) = rustix::process::nice(NICE) {
                debug!(%error, "day files are written at the usual priority");
            }
            run(&ledger, &seen);
        })?;
        Ok(Self { thread, ended })
    }

    /// Ends it; a file that it writes at this moment is left for the next start.
    pub(super) fn finish(self) {
        self.ended.store(true, Ordering::Release);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            error!("the thread of the day files panicked; the journal has what it had not written");
        }
    }
}

fn run(ledger: &Ledger, ended: &AtomicBool) {
    let go_on = || !ended.load(Ordering::Acquire);
    let (mut looked, mut look_at) = (Timestamp::MIN, Timestamp::MIN);
    while go_on() {
        if let Some(nap) = left_until(look_at, looked, now()) {
            std::thread::park_timeout(nap.min(NAP_MAX));
            if let Err(error) = ledger.look_for_deleted() {
                let error: &dyn std::error::Error = &error;
                warn!(error, "whether files were deleted cannot be seen");
            }
            continue;
        }
        looked = now();
        look_at = match ledger.close_days(looked, &go_on) {
            Ok(closed) => closed.look_again,
            Err(error) => {
                let reason = error.reason();
                let error: &dyn std::error::Error = &error;
                error!(
                    error,
                    reason, "a day could not be closed; its calls stay in the journal"
                );
                now().checked_add(RETRY).unwrap_or(Timestamp::MAX)
            }
        };
    }
}

/// The time that is left until a moment; `None` once it has come, or where the clock is behind the last
/// look: it was ahead then, and so is what the look said.
fn left_until(at: Timestamp, looked: Timestamp, now: Timestamp) -> Option<Duration> {
    let left = Duration::try_from(at.duration_since(now)).ok()?;
    (!left.is_zero() && looked <= now).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(at: i64, looked: i64, now: i64, left: Option<u64>) {
        let [at, looked, now] = [at, looked, now].map(|it| Timestamp::from_second(it).unwrap());
        assert_eq!(left_until(at, looked, now), left.map(Duration::from_secs));
    }

    #[test]
    fn a_clock_that_went_back_is_looked_at_again_at_once() {
        check(100, 40, 60, Some(40));
        check(100, 40, 100, None);
        check(100, 40, 101, None);
        // Ten years ahead at the last look.
        check(400_000_000, 399_999_000, 60, None);
    }
}
