//! Counts text locally, for calls whose provider reports nothing or was cut off before it did.
//!
//! Where the provider's encoding and framing are known, a count follows them; for everybody else
//! it is a yardstick that `Learned` turns into that model's tokens, unless the operator has the
//! model's own tokenizer in a file. A reported count always wins.
//! Nothing here does I/O, spawns or reads a clock; counting takes time and has its own thread.

mod answer;
mod answer_format;
mod asked;
mod boundary;
mod called;
mod chat;
mod contents;
mod converse;
mod counted;
mod encoding;
mod engine;
mod file;
mod image;
mod image_size;
mod json;
mod learned;
mod messages;
mod model;
mod prompt;
mod remarks;
mod rendering;
mod request;
mod responses;
mod stream;
mod tally;
#[cfg(test)]
mod tests;
mod tokenizer;
mod vocabulary;

pub use answer::{Answer, Choice, ToolCall};
pub use asked::{Asked, Thinking};
pub use counted::{Basis, Bound, Counted};
pub use encoding::Encoding;
pub use file::{FileError, FileTokenizer, TOKENIZER_FILE_BYTES_MAX};
pub use learned::{LEARNED_MODELS_MAX, Learned, Side};
pub use request::{Family, Input, Request};
pub use stream::StreamCounter;
pub use tally::TEXT_BYTES_MAX;
pub use tokenizer::Tokenizer;
pub use vocabulary::{Model, Vocabulary};
