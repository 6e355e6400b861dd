//! Follows one response body: finds its framing, feeds its texts to the format's reader.

use std::sync::Arc;

use crate::call::Flag;

use super::WireFormat;
use super::anthropic::Message;
use super::anthropic::batch::Outcome;
use super::echo::Echo;
use super::endpoint::{Endpoint, Operation, Reading};
use super::findings::{Findings, Report};
use super::kept::TextBudget;
use super::openai::Completion;
use super::openai::audio::Audio;
use super::openai::batch::Output;
use super::openai::images::Images;
use super::openai::responses::Response;
use super::openai::runs::ThreadRun;
use super::paths::Paths;
use super::plain::Plain;
use super::scanner::{Scanner, Seen};
use super::spoken::Spoken;
use super::sse::SseDecoder;

mod events;
mod lines;

use lines::Lines;
pub(super) use lines::{BATCH_TIER, Line};

/// What a format makes of the values at its named paths. A text is a whole body or one event; the
/// same text twice in a row says what it says once.
pub(super) trait Format {
    type Field: Copy + 'static;

    fn paths() -> &'static Paths<Self::Field>;
    fn see(&mut self, seen: Seen<'_, Self::Field>, findings: &mut Findings);
    /// An event is over, or a whole body.
    fn end_text(&mut self, findings: &mut Findings);
    /// `[DONE]` came.
    fn done(&mut self, findings: &mut Findings);
}

/// Reads what one response reports while its bytes pass by.
#[derive(Debug)]
pub struct ResponseReader(Body);

#[derive(Debug)]
enum Body {
    Completion(Framed<Completion>),
    Response(Box<Framed<Response>>),
    Images(Framed<Images>),
    Audio(Framed<Audio>),
    Run(Framed<ThreadRun>),
    Message(Box<Framed<Message>>),
    Plain(Framed<Plain>),
    Outputs(Box<Lines<Output>>),
    Outcomes(Box<Lines<Outcome>>),
}

impl ResponseReader {
    /// A reader before the first byte of the body.
    #[must_use]
    pub fn new(endpoint: Endpoint, content_type: Option<&str>) -> Self {
        let Endpoint {
            format,
            operation,
            reading,
        } = endpoint;
        let plain = || Body::Plain(Framed::new(Plain::new(reading), content_type, false));
        if matches!(reading, Reading::Free | Reading::Unread) {
            return Self(plain());
        }
        if reading == Reading::Results {
            return Self(match format {
                WireFormat::OpenAi => Body::Outputs(Box::new(Lines::new())),
                WireFormat::Anthropic => Body::Outcomes(Box::new(Lines::new())),
            });
        }
        if format == WireFormat::Anthropic {
            let message = Framed::new(Message::default(), content_type, true);
            return Self(Body::Message(Box::new(message)));
        }
        Self(match operation {
            Operation::Chat | Operation::TextCompletion | Operation::Embeddings => {
                Body::Completion(Framed::new(Completion::default(), content_type, true))
            }
            Operation::Responses => Body::Response(Box::new(Framed::new(
                Response::default(),
                content_type,
                true,
            ))),
            Operation::Images => Body::Images(Framed::new(Images::default(), content_type, true)),
            // Subtitles are plain text, and sound may begin with any byte.
            Operation::Audio => Body::Audio(Framed::new(Audio::default(), content_type, false)),
            Operation::Speech => {
                let mut audio = Framed::new(Audio::default(), content_type, false);
                // It is no text, and a stream is asked for by another name.
                audio.expects_stream = true;
                Body::Audio(audio.unless_sound(content_type))
            }
            Operation::Runs => Body::Run(Framed::new(ThreadRun::default(), content_type, true)),
            Operation::Videos
            | Operation::Batches
            | Operation::FineTuning
            | Operation::Moderations
            | Operation::Models
            | Operation::CountTokens
            | Operation::Other => plain(),
        })
    }

    /// The client asked for a stream: what is not labelled may be one.
    pub fn expect_stream(&mut self) {
        match &mut self.0 {
            Body::Audio(body) => body.expects_stream = true,
            Body::Plain(body) => body.expects_stream = true,
            // Their first byte tells.
            Body::Completion(_)
            | Body::Response(_)
            | Body::Images(_)
            | Body::Run(_)
            | Body::Message(_)
            | Body::Outputs(_)
            | Body::Outcomes(_) => {}
        }
    }

