//! Counts what no provider reported, off the client's path, and so closes those calls.
//!
//! One plain thread: counting takes milliseconds, up to a second for the longest texts, and no async
//! worker may stand still for it. Its queue is bounded by the places the meter gives out. A panic in
//! counting costs the count, never the call.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use tracing::{error, warn};

use super::lessons::Lessons;
use super::sides::{Sides, count, count_output};
use super::tokenizers::Tokenizers;
use crate::ledger::{Ledger, LedgerError};
use crate::meter::{Count, Counts, Job, Look, Studied, Studies, Uncounted};
use crate::metrics::{DriftGauge, Metrics};
use crate::tokens::{Bound, Counted, Model, Vocabulary};

/// The name under which the ledger keeps what was learned.
const LESSONS: &str = "lessons";
/// Studies between two times that it is kept: what a crash takes is learned again.
const KEEP_EVERY: u32 = 25;

/// The thread that counts.
pub struct Counter {
    queue: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

/// What the thread works with.
struct Desk {
    ledger: Arc<Ledger>,
    metrics: Metrics,
    studies: Arc<Studies>,
    lessons: Audit,
    /// The operator's; a reload puts others here.
    tokenizers: Arc<ArcSwap<Tokenizers>>,
    /// Studies since the lessons were kept.
    fresh: u32,
}

/// How far second counts were off, for who shows it.
#[derive(Clone, Default)]
pub struct Audit(Arc<Mutex<Lessons>>);

impl Audit {
    /// What the ledger has kept; nothing where that cannot be read.
    ///
    /// # Errors
    /// The ledger's, when it cannot be read at all.
    pub fn kept(ledger: &Ledger) -> Result<Self, LedgerError> {
        let kept = ledger.kept(LESSONS)?.unwrap_or_default();
        let lessons = serde_json::from_str(&kept).unwrap_or_else(|error| {
            if !kept.is_empty() {
                warn!(%error, "what was learned of counts cannot be read; it begins anew");
            }
            Lessons::default()
        });
        Ok(Self(Arc::new(Mutex::new(lessons))))
    }

    /// The second counts over what was reported.
    #[must_use]
    pub fn drift(&self) -> Vec<DriftGauge> {
        self.lock().drift()
    }

    fn lock(&self) -> MutexGuard<'_, Lessons> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counter {
    /// Starts the thread on the queue that `into` fills.
    ///
    /// # Errors
    /// The operating system's, when it gives no thread.
    pub fn start(
        (into, queue): (mpsc::Sender<Job>, mpsc::Receiver<Job>),
        studies: Arc<Studies>,
        lessons: Audit,
        tokenizers: Arc<ArcSwap<Tokenizers>>,
        (ledger, metrics): (Arc<Ledger>, Metrics),
    ) -> std::io::Result<Self> {
        lessons.lock().known().for_each(|model| studies.know(model));
        let mut desk = Desk {
            ledger,
            metrics,
            studies,
            lessons,
            tokenizers,
            fresh: 0,
        };
        let thread = std::thread::Builder::new().name("counter".into());
        let thread = thread.spawn(move || desk.run(queue))?;
        Ok(Self {
            queue: into,
            thread,
        })
    }

    /// Waits until every call that was handed on is counted. Blocks.
    pub fn finish(self) {
        // Where it has ended already there is nothing to stop.
        let _ = self.queue.blocking_send(Job::Stop);
        if self.thread.join().is_err() {
            error!("the counter panicked; the calls it had are closed as unknown");
        }
    }
}

impl Desk {
    fn run(&mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            if self.is_last(job) {
                break;
            }
        }
        // A call that ends only now is closed by whoever had it.
        queue.close();
        while let Ok(job) = queue.try_recv() {
            self.is_last(job);
        }
        self.keep();
    }

