//! Follows one response body: finds its framing, feeds its texts to the format's reader.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;

use crate::call::Flag;

use super::echo::Echo;
use super::endpoint::Endpoint;
use super::findings::{Findings, Report};
use super::kept::TextBudget;
use super::paths::Paths;
use super::scanner::{Scanner, Seen};
use super::spoken::Spoken;
use super::sse::SseDecoder;

mod bodies;
mod chunked;
mod events;
mod lines;
mod texts;

pub(super) use lines::{BATCH_TIER, Line};

/// What a format makes of the values at its named paths. A text is a whole body or one event; the
/// same text twice in a row says what it says once.
pub(super) trait Format: fmt::Debug + Send + 'static {
    type Field: Copy + fmt::Debug + Send + Sync + 'static;

    /// Whether a body may be JSON texts, each on lines of its own. Which of them is the last, and
    /// whether a whole body is one, says then the format.
    const HAS_LINES: bool = false;
    /// A client may be sent a stream as one array, an element at a time.
    const STREAMS_ARRAYS: bool = false;
    /// A stream of events has no end of its own.
    const ENDS_WITH_ITS_BODY: bool = false;

    fn paths() -> &'static Paths<Self::Field>;
    fn see(&mut self, seen: Seen<'_, Self::Field>, findings: &mut Findings);
    /// An event or a line is over, or a whole body.
    fn end_text(&mut self, findings: &mut Findings);
    /// `[DONE]` came.
    fn done(&mut self, findings: &mut Findings);
}

/// A body that is followed, whatever its framing and its format.
trait Body: fmt::Debug + Send {
    fn feed(&mut self, bytes: &[u8]);
    fn findings(&self) -> &Findings;
    /// The client asked for a stream.
    fn expect_stream(&mut self);
    fn keep_text(&mut self, budget: &Arc<TextBudget>);
    fn take_text(&mut self) -> Option<Box<Spoken>>;
    /// Whether it has no end of its own that could be seen.
    fn is_endless(&self) -> bool;

    /// Takes what the headers say of usage.
    fn head(&mut self, _: &HeaderMap) {}

    fn take_results(&mut self) -> Vec<Report> {
        Vec::new()
    }

    #[cfg(test)]
    fn results(&self) -> &[Report] {
        &[]
    }
}

/// Reads what one response reports while its bytes pass by.
#[derive(Debug)]
pub struct ResponseReader(Box<dyn Body>);

impl ResponseReader {
    /// A reader before the first byte of the body.
    #[must_use]
    pub fn new(endpoint: Endpoint, content_type: Option<&str>) -> Self {
        Self(bodies::of(endpoint, content_type))
    }

    /// The client asked for a stream: what is not labelled may be one.
    pub fn expect_stream(&mut self) {
        self.0.expect_stream();
    }

    /// Takes what the headers say of usage, where a format has any there.
    pub fn head(&mut self, headers: &HeaderMap) {
        self.0.head(headers);
    }

    /// Takes the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.feed(bytes);
    }

    /// Gives away what a batch's results have reported since it was last asked, a report for each:
    /// one without usage bills nothing, or says by a flag why nobody knows what.
    pub fn take_results(&mut self) -> Vec<Report> {
        self.0.take_results()
    }

    /// What would be given away.
    #[cfg(test)]
    pub(super) fn results(&self) -> &[Report] {
        self.0.results()
    }

    /// What was reported so far: also the truth for a call cut short.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.findings().report
    }

    /// Whether the format's own end was seen: `[DONE]`, `message_stop`, the whole JSON body.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.0.findings().ended
    }

    /// Whether the first generated token was seen.
    #[must_use]
    pub fn output_started(&self) -> bool {
        self.0.findings().output_started
    }

    /// Whether what is reported of the output was told before the output came, as Claude does.
    #[must_use]
    pub fn output_to_come(&self) -> bool {
        self.0.findings().output_to_come
    }

    /// Keeps what is said from now on, to be counted if it must be.
    pub fn keep_text(&mut self, budget: &Arc<TextBudget>) {
        self.0.keep_text(budget);
    }

    /// Gives up what was kept of it: nobody will count it.
    pub fn drop_text(&mut self) {
        drop(self.take_text());
    }

    /// Gives away what was said, where it was kept.
    pub fn take_text(&mut self) -> Option<Box<Spoken>> {
        self.0.take_text()
    }

    /// Shows what was said so far, where it is kept and no longer than `bytes_max`.
    #[must_use]
    pub fn copy_text(&self, bytes_max: usize) -> Option<Box<Spoken>> {
        let spoken = self.0.findings().spoken.as_deref()?;
        spoken.copy(bytes_max).map(Box::new)
    }

    /// Whether the body has no end of its own that could be seen: sound, plain text.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.0.is_endless()
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
    /// A JSON text a line.
    Lines,
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
    /// A line was before the one that comes.
    after_line: bool,
    /// Texts to be told in the last event.
    texts: usize,
    scanner: Scanner<R::Field>,
    reader: R,
    findings: Findings,
}

