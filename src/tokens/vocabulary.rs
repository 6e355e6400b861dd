//! Which model counts, and in what: an encoding that is known here, or a file of the operator's.

use super::encoding::Encoding;
use super::file::FileTokenizer;
use super::model::Rules;
use super::tokenizer::Tokenizer;

/// The model whose tokens are counted.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// Its best known name: the response's before the request's.
    pub name: &'a str,
    /// What its text is counted in.
    pub vocabulary: Vocabulary<'a>,
}

/// What a text is counted in.
#[derive(Clone, Copy, Debug)]
pub enum Vocabulary<'a> {
    /// An encoding of `OpenAI`'s: the model's own, or the yardstick.
    Encoding(Encoding),
    /// The tokenizer that the operator named for the model.
    File(&'a FileTokenizer),
}

impl<'a> Model<'a> {
    /// The model of a name for which the operator named no tokenizer.
    #[must_use]
    pub fn of(name: &'a str) -> Self {
        let vocabulary = Vocabulary::Encoding(Encoding::for_model(name));
        Self { name, vocabulary }
    }

    /// How it frames what it reads and writes, where its vendor is known. A file says nothing of
    /// that, and its model may only be called like one of theirs.
    pub(super) fn rules(self) -> Option<Rules> {
        match self.vocabulary {
            Vocabulary::Encoding(_) => Rules::of(self.name),
            Vocabulary::File(_) => None,
        }
    }
}

impl Vocabulary<'_> {
    /// The tokens of `text`, of any length and content; `None` where a file's tokenizer fails on it.
    #[must_use]
    pub fn count(self, text: &str) -> Option<u64> {
        match self {
            Self::Encoding(encoding) => Some(Tokenizer.count(encoding, text)),
            Self::File(file) => file.count(text),
        }
    }
}
