//! Reads a stream of events: those that repeat the one before them are passed over whole.

use crate::call::Flag;

use super::super::gap::Gap;
use super::super::spoken::Spoken;
use super::super::sse::{Piece, event_len};
use super::{Format, Framed};

impl<R: Format> Framed<R> {
    pub(super) fn events(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let fresh = self.sse.is_between_events();
            let repeated = self.echo.repeats(bytes);
            debug_assert!(fresh || repeated.is_none(), "only whole events repeat");
            let len = repeated.or_else(|| event_len(bytes));
            let (event, rest) = bytes.split_at(len.unwrap_or(bytes.len()));
            match (repeated, len) {
                (Some(_), _) => self.told_again(event),
                (None, Some(_)) if fresh => self.whole_event(event),
                (None, _) => {
                    self.echo.forget();
                    self.part(event);
                }
            }
            bytes = rest;
        }
    }

    /// Reads an event that was just compared with the last one, and remembers it: with the gap in
    /// which the two part, if the scanner says that there is one.
    fn whole_event(&mut self, event: &[u8]) {
        let (mut read, mut gap) = (0, None);
        for (place, is_padding) in self.echo.partings(event).into_iter().flatten() {
            let Some(bytes) = event.get(read..place) else {
                continue;
            };
            self.part(bytes);
            read = place;
            let here = self.scanner.gap().filter(|_| self.sse.is_in_data());
            let here = here.filter(|gap| is_padding == (*gap == Gap::Blanks));
            gap = gap.or(here.map(|gap| (place, gap)));
        }
        self.part(event.get(read..).unwrap_or_default());
        self.echo.remember(event, gap, self.texts);
    }

    /// A repeated event says nothing new but the text it is told around.
    fn told_again(&mut self, event: &[u8]) {
        if let (Some(spoken), Some(text)) = (&mut self.findings.spoken, self.echo.told(event)) {
            spoken.more(text);
        }
    }

    /// Reads bytes of events, however they are cut.
    fn part(&mut self, bytes: &[u8]) {
        let Self {
            scanner,
            reader,
            findings,
            promised,
            texts,
            ..
        } = self;
        self.sse.feed(bytes, &mut |piece| {
            let whole = match piece {
                Piece::Data(data) => {
                    scanner.feed(data, &mut |seen| reader.see(seen, findings));
                    !scanner.is_malformed()
                }
                Piece::Done => {
                    reader.done(findings);
                    true
                }
                Piece::End => {
                    let whole = scanner.is_complete() || scanner.is_blank();
                    reader.end_text(findings);
                    *texts = findings.spoken.as_deref_mut().map_or(0, Spoken::end_event);
                    scanner.reset();
                    whole
                }
            };
            if *promised && !whole {
                findings.flag(Flag::Malformed);
            }
        });
    }
}
