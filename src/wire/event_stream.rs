//! Amazon's binary event streams (`application/vnd.amazon.eventstream`), byte by byte: which bytes
//! are payload, and where a frame ends.
//!
//! A frame is its length and that of its headers, a checksum of both, headers, payload, and a
//! checksum of all of it. No payload is buffered, so one that is cut has still been read as far as it
//! came; whether it was whole is said at its end
//! (<https://smithy.io/2.0/aws/amazon-eventstream.html>).

use flate2::Crc;

/// Both lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;

/// The service sends no longer payload than 24 MiB; a longer frame is none.
pub(super) const FRAME_BYTES_MAX: usize = 25 * 1024 * 1024;

/// The service's headers are some hundred bytes; they alone are buffered.
pub(super) const HEADER_BYTES_MAX: usize = 4 * 1024;

/// What the decoder found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// A frame's payload begins; an exception's tells of an error in place of an event.
    Begin {
        /// It is none of the stream's events.
        is_exception: bool,
    },
    /// More of the payload.
    Payload(&'a [u8]),
    /// The frame is over; its checksum is right or not.
    End {
        /// The frame came as it was sent.
        is_whole: bool,
    },
    /// What came is no frame, and what follows cannot be told apart any more.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Prelude,
    /// With so many bytes of payload behind it.
    Headers {
        bytes: usize,
        payload: usize,
    },
    Payload(usize),
    Checksum,
    Broken,
}

/// Reads one stream.
#[derive(Debug)]
pub(super) struct EventStream {
    state: State,
    /// What came of a prelude, of headers or of a checksum.
    held: Vec<u8>,
    /// Of all bytes of the frame so far.
    sum: Crc,
}

impl Default for EventStream {
    fn default() -> Self {
        Self {
            state: State::Prelude,
            held: Vec::new(),
            sum: Crc::new(),
        }
    }
}