    /// Takes the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Body::Completion(body) => body.feed(bytes),
            Body::Response(body) => body.feed(bytes),
            Body::Images(body) => body.feed(bytes),
            Body::Audio(body) => body.feed(bytes),
            Body::Run(body) => body.feed(bytes),
            Body::Message(body) => body.feed(bytes),
            Body::Plain(body) => body.feed(bytes),
            Body::Outputs(body) => body.feed(bytes),
            Body::Outcomes(body) => body.feed(bytes),
        }
    }

    /// Gives away what a batch's results have reported since it was last asked, a report for each:
    /// one without usage bills nothing, or says by a flag why nobody knows what.
    pub fn take_results(&mut self) -> Vec<Report> {
        match &mut self.0 {
            Body::Outputs(body) => body.take(),
            Body::Outcomes(body) => body.take(),
            Body::Completion(_)
            | Body::Response(_)
            | Body::Images(_)
            | Body::Audio(_)
            | Body::Run(_)
            | Body::Message(_)
            | Body::Plain(_) => Vec::new(),
        }
    }

    /// What would be given away.
    #[cfg(test)]
    pub(super) fn results(&self) -> &[Report] {
        match &self.0 {
            Body::Outputs(body) => &body.results,
            Body::Outcomes(body) => &body.results,
            Body::Completion(_)
            | Body::Response(_)
            | Body::Images(_)
            | Body::Audio(_)
            | Body::Run(_)
            | Body::Message(_)
            | Body::Plain(_) => &[],
        }
    }

    /// What was reported so far: also the truth for a call cut short.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.findings().report
    }

    /// Whether the format's own end was seen: `[DONE]`, `message_stop`, the whole JSON body.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.findings().ended
    }

    /// Whether the first generated token was seen.
    #[must_use]
    pub const fn output_started(&self) -> bool {
        self.findings().output_started
    }

    /// Keeps what is said from now on, to be counted if it must be.
    pub fn keep_text(&mut self, budget: &Arc<TextBudget>) {
        match &mut self.0 {
            Body::Completion(body) => body.keep_text(budget),
            Body::Response(body) => body.keep_text(budget),
            Body::Message(body) => body.keep_text(budget),
            // Nothing in them is known to be text.
            Body::Images(_)
            | Body::Audio(_)
            | Body::Run(_)
            | Body::Plain(_)
            | Body::Outputs(_)
            | Body::Outcomes(_) => {}
        }
    }

    /// Gives up what was kept of it: nobody will count it.
    pub fn drop_text(&mut self) {
        drop(self.take_text());
    }

    /// Gives away what was said, where it was kept.
    pub fn take_text(&mut self) -> Option<Box<Spoken>> {
        match &mut self.0 {
            Body::Completion(body) => body.take_text(),
            Body::Response(body) => body.take_text(),
            Body::Message(body) => body.take_text(),
            Body::Images(_)
            | Body::Audio(_)
            | Body::Run(_)
            | Body::Plain(_)
            | Body::Outputs(_)
            | Body::Outcomes(_) => None,
        }
    }

    /// Shows what was said so far, where it is kept and no longer than `bytes_max`.
    #[must_use]
    pub fn copy_text(&self, bytes_max: usize) -> Option<Box<Spoken>> {
        let spoken = self.findings().spoken.as_deref()?;
        spoken.copy(bytes_max).map(Box::new)
    }

    /// Whether the body has no end of its own that could be seen: sound, plain text.
    #[must_use]
    pub const fn is_endless(&self) -> bool {
        match &self.0 {
            Body::Audio(body) => matches!(body.shape, Shape::Opaque),
            Body::Outputs(_) | Body::Outcomes(_) => true,
            Body::Completion(_)
            | Body::Response(_)
            | Body::Images(_)
            | Body::Run(_)
            | Body::Message(_)
            | Body::Plain(_) => false,
        }
    }

    const fn findings(&self) -> &Findings {
        match &self.0 {
            Body::Completion(body) => &body.findings,
            Body::Response(body) => &body.findings,
            Body::Images(body) => &body.findings,
            Body::Audio(body) => &body.findings,
            Body::Run(body) => &body.findings,
            Body::Message(body) => &body.findings,
            Body::Plain(body) => &body.findings,
            Body::Outputs(body) => &body.findings,
            Body::Outcomes(body) => &body.findings,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// No byte has come that tells.
    Unseen(Label),
    Json,
    Events,
    /// Neither: nothing in it can be read.
    Opaque,
}

/// What a `Content-Type` says of a body's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Events,
    Text,
    Other,
}

