//! The one place that knows the crate which reads such files.

use tokenizers::{ModelWrapper, Tokenizer};

use super::{FileError, malformed};

pub(super) struct Engine(Tokenizer);

impl Engine {
    pub(super) fn read(json: &[u8]) -> Result<Self, FileError> {
        let told = |error: Box<dyn std::error::Error + Send + Sync>| malformed(&error.to_string());
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(told)?;
        // Some files cut and fill up what they are given, for a model that needs it.
        tokenizer.with_truncation(None).map_err(told)?;
        tokenizer.with_padding(None);
        tokenizer.set_encode_special_tokens(true);
        let mut model = tokenizer.get_model().clone();
        // A count keeps nothing of a text, and is the same each time.
        model.resize_cache(0);
        if let ModelWrapper::BPE(bpe) = &mut model {
            bpe.dropout = None;
        }
        tokenizer.with_model(model);
        Ok(Self(tokenizer))
    }

    /// The tokens of one piece.
    pub(super) fn count(&self, piece: &str) -> Option<u64> {
        let encoding = self.0.encode_fast(piece, false).ok()?;
        u64::try_from(encoding.len()).ok()
    }
}
