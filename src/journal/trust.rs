//! Whether the disk answers at once, as it nearly always does: then a client's own thread may write.
//!
//! Who is slow once is asked for so many quick writes, on the journal's own thread, before another
//! client's thread may be the one that waits; who is slow again soon, for twice as many. A thread
//! that was preempted looks the same, and is forgiven as fast as it writes well again.

use std::time::Duration;

/// Quick writes asked for after one slow write.
const ASKED_MIN: u32 = 32;
/// And after any number of them.
const ASKED_MAX: u32 = 4_096;

#[derive(Debug)]
pub(super) struct Trust {
    quick_max: Duration,
    /// Quick writes still to be seen.
    owed: u32,
    /// What the last slow write asked for, less what was written well since.
    asked: u32,
}

impl Trust {
    pub(super) const fn new(quick_max: Duration) -> Self {
        Self {
            quick_max,
            owed: 0,
            asked: 0,
        }
    }

    pub(super) const fn given(&self) -> bool {
        self.owed == 0
    }

    /// A write took so long. True: it was a slow one.
    pub(super) fn saw(&mut self, took: Duration) -> bool {
        if took > self.quick_max {
            self.asked = self.asked.saturating_mul(2).clamp(ASKED_MIN, ASKED_MAX);
            self.owed = self.asked;
            return true;
        }
        if self.given() {
            self.asked = self.asked.saturating_sub(1);
        }
        self.owed = self.owed.saturating_sub(1);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(1);
    const SLOW: Duration = Duration::from_micros(1_001);

    /// One slow write, and how many quick ones it takes to be trusted again.
    fn asked(trust: &mut Trust) -> u32 {
        assert!(trust.saw(SLOW));
        let mut quick = 0;
        while !trust.given() {
            assert!(!trust.saw(QUICK));
            quick += 1;
        }
        quick
    }

    #[test]
    fn who_is_slow_again_is_asked_for_more_up_to_a_bound() {
        let mut trust = Trust::new(QUICK);
        assert!(trust.given());
        let each: Vec<u32> = (0..10).map(|_| asked(&mut trust)).collect();
        assert_eq!(each, [32, 64, 128, 256, 512, 1024, 2048, 4096, 4096, 4096]);
    }

    #[test]
    fn what_is_written_well_forgives() {
        let mut trust = Trust::new(QUICK);
        assert_eq!((asked(&mut trust), asked(&mut trust)), (32, 64));
        for _ in 0..60 {
            trust.saw(QUICK);
        }
        assert_eq!(asked(&mut trust), 32);
    }
}
