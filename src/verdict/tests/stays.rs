//! What was on ends by new settings only where a counted day speaks against it, or where they forbid it.

use super::anew::{PLAN, again, hosting, is_on, over, switches, won};
use super::made::{TODAY, closed, minute, minutes, stream};
use crate::economics::projection::AlternativeKind;
use crate::verdict::statement::Side;
use crate::verdict::{News, Settings, States, Verdict};

/// A plan that could never save enough.
fn dear() -> Settings {
    hosting(|draft| draft.min_saving_usd_per_month = Some(100_000.0))
}

/// The same plan, a little changed, that wins as before.
fn as_good() -> Settings {
    hosting(|draft| draft.min_saving_usd_per_month = Some(501.0))
}

fn since(states: &States) -> Option<jiff::Timestamp> {
    states.of(AlternativeKind::Selfhost, PLAN).since
}

#[test]
fn a_plan_that_changed_stays_as_it_was_where_no_day_can_be_decided() {
    let (states, _) = won();
    // Nothing is kept of the days that it is decided on.
    let verdict = Verdict::new(dear(), states.clone());
    assert!(verdict.tick(closed(TODAY - 1)));
    assert!(is_on(&verdict));
    assert_eq!(since(&verdict.stored()), since(&states));
    // That its settings are others is said, and no switch.
    let news = verdict.take_news();
    assert!(matches!(&news[..], [News::Changed { .. }]), "{news:?}");
    // It is about the new ones: they change no more.
    verdict.tick(closed(TODAY));
    assert_eq!((is_on(&verdict), verdict.take_news()), (true, vec![]));
}

#[test]
fn a_day_in_favour_of_what_was_on_does_not_end_it() {
    let (states, _) = won();
    // A fortnight and a day: the last day alone can be decided, and three would be needed.
    let verdict = over(TODAY - 15..TODAY, as_good(), states.clone());
    verdict.tick(closed(TODAY - 1));
    assert!(is_on(&verdict));
    assert_eq!(since(&verdict.stored()), since(&states));
    assert_eq!(switches(verdict.take_news()), []);
}

#[test]
fn one_day_against_it_ends_it_and_is_told_as_the_day_that_did() {
    let (states, _) = won();
    let verdict = over(TODAY - 15..TODAY, dear(), states);
    verdict.tick(closed(TODAY - 1));
    assert!(!is_on(&verdict));
    let [switch] = switches(verdict.take_news()).try_into().unwrap();
    assert_eq!((switch.from, switch.to), (Side::On, Side::Off));
    let counted: Vec<_> = switch.counted.iter().map(|day| day.may_enter).collect();
    assert_eq!((switch.day, counted), (TODAY - 1, vec![false]));
}

#[test]
fn settings_that_forbid_a_statement_end_it_without_any_evidence() {
    let (states, _) = won();
    let part = Settings {
        sees_all_traffic: false,
        ..hosting(|_| {})
    };
    for settings in [part, hosting(|draft| draft.alert = Some(false))] {
        let verdict = Verdict::new(settings, states.clone());
        verdict.tick(closed(TODAY - 1));
        assert!(!is_on(&verdict));
        let [switch] = switches(verdict.take_news()).try_into().unwrap();
        assert_eq!((switch.to, switch.counted), (Side::Off, vec![]));
    }
}

#[test]
fn what_stayed_is_held_and_ended_as_every_other_state() {
    let (states, _) = won();
    let verdict = Verdict::new(dear(), states);
    verdict.tick(closed(TODAY - 1));
    // A month without a call, then so cheap an API that hosting loses: it ends by three days that count.
    let (name, cheap) = (stream("gpt-4o", "8k"), minute(60, 500));
    let kept = minutes(TODAY + 3..TODAY + 20).map(|at| (name.clone(), at, cheap));
    verdict.load(kept, []);
    let mut seen = Vec::new();
    for day in TODAY + 16..TODAY + 20 {
        verdict.tick(closed(day));
        seen.push(is_on(&verdict));
    }
    assert_eq!(seen, [true, true, true, false]);
    let [switch] = switches(verdict.take_news()).try_into().unwrap();
    assert_eq!((switch.counted.len(), switch.changed), (3, vec![]));
}

#[test]
fn a_switch_is_told_with_the_settings_that_decided_it() {
    let verdict = again(hosting(|_| {}), States::default());
    for day in TODAY - 3..TODAY {
        verdict.tick(closed(day));
    }
    // What waits is carried over to the verdict by other settings.
    let next = Verdict::new(dear(), verdict.stored());
    next.put_back(verdict.take_news());
    let [switch] = switches(next.take_news()).try_into().unwrap();
    assert_eq!(*switch.settings, hosting(|_| {}));
}
