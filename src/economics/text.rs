#![expect(
    clippy::float_arithmetic,
    reason = "tokens a word are an estimate; whole tokens come out"
)]
//! How many tokens a text has, estimated from its words or characters.
//!
//! The rate belongs to a tokenizer and a language: published rates for Chinese differ by a factor of
//! three, so it is always an argument.

/// Slack that keeps a rounding error from costing a token.
const SLACK: f64 = 1e-9;

/// Tokens of a text of so many words: ceil(words·rate - 1e-9). English has about 4/3 a word.
#[must_use]
pub fn tokens_from_words(words: f64, tokens_per_word: f64) -> u64 {
    whole((words * tokens_per_word - SLACK).ceil())
}

/// Tokens of a text of so many Chinese characters: the nearest whole number, a half to the even one.
#[must_use]
pub fn tokens_from_han(chars: f64, tokens_per_char: f64) -> u64 {
    whole((chars * tokens_per_char).round_ties_even())
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and no text has less than no tokens"
)]
fn whole(tokens: f64) -> u64 {
    tokens as u64
}
