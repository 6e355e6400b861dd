//! Knows an event that says what the one before it said, around another text.
//!
//! A stream sends the same envelope around every piece of text. Where two events in a row part in
//! what nobody reads, that is cut out of what is remembered, and from then on the envelope alone
//! tells such an event. Reading it would change nothing: what a format is told twice in a row it
//! says once ([`Format`](super::response::Format)).

use memchr::memrchr;

use super::gap::Gap;

/// A longer envelope is not remembered: it would cost more memory than it saves time.
const ENVELOPE_BYTES_MAX: usize = 2 * 1024;

/// A delta has a text, and some vendors pad it; more gaps are not worth a comparison each.
const GAPS_MAX: usize = 4;

/// Two events are compared in steps of so many bytes before the byte they part at is looked for.
const STEP_BYTES: usize = 16;

/// What the last event looked like.
#[derive(Debug, Default)]
pub(super) struct Echo {
    /// Its bytes without its gaps; none if it is not to be repeated.
    envelope: Vec<u8>,
    /// Where in the envelope the gaps were.
    gaps: Vec<(usize, Gap)>,
    /// Where the event compared last has those gaps, as far as it is the same.
    spans: Vec<(usize, usize)>,
    /// Which of the gaps has the event's text that is told.
    told: Option<usize>,
    /// The event has texts to be told that are in no gap: each time it has to be read.
    untold: bool,
}

impl Echo {
    /// Compares what follows with the last event; if it is repeated, says how long it is now.
    pub(super) fn repeats(&mut self, bytes: &[u8]) -> Option<usize> {
        self.spans.clear();
        let (mut at, mut from) = (0, 0);
        for (cut, gap) in &self.gaps {
            at += same(self.envelope.get(from..*cut)?, bytes.get(at..)?)?;
            let end = at + gap.len(bytes.get(at..)?)?;
            self.spans.push((at, end));
            (at, from) = (end, *cut);
        }
        let last = self
            .envelope
            .get(from..)
            .filter(|last| !last.is_empty() && !self.untold)?;
        Some(at + same(last, bytes.get(at..)?)?)
    }

    /// The text to be told of an event that was just found to be repeated.
    pub(super) fn told<'e>(&self, event: &'e [u8]) -> Option<&'e [u8]> {
        let (start, end) = self.spans.get(self.told?)?;
        event.get(*start..*end)
    }

    /// Where the event just compared may part from the last one in a gap: in a text behind the last
    /// quote they have in common, or in padding, and whether it is that.
    pub(super) fn partings(&self, event: &[u8]) -> [Option<(usize, bool)>; 2] {
        let (envelope, at) = self.unlike();
        let rest = event.get(at..).unwrap_or_default();
        let common = common(envelope, rest);
        let quote = memrchr(b'"', common).map(|quote| (at + quote + 1, false));
        let padding = common.iter().rev().take_while(|byte| **byte == b' ');
        let padding = (at + common.len() - padding.count(), true);
        let next = [envelope, rest].map(|bytes| bytes.get(common.len()));
        [quote, next.contains(&Some(&b' ')).then_some(padding)]
    }

    /// The part of the envelope in which the event just compared differs, and where that begins in
    /// the event.
    fn unlike(&self) -> (&[u8], usize) {
        let known = self.spans.len();
        let behind = known.checked_sub(1).and_then(|last| self.gaps.get(last));
        let from = behind.map_or(0, |(cut, _)| *cut);
        let to = self
            .gaps
            .get(known)
            .map_or(self.envelope.len(), |(cut, _)| *cut);
        let at = self.spans.last().map_or(0, |(_, end)| *end);
        (self.envelope.get(from..to).unwrap_or_default(), at)
    }

    /// Remembers the event just compared as the last one, the gap in which the two part, and how many
    /// texts it has that are told.
    pub(super) fn remember(&mut self, event: &[u8], gap: Option<(usize, Gap)>, texts: usize) {
        let known = self.spans.len();
        self.gaps.truncate(known);
        let new = gap.filter(|_| known < GAPS_MAX);
        if let Some((start, gap)) = new
            && let Some(len) = event.get(start..).and_then(|bytes| gap.len(bytes))
        {
            self.spans.push((start, start + len));
            self.gaps.push((0, gap));
        }
        let told = self.gaps.iter().position(|(_, gap)| *gap == Gap::Told);
        self.told = told.filter(|_| texts > 0);
        self.untold = texts > usize::from(self.told.is_some());
        self.envelope.clear();
        let mut from = 0;
        for ((start, end), (cut, _)) in self.spans.iter().zip(&mut self.gaps) {
            self.envelope
                .extend_from_slice(event.get(from..*start).unwrap_or_default());
            (*cut, from) = (self.envelope.len(), *end);
        }
        let last = event.get(from..).unwrap_or_default();
        if self.envelope.len() + last.len() > ENVELOPE_BYTES_MAX {
            return self.forget();
        }
        self.envelope.extend_from_slice(last);
    }

    /// What comes next repeats nothing.
    pub(super) fn forget(&mut self) {
        self.envelope.clear();
        self.gaps.clear();
    }
}

