//! Facts about the embedded price catalogue.

use std::path::PathBuf;

use jiff::civil::Date;

use super::*;
use crate::call::{Flag, LineKind, Pricing};
use crate::money::RatePerMtok;
use crate::pricing::{PriceEntry, Priceable, Terms};
use crate::usage::TokenUsage;

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
    let at = "2026-11-22T00:00:00Z".parse().unwrap();
    let call = Priceable::imagined((list, model), at, usage);
    let priced = config.prices.price(&call);
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
        ("openai", "gpt-4o-audio-preview-2024-12-17", "12.5"),
        ("google", "gemini-2.5-flash", "2.8"),
        ("mistral", "mistral-medium-3", "9"),
        ("x-ai", "grok-4.5", "16"),
        ("groq", "openai/gpt-oss-120b", "0.75"),
        ("anthropic", "claude-sonnet-4-20250514", "28.5"),
        ("anthropic", "claude-sonnet-4-0", "28.5"),
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

/// What of the input's rate a cache read costs, in thousandths, where it is not a tenth.
const CHEAPER_READS: [(&str, i64); 5] = [
    ("claude-fable-5-1", 25),
    ("claude-fable-5-2", 25),
    ("claude-mythos-5-1", 25),
    ("claude-opus-5-5", 50),
    ("claude-sonnet-5-5", 50),
];

/// Anthropic's models without caches.
const UNCACHED: [&str; 1] = ["claude-2.1"];

#[test]
fn anthropic_caches_follow_the_documented_multipliers() {
    for entry in defaults().prices.entries() {
        let Some(rates) = entry.terms.rates().filter(|_| entry.list == "anthropic") else {
            continue;
        };
        let name = entry.names[0].as_str();
        let input = rates.of(LineKind::Input).unwrap().pico_per_token();
        let held = |kind, thousandths: i64| {
            let rate = rates.written(kind).map(RatePerMtok::pico_per_token);
            let cached = !UNCACHED.contains(&name);
            let expected = cached.then_some(input * thousandths / 1_000);
            assert_eq!(rate, expected, "{} {kind:?}", entry.id());
        };
        held(LineKind::CacheWrite1h, 2_000);
        if name != "claude-3-haiku" {
            held(LineKind::CacheWrite5m, 1_250);
            let cheaper = CHEAPER_READS.iter().find(|(known, _)| *known == name);
            let at_first = entry.id() == "anthropic/claude-sonnet-5-5@2026-09-28";
            let read = cheaper.filter(|_| !at_first).map_or(100, |(_, read)| *read);
            held(LineKind::CacheRead, read);
        }
    }
}

#[test]
fn prices_stand_by_list_model_and_day_and_shares_of_them_last() {
    let config = defaults();
    let place = |entry: &PriceEntry| {
        let share = matches!(entry.terms, Terms::Times(_));
        let (list, name) = (entry.list.clone(), entry.names[0].clone());
        (list, share, name, entry.since.date(), entry.id())
    };
    let places: Vec<_> = config.prices.entries().iter().map(place).collect();
    for pair in places.windows(2) {
        assert!(
            pair[0] < pair[1],
            "{} stands before {}",
            pair[0].4,
            pair[1].4
        );
    }
}

/// The last day that a source names for itself: `snapshot 2026-08-21`, `read 2026-11-22`.
fn named(source: &str) -> Option<Date> {
    let day = |from: usize| source.get(from..from + 10)?.parse::<Date>().ok();
    let after = ["snapshot ", "read ", "copy of "]
        .into_iter()
        .filter_map(|word| {
            let (at, _) = source.match_indices(word).last()?;
            day(at + word.len())
        });
    let or_later = source.find(" or later").and_then(|at| day(at - 10));
    after.chain(or_later).max()
}

#[test]
fn a_price_is_as_old_as_the_source_that_is_named() {
    let config = defaults();
    let mut dated = 0;
    for entry in config.prices.entries() {
        if let Some(read) = named(&entry.source) {
            assert_eq!(entry.read_on(), read, "{}: {}", entry.id(), entry.source);
            dated += 1;
        }
    }
    assert!(dated > 200, "{dated} sources name their day");
}

/// Recorded models without a price: a fee per search that the usage does not show, models and names
/// that are gone, and aliases of which nobody says when they moved.
const UNPRICED: [&str; 11] = [
    "ada",
    "babbage:2023-07-21-v2",
    "davinci-002",
    "davinci:2023-07-21-v2",
    "gemma-3-27b-it",
    "gpt-3.5-turbo-instruct:20230824-v2",
    "gpt-4o-mini-search-preview-2025-03-11",
    "mistral-large-latest",
    "mistral-small-latest",
    "models/gemini-2.5-flash-preview-05-20",
    "models/gemini-2.5-pro",
];

/// The recorded exchanges of vendors that have a list.
const RECORDED: [(&str, &str); 22] = [
    ("openai", "openai.chat.completions"),
    ("openai", "openai.completions"),
    ("openai", "openai.embeddings"),
    ("openai", "openai.responses"),
    ("anthropic", "anthropic.messages"),
    ("google", "gemini.generateContent"),
    ("google", "gemini.streamGenerateContent"),
    ("groq", "groq.chat.completions"),
    ("mistral", "mistral.chat.completions"),
    ("mistral", "mistral.embeddings"),
    ("together", "together.chat.completions"),
    ("together", "together.completions"),
    ("x-ai", "xai.chat.completions"),
    ("x-ai", "xai.responses"),
    ("alibaba", "alibaba.chat.completions"),
    ("alibaba-cn", "alibaba.chat.completions"),
    ("deepseek", "deepseek.chat.completions"),
    ("deepseek", "deepseek.responses"),
    ("deepseek-cn", "deepseek.chat.completions"),
    ("moonshotai", "moonshot.chat.completions"),
    ("zai", "zhipu.chat.completions"),
    ("zhipuai", "zhipu.chat.completions"),
];

#[test]
fn every_recorded_model_is_priced_or_known_to_be_unpriced() {
    let Some(shared) = shared() else { return };
    let config = defaults();
    let mut unpriced = std::collections::BTreeSet::new();
    for (list, file) in RECORDED {
        let path = shared.join(format!("fixtures/recorded/{file}.jsonl"));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let Some(model) = record["expected"]["model"].as_str() else {
                continue;
            };
            if price(&config, list, model, &million(1, 0)).is_err() {
                unpriced.insert(model.to_owned());
            }
        }
    }
    assert_eq!(Vec::from_iter(unpriced), UNPRICED);
}

/// A container without a time zone database, such as an empty one, must not lose a price.
#[test]
fn every_zone_is_known_where_the_system_knows_none() {
    let known = jiff::tz::TimeZoneDatabase::bundled();
    let text = include_str!("../../../config/prices.toml");
    let zones = text.lines().filter_map(|line| line.strip_prefix("zone = "));
    let zones: std::collections::BTreeSet<&str> =
        zones.map(|zone| zone.trim_matches('"')).collect();
    assert!(zones.contains("Asia/Shanghai"), "{zones:?}");
    for zone in zones {
        assert!(known.get(zone).is_ok(), "{zone}");
    }
}