    /// Does what is to be done; true when that is to stop.
    fn is_last(&mut self, job: Job) -> bool {
        match job {
            Job::Count(call) => {
                let counts = guarded(&self.metrics, || self.count(&call));
                call.close(counts.unwrap_or_default());
            }
            Job::Look(look) => {
                if let Some(counts) = guarded(&self.metrics, || self.look(&look)) {
                    look.keep(counts);
                }
            }
            Job::Study(studied) => {
                let metrics = self.metrics.clone();
                guarded(&metrics, || self.study(&studied));
            }
            Job::Stop => return true,
        }
        false
    }

    fn count(&self, call: &Uncounted) -> Counts {
        let (Some(texts), model) = (call.texts(), call.model().unwrap_or_default()) else {
            return Counts::default();
        };
        let tokenizers = self.tokenizers.load();
        let model = tokenizers.model(model);
        self.counts(model, count(model, texts))
    }

    /// What a call that goes on comes to by now.
    fn look(&self, call: &Look) -> Counts {
        let tokenizers = self.tokenizers.load();
        let (model, texts) = (tokenizers.model(call.model()), call.texts());
        let sides = match call.input() {
            Some(_) => Sides {
                input: None,
                output: count_output(model, texts),
            },
            None => count(model, texts),
        };
        self.counts(model, sides)
    }

    /// The counts in the tokens of the model's vendor.
    fn counts(&self, model: Model<'_>, sides: Sides) -> Counts {
        let Sides { input, output } = self.lessons.lock().estimated(model, sides);
        let some = input.or(output);
        Counts {
            input: input.map(of),
            output: output.map(of),
            tokenizer: some.map(|_| name(model)),
            ..Counts::default()
        }
    }

    fn study(&mut self, call: &Studied) {
        let tokenizers = self.tokenizers.load();
        let model = tokenizers.model(&call.model);
        let sides = count(model, &call.texts);
        let is_known = self
            .lessons
            .lock()
            .study(&call.upstream, model, sides, &call.usage);
        if is_known {
            let names = [Some(&call.model), call.asked_model.as_ref()];
            for name in names.into_iter().flatten() {
                self.studies.know(name);
            }
        }
        self.fresh += 1;
        if self.fresh >= KEEP_EVERY {
            self.keep();
        }
    }

    fn keep(&mut self) {
        if std::mem::take(&mut self.fresh) == 0 {
            return;
        }
        let written = serde_json::to_string(&*self.lessons.lock());
        let kept = written.map(|text| self.ledger.keep(LESSONS, &text));
        if !matches!(kept, Ok(Ok(()))) {
            warn!("what was learned of counts could not be kept; it is tried again");
            self.fresh = 1;
        }
    }
}

/// A text on which counting panics must not take the thread, and with it all other calls.
fn guarded<R>(metrics: &Metrics, work: impl FnOnce() -> R) -> Option<R> {
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    if done.is_none() {
        metrics.count_failed();
        error!("counting panicked; a call's tokens are unknown");
    }
    done
}

/// What a row calls that which counted.
fn name(model: Model<'_>) -> Cow<'static, str> {
    match model.vocabulary {
        Vocabulary::Encoding(encoding) => Cow::Borrowed(encoding.name()),
        Vocabulary::File(file) => Cow::Owned(file.name().to_owned()),
    }
}

fn of(counted: Counted) -> Count {
    Count {
        tokens: counted.tokens,
        is_floor: counted.bound == Bound::AtLeast,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Format, Settings};

    #[test]
    fn a_count_that_panics_is_counted_as_failed_and_takes_nothing_with_it() {
        let metrics = Metrics::new(&Settings::default());
        let none: Option<u64> = guarded(&metrics, || panic!("a text that nobody thought of"));
        assert_eq!((none, guarded(&metrics, || 7)), (None, Some(7)));
        let shown = metrics.render(Format::Text, jiff::Timestamp::UNIX_EPOCH);
        assert!(
            shown.contains("tollgate_count_failures_total 1\n"),
            "{shown}"
        );
    }
}
