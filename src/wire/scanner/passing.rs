//! Passes over values: keeps one that is asked for, and notices whether one is empty.

use super::super::skip::Skip;
use super::{Container, Gather, Scanner, Seen, State, VALUE_BYTES_MAX};

impl<F: Copy> Scanner<F> {
    pub(super) fn begin_passing(
        &mut self,
        byte: u8,
        rest: &[u8],
        found: &mut impl FnMut(Seen<'_, F>),
    ) -> usize {
        self.skip = Skip::before(byte);
        if self.skip.is_none() {
            self.fail();
            return 1;
        }
        self.state = State::Passing;
        let closer = match byte {
            b'"' => b'"',
            b'{' => b'}',
            b'[' => b']',
            b'n' | b'f' => {
                self.notice = None;
                self.gather = None;
                return self.pass(rest, found);
            }
            _ => {
                self.say_filled(found);
                self.gather = None;
                return self.pass(rest, found);
            }
        };
        if let Some(gather) = &mut self.gather {
            gather.is_text = byte == b'"';
        }
        if self.notice.is_none() {
            return self.pass(rest, found);
        }
        self.state = State::Peek(closer);
        self.pass_over(&[byte]);
        1
    }

    pub(super) fn peek(
        &mut self,
        byte: u8,
        closer: u8,
        found: &mut impl FnMut(Seen<'_, F>),
    ) -> usize {
        if closer != b'"' && byte.is_ascii_whitespace() {
            return 1;
        }
        if byte != closer {
            self.say_filled(found);
        }
        self.notice = None;
        self.state = State::Passing;
        0
    }

    pub(super) fn pass(&mut self, rest: &[u8], found: &mut impl FnMut(Seen<'_, F>)) -> usize {
        let end = self.pass_over(rest);
        let piece = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if let Some(field) = self.keep {
            self.keep_piece(field, piece, end.is_some(), found);
        }
        if let Some(Gather { field, is_text }) = self.gather {
            let quote = usize::from(is_text && end.is_some());
            let text = piece.get(..piece.len() - quote).unwrap_or_default();
            found(Seen::Text(field, text));
        }
        if end.is_none() {
            return piece.len();
        }
        self.value_ended();
        piece.len() + self.step_on(rest.get(piece.len()..).unwrap_or_default())
    }

    /// Takes what nearly always follows a member in one step: `,"`, or brackets that close.
    fn step_on(&mut self, rest: &[u8]) -> usize {
        let mut used = 0;
        loop {
            match (rest.get(used..), self.open.last()) {
                (Some([b'}', ..]), Some((_, Container::Object)))
                | (Some([b']', ..]), Some((_, Container::Array))) => self.close(),
                (Some([b',', b'"', ..]), Some((_, Container::Object))) => {
                    self.key.restart();
                    self.state = State::InKey;
                    return used + 2;
                }
                _ => return used,
            }
            used += 1;
        }
    }

    fn pass_over(&mut self, bytes: &[u8]) -> Option<usize> {
        self.skip.as_mut().and_then(|skip| skip.feed(bytes))
    }

    /// A value that came in one piece is handed over where it lies; only a split one is copied.
    fn keep_piece(
        &mut self,
        field: F,
        piece: &[u8],
        whole: bool,
        found: &mut impl FnMut(Seen<'_, F>),
    ) {
        if self.kept.len() + piece.len() > VALUE_BYTES_MAX {
            self.keep = None;
            self.kept.clear();
            found(Seen::TooLong(field));
        } else if whole && self.kept.is_empty() {
            found(Seen::Value(field, piece));
        } else {
            self.kept.extend_from_slice(piece);
            if whole {
                found(Seen::Value(field, &self.kept));
            }
        }
    }

    fn value_ended(&mut self) {
        self.skip = None;
        self.keep = None;
        self.gather = None;
        self.kept.clear();
        self.after_value();
    }

    /// Passes over the value of a member that nobody asks for, and on to the next key.
    pub(super) fn pass_unnamed(&mut self, byte: u8, rest: &[u8]) -> usize {
        let Some(mut skip) = Skip::before(byte) else {
            self.fail();
            return 1;
        };
        let Some(len) = skip.feed(rest) else {
            self.state = State::Passing;
            self.skip = Some(skip);
            return rest.len();
        };
        self.state = State::AfterValue;
        len + self.step_on(rest.get(len..).unwrap_or_default())
    }
}
