//! Time finer than the runtime's, whose timers tick once a millisecond: a clock that both ends of
//! the rig read alike, and a beat.

use std::os::fd::OwnedFd;
use std::time::Duration;

use anyhow::Result;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Interval, MissedTickBehavior};

/// From here on a millisecond more or less is no matter, and a file descriptor a stream is.
const COARSE: Duration = Duration::from_millis(50);

/// Nanoseconds of the monotonic clock, which all processes of a machine share.
pub(crate) fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let part = |part: i64| u64::try_from(part).unwrap_or(0);
    part(now.tv_sec) * 1_000_000_000 + part(now.tv_nsec)
}

#[expect(
    deprecated,
    reason = "its successor is unsafe; what that is about, a file that is another later, an owned one is not"
)]
fn watched(timer: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(timer, Interest::READABLE)
}

/// Something that comes round after each gap.
pub(crate) enum Beat {
    Fine(AsyncFd<OwnedFd>),
    Coarse(Interval),
}

impl Beat {
    /// The first comes after one gap.
    pub(crate) fn each(gap: Duration) -> Result<Self> {
        if gap >= COARSE {
            let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + gap, gap);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            return Ok(Self::Coarse(interval));
        }
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let gap = Timespec {
            tv_sec: 0,
            tv_nsec: gap.subsec_nanos().max(1).into(),
        };
        let spec = Itimerspec {
            it_interval: gap,
            it_value: gap,
        };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &spec)?;
        Ok(Self::Fine(watched(timer)?))
    }

    /// Waits, and says how many beats came since the last answer.
    pub(crate) async fn next(&mut self) -> Result<u64> {
        match self {
            Self::Coarse(interval) => {
                interval.tick().await;
                Ok(1)
            }
            Self::Fine(timer) => {
                let read = |timer: &OwnedFd| {
                    let mut count = [0; 8];
                    rustix::io::read(timer, &mut count)?;
                    Ok(u64::from_ne_bytes(count))
                };
                Ok(timer.async_io(Interest::READABLE, read).await?)
            }
        }
    }
}
