//! Two sides of prices, compared and held against calls.

use std::path::{Path, PathBuf};

use super::*;
use crate::call::CallRecord;
use crate::cli::prices::compare;
use crate::cli::prices::odd::{self, Seen};
use crate::cli::prices::side::Side;
use crate::cli::prices::worth::Worth;
use crate::config::Upstream;

/// The small catalogue with changes in every direction.
const NEWER: &str = include_str!("newer.toml");
/// Prices with a slip of each kind.
const SLIPS: &str = include_str!("slips.toml");

/// A folder with files of prices in it.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let paths = files.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    });
    let paths = paths.collect();
    (folder, paths)
}

fn side(path: &Path, on: &str) -> Side {
    let none = Arc::new(PriceBook::new(crate::pricing::Settings::default()).unwrap());
    let mut side = Side::read(&path.display().to_string(), &none, day(on)).unwrap();
    side.name = path.file_name().unwrap().to_string_lossy().into_owned();
    side
}

fn upstream(name: &str, list: &str) -> Upstream {
    let mut upstream = Upstream::defaults().swap_remove(0);
    upstream.name = name.to_owned();
    upstream.prices = list.to_owned();
    upstream
}

/// A call of so many tokens in and out, with what else differs from a plain one.
fn record(upstream: &str, model: &str, changes: &serde_json::Value) -> CallRecord {
    let mut json = serde_json::json!({
        "call_id": "00000000-0000-0000-0000-000000000000",
        "started_at": "2026-11-21T12:00:00Z", "upstream": upstream, "model": model,
        "role": "provider", "format": "openai", "operation": "chat", "capability": "8k",
        "stream": false, "end": "complete", "complete": true, "source": "reported",
        "pricing": "unpriced", "duration_ms": 1000,
        "input_tokens": 100_000, "output_tokens": 50_000,
    });
    for (key, value) in changes.as_object().unwrap() {
        json[key] = value.clone();
    }
    serde_json::from_value(json).unwrap()
}

fn calls() -> Vec<CallRecord> {
    let call = |upstream, model, changes: serde_json::Value| record(upstream, model, &changes);
    let plain = serde_json::json!({});
    vec![
        call("u", "m-plain-2026-06-15", plain.clone()),
        call("u", "m-plain", serde_json::json!({"input_tokens": 300_000})),
        call("u", "m-plain", serde_json::json!({"service_tier": "batch"})),
        call("u", "m-new", plain.clone()),
        call("u", "m-alias", plain.clone()),
        call("y", "y-night", plain.clone()),
        call(
            "gone",
            "m-plain",
            serde_json::json!({"price_id": "v/m-plain@2026-06-01"}),
        ),
        call("u", "nobody-knows", plain.clone()),
        // None of these is billed, or billed as one call.
        call(
            "u",
            "m-plain",
            serde_json::json!({"source": null, "pricing": "free"}),
        ),
        call("u", "m-plain", serde_json::json!({"role": "gateway"})),
        call("u", "m-plain", serde_json::json!({"operation": "batches"})),
    ]
}

#[test]
fn what_differs_and_what_it_is_worth_is_what_the_golden_file_shows() {
    let own = OWN.replace("prices.toml", "older.toml");
    let files = [
        ("older.toml", CATALOGUE),
        ("newer.toml", NEWER),
        ("tollgate.toml", &own),
    ];
    let (_folder, paths) = folder(&files);
    let upstreams = [upstream("u", "v"), upstream("y", "yuan")];
    let mut shown = Vec::new();
    for (was, is) in [
        ((&paths[0], "2026-11-22"), (&paths[1], "2026-11-22")),
        ((&paths[0], "2026-11-22"), (&paths[2], "2026-11-22")),
        ((&paths[0], "2026-05-31"), (&paths[0], "2027-01-01")),
        ((&paths[0], "2026-11-22"), (&paths[0], "2026-11-22")),
    ] {
        let (was, is) = (side(was.0, was.1), side(is.0, is.1));
        let mut worth = Worth::new(&was, &is, &upstreams);
        for call in &calls() {
            worth.add(call);
        }
        shown.push(format!("== {} to {}\n", was.name, is.name));
        shown.push(compare::text(&was, &is));
        shown.push(worth.text("2026-10-23"));
    }
    crate::cli::golden("prices-diff.txt", &shown.concat());
}

#[test]
fn a_day_is_a_side_and_a_file_with_problems_is_none() {
    let book = book();
    let read = |text: &str| Side::read(text, &book, day("2026-11-22"));
    assert_eq!(read("2026-08-01").unwrap().at, day("2026-08-01"));
    let (_folder, paths) = folder(&[("bad.toml", "[[prices]]\nlist = \"l\"\n")]);
    let failure = read(&paths[0].display().to_string())
        .err()
        .unwrap()
        .to_string();
    assert!(
        failure.contains("line 1: prices[0]: match is missing"),
        "{failure}"
    );
    let failure = read("no-such-file.toml").err().unwrap().to_string();
    assert!(failure.contains("cannot be read"), "{failure}");
}

#[test]
fn what_is_suspicious_is_what_the_golden_file_shows() {
    let (_folder, paths) = folder(&[("prices.toml", CATALOGUE), ("tollgate.toml", SLIPS)]);
    let book = crate::config::prices_of(&paths[1]).unwrap_or_else(|problems| panic!("{problems}"));
    let seen = |upstream: &str, model: &str, unpriced| Seen {
        upstream: upstream.to_owned(),
        model: model.to_owned(),
        unpriced,
    };
    let seen = [
        seen("u", "m-plain", 3),
        seen("u", "m-unknown", 1_200),
        seen("elsewhere", "x", 0),
    ];
    let at = day("2026-11-22");
    let mut warnings = odd::warnings(&book, at);
    let upstreams = [upstream("u", "v")];
    warnings.extend(odd::against_calls((&book, None), &seen, &upstreams, at));
    crate::cli::golden("prices-check.txt", &(warnings.join("\n") + "\n"));
    let by_file = odd::against_calls((&book, Some("own.toml")), &seen, &upstreams, at);
    let unknown = "v/m-unknown: 1,200 calls without a price; the model has no price in own.toml";
    assert!(by_file.iter().any(|line| line == unknown), "{by_file:?}");
}

#[test]
fn a_long_call_of_a_tier_that_waits_is_held_against_long_calls() {
    let catalogue = crate::config::load(None, &crate::config::Overrides::default()).unwrap();
    let warnings = odd::warnings(&catalogue.prices, day("2026-11-22"));
    let dear: Vec<_> = warnings
        .iter()
        .filter(|line| line.contains("dearer than"))
        .collect();
    assert!(dear.is_empty(), "{dear:?}");
}

#[test]
fn own_prices_in_a_file_alone_are_read_without_a_catalogue() {
    let own = OWN.replace("[catalogues]\nprices = \"prices.toml\"\n", "");
    let (_folder, paths) = folder(&[("own.toml", own.as_str()), ("prices.toml", CATALOGUE)]);
    let prices = |path: &Path| crate::config::prices_of(path).unwrap().entries().len();
    assert_eq!((prices(&paths[0]), prices(&paths[1])), (3, 9));
}
