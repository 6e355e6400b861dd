//! What a response said, in the house's own words.

use crate::call::Flag;
use crate::usage::{SideUsage, TokenUsage, Units};

use super::named::Name;
use super::spoken::{Part, Spoken};

/// Everything a response has reported so far; it only ever says what came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each read by name; there is no state among them"
)]
pub struct Report {
    /// The tokens, if any were reported.
    pub usage: Option<TokenUsage>,
    /// All usage the format will give has been seen.
    pub final_usage: bool,
    /// Inference billed beside the top-level counts.
    pub side: Vec<SideUsage>,
    /// Things billed by number.
    pub units: Units,
    /// The model that answered.
    pub model: Option<String>,
    /// The provider's id of the answer.
    pub response_id: Option<String>,
    /// The tier that served the call.
    pub service_tier: Option<String>,
    /// Why the model stopped; of several choices the last one's.
    pub finish_reason: Option<String>,
    /// The speed it was served at, where that is priced.
    pub speed: Option<String>,
    /// Where it was served, where that is priced.
    pub region: Option<String>,
    /// What is odd, each once.
    pub flags: Vec<Flag>,
    /// Whether the body is a stream of events.
    pub is_stream: bool,
    /// The provider goes on with it by itself, and shows the usage to whoever looks it up.
    pub background: bool,
    /// A usage is shown where none is read.
    pub shows_usage: bool,
}

/// The report, and the moments a reader has come by.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each read by name; there is no state among them"
)]
pub(super) struct Findings {
    pub(super) report: Report,
    /// The format's own end was seen.
    pub(super) ended: bool,
    /// Something generated was seen.
    pub(super) output_started: bool,
    /// What is reported of the output was told before the output came.
    pub(super) output_to_come: bool,
    /// The usage says which of the provider's tools were used: what the output shows is not counted.
    pub(super) tools_are_told: bool,
    /// What was said, where it may have to be counted.
    pub(super) spoken: Option<Box<Spoken>>,
}

impl Findings {
    /// What is billed is a number of something, and no tokens.
    pub(super) fn bill_units(&mut self, unit: &str, count: u64) {
        self.report.usage.get_or_insert_default();
        self.report.units.insert(unit.to_owned(), count);
        self.report.final_usage = true;
    }

    pub(super) fn flag(&mut self, flag: Flag) {
        self.flag_if(flag, true);
    }

    /// An error in place of an answer has its own status; only in a stream it comes behind a 200.
    pub(super) fn error_in_stream(&mut self) {
        if self.report.is_stream {
            self.flag(Flag::ErrorInStream);
        }
    }

    /// Generated text begins.
    pub(super) fn begins(&mut self, part: Part) {
        self.output_started = true;
        if let Some(spoken) = &mut self.spoken {
            spoken.begin(part);
        }
    }

    /// More of it.
    pub(super) fn says(&mut self, raw: &[u8]) {
        if let Some(spoken) = &mut self.spoken {
            spoken.more(raw);
        }
    }

    /// Whose text it is.
    pub(super) fn numbers(&mut self, raw: &[u8]) {
        if let Some(spoken) = &mut self.spoken {
            spoken.number(raw);
        }
    }

    /// A tool call begins with its name.
    pub(super) fn names_tool(&mut self, raw: &[u8]) {
        self.output_started |= !matches!(raw, b"null" | b"\"\"");
        if let Some(spoken) = &mut self.spoken {
            spoken.name(raw);
        }
    }

    /// Thoughts begin.
    pub(super) fn thinks(&mut self) {
        self.output_started = true;
        if let Some(spoken) = &mut self.spoken {
            spoken.reasoned();
        }
    }

    /// Sets or takes back a flag that depends on the latest usage.
    pub(super) fn flag_if(&mut self, flag: Flag, holds: bool) {
        let flags = &mut self.report.flags;
        match (flags.binary_search(&flag), holds) {
            (Err(place), true) => flags.insert(place, flag),
            (Ok(place), false) => {
                flags.remove(place);
            }
            (Ok(_), true) | (Err(_), false) => {}
        }
    }

    /// Puts a name in its place; what says nothing leaves the place as it is.
    pub(super) fn name(
        &mut self,
        raw: &[u8],
        place: impl FnOnce(&mut Report) -> &mut Option<String>,
    ) {
        let place = place(&mut self.report);
        if place.as_deref().is_some_and(|known| is(raw, known)) {
            return;
        }
        match Name::read(raw) {
            Name::Is(text) => *place = Some(text.into_owned()),
            Name::Absent => {}
            Name::TooLong => self.flag(Flag::Truncated),
            Name::Malformed => self.flag(Flag::Malformed),
        }
    }
}

/// Whether a raw string is just this text: every chunk of a stream repeats its names.
fn is(raw: &[u8], known: &str) -> bool {
    let inside = raw
        .strip_prefix(b"\"")
        .and_then(|tail| tail.strip_suffix(b"\""));
    inside == Some(known.as_bytes()) && !known.contains('\\')
}
