//! What people read: `UPDATE_GOLDEN=1 cargo test --lib alerts` writes `tests/golden/alerts.txt`.

use std::fmt::Write as _;

use super::*;
use crate::alerts::fact::{Monthly, Switched};
use crate::alerts::words::said;
use crate::economics::examples::{checked, plan_draft};

fn switched(kind: AlternativeKind, name: &str, cheaper: bool) -> Fact {
    let throughput = (kind == AlternativeKind::Selfhost).then(|| "published".to_owned());
    Fact::Switched(Switched {
        kind,
        name: name.to_owned(),
        cheaper,
        since: jiff::civil::date(2026, 11, 20),
        figures: Some(Monthly {
            days: 14,
            api_usd: 13_140.0,
            cost_usd: 12_260.0,
            saving_usd: [-2_000.4, 880.0, 4_100.0],
            throughput,
            most_influence: vec!["people", "utilisation"],
        }),
    })
}

/// One of each.
fn facts() -> Vec<Fact> {
    let (day, month) = (
        jiff::civil::date(2026, 11, 23),
        jiff::civil::date(2026, 11, 1),
    );
    let spike = |until| Fact::Spike {
        day,
        until,
        spent: Pico::from_units(412),
        usual: Pico::from_units(180),
        weeks: 4,
    };
    let budget = |projected| Fact::Budget {
        tenant: "search".into(),
        month,
        budget: Pico::from_units(1_000),
        so_far: Pico::from_units(680),
        projected,
    };
    vec![
        switched(AlternativeKind::Selfhost, "llama-70b-2xh100", true),
        switched(AlternativeKind::Selfhost, "llama-70b-2xh100", false),
        switched(AlternativeKind::Endpoint, "groq-llama-70b", true),
        Fact::Unpriced {
            upstream: "openai".into(),
            model: "gpt-9".into(),
            day,
            calls: 1_204,
        },
        spike(Some(monday())),
        spike(None),
        budget(Some(Pico::from_units(1_418))),
        budget(None),
        Fact::Test { at: monday() },
    ]
}

#[test]
fn the_words_are_the_golden_ones() {
    let mut shown = String::new();
    for fact in facts() {
        let _ = writeln!(shown, "== {}\n{}", fact.key(), fact.data());
        for language in [Language::English, Language::Chinese] {
            let said = said(&fact, language);
            let _ = writeln!(shown, "{}\n{}", said.title, said.text);
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/alerts.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &shown).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), shown);
}

/// An hour of `gpt-4o`, with the example plans.
#[test]
fn the_figures_are_those_of_the_verdict_a_month() {
    let plan = checked(plan_draft("llama-70b-2xh100")).unwrap();
    let settings = crate::verdict::Settings {
        plans: vec![plan],
        ..crate::verdict::Settings::default()
    };
    let verdict = crate::verdict::Verdict::new(settings, crate::verdict::States::default());
    let from = monday() - hours(24 * 14);
    for minute in 0..60 {
        let mut call: CallRecord = crate::call::tests::full();
        call.started_at = from + SignedDuration::from_mins(minute);
        call.cost_usd = Some(Pico::from_units(1));
        verdict.record(&call);
    }
    let now = from + hours(1);
    verdict.tick(now);
    let mut report = Report::clone(&verdict.report());
    let plan = report
        .states
        .iter()
        .position(|at| at.name == "llama-70b-2xh100");
    report.states[plan.unwrap()].cheaper = true;
    report.states[plan.unwrap()].since = Some(now);
    let told = std::collections::BTreeMap::new();
    let facts = switched::facts(&report, &told);
    let [Fact::Switched(Switched { figures, .. })] = facts.as_slice() else {
        panic!("{facts:?}");
    };
    let figures = figures.as_ref().unwrap();
    assert_eq!(figures.throughput.as_deref(), Some("published"));
    assert_eq!(figures.most_influence.len(), 2);
    // A dollar a minute.
    assert!((figures.api_usd - 730.0 * 60.0).abs() < 1.0, "{figures:?}");
    let difference = figures.api_usd - figures.cost_usd;
    assert!(
        (figures.saving_usd[1] - difference).abs() < 1.0,
        "{figures:?}"
    );
}
