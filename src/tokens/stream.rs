//! Counts a text that arrives in pieces, exactly: counting each piece alone would be far too much.

use super::boundary::Boundaries;
use super::encoding::Encoding;
use super::engine;

/// From here on, in bytes, a segment ends at the next boundary.
pub(super) const SEGMENT_BYTES: usize = 4 << 10;
/// The same for a stream, which holds what is not counted yet.
const STREAM_SEGMENT_BYTES: usize = 512;
/// A segment without a boundary ends here, in bytes; it errs by about one token.
pub(super) const SEGMENT_BYTES_MAX: usize = 16 << 10;

/// The running count of one text.
#[derive(Clone, Debug)]
pub struct StreamCounter {
    encoding: Encoding,
    segment_bytes: usize,
    boundaries: Boundaries,
    /// Tokens of what is no longer held.
    done: u64,
    /// What came since the last cut; at most `SEGMENT_BYTES_MAX` bytes.
    held: String,
}

impl StreamCounter {
    /// A counter for an empty text.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        Self::with_segments(encoding, STREAM_SEGMENT_BYTES)
    }

    pub(super) fn with_segments(encoding: Encoding, segment_bytes: usize) -> Self {
        Self {
            encoding,
            segment_bytes,
            boundaries: Boundaries::default(),
            done: 0,
            held: String::new(),
        }
    }

    /// Appends the next piece of the text, of any length.
    pub fn push(&mut self, piece: &str) {
        let mut start = 0;
        for (at, next) in piece.char_indices() {
            let length = self.held.len() + (at - start);
            let ends = self.boundaries.before(next) && length >= self.segment_bytes;
            if ends || length + next.len_utf8() > SEGMENT_BYTES_MAX {
                self.count_with(piece.get(start..at).unwrap_or_default());
                start = at;
            }
        }
        self.held.push_str(piece.get(start..).unwrap_or_default());
    }

    /// The tokens of all that was pushed so far.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.done + engine::count(self.encoding, &self.held)
    }

    /// How much text is held, in bytes; at most 16 KiB.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Counts what is held together with `rest`.
    fn count_with(&mut self, rest: &str) {
        if self.held.is_empty() {
            self.done += engine::count(self.encoding, rest);
        } else {
            self.held.push_str(rest);
            self.done += engine::count(self.encoding, &self.held);
            self.held.clear();
        }
    }
}