impl EventStream {
    /// Takes the next bytes and says what is found in them.
    pub(super) fn feed(&mut self, bytes: &[u8], found: &mut impl FnMut(Part<'_>)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = match self.state {
                State::Prelude => self.hold(rest, PRELUDE_BYTES, Self::prelude, found),
                State::Headers { bytes, .. } => self.hold(rest, bytes, Self::headers, found),
                State::Payload(left) => self.payload(rest, left, found),
                State::Checksum => self.hold(rest, CHECKSUM_BYTES, Self::checksum, found),
                State::Broken => return,
            };
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Holds bytes until there are so many of them, and then reads them.
    fn hold<F: FnMut(Part<'_>)>(
        &mut self,
        rest: &[u8],
        bytes: usize,
        read: impl FnOnce(&mut Self, &[u8], &mut F),
        found: &mut F,
    ) -> usize {
        let missing = bytes.saturating_sub(self.held.len());
        let piece = rest.get(..missing).unwrap_or(rest);
        self.held.extend_from_slice(piece);
        if self.held.len() == bytes {
            let held = std::mem::take(&mut self.held);
            read(self, &held, found);
            // Its room is for what comes next.
            self.held = held;
            self.held.clear();
        }
        piece.len()
    }

    fn prelude(&mut self, prelude: &[u8], found: &mut impl FnMut(Part<'_>)) {
        self.sum.reset();
        self.sum.update(prelude.get(..8).unwrap_or_default());
        let is_whole = number(prelude, 8) == Some(self.sum.sum());
        self.sum.update(prelude.get(8..).unwrap_or_default());
        let lengths = lengths(prelude).filter(|_| is_whole);
        match lengths {
            Some((0, payload)) => self.begin(false, payload, found),
            Some((bytes, payload)) => self.state = State::Headers { bytes, payload },
            None => {
                self.state = State::Broken;
                found(Part::Broken);
            }
        }
    }

    fn headers(&mut self, headers: &[u8], found: &mut impl FnMut(Part<'_>)) {
        self.sum.update(headers);
        let State::Headers { payload, .. } = self.state else {
            return;
        };
        let kind = header(headers, b":message-type");
        self.begin(kind.is_some_and(|kind| kind != b"event"), payload, found);
    }

    fn begin(&mut self, is_exception: bool, payload: usize, found: &mut impl FnMut(Part<'_>)) {
        found(Part::Begin { is_exception });
        self.state = if payload == 0 {
            State::Checksum
        } else {
            State::Payload(payload)
        };
    }

    fn payload(&mut self, rest: &[u8], left: usize, found: &mut impl FnMut(Part<'_>)) -> usize {
        let piece = rest.get(..left).unwrap_or(rest);
        self.sum.update(piece);
        found(Part::Payload(piece));
        self.state = if piece.len() == left {
            State::Checksum
        } else {
            State::Payload(left - piece.len())
        };
        piece.len()
    }

    fn checksum(&mut self, checksum: &[u8], found: &mut impl FnMut(Part<'_>)) {
        self.state = State::Prelude;
        found(Part::End {
            is_whole: number(checksum, 0) == Some(self.sum.sum()),
        });
    }
}

/// How long a frame's headers and its payload are, if it may be so long.
fn lengths(prelude: &[u8]) -> Option<(usize, usize)> {
    let frame = usize::try_from(number(prelude, 0)?).ok()?;
    let headers = usize::try_from(number(prelude, 4)?).ok()?;
    let around = PRELUDE_BYTES + CHECKSUM_BYTES;
    let payload = frame.checked_sub(around)?.checked_sub(headers)?;
    (frame <= FRAME_BYTES_MAX && headers <= HEADER_BYTES_MAX).then_some((headers, payload))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let (number, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u32::from_be_bytes(*number))
}

/// The value of a header that is a text.
fn header<'h>(mut headers: &'h [u8], wanted: &[u8]) -> Option<&'h [u8]> {
    loop {
        let (length, rest) = headers.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (kind, rest) = rest.split_first()?;
        let (value, rest) = value(*kind, rest)?;
        if name == wanted {
            return Some(value);
        }
        headers = rest;
    }
}

/// A header's value and what follows it.
fn value(kind: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match kind {
        // True and false.
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        // A long number, a time.
        5 | 8 => 8,
        // Bytes and text say how long they are.
        6 | 7 => {
            let (length, rest) = bytes.split_first_chunk()?;
            return rest.split_at_checked(usize::from(u16::from_be_bytes(*length)));
        }
        // A UUID.
        9 => 16,
        _ => return None,
    };
    bytes.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tests::frames::{event, exception, frame};

    /// What is found: `<` or `!` begins a frame, `>` ends a whole one, `x` one that is none.
    fn told(pieces: &[&[u8]]) -> String {
        let mut stream = EventStream::default();
        let mut told = String::new();
        for piece in pieces {
            stream.feed(piece, &mut |part| match part {
                Part::Begin { is_exception } => told.push(if is_exception { '!' } else { '<' }),
                Part::Payload(bytes) => told.push_str(&String::from_utf8_lossy(bytes)),
                Part::End { is_whole } => told.push(if is_whole { '>' } else { 'x' }),
                Part::Broken => told.push('?'),
            });
        }
        told
    }

    #[track_caller]
    fn check(stream: &[u8], expected: &str) {
        assert_eq!(told(&[stream]), expected);
        for cut in 0..=stream.len() {
            let (head, tail) = stream.split_at(cut);
            assert_eq!(told(&[head, tail]), expected, "cut at {cut}");
        }
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(told(&single), expected, "byte by byte");
    }

    #[test]
    fn frames_are_told_apart_at_any_cut() {
        let stream = [event("a", "{1}"), exception("b", "{2}"), event("c", "")].concat();
        check(&stream, "<{1}>!{2}><>");
        check(&frame(&[], b"bare"), "<bare>");
    }

    #[test]
    fn a_payload_is_told_before_its_frame_is_over() {
        let stream = event("a", "abcdef");
        assert_eq!(told(&[&stream[..stream.len() - 7]]), "<abc");
    }

    #[test]
    fn a_changed_byte_is_noticed_and_the_next_frame_is_read() {
        let (one, other) = (event("a", "abc"), event("b", "d"));
        for place in PRELUDE_BYTES..one.len() {
            let mut stream = [one.clone(), other.clone()].concat();
            stream[place] ^= 1;
            let told = told(&[&stream]);
            assert!(
                told.contains('x') && told.ends_with("<d>"),
                "{place}: {told}"
            );
        }
    }

    #[test]
    fn behind_a_changed_length_nothing_is_read() {
        for place in 0..PRELUDE_BYTES {
            let mut stream = [event("a", "abc"), event("b", "d")].concat();
            stream[place] ^= 1;
            check(&stream, "?");
        }
    }

    /// A prelude with the right checksum.
    fn prelude(frame: usize, headers: usize) -> Vec<u8> {
        let mut prelude = Vec::new();
        for length in [frame, headers] {
            prelude.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
        }
        let mut sum = Crc::new();
        sum.update(&prelude);
        prelude.extend_from_slice(&sum.sum().to_be_bytes());
        prelude
    }

    #[test]
    fn a_frame_is_no_longer_than_it_may_be_and_no_shorter() {
        check(&prelude(FRAME_BYTES_MAX + 1, 0), "?");
        check(&prelude(FRAME_BYTES_MAX, 0), "<");
        check(&prelude(FRAME_BYTES_MAX, HEADER_BYTES_MAX + 1), "?");
        check(&prelude(15, 0), "?");
        check(&prelude(16, 1), "?");
    }

    #[test]
    fn a_header_is_found_behind_those_of_every_kind() {
        let mut headers = Vec::new();
        for (kind, length) in [
            (0, 0),
            (1, 0),
            (2, 1),
            (3, 2),
            (4, 4),
            (5, 8),
            (8, 8),
            (9, 16),
        ] {
            headers.extend_from_slice(&[1, b'k', kind]);
            headers.extend_from_slice(&vec![7; length]);
        }
        headers.extend_from_slice(b"\x01b\x06\x00\x02zz\x01n\x07\x00\x03abc");
        assert_eq!(header(&headers, b"n"), Some(&b"abc"[..]));
        for cut in 0..headers.len() {
            assert_eq!(header(&headers[..cut], b"n"), None, "{cut}");
        }
        assert_eq!(header(b"\x01k\x0a", b"n"), None);
    }
}
