//! Takes the events that report usage and nothing else out of a stream of events.
//!
//! An event is held only as long as it may be one: the first byte inside its `choices` releases it.
//! All other bytes, comments and blank lines among them, go on as they came. What is taken out is
//! the event with all its lines and the blank line that ends it.

use std::mem::take;
use std::sync::LazyLock;

use memchr::memchr2;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::paths::{Action, Paths};
use super::scanner::Scanner;
use super::sse::{Piece, SseDecoder};

/// The longest event that is held. A usage event has 1 kB, padding against eavesdroppers included.
pub const HELD_BYTES_MAX: usize = 64 * 1024;

/// Where an event shows that it is more than a report of usage.
static PATHS: LazyLock<Paths<()>> = LazyLock::new(|| {
    Paths::new([
        ("choices", Action::Notice(())),
        ("error", Action::Notice(())),
    ])
});

/// Where the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first line of an event that is not a comment.
    Between,
    /// Within an event that may be one to be taken out.
    Held,
    /// Within an event that goes on.
    Passing,
}

/// Where its line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Start,
    /// Within a comment outside an event.
    Comment,
    Other,
}

/// Reads one stream.
#[derive(Debug)]
pub struct UsageSieve {
    state: State,
    line: Line,
    /// The last byte was a CR, so an LF now belongs to it.
    after_cr: bool,
    /// What ended last was taken out.
    took: bool,
    /// The bytes of the open event that came in earlier pieces.
    held: Vec<u8>,
    decoder: SseDecoder,
    scanner: Scanner<()>,
    too_long: bool,
}

impl Default for UsageSieve {
    fn default() -> Self {
        Self {
            state: State::Between,
            line: Line::Start,
            after_cr: false,
            took: false,
            held: Vec::new(),
            decoder: SseDecoder::default(),
            scanner: Scanner::new(&PATHS),
            too_long: false,
        }
    }
}

/// What of a piece goes on.
struct Passed<'a> {
    piece: &'a [u8],
    /// Bytes before it are decided.
    decided: usize,
    /// What goes on, where that is not simply the piece up to `decided`.
    out: Option<Vec<u8>>,
}

impl Passed<'_> {
    fn pass(&mut self, to: usize) {
        if let Some(out) = &mut self.out {
            out.extend_from_slice(self.piece.get(self.decided..to).unwrap_or_default());
        }
        self.decided = to;
    }

    fn pass_held(&mut self, held: Vec<u8>) {
        if !held.is_empty() {
            // What is held came before everything of this piece.
            self.out = Some(held);
        }
    }

    fn drop(&mut self, to: usize) {
        let before = self.piece.get(..self.decided).unwrap_or_default();
        self.out.get_or_insert_with(|| before.to_vec());
        self.decided = to;
    }
}

