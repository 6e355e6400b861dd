//! Counts texts, and by them the two sides of a call.

use super::answer::Answer;
use super::asked::Asked;
use super::counted::Counted;
use super::encoding::Encoding;
use super::engine;
use super::json::Json;
use super::prompt::Prompt;
use super::request::{Family, Input, Request};
use super::stream::{SEGMENT_BYTES, StreamCounter};
use super::vocabulary::Model;
use super::{chat, contents, converse, messages, responses};

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

    /// The input of `request`; `None` when its body cannot be read as one of its family. What a
    /// body names and does not carry, such as an earlier response or a remote image, makes it a
    /// lower bound.
    #[must_use]
    pub fn input(self, request: &Request<'_>) -> Option<Input> {
        let body = Json::parse(request.body)?;
        let asked = Asked::read(request.family, &body);
        let mut prompt = Prompt::new(request);
        match request.family {
            Family::Chat => chat::chat(&body, asked, &mut prompt)?,
            Family::Responses => responses::responses(&body, asked, &mut prompt)?,
            Family::Messages => messages::messages(&body, &mut prompt)?,
            Family::Converse => converse::converse(&body, &mut prompt)?,
            Family::Contents => contents::contents(&body, &mut prompt)?,
            Family::Completions => chat::bare(&body, "prompt", &mut prompt)?,
            Family::Embeddings => chat::bare(&body, "input", &mut prompt)?,
            Family::Templated => chat::templated(&body, asked, &mut prompt)?,
        }
        Some(Input {
            counted: prompt.counted(!asked.tools && !asked.json_schema),
            asked,
        })
    }

    /// The output of an answer by `model` to what was `asked`, from its texts as its vocabulary counts
    /// them.
    #[must_use]
    pub fn output(self, model: Model<'_>, asked: Asked, answer: &Answer) -> Counted {
        answer.counted(model, asked)
    }
}