/// A body in its framing.
#[derive(Debug)]
struct Framed<R: Format> {
    shape: Shape,
    /// The path promises JSON or events, so anything else is malformed.
    promised: bool,
    /// The client asked for a stream.
    expects_stream: bool,
    sse: SseDecoder,
    echo: Echo,
    /// Texts to be told in the last event.
    texts: usize,
    scanner: Scanner<R::Field>,
    reader: R,
    findings: Findings,
}

impl<R: Format> Framed<R> {
    fn new(reader: R, content_type: Option<&str>, promised: bool) -> Self {
        let label = Label::of(content_type.unwrap_or_default());
        let mut findings = Findings::default();
        findings.report.is_stream = label == Label::Events;
        Self {
            shape: Shape::Unseen(label),
            promised,
            expects_stream: false,
            sse: SseDecoder::default(),
            echo: Echo::default(),
            texts: 0,
            scanner: Scanner::new(R::paths()),
            reader,
            findings,
        }
    }

    /// Sound may begin with any byte, so it goes by its label.
    fn unless_sound(mut self, content_type: Option<&str>) -> Self {
        let kind = content_type.unwrap_or_default();
        if kind.starts_with("audio/") || kind.starts_with("application/octet-stream") {
            self.shape = Shape::Opaque;
        }
        self
    }

    fn feed(&mut self, mut bytes: &[u8]) {
        if let Shape::Unseen(label) = self.shape {
            bytes = after_blanks(bytes);
            self.shape = self.shape_of(bytes.first(), label);
            self.shape_known();
        }
        match self.shape {
            Shape::Json => self.json(bytes),
            Shape::Events => self.events(bytes),
            Shape::Unseen(_) | Shape::Opaque => {}
        }
    }

    /// Servers mislabel bodies both ways, so where JSON or events are promised the first byte
    /// decides: no event stream begins with a bracket, and no JSON text begins with `data`, `event`,
    /// `id`, `retry` or a comment. A transcript may begin with any of them, such as `[Music]`.
    fn shape_of(&mut self, first: Option<&u8>, label: Label) -> Shape {
        let may_be_events = match label {
            Label::Events => true,
            Label::Text => self.promised,
            Label::Other => self.promised || self.expects_stream,
        };
        match first {
            None => Shape::Unseen(label),
            Some(b'{') => Shape::Json,
            Some(b'[') if self.promised => Shape::Json,
            Some(b'd' | b'e' | b'i' | b'r' | b':') if may_be_events => Shape::Events,
            Some(_) if label == Label::Events => {
                // A line of some other kind, or a coding that is not named.
                self.flag_malformed();
                Shape::Events
            }
            Some(_) => Shape::Opaque,
        }
    }

    fn keep_text(&mut self, budget: &Arc<TextBudget>) {
        self.scanner.set_gathers(true);
        self.findings.spoken = Some(Box::new(Spoken::new(budget)));
    }

    fn take_text(&mut self) -> Option<Box<Spoken>> {
        self.scanner.set_gathers(false);
        self.findings.spoken.take()
    }

    fn shape_known(&mut self) {
        match self.shape {
            Shape::Unseen(_) => {}
            Shape::Json | Shape::Events => {
                self.findings.report.is_stream = self.shape == Shape::Events;
            }
            Shape::Opaque => self.flag_malformed(),
        }
    }

    fn json(&mut self, bytes: &[u8]) {
        let Self {
            scanner,
            reader,
            findings,
            ..
        } = self;
        scanner.feed(bytes, &mut |seen| reader.see(seen, findings));
        if scanner.is_complete() && !findings.ended {
            reader.end_text(findings);
            findings.ended = true;
        }
        if self.scanner.is_malformed() {
            self.flag_malformed();
        }
    }

    fn flag_malformed(&mut self) {
        if self.promised {
            self.findings.flag(Flag::Malformed);
        }
    }
}

/// Whether a `Content-Type` says that the body is a stream of events.
#[must_use]
pub fn is_event_stream(content_type: &str) -> bool {
    Label::of(content_type) == Label::Events
}

impl Label {
    fn of(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let is_text = |kind: &str| kind.eq_ignore_ascii_case("text/");
        if kind.eq_ignore_ascii_case("text/event-stream") {
            Self::Events
        } else if kind.get(..5).is_some_and(is_text) {
            Self::Text
        } else {
            Self::Other
        }
    }
}

/// What stands before a body's first byte that tells is no part of it, in whatever frame it comes.
fn after_blanks(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xEF | 0xBB | 0xBF);
    let blanks = bytes.iter().take_while(|byte| blank(byte)).count();
    bytes.get(blanks..).unwrap_or_default()
}
