//! A model's own tokenizer, from the `tokenizer.json` that is published with its weights.

#[cfg_attr(feature = "tokenizers", path = "file/huggingface.rs")]
#[cfg_attr(not(feature = "tokenizers"), path = "file/absent.rs")]
mod engine;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::boundary::Boundaries;
use engine::Engine;

/// The longest file, in bytes: twice that of the largest vocabularies in use, of 260,000 tokens.
pub const TOKENIZER_FILE_BYTES_MAX: u64 = 64 << 20;
/// A longer text is counted in pieces, in bytes: what one takes while it is counted is some 100
/// times as much.
const PIECE_BYTES_MAX: usize = 64 << 10;
/// What every tokenizer has to have tokens for: letters, marks, white space, digits, other scripts.
const PROBE: &str = "Hello, world!\n\t0123 ~ größer 你好 привет \u{1F600} \u{10FFFD}";
/// Characters of another's message that are shown.
const REASON_CHARS_MAX: usize = 200;

/// Counts as a file says.
pub struct FileTokenizer {
    name: String,
    engine: Engine,
}

/// Why a file cannot be counted by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The program has no reader for such files.
    #[error("cannot be read by this build")]
    NotBuilt,
    /// It is no `tokenizer.json`, or of a kind that is not known.
    #[error("is not a tokenizer.json: {reason}")]
    Malformed {
        /// What its reader says.
        reason: String,
    },
    /// It is one, and has no tokens for a text that clients may well send.
    #[error("has no tokens for every text: it knows neither single bytes nor an unknown token")]
    Incomplete,
}

impl FileTokenizer {
    /// Reads what a file says; rows will call it `name`. Takes up to seconds, and some 16 times
    /// the memory of the file.
    ///
    /// # Errors
    /// Whatever keeps it from counting any text.
    pub fn read(name: &str, json: &[u8]) -> Result<Self, FileError> {
        let read = || {
            let engine = Engine::read(json)?;
            match engine.count(PROBE) {
                Some(1..) => Ok(engine),
                Some(0) | None => Err(FileError::Incomplete),
            }
        };
        // Its reader takes for granted what a file need not keep to.
        let panicked = |_| malformed("its reader panicked");
        let engine = catch_unwind(AssertUnwindSafe(read)).map_err(panicked)??;
        let name = name.to_owned();
        Ok(Self { name, engine })
    }

    /// What rows call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tokens of `text` by itself, without those that mark its begin and end. What looks like a
    /// special token is text: clients type it. Exact, but for about one token for each 64 KiB.
    pub(super) fn count(&self, text: &str) -> Option<u64> {
        let mut rest = text;
        let mut tokens: u64 = 0;
        while !rest.is_empty() {
            let (piece, next) = rest.split_at(piece_bytes(rest));
            tokens = tokens.saturating_add(self.engine.count(piece)?);
            rest = next;
        }
        Some(tokens)
    }
}

impl fmt::Debug for FileTokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, engine: _ } = self;
        f.debug_tuple("FileTokenizer").field(name).finish()
    }
}

fn malformed(reason: &str) -> FileError {
    FileError::Malformed {
        reason: reason.chars().take(REASON_CHARS_MAX).collect(),
    }
}

/// How long the first piece of `text` is: all of it, or to the last place where most tokenizers
/// split.
fn piece_bytes(text: &str) -> usize {
    if text.len() <= PIECE_BYTES_MAX {
        return text.len();
    }
    let most = text.floor_char_boundary(PIECE_BYTES_MAX);
    let head = text.get(..most).unwrap_or(text);
    let mut boundaries = Boundaries::default();
    let cuts = head
        .char_indices()
        .filter_map(|(at, next)| boundaries.before(next).then_some(at));
    cuts.last().unwrap_or(most)
}
