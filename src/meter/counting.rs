//! A call that has ended without all of its usage, on its way to be counted off the client's path.
//!
//! It has its place in the recorder's queue and, for a crash, a mark with its true end. Whoever has
//! it closes it with what was counted; dropped, in a panic too, it is closed as it stands.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::close::Ending;
use super::keeping::Studies;
use super::look::Look;
use super::open::Open;
use super::{Confirmed, Shared};
use crate::call::CallRecord;
use crate::journal::FrameKind;
use crate::usage::TokenUsage;
use crate::wire::{Operation, Request, Spoken, TextBudget, WireFormat};

/// Where calls are handed to be counted.
#[derive(Clone)]
pub struct Counting {
    /// Who counts them.
    pub queue: mpsc::Sender<Job>,
    /// How much text may be kept meanwhile.
    pub budget: Arc<TextBudget>,
    /// Which calls are handed on although they are reported.
    pub studies: Arc<Studies>,
    /// Room for looks at calls that go on: [`LOOKS_MAX`](super::LOOKS_MAX).
    pub looks: Arc<Semaphore>,
}

/// What the counting thread has to do.
pub enum Job {
    /// A call that waits for its count.
    Count(Uncounted),
    /// A call that goes on.
    Look(Box<Look>),
    /// A call that is closed, to be learned from.
    Study(Box<Studied>),
    /// Nothing more comes.
    Stop,
}

/// What a call was asked and what it said, to be counted by.
pub struct Texts {
    /// How the upstream speaks.
    pub format: WireFormat,
    /// What was asked for.
    pub operation: Operation,
    /// The request; none where it is not kept or not whole.
    pub request: Option<Request>,
    /// The answer as far as it came; none where it is not kept.
    pub spoken: Option<Box<Spoken>>,
}

/// Tokens that were counted of a call; a side that could not be counted is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What the model read.
    pub input: Option<Count>,
    /// What it wrote.
    pub output: Option<Count>,
    /// What they were counted by, as a row says it.
    pub tokenizer: Option<Cow<'static, str>>,
    /// Text was missing, for want of room; the call itself knows.
    pub dropped: bool,
}

/// One side of a call, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub tokens: u64,
    /// More may be billed than could be counted: hidden reasoning, an image of unknown size.
    pub is_floor: bool,
}

/// A call that waits for its count.
pub struct Uncounted(Option<Box<Waiting>>);

/// What its end needs.
pub(super) struct Waiting {
    pub(super) meter: Arc<Shared>,
    pub(super) open: Arc<Open>,
    pub(super) record: Box<CallRecord>,
    pub(super) ending: Ending,
    pub(super) place: OwnedSemaphorePermit,
    pub(super) texts: Texts,
}

/// A reported call with its texts.
pub struct Studied {
    /// The model that answered.
    pub model: String,
    /// What the client called it.
    pub asked_model: Option<String>,
    /// The configured name of where it went.
    pub upstream: Arc<str>,
    /// What the provider said.
    pub usage: TokenUsage,
    /// What was asked and said.
    pub texts: Texts,
    /// Its room among the studies that wait.
    _room: OwnedSemaphorePermit,
}

impl Uncounted {
    /// Hands a call on to be counted; where nobody can take it, it is closed here as it stands.
    pub(super) fn hand_on(waiting: Waiting) {
        // If the process dies now, this is what a start books.
        let _ = waiting.meter.marked(FrameKind::Progress, &waiting.record);
        let counting = waiting.meter.counting.clone();
        let uncounted = Self(Some(Box::new(waiting)));
        if let Some(counting) = counting {
            // There is room for each place. If not, the call comes back and is dropped: closed.
            drop(counting.queue.try_send(Job::Count(uncounted)));
        }
    }

    /// What it can be counted by.
    #[must_use]
    pub fn texts(&self) -> Option<&Texts> {
        self.0.as_ref().map(|waiting| &waiting.texts)
    }

    /// The model that answered, by its best known name.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.0.as_ref()?.record.model_name()
    }

    /// What was reported of it.
    #[must_use]
    pub fn usage(&self) -> TokenUsage {
        self.0
            .as_ref()
            .map(|waiting| waiting.record.usage)
            .unwrap_or_default()
    }

    /// Prices what was counted and writes the call's one record.
    pub fn close(mut self, counts: Counts) {
        if let Some(waiting) = self.0.take() {
            waiting.close(counts);
        }
    }
}

impl Drop for Uncounted {
    fn drop(&mut self) {
        if let Some(waiting) = self.0.take() {
            waiting.close(Counts::default());
        }
    }
}

impl Waiting {
    fn close(self, counts: Counts) {
        let Self {
            meter,
            open,
            mut record,
            ending,
            place,
            texts,
        } = self;
        let counts = Counts {
            dropped: texts.are_dropped(),
            ..counts
        };
        // Before the record is in the queue: the room is for other calls.
        drop(texts);
        open.complete(&mut record, &ending, Some(&counts));
        if meter.ended(record, place).is_none() {
            meter.tell(&open.upstream, Confirmed::Lost, Duration::ZERO);
        }
    }
}

impl Texts {
    /// Whether nothing was kept of what was said, because it was to come with its usage.
    pub(super) const fn is_unheard(&self) -> bool {
        self.spoken.is_none()
    }

    /// Whether something of them had no room.
    fn are_dropped(&self) -> bool {
        let request = self
            .request
            .as_ref()
            .is_some_and(|request| request.body().is_none());
        request
            || self
                .spoken
                .as_ref()
                .is_some_and(|spoken| spoken.is_dropped())
    }
}

impl Studied {
    /// Hands a reported call on to be learned from, if there is room for it.
    pub(super) fn hand_on(meter: &Shared, open: &Open, record: &CallRecord, texts: Texts) {
        let (Some(counting), Some(model)) = (&meter.counting, record.model_name()) else {
            return;
        };
        let Ok(room) = Arc::clone(&counting.studies.room).try_acquire_owned() else {
            return;
        };
        let studied = Self {
            model: model.to_owned(),
            asked_model: record.model_requested.clone(),
            upstream: open.upstream.name.as_str().into(),
            usage: record.usage,
            texts,
            _room: room,
        };
        drop(counting.queue.try_send(Job::Study(Box::new(studied))));
    }
}
