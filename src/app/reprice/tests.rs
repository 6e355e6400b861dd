//! What a pass leaves to a start: days that were counted on the old prices, and what own hosting is held
//! against.

use std::path::Path;

use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::app::anew::tests::{days_taken_over, house, two_days_are_counted};
use crate::app::{settings, would_cost};
use crate::call::tests::full;
use crate::config::Overrides;
use crate::ledger::tests::{dying, journalled::journalled};

fn asked() -> RepriceQuery {
    RepriceQuery {
        words: String::new(),
        since: now() - SignedDuration::from_hours(36 * 24),
        until: None,
        models: Vec::new(),
        upstreams: Vec::new(),
        dry_run: false,
    }
}

/// Writes a call of now down, at a cost that no price says.
fn called(dir: &Path, of: &CallRecord) {
    let call = CallRecord {
        started_at: now(),
        ..of.clone()
    };
    journalled(&dir.join(settings::JOURNAL_DIR), [&call]);
}

#[test]
fn days_counted_on_other_prices_are_counted_again_wherever_the_pass_was_killed() {
    let base = TempDir::new().unwrap();
    called(base.path(), &full());
    let (config, ledger) = house(base.path());
    two_days_are_counted(&config, &ledger);
    assert_eq!(days_taken_over(&config, &ledger), 2);
    let before = ledger.grand_total().cost_usd;
    drop(ledger);
    for writes in 0.. {
        let made = TempDir::new().unwrap();
        dying::copy(base.path(), made.path());
        let (config, ledger) = house(made.path());
        let died = dying::after(writes, || {
            let _ = run(&ledger, &config, &asked(), &mut |_| true);
        });
        drop(ledger);
        let (config, ledger) = house(made.path());
        let is_moved = ledger.grand_total().cost_usd != before;
        let days = days_taken_over(&config, &ledger);
        assert_eq!(days, if is_moved { 0 } else { 2 }, "after {writes} writes");
        if !died {
            assert!(is_moved && writes > 0, "{writes} writes");
            return;
        }
    }
}

/// Own hosting that is held against a model.
fn hosting(dir: &Path, model: &str) -> Config {
    let text = format!(
        "[upstreams.vllm]\nformat = \"openai\"\nbase_url = \"http://a\"\nrole = \"own\"\n\
         plan = \"llama-70b-2xh100\"\nreplicas = 1\nwould_cost_as = \"openai/{model}\"\n"
    );
    let file = dir.join("tollgate.toml");
    std::fs::write(&file, text).unwrap();
    let overrides = Overrides {
        data_dir: Some(dir.to_owned()),
        ..Overrides::default()
    };
    crate::config::load(Some(&file), &overrides).unwrap()
}

/// Since when the calls of the upstream are held against that model, by a start with it.
fn since(ledger: &Ledger, dir: &Path, model: &str) -> Option<i64> {
    let mut running = running(&hosting(dir, model));
    would_cost::date(&mut running, ledger, now()).unwrap();
    would_cost::remember(&running, ledger);
    running[0].upstreams[0].since_minute
}

#[test]
fn a_pass_that_began_before_another_model_was_named_makes_nothing_evidence_of_that() {
    let dir = TempDir::new().unwrap();
    let own = CallRecord {
        upstream: "vllm".into(),
        role: Role::Own,
        ..full()
    };
    called(dir.path(), &own);
    let (_, ledger) = house(dir.path());
    assert_eq!(since(&ledger, dir.path(), "gpt-4o"), None);
    let old = hosting(dir.path(), "gpt-4o");
    let reloaded = |models: &[&str]| {
        let mut dated = None;
        let mut watch = |_| {
            for model in models {
                dated = since(&ledger, dir.path(), model);
            }
            true
        };
        run(&ledger, &old, &asked(), &mut watch).unwrap();
        dated
    };
    let dated = reloaded(&["gpt-4o-mini"]);
    assert!(dated.is_some());
    assert_eq!(since(&ledger, dir.path(), "gpt-4o-mini"), dated);
    // There and back again: calls of the time between are held against the other one.
    let dated = reloaded(&["gpt-4o", "gpt-4o-mini", "gpt-4o"]);
    assert!(dated.is_some());
    assert_eq!(since(&ledger, dir.path(), "gpt-4o"), dated);
}

#[test]
fn calls_that_are_priced_by_another_configuration_are_no_evidence_of_this_one() {
    let dir = TempDir::new().unwrap();
    let (_, ledger) = house(dir.path());
    assert_eq!(since(&ledger, dir.path(), "gpt-4o"), None);
    assert!(since(&ledger, dir.path(), "gpt-4o-mini").is_some());
    let old = hosting(dir.path(), "gpt-4o");
    run(&ledger, &old, &asked(), &mut |_| true).unwrap();
    assert!(since(&ledger, dir.path(), "gpt-4o-mini").is_some());
}

#[test]
fn a_pass_that_finds_all_prices_right_makes_their_minutes_evidence() {
    let dir = TempDir::new().unwrap();
    let (_, ledger) = house(dir.path());
    assert_eq!(since(&ledger, dir.path(), "gpt-4o"), None);
    assert!(since(&ledger, dir.path(), "gpt-4o-mini").is_some());
    let dry = RepriceQuery {
        dry_run: true,
        ..asked()
    };
    let new = hosting(dir.path(), "gpt-4o-mini");
    run(&ledger, &new, &dry, &mut |_| true).unwrap();
    assert!(since(&ledger, dir.path(), "gpt-4o-mini").is_some());
    run(&ledger, &new, &asked(), &mut |_| true).unwrap();
    assert_eq!(since(&ledger, dir.path(), "gpt-4o-mini"), None);
}
