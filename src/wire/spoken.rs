//! What a model said, as it was written in the answer: kept raw while it passes, decoded later.
//!
//! Texts are found by the scanner at the named paths of a format; here they are told apart by choice
//! and kind. Reasoning is not kept: a provider bills what was thought, not what is shown of it.

use std::sync::Arc;

use super::kept::{Kept, TextBudget};
use super::named::Name;
use super::unescape::unescape;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Content,
    Refusal,
    /// A tool call's name; it begins the call.
    ToolName,
    ToolArguments,
    /// A tool call's arguments, not as a text but as the object they are, without its first bracket.
    ToolInput,
}

/// Bytes in a row that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    choice: u64,
    part: Part,
    /// Where in the bytes it ends.
    end: usize,
}

/// What was said so far.
#[derive(Debug)]
pub struct Spoken {
    raw: Kept<u8>,
    runs: Kept<Run>,
    /// Whose text comes, as far as it was said.
    choice: u64,
    numbered: Numbered,
    /// The runs from here on are of this event, and in it of an element whose number has not come.
    open: usize,
    /// Texts in this event.
    here: usize,
    reasoned: bool,
}

/// How a choice's number stands to its texts in an event: `OpenAI` writes it first, others last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbered {
    Unknown,
    Before,
    Behind,
}

/// One of the answers to a call.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SpokenChoice {
    /// What it says.
    pub text: String,
    /// What it says in place of an answer.
    pub refusal: String,
    /// What tools it calls: name and arguments.
    pub calls: Vec<(String, String)>,
}

impl Spoken {
    pub(super) fn new(budget: &Arc<TextBudget>) -> Self {
        Self {
            raw: Kept::new(budget),
            runs: Kept::new(budget),
            choice: 0,
            numbered: Numbered::Unknown,
            open: 0,
            here: 0,
            reasoned: false,
        }
    }

    /// A text begins; pieces of it may follow.
    pub(super) fn begin(&mut self, part: Part) {
        self.here += 1;
        let run = Run {
            choice: self.choice,
            part,
            end: self.raw.items().len(),
        };
        if self.numbered == Numbered::Unknown {
            self.numbered = Numbered::Behind;
        }
        let is_known = self.numbered == Numbered::Before;
        if !(is_known
            && self
                .runs
                .items()
                .last()
                .is_some_and(|last| last.goes_on(run)))
        {
            self.runs.add(&[run]);
        }
    }

    /// More of the text that came last.
    pub(super) fn more(&mut self, raw: &[u8]) {
        self.raw.add(raw);
        let end = self.raw.items().len();
        if let Some(run) = self.runs.last_mut() {
            run.end = end;
        }
    }

    /// A tool call's name, as a whole value; one that is none or empty begins nothing.
    pub(super) fn name(&mut self, raw: &[u8]) {
        if let Name::Is(_) | Name::TooLong = Name::read(raw) {
            self.begin(Part::ToolName);
            self.more(raw.get(1..raw.len() - 1).unwrap_or_default());
        }
    }

    /// Whose texts follow; where texts came first, whose they were.
    pub(super) fn number(&mut self, raw: &[u8]) {
        let number = str::from_utf8(raw).ok().and_then(|raw| raw.parse().ok());
        let Some(number) = number else { return };
        self.choice = number;
        match self.numbered {
            Numbered::Unknown => self.numbered = Numbered::Before,
            Numbered::Before => {}
            Numbered::Behind => {
                for run in self.runs.since_mut(self.open) {
                    run.choice = number;
                }
                self.open = self.runs.items().len();
            }
        }
    }

    /// Something was thought that is not kept.
    pub(super) fn reasoned(&mut self) {
        self.reasoned = true;
    }

    /// The event is over; says how many texts it had.
    pub(super) fn end_event(&mut self) -> usize {
        self.numbered = Numbered::Unknown;
        self.open = self.runs.items().len();
        std::mem::take(&mut self.here)
    }

    /// Whether something was thought, and shown in part or whole.
    #[must_use]
    pub const fn has_reasoned(&self) -> bool {
        self.reasoned
    }

    /// Whether it had no room, so that it is not all here.
    #[must_use]
    pub const fn is_dropped(&self) -> bool {
        self.raw.is_dropped() || self.runs.is_dropped()
    }

    /// What was said so far, once more; none where it is longer than `bytes_max` or has no room.
    pub(super) fn copy(&self, bytes_max: usize) -> Option<Self> {
        if self.raw.items().len() > bytes_max {
            return None;
        }
        Some(Self {
            raw: self.raw.copy()?,
            runs: self.runs.copy()?,
            choice: self.choice,
            numbered: self.numbered,
            open: self.open,
            here: self.here,
            reasoned: self.reasoned,
        })
    }

    /// The choices, decoded: as long as what was kept.
    #[must_use]
    pub fn choices(&self) -> Vec<SpokenChoice> {
        let mut choices: Vec<Raw> = Vec::new();
        let mut begin = 0;
        for run in self.runs.items() {
            let bytes = self.raw.items().get(begin..run.end).unwrap_or_default();
            begin = run.end;
            let known = choices
                .iter()
                .position(|choice| choice.number == run.choice);
            let place = known.unwrap_or_else(|| {
                choices.push(Raw::new(run.choice));
                choices.len() - 1
            });
            if let Some(choice) = choices.get_mut(place) {
                choice.add(run.part, bytes);
            }
        }
        choices.iter().map(Raw::decoded).collect()
    }
}

impl Run {
    /// Whether another run is more of the same text.
    fn goes_on(self, next: Self) -> bool {
        self.choice == next.choice && self.part == next.part && next.part != Part::ToolName
    }
}

/// A choice before its escapes are decoded: one may be cut by the end of a run.
struct Raw {
    number: u64,
    text: Vec<u8>,
    refusal: Vec<u8>,
    calls: Vec<RawCall>,
}

#[derive(Default)]
struct RawCall {
    name: Vec<u8>,
    arguments: Vec<u8>,
    /// The arguments are an object.
    is_object: bool,
}

impl Raw {
    const fn new(number: u64) -> Self {
        Self {
            number,
            text: Vec::new(),
            refusal: Vec::new(),
            calls: Vec::new(),
        }
    }

    fn add(&mut self, part: Part, bytes: &[u8]) {
        match part {
            Part::Content => self.text.extend_from_slice(bytes),
            Part::Refusal => self.refusal.extend_from_slice(bytes),
            Part::ToolName => self.calls.push(RawCall {
                name: bytes.to_vec(),
                ..RawCall::default()
            }),
            Part::ToolArguments | Part::ToolInput => {
                if self.calls.is_empty() {
                    self.calls.push(RawCall::default());
                }
                if let Some(call) = self.calls.last_mut() {
                    call.is_object |= part == Part::ToolInput;
                    call.arguments.extend_from_slice(bytes);
                }
            }
        }
    }

    fn decoded(&self) -> SpokenChoice {
        SpokenChoice {
            text: unescape(&self.text),
            refusal: unescape(&self.refusal),
            calls: self.calls.iter().map(RawCall::decoded).collect(),
        }
    }
}

impl RawCall {
    fn decoded(&self) -> (String, String) {
        let arguments = if self.is_object {
            format!("{{{}", String::from_utf8_lossy(&self.arguments))
        } else {
            unescape(&self.arguments)
        };
        (unescape(&self.name), arguments)
    }
}
