//! Closes minutes until the end: notes that tollgate is up, and lets the verdict look.
//!
//! Noting waits for nothing, so neither a slow disk nor a long pass loses a minute. A note is of its own
//! moment only: a process or machine that was stopped has none of the minutes in between.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::now;
use super::shared::Shared;

/// How often it is noted that tollgate is up, and the verdict asked whether a minute has closed.
const TICK: Duration = Duration::from_secs(5);
/// Minutes that wait to be written: a day of a disk that hangs. The oldest are kept.
const WAITING_MAX: usize = 1_440;

/// Notes and looks until the end.
pub(super) async fn tick(shared: Arc<Shared>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TICK);
    // Ticks that were missed were not seen.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = Looks::new(move |up| shared.tick(&up, now()));
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => looks.look(now()).await,
        }
    }
    looks.end().await;
}

/// One look after the other, and what is noted meanwhile.
struct Looks<L> {
    up: MinutesUp,
    look: Arc<L>,
    running: Option<JoinHandle<Vec<Timestamp>>>,
}

impl<L: Fn(Vec<Timestamp>) -> Vec<Timestamp> + Send + Sync + 'static> Looks<L> {
    /// `look` is given what was noted, and gives back what it could not write.
    fn new(look: L) -> Self {
        Self {
            up: MinutesUp::default(),
            look: Arc::new(look),
            running: None,
        }
    }

    /// Notes a moment, and has a look unless the last one still runs.
    async fn look(&mut self, at: Timestamp) {
        self.up.note(at);
        if self.running.as_ref().is_some_and(|run| !run.is_finished()) {
            return;
        }
        self.end().await;
        let (look, up) = (Arc::clone(&self.look), self.up.take());
        // A pass takes a while and the ledger may wait for the disk: not on an event loop.
        self.running = Some(tokio::task::spawn_blocking(move || look(up)));
    }

    /// Lets the last look end.
    async fn end(&mut self) {
        let Some(run) = self.running.take() else {
            return;
        };
        match run.await {
            Ok(unwritten) => self.up.put_back(unwritten),
            Err(panic) => error!(%panic, "the verdict's pass panicked; the last verdict stays"),
        }
    }
}

/// A moment of each minute in which tollgate was up, until it is written.
#[derive(Debug, Default)]
struct MinutesUp {
    waiting: Vec<Timestamp>,
}

impl MinutesUp {
    fn note(&mut self, at: Timestamp) {
        let is_known = |last: &Timestamp| minute(*last) == minute(at);
        if self.waiting.len() < WAITING_MAX && !self.waiting.last().is_some_and(is_known) {
            self.waiting.push(at);
        }
    }

    fn take(&mut self) -> Vec<Timestamp> {
        std::mem::take(&mut self.waiting)
    }

    /// They are older than what was noted since.
    fn put_back(&mut self, mut unwritten: Vec<Timestamp>) {
        unwritten.append(&mut self.waiting);
        unwritten.truncate(WAITING_MAX);
        self.waiting = unwritten;
    }
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn a_look_that_hangs_loses_no_minute() {
        let (release, held) = std::sync::mpsc::sync_channel::<()>(0);
        let (held, seen) = (Mutex::new(held), Arc::new(Mutex::new(Vec::new())));
        let told = Arc::clone(&seen);
        let mut looks = Looks::new(move |mut up: Vec<Timestamp>| {
            held.lock().unwrap().recv().unwrap();
            // The ledger takes all but the last.
            let last = up.split_off(up.len() - 1);
            told.lock().unwrap().append(&mut up);
            last
        });
        for second in [0, 60, 120] {
            looks.look(at(second)).await;
        }
        release.send(()).unwrap();
        looks.end().await;
        looks.look(at(180)).await;
        release.send(()).unwrap();
        looks.end().await;
        assert_eq!(*seen.lock().unwrap(), [at(0), at(60), at(120)]);
        assert_eq!(looks.up.take(), [at(180)]);
    }

    #[test]
    fn a_minute_is_noted_once_and_waits_until_it_is_written() {
        let mut up = MinutesUp::default();
        for second in [0, 5, 59, 60, 65] {
            up.note(at(second));
        }
        let unwritten = up.take();
        assert_eq!(unwritten, [at(0), at(60)]);
        up.note(at(120));
        up.put_back(unwritten);
        assert_eq!(up.take(), [at(0), at(60), at(120)]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut up = MinutesUp::default();
        for minute in 0..2_000 {
            up.note(at(minute * 60));
        }
        up.put_back(vec![at(-60)]);
        let waiting = up.take();
        assert_eq!((waiting.len(), waiting[0]), (WAITING_MAX, at(-60)));
    }
}