fn same(literal: &[u8], bytes: &[u8]) -> Option<usize> {
    bytes.starts_with(literal).then_some(literal.len())
}

/// What two texts begin with.
fn common<'a>(one: &'a [u8], other: &[u8]) -> &'a [u8] {
    let steps = one
        .chunks_exact(STEP_BYTES)
        .zip(other.chunks_exact(STEP_BYTES));
    let same = STEP_BYTES * steps.take_while(|(one, other)| one == other).count();
    let tails = one.iter().zip(other).skip(same);
    let more = tails.take_while(|(one, other)| one == other).count();
    one.get(..same + more).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares events in turn, each parting in a gap of that kind; says which were repeated.
    fn repeated(events: &[&str], gaps: [Gap; 2]) -> Vec<bool> {
        let mut echo = Echo::default();
        let compare = |event: &&str| {
            let event = event.as_bytes();
            let repeats = echo.repeats(&[event, b"data"].concat());
            if repeats.is_none() {
                let partings = echo.partings(event).into_iter().zip(gaps);
                let mut known = partings.filter_map(|(place, gap)| Some((place?.0, gap)));
                echo.remember(event, known.next_back(), 0);
            }
            assert!(repeats.is_none_or(|len| len == event.len()), "{repeats:?}");
            repeats.is_some()
        };
        events.iter().map(compare).collect()
    }

    #[test]
    fn what_parts_in_a_text_twice_is_known_the_third_time() {
        let events = [
            "{\"a\":\"x\"}\n",
            "{\"a\":\"yy\"}\n",
            "{\"a\":\"\\\"z\"}\n",
            "{\"b\":\"z\"}\n",
        ];
        let known = repeated(&events, [Gap::Text, Gap::Blanks]);
        assert_eq!(known, [false, false, true, false]);
    }

    #[test]
    fn the_same_again_is_known_at_once() {
        assert_eq!(repeated(&["x\n\n"; 3], [Gap::Text; 2]), [false, true, true]);
    }

    #[test]
    fn padding_and_several_texts_are_learned_one_after_another() {
        let events = [
            "{\"x\",\"1\"}\n",
            "{\"y\",\"1\"} \n",
            "{\"z\",\"12\"}  \n",
            "{\"\",\"\"}\n",
            "{\"a\",\"3\"}\n",
        ];
        let events: Vec<_> = events.iter().flat_map(|event| [*event; 2]).collect();
        let known = repeated(&events, [Gap::Text, Gap::Blanks]);
        assert!(known.ends_with(&[true, true]), "{known:?}");
    }

    #[test]
    fn padding_may_shrink_to_nothing() {
        let events = ["{\"a\":[]   }\n", "{\"a\":[] }\n", "{\"a\":[]}\n"];
        assert_eq!(
            repeated(&events, [Gap::Text, Gap::Blanks]),
            [false, false, true]
        );
    }

    #[test]
    fn a_long_envelope_is_not_remembered() {
        let long = "x".repeat(ENVELOPE_BYTES_MAX + 1);
        assert_eq!(repeated(&[&long, &long], [Gap::Text; 2]), [false, false]);
    }

    #[test]
    fn what_is_forgotten_is_not_repeated() {
        let mut echo = Echo::default();
        echo.remember(b"x", None, 0);
        echo.forget();
        assert_eq!(echo.repeats(b"x"), None);
    }
}