impl<R: Format> Body for Framed<R> {
    fn feed(&mut self, mut bytes: &[u8]) {
        if let Shape::Unseen(label) = self.shape {
            bytes = after_blanks(bytes);
            self.shape = self.shape_of(bytes.first(), label);
            let is_array = bytes.first() == Some(&b'[');
            self.shape_known(
                (R::HAS_LINES && label == Label::Lines) || (R::STREAMS_ARRAYS && is_array),
            );
        }
        match self.shape {
            Shape::Json if R::HAS_LINES => self.lines(bytes),
            Shape::Json => self.json(bytes),
            Shape::Events => self.events(bytes),
            Shape::Unseen(_) | Shape::Opaque => {}
        }
    }

    fn findings(&self) -> &Findings {
        &self.findings
    }

    fn expect_stream(&mut self) {
        self.expects_stream = true;
    }

    fn keep_text(&mut self, budget: &Arc<TextBudget>) {
        self.scanner.set_gathers(true);
        self.findings.spoken = Some(Box::new(Spoken::new(budget)));
    }

    fn take_text(&mut self) -> Option<Box<Spoken>> {
        self.scanner.set_gathers(false);
        self.findings.spoken.take()
    }

    /// Sound and plain text end with their bytes, and so do streams of some formats.
    fn is_endless(&self) -> bool {
        match self.shape {
            Shape::Events => R::ENDS_WITH_ITS_BODY,
            // As an array it has an end, once that is seen.
            Shape::Json => {
                R::STREAMS_ARRAYS && self.findings.report.is_stream && !self.findings.ended
            }
            Shape::Opaque => !self.promised,
            Shape::Unseen(_) => false,
        }
    }
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
            after_line: false,
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

    /// Servers mislabel bodies both ways, so where JSON or events are promised the first byte
    /// decides: no event stream begins with a bracket, and no JSON text begins with `data`, `event`,
    /// `id`, `retry` or a comment. A transcript may begin with any of them, such as `[Music]`.
    fn shape_of(&mut self, first: Option<&u8>, label: Label) -> Shape {
        let may_be_events = match label {
            Label::Events => true,
            Label::Text => self.promised,
            Label::Lines | Label::Other => self.promised || self.expects_stream,
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

    /// `is_streamed`: also where it is JSON.
    fn shape_known(&mut self, is_streamed: bool) {
        match self.shape {
            Shape::Unseen(_) => {}
            Shape::Json | Shape::Events => {
                self.findings.report.is_stream = is_streamed || self.shape == Shape::Events;
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
        } else if LINES.iter().any(|lines| kind.eq_ignore_ascii_case(lines)) {
            Self::Lines
        } else {
            Self::Other
        }
    }
}

/// What bodies of lines are called.
const LINES: [&str; 3] = [
    "application/x-ndjson",
    "application/stream+json",
    "application/jsonl",
];

/// What stands before a body's first byte that tells is no part of it, in whatever frame it comes.
fn after_blanks(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xEF | 0xBB | 0xBF);
    let blanks = bytes.iter().take_while(|byte| blank(byte)).count();
    bytes.get(blanks..).unwrap_or_default()
}
