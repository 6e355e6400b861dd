//! A state is about the settings that it was decided by, and about no others.

use std::ops::Range;

use super::made::{
    TODAY, certain, closed, endpoint, minute, minutes, plan, settings, steady, stream,
};
use crate::economics::PlanDraft;
use crate::economics::projection::AlternativeKind;
use crate::verdict::statement::{Gathering, Holds, Side, Statement, compared, days_of};
use crate::verdict::{News, Settings, States, Switch, Verdict};

pub(super) const PLAN: &str = "llama-70b-2xh100";

pub(super) fn hosting(change: impl FnOnce(&mut PlanDraft)) -> Settings {
    let changed = plan(|draft| {
        certain(draft);
        change(draft);
    });
    settings(vec![changed], vec![])
}

/// The verdict over the same days, as a start or a reload finds them.
pub(super) fn again(settings: Settings, states: States) -> Verdict {
    over(TODAY - 33..TODAY, settings, states)
}

/// The same where only some of the days are kept.
pub(super) fn over(days: Range<i64>, settings: Settings, states: States) -> Verdict {
    let verdict = Verdict::new(settings, states);
    let (name, demand) = (stream("gpt-4o", "8k"), minute(60, 5_000));
    let kept = minutes(days).map(|at| (name.clone(), at, demand));
    verdict.load(kept, []);
    verdict
}

/// Decided for three days, by which hosting has won.
pub(super) fn won() -> (States, Vec<News>) {
    let verdict = again(hosting(|_| {}), States::default());
    for day in TODAY - 3..TODAY {
        verdict.tick(closed(day));
    }
    (verdict.stored(), verdict.take_news())
}

pub(super) fn is_on(verdict: &Verdict) -> bool {
    let held = verdict.stored().of(AlternativeKind::Selfhost, PLAN);
    held.hysteresis.cheaper
}

pub(super) fn switches(news: Vec<News>) -> Vec<Switch> {
    let switched = news.into_iter().filter_map(|news| match news {
        News::Switched(switch) => Some(switch),
        News::Changed { .. } | News::Dropped { .. } => None,
    });
    switched.collect()
}

#[test]
fn a_switch_is_told_once_with_the_days_that_made_it() {
    let (_, news) = won();
    let [switch] = switches(news).try_into().unwrap();
    assert_eq!((switch.from, switch.to), (Side::Off, Side::On));
    assert_eq!((switch.day, switch.counted.len()), (TODAY - 1, 3));
    assert!(
        switch
            .counted
            .iter()
            .all(|day| day.may_enter && day.ratio > 0.1)
    );
}

#[test]
fn a_plan_that_changed_does_not_keep_what_the_old_one_won() {
    let (states, _) = won();
    let dear = hosting(|draft| draft.min_saving_usd_per_month = Some(100_000.0));
    let verdict = again(dear, states);
    assert!(verdict.tick(closed(TODAY - 1)));
    assert!(!is_on(&verdict));
    let [switch] = switches(verdict.take_news()).try_into().unwrap();
    assert_eq!((switch.from, switch.to), (Side::On, Side::Off));
    let [change] = switch.changed.try_into().unwrap();
    assert_eq!(change.key, "min_saving_usd_per_month");
    assert_eq!((change.was, change.is), (500.0.into(), 100_000.0.into()));
}

#[test]
fn a_price_that_was_only_looked_at_again_begins_no_state_anew() {
    let (states, _) = won();
    let mut checked = hosting(|_| {});
    checked.plans[0].price.source = "asked again".into();
    let verdict = again(checked, states);
    verdict.tick(closed(TODAY - 1));
    assert_eq!(verdict.take_news(), []);
    assert!(is_on(&verdict));
}

#[test]
fn a_plan_that_changed_is_judged_over_the_kept_days_at_once() {
    let dear = hosting(|draft| draft.min_saving_usd_per_month = Some(100_000.0));
    let verdict = again(dear, States::default());
    for day in TODAY - 3..TODAY {
        verdict.tick(closed(day));
    }
    assert!(!is_on(&verdict));
    let verdict = again(hosting(|_| {}), verdict.stored());
    verdict.tick(closed(TODAY - 1));
    assert!(is_on(&verdict));
    let [switch] = switches(verdict.take_news()).try_into().unwrap();
    // Seven days are decided again; three of them are enough.
    assert_eq!(switch.day, TODAY - 5);
    assert_eq!(switch.counted.len(), 3);
    assert_eq!(verdict.stored().last_day, Some(TODAY - 1));
}

#[test]
fn the_same_settings_change_nothing_and_say_nothing() {
    let (states, _) = won();
    let verdict = again(hosting(|_| {}), states.clone());
    verdict.tick(closed(TODAY - 1));
    assert_eq!((verdict.stored(), verdict.take_news()), (states, vec![]));
}

#[test]
fn a_state_of_an_earlier_release_goes_on() {
    let (states, _) = won();
    let mut stored = serde_json::to_value(&states).unwrap();
    let held = stored["held"][format!("selfhost/{PLAN}")]
        .as_object_mut()
        .unwrap();
    assert!(held.remove("about").is_some() && held.remove("run").is_some());
    let verdict = again(hosting(|_| {}), serde_json::from_value(stored).unwrap());
    verdict.tick(closed(TODAY - 1));
    assert!(is_on(&verdict));
    assert_eq!(verdict.take_news(), []);
    // From now on it is about these settings.
    assert_eq!(verdict.stored(), states);
}

