//! What reported counts teach, and what they cannot.

use crate::tokens::{Basis, Bound, Counted, LEARNED_MODELS_MAX, Learned, Side};

fn plain(tokens: u64) -> Counted {
    Counted {
        tokens,
        basis: Basis::Yardstick {
            beside: 0,
            plain: true,
        },
        bound: Bound::Whole,
    }
}

fn estimate(learned: &Learned, model: &str, tokens: u64) -> u64 {
    learned.estimate(model, Side::Output, plain(tokens)).tokens
}

#[test]
fn a_model_starts_at_its_vendors_line() {
    let learned = Learned::default();
    assert_eq!(estimate(&learned, "llama-3.3-70b", 1000), 1000);
    assert_eq!(estimate(&learned, "claude-sonnet-4-5-20250929", 1000), 1103);
    assert_eq!(estimate(&learned, "anthropic/claude-opus-4.7", 1000), 1432);
    assert_eq!(estimate(&learned, "claude-3-haiku-20240307", 1000), 1103);
}

#[test]
fn a_line_is_found_from_its_calls() {
    let mut learned = Learned::default();
    for tokens in (10..4_000).step_by(7) {
        assert!(learned.learn("m", Side::Output, plain(tokens), tokens * 6 / 5 + 4));
    }
    assert!(estimate(&learned, "m", 1000).abs_diff(1204) <= 2);
    // The other side and other models are as before.
    assert_eq!(learned.estimate("m", Side::Input, plain(1000)).tokens, 1000);
    assert_eq!(estimate(&learned, "n", 1000), 1000);
    let kept = serde_json::to_string(&learned).unwrap();
    let back: Learned = serde_json::from_str(&kept).unwrap();
    assert_eq!(estimate(&back, "m", 1000), estimate(&learned, "m", 1000));
}

#[test]
fn a_call_that_fits_nothing_is_not_learned_from() {
    let mut learned = Learned::default();
    // Hidden reasoning, and text that was not billed.
    assert!(!learned.learn("m", Side::Output, plain(100), 3_000));
    assert!(!learned.learn("m", Side::Output, plain(3_000), 100));
    let unseen = Counted {
        bound: Bound::AtLeast,
        ..plain(100)
    };
    assert!(!learned.learn("m", Side::Output, unseen, 110));
    assert_eq!(learned, Learned::default());
}

#[test]
fn what_a_rule_counted_stays_as_it_is() {
    let counted = Counted {
        basis: Basis::Rule,
        ..plain(100)
    };
    let mut learned = Learned::default();
    assert!(!learned.learn("gpt-4o", Side::Output, counted, 110));
    assert_eq!(learned.estimate("gpt-4o", Side::Output, counted), counted);
}

#[test]
fn tokens_that_are_the_vendors_already_are_not_scaled() {
    let counted = Counted {
        basis: Basis::Yardstick {
            beside: 1_000,
            plain: false,
        },
        ..plain(1_100)
    };
    let estimate = Learned::default().estimate("claude-opus-4-7", Side::Input, counted);
    assert_eq!(
        (estimate.tokens, estimate.basis),
        (1_000 + 145, Basis::Learned)
    );
}

#[test]
fn only_so_many_models_are_learned() {
    let mut learned = Learned::default();
    for model in 0..LEARNED_MODELS_MAX {
        assert!(learned.learn(&format!("m{model}"), Side::Output, plain(100), 110));
    }
    assert!(!learned.learn("one more", Side::Output, plain(100), 110));
    assert!(learned.learn("m7", Side::Output, plain(100), 110));
}
