//! What a `tokenizer.json` makes of texts, and what it may not be.
//!
//! `tests/fixtures/tokenizers/tiny.json` was trained with Python's `tokenizers` on this repository's
//! pages; it splits as Qwen's does, and cuts and fills what it is given to eight tokens. The numbers
//! are that package's (0.23.3), with both switched off and special tokens taken as text.

use serde_json::{Value, json};

use crate::tokens::{
    Answer, Asked, Basis, Bound, Choice, Family, FileError, FileTokenizer, Model, Request,
    Tokenizer, Vocabulary,
};

const TINY: &[u8] = include_bytes!("../../../tests/fixtures/tokenizers/tiny.json");

fn tiny() -> FileTokenizer {
    FileTokenizer::read("tiny", TINY).unwrap()
}

#[test]
fn a_text_comes_to_what_the_python_package_says() {
    let tiny = tiny();
    for (text, tokens) in [
        ("", 0),
        ("a", 1),
        ("Hello, world!", 9),
        ("The number is right, and says how it is known.", 20),
        ("Zähle die größeren Wörter.", 18),
        ("你好，世界。", 14),
        ("fn main() {\n    println!(\"hi\");\n}\n", 27),
        ("  \t\n\n   x", 7),
        ("it's 12345 they'LL", 13),
        ("e\u{301} \u{e9}", 5),
        ("\u{1F600}\u{10FFFD}", 8),
        (&"x".repeat(300), 300),
    ] {
        assert_eq!(Vocabulary::File(&tiny).count(text), Some(tokens), "{text}");
    }
}

#[test]
fn special_tokens_that_a_client_types_are_text_and_other_added_ones_are_not() {
    let tiny = tiny();
    let count = |text| Vocabulary::File(&tiny).count(text).unwrap();
    assert_eq!(count("<|im_start|>user\nhi<|im_end|>"), 21);
    assert_eq!(count("<think>why</think>"), 10);
}

#[test]
fn a_long_text_is_counted_in_pieces_and_comes_to_the_same() {
    let tiny = tiny();
    let line = "The number is right, and says how it is known. 你好，世界。\n";
    let one = Vocabulary::File(&tiny).count(line).unwrap();
    let lines = 200_000 / line.len();
    let all = Vocabulary::File(&tiny).count(&line.repeat(lines));
    assert_eq!(all, Some(one * u64::try_from(lines).unwrap()));
    // Without a place to cut, too.
    let run = Vocabulary::File(&tiny).count(&"字".repeat(100_000));
    assert!(run.is_some_and(|run| run.abs_diff(300_000) < 10), "{run:?}");
}

#[test]
fn an_output_is_the_tokens_of_its_text_and_an_input_is_a_yardstick() {
    let tiny = tiny();
    let vocabulary = Vocabulary::File(&tiny);
    // The name says nothing of how it frames.
    let model = Model {
        name: "gpt-5",
        vocabulary,
    };
    let answer = Answer {
        choices: vec![Choice {
            text: 9,
            tool_calls: Vec::new(),
        }],
    };
    let output = Tokenizer.output(model, Asked::default(), &answer);
    assert_eq!(
        (output.tokens, output.basis, output.bound),
        (9, Basis::Vocabulary, Bound::Whole)
    );
    let input = Tokenizer.input(&Request {
        family: Family::Chat,
        model,
        body: br#"{"messages":[{"role":"a","content":"Hello, world!"}]}"#,
    });
    let input = input.unwrap().counted;
    let basis = Basis::Yardstick {
        beside: 0,
        plain: true,
    };
    assert_eq!((input.tokens, input.basis), (3 + 1 + 9 + 3, basis));
}

/// What `change` makes of the file is refused; nothing panics.
#[track_caller]
fn refused(change: impl FnOnce(&mut Value)) -> FileError {
    let mut file: Value = serde_json::from_slice(TINY).unwrap();
    change(&mut file);
    FileTokenizer::read("tiny", file.to_string().as_bytes()).unwrap_err()
}

#[test]
fn what_is_no_tokenizer_is_refused() {
    let deep = "[".repeat(200_000);
    let long = format!("{{\"version\":\"{}\"}}", "9".repeat(1 << 20));
    for text in ["", "{}", "null", "[]", "\0\u{1}", &deep, &long] {
        let error = FileTokenizer::read("bad", text.as_bytes()).unwrap_err();
        let FileError::Malformed { reason } = &error else {
            panic!("{error}")
        };
        assert!(reason.len() < 1000, "{reason}");
    }
}

#[test]
fn wrong_types_and_broken_references_are_refused() {
    let is_malformed = |error| matches!(error, FileError::Malformed { .. });
    for value in [json!(null), json!(7), json!([]), json!({"type": "Other"})] {
        assert!(is_malformed(refused(|file| file["model"] = value)));
    }
    for value in [json!("m"), json!([["no", "such"]]), json!([[1, 2]])] {
        assert!(is_malformed(
            refused(|file| file["model"]["merges"] = value)
        ));
    }
    let pattern = json!({"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated",
                         "invert": false});
    assert!(is_malformed(
        refused(|file| file["pre_tokenizer"] = pattern)
    ));
    assert!(is_malformed(refused(
        |file| file["model"]["vocab"] = json!({"a": -1})
    )));
}

#[test]
fn a_tokenizer_without_tokens_for_every_text_is_refused() {
    let nothing = json!({"type": "BPE", "vocab": {}, "merges": []});
    let words = json!({"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "[UNK]"});
    for model in [nothing, words] {
        let error = refused(|file| {
            file["model"] = model;
            file["added_tokens"] = json!([]);
        });
        assert_eq!(error, FileError::Incomplete);
    }
}