#[test]
fn the_state_of_a_plan_that_is_gone_is_dropped_and_said() {
    let (states, _) = won();
    let verdict = again(settings(vec![], vec![endpoint(|_| {})]), states);
    verdict.tick(closed(TODAY - 1));
    let stored = verdict.stored();
    assert_eq!(
        stored.held.keys().collect::<Vec<_>>(),
        ["endpoint/groq-llama-70b"]
    );
    let dropped = News::Dropped {
        key: format!("selfhost/{PLAN}"),
        was: Side::On,
    };
    assert!(verdict.take_news().contains(&dropped));
}

#[test]
fn one_of_several_instances_takes_its_verdict_back() {
    let (states, _) = won();
    let part = Settings {
        sees_all_traffic: false,
        ..hosting(|_| {})
    };
    let verdict = again(part, states);
    verdict.tick(closed(TODAY - 1));
    assert!(!is_on(&verdict));
}

#[test]
fn without_enough_evidence_a_state_that_is_on_stays_on() {
    let (mut states, _) = won();
    states.last_day = Some(TODAY - 4);
    // All of it at a tenth of the price, and too much of it unpriced to say so.
    let verdict = Verdict::new(hosting(|_| {}), states);
    let (name, mut demand) = (stream("gpt-4o", "8k"), minute(60, 500));
    demand.unpriced_calls = 1;
    demand.unpriced_tokens = 10_000;
    let kept = minutes(TODAY - 33..TODAY).map(|at| (name.clone(), at, demand));
    verdict.load(kept, []);
    verdict.tick(closed(TODAY - 1));
    assert!(is_on(&verdict));
    assert!(!verdict.report().states[0].lacks.is_empty());
}

/// What a switch is frozen as, and the figures again from demand at so much a call.
fn frozen(micro_usd: i128) -> (Statement, Vec<String>) {
    let (_, news) = won();
    let [switch] = switches(news).try_into().unwrap();
    let settings = std::sync::Arc::new(hosting(|_| {}));
    let gathered = |micro_usd| {
        let days = days_of(switch.counted.first().map(|day| day.day), TODAY - 1);
        let of = (AlternativeKind::Selfhost, PLAN);
        let mut gathering = Gathering::new(&settings, of, days).unwrap();
        let (name, demand) = (stream("gpt-4o", "8k"), minute(60, micro_usd));
        for at in minutes(TODAY - 33..TODAY) {
            gathering.add(&name, at, &demand);
        }
        gathering.finish()
    };
    let beside = crate::verdict::statement::Beside {
        api_prices: Vec::new(),
        prices_sha256: String::new(),
        catalogue_sha256: String::new(),
        priced_again: 0,
    };
    let statement = gathered(5_000).statement(&switch, beside).unwrap();
    let (text, _) = crate::verdict::statement::sealed(&statement).unwrap();
    let (statement, _) = crate::verdict::statement::opened(&text).unwrap();
    let again = gathered(micro_usd).recomputed(&statement).unwrap();
    let all = compared(&statement, &again).into_iter();
    let differ = all
        .filter(|it| it.holds != Holds::Equal)
        .map(|it| it.name)
        .collect();
    (statement, differ)
}

#[test]
fn a_statement_follows_from_its_demand_to_the_last_figure() {
    let (statement, differ) = frozen(5_000);
    assert_eq!(differ, Vec::<String>::new());
    assert_eq!(statement.demand.calls, 60 * 1_440 * 30);
    // A month of these calls costs 13,140 dollars; two machines less, 3,927 (5.38 an hour each).
    let saved = statement.said_usd_per_month().unwrap();
    assert!(
        (saved[1] - (60.0 * 60.0 * 730.0 * 0.005 - 5.38 * 730.0)).abs() < 1.0,
        "{saved:?}"
    );
    let read: Settings = serde_json::from_value(statement.settings).unwrap();
    assert_eq!(read, hosting(|_| {}));
}

#[test]
fn a_millionth_of_a_dollar_a_call_is_another_statement() {
    let (_, differ) = frozen(5_001);
    for name in [
        "demand.sha256",
        "figures.api_cost_usd",
        "figures.savings_usd.expected",
    ] {
        assert!(differ.iter().any(|it| it == name), "{differ:?}");
    }
    assert!(!differ.iter().any(|it| it == "decision"));
}

#[test]
fn days_that_no_longer_win_are_no_switch() {
    assert!(frozen(1_000).1.iter().any(|it| it == "decision"));
}

#[test]
fn what_is_not_in_the_settings_is_not_gathered() {
    let verdict = steady(hosting(|_| {}), 1, 1, 1);
    let of = (AlternativeKind::Endpoint, PLAN);
    assert!(Gathering::new(verdict.settings(), of, days_of(None, 1)).is_none());
}

#[test]
fn a_small_saving_at_an_endpoint_is_not_worth_the_move() {
    for (least, on) in [(None, true), (Some(100_000.0), false)] {
        let arm = endpoint(|draft| draft.min_saving_usd_per_month = least);
        let verdict = again(settings(vec![], vec![arm]), States::default());
        for day in TODAY - 3..TODAY {
            verdict.tick(closed(day));
        }
        let held = verdict.stored();
        let held = held.of(AlternativeKind::Endpoint, "groq-llama-70b");
        assert_eq!(held.hysteresis.cheaper, on);
    }
}
