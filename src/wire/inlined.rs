//! Finds the data of images, sound and files in a request: it is no text, and far longer than any.

use std::ops::Range;

/// As much of it stays: an image's size stands in its header, in a JPEG behind what a camera has to
/// say, which is at most 64 KiB and a third longer in base64.
const HEAD_BYTES: usize = 96 * 1024;

/// Where the data is that a frame has.
#[derive(Debug, Default)]
pub(super) struct Inlined {
    /// How much of the value has come.
    len: usize,
    /// It is no data: a document may be given as its text.
    is_text: bool,
    /// In its head.
    commas: usize,
    cuts: Vec<Range<usize>>,
}

impl Inlined {
    /// A frame begins.
    pub(super) fn clear(&mut self) {
        self.cuts.clear();
    }

    /// A value begins.
    pub(super) const fn begin(&mut self) {
        self.len = 0;
        self.is_text = false;
        self.commas = 0;
    }

    /// More of the value, as it lies in its frame.
    pub(super) fn more(&mut self, frame: &[u8], piece: &[u8]) {
        let head = HEAD_BYTES.saturating_sub(self.len).min(piece.len());
        self.len = self.len.saturating_add(piece.len());
        let (head, data) = piece.split_at(head);
        // Some writers put a backslash before each slash, and a data URL has one comma; base64 has no
        // blanks, no brackets and no letters but those of ASCII.
        let is_texts = |byte: &u8| !byte.is_ascii() || b" {}[]<>()".contains(byte);
        let commas = memchr::memchr_iter(b',', head).count();
        self.commas = self.commas.saturating_add(commas);
        self.is_text |= self.commas > 1 || head.iter().any(is_texts);
        // The byte behind a backslash goes with it.
        let escaped = usize::from(head.last() == Some(&b'\\')).min(data.len());
        if self.is_text || data.len() == escaped {
            return;
        }
        let begin = data.as_ptr().addr().saturating_sub(frame.as_ptr().addr());
        self.cuts.push(begin + escaped..begin + data.len());
    }

    /// What of the frame is data behind its head.
    pub(super) fn cuts(&self) -> &[Range<usize>] {
        &self.cuts
    }
}
