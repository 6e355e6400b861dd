//! A meter over a real journal; what the journal hands on is taken as often as the recorder does.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use http::StatusCode;
use http_body::Body;
use http_body_util::BodyExt;
use tempfile::TempDir;
use tokio::sync::{Semaphore, mpsc};
use tollgate::call::Pricing;
use tollgate::config::{self, Overrides};
use tollgate::journal::{self, Journal};
use tollgate::meter::{Counting, Entry, Job, LOOKS_MAX, Meter, Settings, Studies};
use tollgate::pricing::PriceBook;
use tollgate::recorder::{Queue, Sequenced};
use tollgate::tee::TeeBody;
use tollgate::wire::TextBudget;

use super::exchange::Exchange;
use super::folder_in_memory;

/// More than are ever in flight here.
const PLACES: usize = 100_000;
/// Never reached: a late end would take another way through the code.
const ACK_WAIT: Duration = Duration::from_mins(10);
/// The default of `meter.text_bytes_max`.
const TEXT_BYTES_MAX: usize = 256 << 20;
/// How long the recorder lets a batch gather.
const GATHER: Duration = Duration::from_millis(20);

/// A journal in a folder of its own, and the meter that writes to it.
pub(crate) struct House {
    pub(crate) meter: Meter,
    journal: Journal<Entry>,
    taker: JoinHandle<u64>,
    /// Empty: every call here is reported.
    _jobs: mpsc::Receiver<Job>,
    _folder: TempDir,
}

impl House {
    pub(crate) fn open() -> anyhow::Result<Self> {
        let folder = folder_in_memory()?;
        let (queue, closed) = mpsc::channel(PLACES);
        let mut queue = Queue::new(queue);
        let settings = journal::Settings::in_dir(folder.path());
        let journal = Journal::open(settings, move |seq, entry| queue.send(seq, entry))?;
        let settings = Settings {
            places: PLACES,
            ack_wait: ACK_WAIT,
            strict_ack: false,
        };
        let (queue, jobs) = mpsc::channel(PLACES);
        let counting = Counting {
            queue,
            budget: TextBudget::new(TEXT_BYTES_MAX),
            studies: Arc::new(studies()),
            looks: Arc::new(Semaphore::new(LOOKS_MAX)),
        };
        Ok(Self {
            meter: Meter::new(
                settings,
                journal.clone(),
                Box::new(|_, _, _| {}),
                Some(counting),
            ),
            _jobs: jobs,
            journal,
            taker: std::thread::spawn(move || take(closed)),
            _folder: folder,
        })
    }

    /// One call, as the proxy does it; one that finds no place is missing at the end.
    pub(crate) async fn pass(&self, exchange: &Exchange, number: u64) {
        let Ok(call) = self.meter.begin(exchange.arrival(number)) else {
            return;
        };
        let request = TeeBody::from_client(exchange.request_body(), call.request_observer());
        read(request).await;
        let observer = call.respond(StatusCode::OK, &exchange.headers);
        read(TeeBody::new(exchange.answer_body(), observer)).await;
    }

    /// Ends all threads; says how many calls were priced.
    pub(crate) fn close(self) -> anyhow::Result<u64> {
        self.journal.close();
        drop(self.meter);
        self.taker.join().ok().context("the taker panicked")
    }
}

/// As in a process that has run for a while: the models are known, and hardly a call is studied.
fn studies() -> Studies {
    let studies = Studies::new(f64::MIN_POSITIVE);
    for model in ["gpt-4o-2024-08-06", "claude-sonnet-4-5-20250929"] {
        studies.know(model);
    }
    studies
}

/// The prices tollgate comes with.
pub(crate) fn prices() -> anyhow::Result<Arc<PriceBook>> {
    let defaults = config::load_with(None, &Overrides::default(), &|_| None);
    let defaults = defaults.map_err(|problems| anyhow!("{problems:?}"))?;
    Ok(defaults.prices)
}

/// Reads a body as hyper's server does: never beyond its promised length.
async fn read(body: impl Body<Data = Bytes>) {
    let mut body = pin!(body);
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else {
            return;
        };
        black_box(frame.is_ok());
    }
}

/// Takes what the journal hands on; counts what was priced.
fn take(mut closed: mpsc::Receiver<Sequenced>) -> u64 {
    let mut priced = 0;
    while let Some((_, entry)) = closed.blocking_recv() {
        priced += u64::from(is_priced(&entry));
        std::thread::sleep(GATHER);
        while let Ok((_, entry)) = closed.try_recv() {
            priced += u64::from(is_priced(&entry));
        }
    }
    priced
}

fn is_priced(entry: &Entry) -> bool {
    match entry {
        Entry::Begun(_) => false,
        Entry::Ended(call) => call.record.pricing == Pricing::Priced,
    }
}
