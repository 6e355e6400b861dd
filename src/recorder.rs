//! Takes closed calls off the path: to the ledger first, to metrics and verdict after.
//!
//! One plain thread, fed by the journal in sequence. The queue is bounded by the places the meter
//! gives out; a call's place is free again when the ledger has it. While the ledger cannot be
//! written the batch is kept and tried again, so nothing is skipped and the front door decides.

mod counter;
mod lessons;
mod sides;
mod tokenizers;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use tracing::{error, info};

use crate::ledger::{self, Ledger, LedgerError};
use crate::meter::Entry;
use crate::metrics::Metrics;
use crate::verdict::Verdict;

pub use counter::{Audit, Counter};
pub use tokenizers::Tokenizers;

/// Frames the ledger takes in one go. It splits them by the keys they change, and calls of one
/// minute share their keys: a batch is mostly one commit, and one wait for the disk.
const BATCH_RECORDS_MAX: usize = 4_096;
/// How long a batch gathers: one commit and one disk sync serve all that came. Nothing is at stake
/// meanwhile, the rows are in the journal; a page or a scrape may be so much behind.
const GATHER: Duration = Duration::from_millis(100);
/// The first wait after a failed write; it doubles up to [`RETRY_MAX`].
const RETRY_MIN: Duration = Duration::from_millis(50);
/// The longest wait between two tries.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Where closed calls go.
#[derive(Clone)]
pub struct Sinks {
    /// The durable totals.
    pub ledger: Arc<Ledger>,
    /// What Prometheus reads.
    pub metrics: Metrics,
    /// The live demand.
    pub verdict: Arc<ArcSwap<Verdict>>,
    /// Held while the verdict looks at closed minutes and what is new of it is told. Who swaps the
    /// verdict takes it too, and before `batch`.
    pub look: Arc<Mutex<()>>,
    /// Held while a batch goes into ledger and verdict. Who swaps the verdict holds it too, so that
    /// a call in both is in the new one exactly once.
    pub batch: Arc<Mutex<()>>,
}

/// The thread that carries closed calls on.
#[derive(Debug)]
pub struct Recorder {
    thread: JoinHandle<()>,
    pulse: Pulse,
}

/// Tells whether the recorder still runs.
#[derive(Clone, Debug)]
pub struct Pulse(Weak<()>);

