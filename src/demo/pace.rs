//! A response body that arrives as a model writes: nothing, then a few tokens at a time.

use std::convert::Infallible;
use std::iter::Peekable;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::tally::Bill;
use super::zip::Zip;

/// Parts that are due together go as one frame up to this size, as a busy server sends them.
const FRAME_BYTES_MAX: usize = 16 * 1024;

/// What passing a part on means for the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing.
    Plain,
    /// It carries a token of output.
    Word,
    /// It says the usage of the call.
    Told,
    /// It ends an answer that does not say its usage.
    Untold,
}

/// One piece of an answer.
#[derive(Debug)]
pub(super) struct Part {
    /// When it is ready, from the start of the body.
    pub(super) after: Duration,
    /// Its bytes.
    pub(super) data: String,
    /// What it means for the bill.
    pub(super) mark: Mark,
}

/// The pieces of an answer, made as they are needed.
pub(super) type Script = Box<dyn Iterator<Item = Part> + Send>;

/// The body of one answer. Dropped before its end, it leaves the bill as cut.
pub(super) struct PacedBody {
    script: Peekable<Script>,
    length: Option<u64>,
    started: Instant,
    wait: Pin<Box<Sleep>>,
    bill: Bill,
    zip: Option<Zip>,
}

impl PacedBody {
    /// A stream of the script's parts.
    pub(super) fn stream(script: Script, bill: Bill) -> Self {
        Self::new(script, None, bill)
    }

    /// A whole body that says its usage.
    pub(super) fn whole(body: String, bill: Bill) -> Self {
        let length = u64::try_from(body.len()).ok();
        let part = Part {
            after: Duration::ZERO,
            data: body,
            mark: Mark::Told,
        };
        Self::new(Box::new(std::iter::once(part)), length, bill)
    }

    fn new(script: Script, length: Option<u64>, bill: Bill) -> Self {
        let started = Instant::now();
        let wait = Box::pin(tokio::time::sleep_until(started));
        Self {
            script: script.peekable(),
            length,
            started,
            wait,
            bill,
            zip: None,
        }
    }

    /// The same, compressed if a client asked for it: its length is then not known before.
    pub(super) fn zipped(self, zip: Option<Zip>) -> Self {
        let length = self.length.filter(|_| zip.is_none());
        Self {
            length,
            zip,
            ..self
        }
    }

    /// Everything that is due now, billed as it goes.
    fn due(&mut self, now: Instant) -> Bytes {
        let elapsed = now.duration_since(self.started);
        let mut frame = BytesMut::new();
        while frame.len() < FRAME_BYTES_MAX {
            let Some(part) = self.script.next_if(|part| part.after <= elapsed) else {
                break;
            };
            frame.extend_from_slice(part.data.as_bytes());
            match part.mark {
                Mark::Plain => {}
                Mark::Word => self.bill.word(),
                Mark::Told => self.bill.tell(),
                Mark::Untold => self.bill.keep(),
            }
        }
        match &mut self.zip {
            Some(zip) if !frame.is_empty() => zip.piece(&frame),
            Some(_) | None => frame.freeze(),
        }
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        loop {
            let Some(next) = this.script.peek() else {
                let end = this.zip.take().map(|zip| Ok(Frame::data(zip.end())));
                return Poll::Ready(end);
            };
            let ready_at = this.started + next.after;
            if ready_at > this.wait.deadline() {
                this.wait.as_mut().reset(ready_at);
            }
            ready!(this.wait.as_mut().poll(cx));
            let frame = this.due(Instant::now());
            if !frame.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(frame))));
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
