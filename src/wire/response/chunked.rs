//! Reads an answer of Bedrock's: JSON, or a binary stream of events, in which an invoked model's own
//! events are wrapped once more, in base64.

use std::sync::Arc;

use http::HeaderMap;

use super::super::bedrock::{Answer, Field};
use super::super::event_stream::{EventStream, Part};
use super::super::findings::Findings;
use super::super::kept::TextBudget;
use super::super::scanner::{Scanner, Seen};
use super::super::spoken::Spoken;
use super::super::wrapped::Base64;
use super::{Body, Format, Framed};
use crate::call::Flag;

/// One answer.
#[derive(Debug)]
pub(super) struct Chunked {
    json: Framed<Answer>,
    /// There once the first byte says that it is a stream: no JSON text begins with the zero that
    /// begins a frame.
    stream: Option<Box<Stream>>,
    is_begun: bool,
}

/// A binary stream.
#[derive(Debug)]
struct Stream {
    frames: EventStream,
    event: Event,
}

/// What the event that passes needs beside the scanner of its payload.
#[derive(Debug)]
struct Event {
    kind: Kind,
    base64: Base64,
    /// Reads what is wrapped.
    inner: Scanner<Field>,
}

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    /// It wraps one of the model's.
    Wrapped,
    Exception,
}

impl Chunked {
    pub(super) fn new(content_type: Option<&str>) -> Self {
        Self {
            json: Framed::new(Answer::default(), content_type, true),
            stream: None,
            is_begun: false,
        }
    }
}

impl Body for Chunked {
    fn head(&mut self, headers: &HeaderMap) {
        self.json.reader.head(headers, &mut self.json.findings);
    }

    fn feed(&mut self, bytes: &[u8]) {
        if !self.is_begun && bytes.first() == Some(&0) {
            self.json.findings.report.is_stream = true;
            // The texts of a stream are always told: what it wraps is one of them.
            self.json.scanner.set_gathers(true);
            self.stream = Some(Box::new(Stream::new()));
        }
        self.is_begun |= !bytes.is_empty();
        match &mut self.stream {
            Some(stream) => stream.feed(bytes, &mut self.json),
            None => self.json.feed(bytes),
        }
    }

    fn findings(&self) -> &Findings {
        &self.json.findings
    }

    fn expect_stream(&mut self) {}

    fn keep_text(&mut self, budget: &Arc<TextBudget>) {
        self.json.keep_text(budget);
    }

    fn take_text(&mut self) -> Option<Box<Spoken>> {
        self.json.scanner.set_gathers(self.stream.is_some());
        self.json.findings.spoken.take()
    }

    fn is_endless(&self) -> bool {
        false
    }
}

impl Stream {
    fn new() -> Self {
        let mut inner = Scanner::new(Answer::paths());
        inner.set_gathers(true);
        Self {
            frames: EventStream::default(),
            event: Event {
                kind: Kind::Plain,
                base64: Base64::default(),
                inner,
            },
        }
    }

    fn feed(&mut self, bytes: &[u8], json: &mut Framed<Answer>) {
        let Self { frames, event } = self;
        frames.feed(bytes, &mut |part| match part {
            Part::Begin { is_exception } => event.begin(is_exception, json),
            Part::Payload(piece) => event.payload(piece, json),
            Part::End { is_whole } => event.end(is_whole, json),
            Part::Broken => json.findings.flag(Flag::Malformed),
        });
    }
}

impl Event {
    fn begin(&mut self, is_exception: bool, json: &mut Framed<Answer>) {
        json.reader.begin_event();
        self.kind = Kind::Plain;
        if is_exception {
            self.kind = Kind::Exception;
            json.findings.error_in_stream();
        }
    }

    fn payload(&mut self, piece: &[u8], json: &mut Framed<Answer>) {
        let Self {
            kind,
            base64,
            inner,
        } = self;
        let Framed {
            scanner,
            reader,
            findings,
            ..
        } = json;
        if *kind == Kind::Exception {
            return;
        }
        scanner.feed(piece, &mut |seen| match seen {
            Seen::Filled(Field::Wrapped) => {
                *kind = Kind::Wrapped;
                reader.unwraps();
                base64.restart();
                inner.reset();
            }
            Seen::Text(Field::Wrapped, text) => base64.feed(text, &mut |bytes| {
                inner.feed(bytes, &mut |seen| reader.see(seen, findings));
            }),
            Seen::Value(..) | Seen::Filled(_) | Seen::TooLong(_) | Seen::Text(..) => {
                reader.see(seen, findings);
            }
        });
    }

    fn end(&mut self, is_whole: bool, json: &mut Framed<Answer>) {
        let is_read = match self.kind {
            Kind::Plain => json.scanner.is_complete() || json.scanner.is_blank(),
            Kind::Wrapped => {
                let is_unwrapped = self.inner.is_complete() && self.base64.is_sound();
                json.scanner.is_complete() && is_unwrapped
            }
            Kind::Exception => true,
        };
        json.scanner.reset();
        if is_whole && is_read {
            json.reader.end_text(&mut json.findings);
        } else {
            json.findings.flag(Flag::Malformed);
        }
        if let Some(spoken) = json.findings.spoken.as_deref_mut() {
            spoken.end_event();
        }
    }
}
