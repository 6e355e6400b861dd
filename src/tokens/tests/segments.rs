//! Counting in parts is counting the whole, whatever the text and wherever it is cut; and no text
//! makes it panic or hold more than its bound.

use fastrand::Rng;
use tiktoken_rs::{cl100k_base_singleton, o200k_base_singleton};

use crate::tokens::stream::SEGMENT_BYTES_MAX;
use crate::tokens::{Encoding, StreamCounter, Tokenizer};

/// What the patterns and merges of the encodings treat each in its own way.
const BITS: [&str; 64] = [
    "a",
    "Bc",
    "DEF",
    "ghI",
    "'s",
    "'re",
    "'LL",
    "'ſ",
    "’",
    "'",
    "ſ",
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    " \n",
    "/",
    "//",
    ".",
    ",",
    ";\n",
    "!",
    "(",
    ")",
    "{\"",
    "\":",
    "_",
    "-",
    "1",
    "23",
    "4567",
    "٣",
    "½",
    "你",
    "好世界",
    "。",
    ",",
    "《",
    "》",
    "が",
    "カタ",
    "ー",
    "한국",
    "é",
    "e\u{301}",
    "\u{301}",
    "ÀÉ",
    "Ωδ",
    "Жж",
    "שלום",
    "مرحبا",
    "ไทย",
    "👩\u{200D}👩",
    "🎉",
    "\u{A0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "<|endoftext|>",
    "ª",
];

fn whole(encoding: Encoding, text: &str) -> u64 {
    let tokens = match encoding {
        Encoding::O200k => o200k_base_singleton().count_ordinary(text),
        Encoding::Cl100k => cl100k_base_singleton().count_ordinary(text),
    };
    u64::try_from(tokens).unwrap()
}

/// Another crate's count, written apart from the engine.
fn other(encoding: Encoding, text: &str) -> u64 {
    let tokens = match encoding {
        Encoding::O200k => bpe_openai::o200k_base().count(text),
        Encoding::Cl100k => bpe_openai::cl100k_base().count(text),
    };
    u64::try_from(tokens).unwrap()
}

fn text(rng: &mut Rng, bits: usize) -> String {
    // A few bits often, so that runs of the same come about.
    let few: Vec<&str> = (0..rng.usize(2..20))
        .map(|_| *rng.choice(&BITS).unwrap())
        .collect();
    (0..bits).map(|_| *rng.choice(&few).unwrap()).collect()
}

/// Pushes `text` in pieces of random length, segments as short as they come.
fn streamed(encoding: Encoding, text: &str, segment_bytes: usize, rng: &mut Rng) -> u64 {
    let mut counter = StreamCounter::with_segments(encoding, segment_bytes);
    let mut rest = text;
    while !rest.is_empty() {
        let piece = rest
            .chars()
            .take(rng.usize(1..12))
            .map(char::len_utf8)
            .sum();
        counter.push(&rest[..piece]);
        rest = &rest[piece..];
    }
    counter.tokens()
}

/// A run without a boundary is cut by force, which errs by about a token.
fn forced_cuts(text: &str) -> u64 {
    u64::try_from(text.len() / SEGMENT_BYTES_MAX + 1).unwrap()
}

#[test]
fn a_text_cut_at_every_boundary_counts_as_the_whole() {
    let mut rng = Rng::with_seed(1);
    for round in 0..4_000 {
        let bits = rng.usize(1..60);
        let text = text(&mut rng, bits);
        for encoding in Encoding::ALL {
            let expected = whole(encoding, &text);
            assert_eq!(
                streamed(encoding, &text, 1, &mut rng),
                expected,
                "{encoding:?} round {round}: {text:?}"
            );
            assert_eq!(other(encoding, &text), expected, "{encoding:?}: {text:?}");
        }
    }
}

#[test]
fn a_long_text_and_a_long_stream_count_as_the_whole() {
    let mut rng = Rng::with_seed(2);
    for _ in 0..20 {
        let text = text(&mut rng, 12_000);
        for encoding in Encoding::ALL {
            let expected = whole(encoding, &text);
            let slack = forced_cuts(&text);
            assert!(Tokenizer.count(encoding, &text).abs_diff(expected) <= slack);
            assert!(streamed(encoding, &text, 512, &mut rng).abs_diff(expected) <= slack);
        }
    }
}

#[test]
fn special_tokens_typed_by_a_client_are_text() {
    assert_eq!(Tokenizer.count(Encoding::O200k, "<|endoftext|>"), 7);
}

/// Three megabytes of what the engine alone panics on or is slow at.
#[track_caller]
fn endless(text: &str) {
    for encoding in Encoding::ALL {
        let mut counter = StreamCounter::new(encoding);
        let mut rest = text;
        while !rest.is_empty() {
            let at = rest.floor_char_boundary(70_000);
            counter.push(&rest[..at]);
            assert!(counter.held_bytes() <= SEGMENT_BYTES_MAX);
            rest = &rest[at..];
        }
        let expected = other(encoding, text);
        for counted in [counter.tokens(), Tokenizer.count(encoding, text)] {
            assert!(
                counted.abs_diff(expected) <= forced_cuts(text),
                "{encoding:?}: {counted}, not {expected}"
            );
        }
    }
}

#[test]
fn three_megabytes_of_spaces_are_counted() {
    endless(&" ".repeat(3_000_000));
}

#[test]
fn three_megabytes_of_wide_spaces_are_counted() {
    endless(&"\u{3000}".repeat(1_000_000));
}

#[test]
fn three_megabytes_of_letters_without_a_boundary_are_counted() {
    let mut rng = Rng::with_seed(3);
    let letters: String = (0..3_000_000).map(|_| rng.alphabetic()).collect();
    endless(&letters);
}
