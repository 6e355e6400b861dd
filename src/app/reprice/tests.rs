//! What a pass leaves to a start: days that were counted on the old prices.

use std::path::Path;

use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::app::anew::tests::{days_taken_over, house, two_days_are_counted};
use crate::app::settings;
use crate::call::tests::full;
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
