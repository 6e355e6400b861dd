//! The one place that knows the tokenizer crate. It gets short segments only: its pattern runs on a
//! backtracking engine, which panics on a megabyte of spaces and is slow on long runs.

use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

use super::encoding::Encoding;

/// The tokens of one segment. Text that looks like a special token is text: clients type it.
pub(super) fn count(encoding: Encoding, segment: &str) -> u64 {
    let tokens = vocabulary(encoding).count_ordinary(segment);
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

/// Loads the vocabulary of `encoding` if that has not happened yet.
pub(super) fn load(encoding: Encoding) {
    let _loaded = vocabulary(encoding);
}

fn vocabulary(encoding: Encoding) -> &'static CoreBPE {
    match encoding {
        Encoding::O200k => o200k_base_singleton(),
        Encoding::Cl100k => cl100k_base_singleton(),
    }
}
