//! Frames in sequence that one write carries, and what rides along with each.

use tokio::sync::oneshot;

use super::JournalError;
use super::ack::{Ack, Pending};
use super::frame::{self, BODY_BYTES_MAX, FrameKind, HEADER_BYTES};

/// Frames written together at most.
const FRAMES_MAX: usize = 1_024;
/// A group that has reached this length takes no more.
const BYTES_MAX: usize = 1024 * 1024;

/// Tells whoever waits for a frame what became of it.
type Answer = oneshot::Sender<Result<(), JournalError>>;

/// A frame as it is handed in; its number is given when its place in the sequence is.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) kind: FrameKind,
    pub(super) ts_ms: u64,
    pub(super) body: &'a [u8],
}

impl<'a> Frame<'a> {
    pub(super) fn new(kind: FrameKind, ts_ms: u64, body: &'a [u8]) -> Result<Self, JournalError> {
        let bytes = body.len();
        (bytes <= BODY_BYTES_MAX)
            .then_some(Self { kind, ts_ms, body })
            .ok_or(JournalError::TooLarge { bytes })
    }
}

/// What belongs to a frame and is not written.
#[derive(Debug)]
struct Rider<T> {
    payload: Option<T>,
    answer: Option<Answer>,
}

/// Encoded frames with nothing between them.
#[derive(Debug)]
pub(super) struct Group<T> {
    first_seq: u64,
    bytes: Vec<u8>,
    riders: Vec<Rider<T>>,
}

/// By hand, because an empty group needs no `T`.
impl<T> Default for Group<T> {
    fn default() -> Self {
        Self {
            first_seq: 0,
            bytes: Vec::new(),
            riders: Vec::new(),
        }
    }
}

impl<T> Group<T> {
    /// Adds the frame that follows the last one.
    pub(super) fn add(&mut self, seq: u64, frame: Frame<'_>, payload: Option<T>) {
        if self.riders.is_empty() {
            self.first_seq = seq;
        }
        frame::encode(&mut self.bytes, frame.kind, seq, frame.ts_ms, frame.body);
        let answer = None;
        self.riders.push(Rider { payload, answer });
    }

    /// Lets someone wait for the frame that was added last.
    pub(super) fn awaited(&mut self) -> Ack {
        let (answer, told) = oneshot::channel();
        if let Some(last) = self.riders.last_mut() {
            last.answer = Some(answer);
        }
        Ack::Pending(Pending::new(told))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bodies alone, which is what a bound on memory is said in.
    pub(super) fn body_bytes(&self) -> u64 {
        let headers = self.frames().saturating_mul(HEADER_BYTES);
        u64::try_from(self.bytes.len().saturating_sub(headers)).unwrap_or(u64::MAX)
    }

    pub(super) fn frames(&self) -> usize {
        self.riders.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.riders.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.frames() >= FRAMES_MAX || self.bytes.len() >= BYTES_MAX
    }

    /// The number of its first frame; of no meaning while it is empty.
    pub(super) const fn first_seq(&self) -> u64 {
        self.first_seq
    }

    pub(super) fn last_seq(&self) -> u64 {
        let frames = u64::try_from(self.frames()).unwrap_or(u64::MAX);
        self.first_seq.saturating_add(frames).saturating_sub(1)
    }

    /// It is written: hands on and answers in sequence, and is empty then.
    pub(super) fn written(&mut self, sink: &mut impl FnMut(u64, T)) {
        for (rider, seq) in self.riders.drain(..).zip(self.first_seq..) {
            if let Some(payload) = rider.payload {
                sink(seq, payload);
            }
            if let Some(answer) = rider.answer {
                // Whoever does not wait for it has dropped it.
                let _ = answer.send(Ok(()));
            }
        }
        self.bytes.clear();
    }

    /// The disk refused it: whoever waits is told, and the frames stay.
    pub(super) fn delayed(&mut self) {
        let answers = self
            .riders
            .iter_mut()
            .filter_map(|rider| rider.answer.take());
        for answer in answers {
            let _ = answer.send(Err(JournalError::Delayed));
        }
    }
}