impl Pulse {
    /// False once the thread has ended, by a panic too: calls stay in the journal then.
    #[must_use]
    pub fn beats(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// A frame's companion and its sequence number in the journal.
pub type Sequenced = (u64, Entry);

/// The journal's end of the recorder's queue.
///
/// Each place has its `Begin` and its `End` at most, so the queue has room. What has none all the
/// same (calls of an earlier process, on top) waits here in its order: a call that were left out
/// would be behind the watermark as soon as the next one is counted, and missing for ever.
#[derive(Debug)]
pub struct Queue {
    queue: mpsc::Sender<Sequenced>,
    waiting: VecDeque<Sequenced>,
}

impl Queue {
    /// The queue that `Recorder` reads.
    #[must_use]
    pub const fn new(queue: mpsc::Sender<Sequenced>) -> Self {
        let waiting = VecDeque::new();
        Self { queue, waiting }
    }

    /// Hands an entry on, in sequence and without waiting.
    pub fn send(&mut self, seq: u64, entry: Entry) {
        self.waiting.push_back((seq, entry));
        while let Ok(place) = self.queue.try_reserve() {
            let Some(next) = self.waiting.pop_front() else {
                return;
            };
            place.send(next);
        }
        if self.queue.is_closed() {
            error!(
                seq,
                "the recorder has ended; the next start counts this call"
            );
            self.waiting.clear();
        }
    }
}

impl Recorder {
    /// Starts the thread; it ends when the journal lets go of the queue's other end.
    ///
    /// # Errors
    /// The operating system's, when it gives no thread.
    pub fn start(queue: mpsc::Receiver<Sequenced>, sinks: Sinks) -> std::io::Result<Self> {
        let alive = Arc::new(());
        let pulse = Pulse(Arc::downgrade(&alive));
        let thread = std::thread::Builder::new().name("recorder".into());
        let thread = thread.spawn(move || {
            run(queue, &sinks);
            drop(alive);
        })?;
        Ok(Self { thread, pulse })
    }

    /// Whether it still runs, for who has to say so.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Waits until everything that was closed is in the ledger.
    pub fn finish(self) {
        if self.thread.join().is_err() {
            error!("the recorder panicked; the journal has what it had not carried on");
        }
    }
}

fn run(mut queue: mpsc::Receiver<Sequenced>, sinks: &Sinks) {
    let mut batch: Vec<Sequenced> = Vec::with_capacity(BATCH_RECORDS_MAX);
    while let Some(first) = queue.blocking_recv() {
        batch.push(first);
        // At the end nothing more comes.
        if queue.len() < BATCH_RECORDS_MAX && !queue.is_closed() {
            std::thread::sleep(GATHER);
        }
        while batch.len() < BATCH_RECORDS_MAX {
            let Ok(next) = queue.try_recv() else { break };
            batch.push(next);
        }
        if !carry(&batch, sinks, &queue) {
            return;
        }
        // Only now are the calls' places free again.
        batch.clear();
    }
}

/// Writes the batch to the ledger, however long that takes; false when shutdown came first.
fn carry(batch: &[Sequenced], sinks: &Sinks, queue: &mpsc::Receiver<Sequenced>) -> bool {
    let mut wait = RETRY_MIN;
    while let Err(error) = record(batch, sinks) {
        let cause: &dyn std::error::Error = &error;
        let reason = error.reason();
        error!(
            error = cause,
            reason, "calls stay in the journal until the ledger is back"
        );
        if queue.is_closed() {
            info!(
                frames = batch.len(),
                "left in the journal for the next start"
            );
            return false;
        }
        std::thread::sleep(wait);
        wait = (wait * 2).min(RETRY_MAX);
    }
    true
}

fn record(batch: &[Sequenced], sinks: &Sinks) -> Result<(), LedgerError> {
    let entries: Vec<_> = batch.iter().map(counted).collect();
    let _batch = sinks.batch.lock().unwrap_or_else(PoisonError::into_inner);
    let began = Instant::now();
    sinks.ledger.apply(&entries)?;
    sinks.metrics.ledger_flushed(began.elapsed());
    let verdict = sinks.verdict.load();
    for (seq, entry) in batch {
        let Entry::Ended(call) = entry else { continue };
        // A call of an earlier process is in the totals; this process's counters begin at zero.
        if call.is_live() {
            sinks.metrics.record(&call.record);
        }
        // A verdict that was made while this batch was being tried again has read a part of it.
        if !verdict.knows(*seq) {
            verdict.record(&call.record);
        }
    }
    Ok(())
}

/// What the ledger counts of it.
fn counted((seq, entry): &Sequenced) -> (u64, ledger::Entry<'_>) {
    match entry {
        Entry::Begun(call_id) => (*seq, ledger::Entry::Begun(*call_id)),
        Entry::Ended(call) => (*seq, ledger::Entry::Ended(&call.record)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::call::{CallId, CallRecord};
    use crate::meter::FinishedCall;
    use crate::verdict::{self, States};

    #[test]
    fn what_the_queue_has_no_room_for_keeps_its_order() {
        let (sender, mut receiver) = mpsc::channel(2);
        let mut queue = Queue::new(sender);
        let begun = || Entry::Begun(CallId(uuid::Uuid::nil()));
        let mut came = Vec::new();
        for seq in 1..=5 {
            queue.send(seq, begun());
        }
        came.extend(std::iter::from_fn(|| receiver.try_recv().ok()).map(|(seq, _)| seq));
        queue.send(6, begun());
        came.extend(std::iter::from_fn(|| receiver.try_recv().ok()).map(|(seq, _)| seq));
        queue.send(7, begun());
        came.extend(std::iter::from_fn(|| receiver.try_recv().ok()).map(|(seq, _)| seq));
        queue.send(8, begun());
        came.extend(std::iter::from_fn(|| receiver.try_recv().ok()).map(|(seq, _)| seq));
        assert_eq!(came, [1, 2, 3, 4, 5, 6, 7, 8]);
    }

    fn ledger(dir: &std::path::Path) -> Ledger {
        let settings = ledger::Settings {
            dir: dir.join("ledger"),
            journal_dir: dir.join("journal"),
            calls_dir: dir.join("calls"),
            checkpoints_dir: dir.join("checkpoints"),
            retention: ledger::Retention::default(),
            timezone: TimeZone::UTC,
            sync: false,
            durable: None,
        };
        Ledger::open(settings).unwrap().0
    }

    #[test]
    fn calls_that_a_new_verdict_has_read_are_not_recorded_there_again() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(dir.path());
        let call: CallRecord = crate::call::tests::full();
        // Two frames of a batch were committed before it failed; a reload reads them before it is tried
        // again.
        let committed = [1, 2].map(|seq| (seq, ledger::Entry::Ended(&call)));
        ledger.apply(&committed).unwrap();
        let anew = Verdict::new(verdict::Settings::default(), States::default());
        let sinks = Sinks {
            verdict: Arc::new(ArcSwap::from_pointee(anew.knowing_to(ledger.watermark()))),
            ledger: Arc::new(ledger),
            metrics: Metrics::new(&crate::metrics::Settings::default()),
            look: Arc::default(),
            batch: Arc::default(),
        };
        let batch = [1, 2, 3].map(|seq| {
            let ended = FinishedCall::left_over(call.clone());
            (seq, Entry::Ended(ended))
        });
        record(&batch, &sinks).unwrap();
        let verdict = sinks.verdict.load();
        let an_hour = jiff::SignedDuration::from_hours(1);
        verdict.tick(call.started_at + an_hour);
        let report = verdict.report();
        assert!((report.windows[0].evidence.calls - 1.0).abs() < 1e-9);
    }
}
