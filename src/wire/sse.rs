//! Server-sent events, byte by byte: which bytes are data, and where an event ends.
//!
//! Nothing is buffered, so no event is too long and one that is cut has still been read as far as
//! it came. Event names, ids and retry times are passed over: our formats repeat in the data what
//! matters (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use memchr::{memchr_iter, memchr2};

const FIELD: &[u8] = b"data";
const DONE: &[u8] = b"[DONE]";

/// What the decoder found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A part of the event's data, the line feeds between its lines included.
    Data(&'a [u8]),
    /// The data is `[DONE]`.
    Done,
    /// The event is over; it had data.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Before the stream's first byte, where a byte order mark may stand.
    Start,
    /// In the field's name; this much of `data` has come.
    Name(usize),
    /// After `data:`, where one space belongs to the frame.
    Colon,
    Data,
    /// A comment or another field.
    Other,
}

/// Reads one stream.
#[derive(Debug)]
pub struct SseDecoder {
    line: Line,
    /// The last byte was a CR, so an LF now belongs to it.
    after_cr: bool,
    /// The event has data so far.
    has_data: bool,
    /// How much of `[DONE]` the event's data has been so far; it is held back until it is not.
    done: Option<usize>,
}

impl Default for SseDecoder {
    fn default() -> Self {
        Self {
            line: Line::Start,
            after_cr: false,
            has_data: false,
            done: Some(0),
        }
    }
}

