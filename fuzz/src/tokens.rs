//! A text comes to as many tokens in one piece as in two, and no body is too odd to be counted.

use tollgate::tokens::{Asked, Encoding, Family, Model, Request, Tokenizer};

/// A text without a boundary is cut after so many bytes, and each cut may err by a token.
const FORCED_CUT_BYTES: usize = 16 * 1024;

const FAMILIES: [Family; 5] = [
    Family::Chat,
    Family::Responses,
    Family::Messages,
    Family::Completions,
    Family::Embeddings,
];

/// A model with rules, one that reasons, and two of other vendors.
const MODELS: [&str; 4] = [
    "gpt-4o",
    "gpt-5-mini",
    "claude-sonnet-4-5",
    "gemini-2.5-flash",
];

/// Panics where it does not hold.
pub fn holds((cut, bytes): (u16, &[u8])) {
    text(cut, &String::from_utf8_lossy(bytes));
    for (family, model) in FAMILIES
        .iter()
        .flat_map(|family| MODELS.map(|model| (*family, model)))
    {
        let request = Request {
            family,
            model: Model::of(model),
            body: bytes,
        };
        if let Some(input) = Tokenizer.input(&request) {
            assert_eq!(input.asked, Asked::of(&request));
        }
    }
}

fn text(cut: u16, text: &str) {
    let cut = text.floor_char_boundary(usize::from(cut) % (text.len() + 1));
    let (head, tail) = text.split_at(cut);
    for encoding in Encoding::ALL {
        let whole = Tokenizer.count(encoding, text);
        let mut stream = Tokenizer.stream(encoding);
        stream.push(head);
        stream.push(tail);
        assert!(stream.held_bytes() <= FORCED_CUT_BYTES);
        let forced = u64::try_from(2 * (text.len() / FORCED_CUT_BYTES)).unwrap();
        assert!(
            stream.tokens().abs_diff(whole) <= forced,
            "{encoding:?}: {whole} whole, {} in two",
            stream.tokens()
        );
        // A token is at least a byte, and only no text has none.
        assert!(whole <= u64::try_from(text.len()).unwrap());
        assert_eq!(whole == 0, text.is_empty());
    }
}
