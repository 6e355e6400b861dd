//! Text that means nothing and has a known length.
//!
//! The mock providers count four bytes of input as one token and one word of output as one token:
//! close to English, and simple enough to check by hand.

/// Short common words: one token each in the usual vocabularies, with the leading space, and four
/// bytes each on average, so that a prompt of them has as many tokens as it is billed for.
const WORDS: [&str; 32] = [
    "the", "sum", "of", "all", "that", "is", "a", "call", "you", "pay", "for", "by", "day", "and",
    "so", "can", "see", "how", "long", "one", "ran", "who", "did", "ask", "what", "were", "new",
    "or", "read", "in", "each", "hour",
];

/// Bytes of input that the mock providers bill as one token.
const INPUT_BYTES_PER_TOKEN: usize = 4;

/// The `n`-th word of an endless text that starts anywhere, with its leading space.
pub(super) fn word(start: u64, n: u64) -> String {
    let count = u64::try_from(WORDS.len()).unwrap_or(1);
    let place = usize::try_from(start.wrapping_add(n) % count).unwrap_or(0);
    // The words are walked in steps of 13, which is coprime to their number, so texts differ.
    let step = place.wrapping_mul(13) % WORDS.len();
    WORDS
        .get(step)
        .map_or_else(String::new, |word| format!(" {word}"))
}

/// The first `count` words of the same text.
pub(super) fn words(start: u64, count: u64) -> String {
    (0..count).map(|n| word(start, n)).collect()
}

/// A prompt that the mock providers bill as `tokens`.
pub(super) fn prompt(start: u64, tokens: u32) -> String {
    let bytes = usize::try_from(tokens)
        .unwrap_or(0)
        .saturating_mul(INPUT_BYTES_PER_TOKEN);
    let mut text = String::with_capacity(bytes.saturating_add(8));
    let mut n = 0;
    while text.len() < bytes {
        text.push_str(&word(start, n));
        n += 1;
    }
    text.truncate(bytes);
    text
}

/// What a provider bills for reading so many bytes of text.
pub(super) fn input_tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(INPUT_BYTES_PER_TOKEN)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_billed_as_long_as_it_was_ordered() {
        for tokens in [1, 7, 500, 30_000] {
            assert_eq!(input_tokens(prompt(3, tokens).len()), u64::from(tokens));
        }
    }

    #[test]
    fn a_word_of_the_prompt_is_a_token_on_average() {
        let bytes: usize = WORDS.iter().map(|word| word.len() + 1).sum();
        assert_eq!(bytes, WORDS.len() * INPUT_BYTES_PER_TOKEN);
    }

    #[test]
    fn a_text_is_its_words() {
        assert_eq!(
            words(5, 3),
            format!("{}{}{}", word(5, 0), word(5, 1), word(5, 2))
        );
        assert_eq!(words(5, 64).split_whitespace().count(), 64);
    }
}