impl SseDecoder {
    /// Takes the next bytes and says what is found in them.
    pub fn feed(&mut self, bytes: &[u8], found: &mut impl FnMut(Piece<'_>)) {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            let used = match (self.line, byte) {
                (Line::Start, 0xEF | 0xBB | 0xBF) => 1,
                (Line::Start, _) => {
                    self.line = Line::Name(0);
                    0
                }
                (_, b'\n') if self.after_cr => 1,
                (_, b'\n' | b'\r') => {
                    self.end_line(found);
                    1
                }
                (Line::Name(seen), _) => self.name(seen, byte, found),
                (Line::Colon, _) => {
                    self.line = Line::Data;
                    usize::from(byte == b' ')
                }
                (Line::Data, _) => self.data(up_to_line_end(rest), found),
                (Line::Other, _) => up_to_line_end(rest).len(),
            };
            if used > 0 {
                self.after_cr = byte == b'\r';
            }
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Whether the next byte begins an event as if it were the first.
    pub(super) fn is_between_events(&self) -> bool {
        let fresh = !self.has_data && self.done == Some(0);
        self.line == Line::Name(0) && fresh && !self.after_cr
    }

    /// Whether the next byte is data.
    pub(super) fn is_in_data(&self) -> bool {
        self.line == Line::Data
    }

    fn name(&mut self, seen: usize, byte: u8, found: &mut impl FnMut(Piece<'_>)) -> usize {
        self.line = match FIELD.get(seen) {
            Some(expected) if *expected == byte => Line::Name(seen + 1),
            None if byte == b':' => {
                self.begin_data(found);
                Line::Colon
            }
            _ => Line::Other,
        };
        1
    }

    /// Several data lines are one text, joined by line feeds.
    fn begin_data(&mut self, found: &mut impl FnMut(Piece<'_>)) {
        if self.has_data {
            self.data(b"\n", found);
        }
        self.has_data = true;
    }

    fn data(&mut self, piece: &[u8], found: &mut impl FnMut(Piece<'_>)) -> usize {
        let mut open = piece;
        while let (Some(matched), Some((byte, tail))) = (self.done, open.split_first()) {
            match DONE.get(matched) {
                Some(expected) if expected == byte => self.done = Some(matched + 1),
                Some(_) => self.release(found),
                // What follows `[DONE]` on its line is blanks.
                None => return piece.len(),
            }
            if self.done.is_none() {
                break;
            }
            open = tail;
            if matched + 1 == DONE.len() {
                found(Piece::Done);
            }
        }
        if !open.is_empty() {
            found(Piece::Data(open));
        }
        piece.len()
    }

    /// Gives out what looked like the beginning of `[DONE]` and is not.
    fn release(&mut self, found: &mut impl FnMut(Piece<'_>)) {
        if let Some(held) = self
            .done
            .take()
            .filter(|held| (1..DONE.len()).contains(held))
        {
            found(Piece::Data(DONE.get(..held).unwrap_or_default()));
        }
    }

    fn end_line(&mut self, found: &mut impl FnMut(Piece<'_>)) {
        match self.line {
            Line::Name(0) => self.end_event(found),
            // `data` alone is a data line without a value.
            Line::Name(4) => self.begin_data(found),
            Line::Start | Line::Name(_) | Line::Colon | Line::Data | Line::Other => {}
        }
        self.line = Line::Name(0);
    }

    fn end_event(&mut self, found: &mut impl FnMut(Piece<'_>)) {
        if self.has_data {
            self.release(found);
            found(Piece::End);
        }
        self.has_data = false;
        self.done = Some(0);
    }
}

/// How long what is left of an event is, if a blank line ends it.
pub(super) fn event_len(bytes: &[u8]) -> Option<usize> {
    let after_line = |end: usize| match bytes.get(end + 1..)? {
        [b'\n', ..] => Some(end + 2),
        [b'\r', b'\n', ..] => Some(end + 3),
        _ => None,
    };
    memchr_iter(b'\n', bytes).find_map(after_line)
}

fn up_to_line_end(rest: &[u8]) -> &[u8] {
    let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a stream as the decoder gives them out, data joined, `!` for done.
    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let mut decoder = SseDecoder::default();
        let mut out = vec![String::new()];
        for piece in pieces {
            decoder.feed(piece, &mut |found| match found {
                Piece::Data(data) => out
                    .last_mut()
                    .unwrap()
                    .push_str(str::from_utf8(data).unwrap()),
                Piece::Done => out.last_mut().unwrap().push('!'),
                Piece::End => out.push(String::new()),
            });
        }
        out
    }

    /// The last entry is the event that has not ended.
    #[track_caller]
    fn check(stream: &str, expected: &[&str]) {
        let bytes = stream.as_bytes();
        assert_eq!(events(&[bytes]), expected, "{stream:?}");
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(events(&[head, tail]), expected, "{stream:?} cut at {cut}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(events(&single), expected, "{stream:?} byte by byte");
    }

    #[test]
    fn every_line_ending_ends_a_line() {
        check("data: a\n\ndata: b\n\n", &["a", "b", ""]);
        check("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b", ""]);
        check("data: a\r\rdata: b\r\r", &["a", "b", ""]);
        check("data: a\r\n\ndata: b\n\r\n", &["a", "b", ""]);
    }

    #[test]
    fn only_one_space_after_the_colon_is_framing() {
        check("data:a\n\ndata:  b \n\n", &["a", " b ", ""]);
    }

    #[test]
    fn data_lines_of_one_event_are_joined() {
        check("data: {\ndata: }\n\n", &["{\n}", ""]);
        check("data\ndata: x\n\n", &["\nx", ""]);
    }

    #[test]
    fn comments_names_and_a_mark_in_front_are_passed() {
        check(
            "\u{feff}: hi\nevent: x\nid: 1\nretry: 9\ndata: a\n\n",
            &["a", ""],
        );
        check("dat: a\ndatax: b\n data: c\ndata: d\n\n", &["d", ""]);
        check("event: ping\n\n: c\n\n", &[""]);
    }

    #[test]
    fn an_event_that_is_cut_has_been_read_so_far() {
        check("data: {\"usage\":1", &["{\"usage\":1"]);
    }

    #[test]
    fn done_is_seen_before_its_line_ends() {
        check("data: [DONE]", &["!"]);
        check("data: [DONE] \n\n", &["!", ""]);
        check("data:[DONE]\n\ndata: b\n\n", &["!", "b", ""]);
    }

    #[test]
    fn what_only_begins_like_done_is_data() {
        check("data: [DO]\n\n", &["[DO]", ""]);
        check("data: [1]\n\n", &["[1]", ""]);
        check("data: [DON\n\n", &["[DON", ""]);
        check("data: [DON\ndata: E]\n\n", &["[DON\nE]", ""]);
    }
}
