//! Facts about the embedded price catalogue.

use std::path::PathBuf;

use super::*;
use crate::call::{Flag, LineKind, Pricing};
use crate::pricing::Priceable;
use crate::usage::{TokenUsage, Units};

/// The shared folder with reference data and recorded exchanges, if it is there.
pub(super) fn shared() -> Option<PathBuf> {
    let set = std::env::var_os("TOLLGATE_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let path = set.clone().unwrap_or(beside);
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        set.is_none() && std::env::var("CI").as_deref() != Ok("true"),
        "{} is missing",
        path.display()
    );
    println!("skipped: {} is not there", path.display());
    None
}

/// What a call of a million tokens in and out costs, or why that is not known.
fn price(config: &Config, list: &str, model: &str, usage: &TokenUsage) -> Result<String, Flag> {
    let units = Units::new();
    let priced = config.prices.price(&Priceable {
        list,
        model: Some(model),
        at: "2026-11-22T00:00:00Z".parse().unwrap(),
        ended_at: "2026-11-22T00:00:00Z".parse().unwrap(),
        usage: Some(usage),
        side: &[],
        units: &units,
        service_tier: None,
        speed: None,
        region: None,
        thinking: None,
    });
    match priced.pricing {
        Pricing::Priced => Ok(priced.cost_usd.unwrap().to_string()),
        Pricing::Unpriced | Pricing::Free => Err(priced.flags.first().copied().unwrap()),
    }
}

fn million(input: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input: Some(input * 1_000_000),
        output: Some(output * 1_000_000),
        ..TokenUsage::default()
    }
}

#[test]
fn known_models_cost_what_their_vendors_say() {
    let config = defaults();
    for (list, model, dollars) in [
        ("openai", "gpt-4o", "12.5"),
        ("openai", "gpt-4o-2024-08-06", "12.5"),
        ("openai", "gpt-4o-2024-05-13", "20"),
        ("openai", "gpt-4o-mini-2024-07-18", "0.75"),
        ("openai", "gpt-3.5-turbo-0125", "2"),
        ("openai", "gpt-3.5-turbo-1106", "3"),
        ("openai", "gpt-4-0613", "90"),
        ("openai", "gpt-5.6-sol", "38"),
        ("anthropic", "claude-sonnet-4-20250514", "18"),
        ("anthropic", "claude-sonnet-4-0", "18"),
        ("anthropic", "claude-3-5-haiku-20241022", "4.8"),
        ("anthropic", "claude-3-5-haiku-latest", "4.8"),
        ("anthropic", "claude-sonnet-5", "12"),
        ("anthropic", "claude-sonnet-4-5@20250929", "28.5"),
    ] {
        let usage = million(1, 1);
        assert_eq!(
            price(&config, list, model, &usage).as_deref(),
            Ok(dollars),
            "{model}"
        );
    }
}

#[test]
fn names_that_only_look_alike_are_not_priced() {
    let config = defaults();
    for (list, model) in [
        ("openai", "gpt-4o-audio-preview-2024-12-17"),
        ("openai", "gpt-4o-mini-search-preview"),
        ("openai", "gpt-4o-0513"),
        ("openai", "ft:gpt-4o-2024-08-06:org::id"),
        ("openai", "claude-opus-5"),
        ("anthropic", "claude-opus-6"),
        ("nobody", "gpt-4o"),
    ] {
        let usage = million(1, 1);
        assert_eq!(
            price(&config, list, model, &usage),
            Err(Flag::NoPrice),
            "{model}"
        );
    }
}

#[test]
fn anthropic_cache_writes_follow_the_documented_multipliers() {
    for entry in defaults().prices.entries() {
        let crate::pricing::Terms::Rates(rates) = &entry.terms else {
            continue;
        };
        let pico = |kind| rates.of(kind).unwrap().pico_per_token();
        if entry.list == "anthropic" && entry.names != ["claude-3-haiku"] {
            assert_eq!(
                pico(LineKind::CacheWrite5m) * 100,
                pico(LineKind::Input) * 125,
                "{}",
                entry.id()
            );
            assert_eq!(
                pico(LineKind::CacheRead) * 10,
                pico(LineKind::Input),
                "{}",
                entry.id()
            );
        }
        if entry.list == "anthropic" {
            assert_eq!(
                pico(LineKind::CacheWrite1h),
                pico(LineKind::Input) * 2,
                "{}",
                entry.id()
            );
        }
    }
}

/// Recorded models without a price: audio, and a fee per search that the usage does not show.
const UNPRICED: [&str; 2] = [
    "gpt-4o-audio-preview-2024-12-17",
    "gpt-4o-mini-search-preview-2025-03-11",
];

#[test]
fn every_recorded_model_is_priced_or_known_to_be_unpriced() {
    let Some(shared) = shared() else { return };
    let config = defaults();
    for (list, file) in [
        ("openai", "openai.chat.completions.jsonl"),
        ("anthropic", "anthropic.messages.jsonl"),
    ] {
        let text = std::fs::read_to_string(shared.join("fixtures/recorded").join(file)).unwrap();
        let mut unpriced = std::collections::BTreeSet::new();
        for line in text.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let Some(model) = record["expected"]["model"].as_str() else {
                continue;
            };
            if price(&config, list, model, &million(1, 1)).is_err() {
                unpriced.insert(model.to_owned());
            }
        }
        let expected = if list == "openai" {
            UNPRICED.as_slice()
        } else {
            &[]
        };
        assert_eq!(Vec::from_iter(unpriced), expected, "{file}");
    }
}