impl UsageSieve {
    /// Takes the next piece of the stream and gives what goes on now; `None`: exactly this piece.
    pub fn feed(&mut self, piece: &[u8]) -> Option<Vec<u8>> {
        let mut passed = Passed {
            piece,
            decided: 0,
            out: None,
        };
        let mut at = 0;
        while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
            let line = up_to_line_end(rest);
            at += line.len();
            self.line(line, at, &mut passed);
        }
        if self.state == State::Held {
            self.hold(&mut passed);
        }
        if passed.decided == piece.len() {
            return passed.out;
        }
        let Passed { decided, out, .. } = passed;
        Some(out.unwrap_or_else(|| piece.get(..decided).unwrap_or_default().to_vec()))
    }

    /// Gives what is still held when the stream has ended or broken off. A whole report whose blank
    /// line did not come is a report all the same: who reads line by line would see it.
    pub fn finish(&mut self) -> Vec<u8> {
        self.state = State::Passing;
        let held = take(&mut self.held);
        if is_usage_event(&held) {
            return Vec::new();
        }
        held
    }

    /// How many bytes may still go on that have come.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Whether an event went on because it was longer than [`HELD_BYTES_MAX`]; says so once.
    pub fn was_too_long(&mut self) -> bool {
        take(&mut self.too_long)
    }

    /// Takes a line, or a part of one, that ends at `end` of its piece.
    fn line(&mut self, line: &[u8], end: usize, passed: &mut Passed<'_>) {
        let is_rest_of_crlf = self.after_cr && line == b"\n";
        let is_blank = self.line == Line::Start && matches!(line, b"\n" | b"\r");
        let starts_comment = self.line == Line::Start && line.first() == Some(&b':');
        let in_comment =
            self.state == State::Between && (starts_comment || self.line == Line::Comment);
        self.after_cr = line.last() == Some(&b'\r');
        match self.state {
            _ if is_rest_of_crlf => self.rest_of_crlf(end, passed),
            State::Between if is_blank || in_comment => self.pass(end, passed),
            State::Between => {
                self.begin_event();
                self.look(line, end, passed);
            }
            State::Held if is_blank => self.end_held(end, passed),
            State::Held => self.look(line, end, passed),
            State::Passing => {
                self.pass(end, passed);
                if is_blank {
                    self.state = State::Between;
                }
            }
        }
        self.line = match line.last() {
            Some(b'\n' | b'\r') => Line::Start,
            _ if in_comment => Line::Comment,
            _ => Line::Other,
        };
    }

    fn pass(&mut self, end: usize, passed: &mut Passed<'_>) {
        self.took = false;
        passed.pass(end);
    }

    fn rest_of_crlf(&mut self, end: usize, passed: &mut Passed<'_>) {
        match self.state {
            State::Between if self.took => passed.drop(end),
            State::Between | State::Passing => self.pass(end, passed),
            State::Held => {}
        }
        self.took = false;
    }

    fn begin_event(&mut self) {
        self.state = State::Held;
        self.decoder = SseDecoder::default();
        self.scanner.reset();
    }

    /// Reads on in an event that may be a report; releases it as soon as it cannot.
    fn look(&mut self, line: &[u8], end: usize, passed: &mut Passed<'_>) {
        let Self {
            decoder, scanner, ..
        } = self;
        let mut is_more = false;
        decoder.feed(line, &mut |found| match found {
            Piece::Data(data) => scanner.feed(data, &mut |_| is_more = true),
            Piece::Done => is_more = true,
            Piece::End => {}
        });
        if is_more || self.scanner.is_malformed() {
            self.release(end, passed);
        }
    }

    fn release(&mut self, end: usize, passed: &mut Passed<'_>) {
        self.state = State::Passing;
        passed.pass_held(take(&mut self.held));
        self.pass(end, passed);
    }

    fn end_held(&mut self, end: usize, passed: &mut Passed<'_>) {
        let open = passed.piece.get(passed.decided..end).unwrap_or_default();
        let is_report = if self.held.is_empty() {
            is_usage_event(open)
        } else {
            self.held.extend_from_slice(open);
            let is_report = is_usage_event(&self.held);
            self.held.truncate(self.held.len() - open.len());
            is_report
        };
        if is_report {
            self.held.clear();
            passed.drop(end);
            self.took = true;
        } else {
            self.release(end, passed);
        }
        self.state = State::Between;
    }

    /// The piece is over within an event that may be a report.
    fn hold(&mut self, passed: &mut Passed<'_>) {
        let open = passed.piece.get(passed.decided..).unwrap_or_default();
        if self.held.len() + open.len() > HELD_BYTES_MAX {
            self.too_long = true;
            return self.release(passed.piece.len(), passed);
        }
        self.held.extend_from_slice(open);
    }
}

fn up_to_line_end(rest: &[u8]) -> &[u8] {
    let end = memchr2(b'\n', b'\r', rest).map_or(rest.len(), |end| end + 1);
    rest.get(..end).unwrap_or_default()
}

/// The event in which a usage that was asked for comes: no choices, and a usage that is one.
/// Azure's first event has no choices either, and no usage.
#[derive(Deserialize)]
struct Report<'a> {
    choices: Vec<IgnoredAny>,
    #[serde(borrow)]
    usage: &'a RawValue,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// Whether the lines of an event are a report of usage and nothing else.
fn is_usage_event(event: &[u8]) -> bool {
    let mut data = Vec::new();
    SseDecoder::default().feed(event, &mut |found| {
        if let Piece::Data(piece) = found {
            data.extend_from_slice(piece);
        }
    });
    serde_json::from_slice(&data).is_ok_and(
        |Report {
             choices,
             usage,
             error,
         }| { choices.is_empty() && usage.get().starts_with('{') && error.is_none() },
    )
}
