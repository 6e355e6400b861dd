//! A switch is of days that one set of settings counted: what a plan has to beat is part of that.

use std::sync::Arc;

use super::anew::{PLAN, again, hosting, is_on, switches};
use super::made::{TODAY, closed, endpoint, minute, minutes, stream};
use crate::economics::projection::AlternativeKind;
use crate::verdict::statement::{Beside, Gathering, Holds, Statement, compared, days_of};
use crate::verdict::{Settings, States, Switch, Verdict};

/// The plan beside an endpoint that sells the same tokens at so many dollars a million.
pub(super) fn beside(usd_per_mtok: &str) -> Settings {
    let rate = || Some(usd_per_mtok.parse().unwrap());
    let rival = endpoint(|draft| {
        (draft.input_usd_per_mtok, draft.output_usd_per_mtok) = (rate(), rate());
        draft.alert = Some(false);
    });
    Settings {
        endpoints: vec![rival],
        ..hosting(|_| {})
    }
}

fn frozen(switch: &Switch) -> (Statement, Vec<String>) {
    let days = days_of(switch.counted.first().map(|day| day.day), switch.day);
    let gathered = |settings: &Arc<Settings>| {
        let of = (AlternativeKind::Selfhost, PLAN);
        let mut gathering = Gathering::new(settings, of, days).unwrap();
        let (name, demand) = (stream("gpt-4o", "8k"), minute(60, 5_000));
        for at in minutes(TODAY - 33..TODAY + 3) {
            gathering.add(&name, at, &demand);
        }
        gathering.finish()
    };
    let nothing = Beside {
        api_prices: Vec::new(),
        prices_sha256: String::new(),
        catalogue_sha256: String::new(),
        priced_again: 0,
    };
    let statement = gathered(&switch.settings)
        .statement(switch, nothing)
        .unwrap();
    let settings = serde_json::from_value(statement.settings.clone()).unwrap();
    let again = gathered(&Arc::new(settings)).recomputed(&statement);
    let all = compared(&statement, &again.unwrap());
    let differ = all
        .into_iter()
        .filter(|it| it.holds != Holds::Equal)
        .map(|it| it.name);
    let differ = differ.collect();
    (statement, differ)
}

/// Decides two days by one price of the rival, and the third by another.
fn third_day_by_another(states: States) -> Vec<Switch> {
    let verdict = again(beside("1.9"), states);
    verdict.tick(closed(TODAY - 3));
    verdict.tick(closed(TODAY - 2));
    let next = again(beside("1.8"), verdict.stored());
    next.tick(closed(TODAY - 1));
    assert!(is_on(&next));
    switches(next.take_news())
}

#[test]
fn days_counted_beside_other_rivals_are_counted_again_and_verify() {
    let [switch] = third_day_by_another(States::default()).try_into().unwrap();
    assert_eq!((switch.day, switch.counted.len()), (TODAY - 1, 3));
    let (statement, differ) = frozen(&switch);
    assert_eq!(differ, Vec::<String>::new());
    assert!(statement.figure("/rival/saved_usd").unwrap() > 0.0);
}

#[test]
fn a_rival_that_changed_takes_back_days_that_it_would_have_won() {
    let verdict = again(beside("1.9"), States::default());
    verdict.tick(closed(TODAY - 3));
    verdict.tick(closed(TODAY - 2));
    // Nearly for nothing: no plan beats that.
    let next = again(beside("0.01"), verdict.stored());
    next.tick(closed(TODAY - 2));
    // Back again: none of those days is left, and three are to be counted.
    let last = again(beside("1.9"), next.stored());
    let kept = minutes(TODAY..TODAY + 3).map(|at| (stream("gpt-4o", "8k"), at, minute(60, 5_000)));
    last.load(kept, []);
    let mut seen = Vec::new();
    for day in TODAY..TODAY + 3 {
        last.tick(closed(day));
        seen.push(is_on(&last));
    }
    // The day before the first of these was the first of the three.
    assert_eq!(seen, [false, true, true]);
}

#[test]
fn days_of_a_release_that_did_not_write_them_down_are_counted_again_and_verify() {
    let verdict = again(hosting(|_| {}), States::default());
    verdict.tick(closed(TODAY - 3));
    verdict.tick(closed(TODAY - 2));
    let mut stored = serde_json::to_value(verdict.stored()).unwrap();
    stored
        .as_object_mut()
        .unwrap()
        .remove("counted_by")
        .unwrap();
    let held = stored["held"][format!("selfhost/{PLAN}")].as_object_mut();
    assert_eq!(
        held.unwrap()
            .remove("run")
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let next = again(hosting(|_| {}), serde_json::from_value(stored).unwrap());
    next.tick(closed(TODAY - 1));
    let [switch] = switches(next.take_news()).try_into().unwrap();
    assert_eq!((switch.day, switch.counted.len()), (TODAY - 1, 3));
    assert_eq!(frozen(&switch).1, Vec::<String>::new());
}

#[test]
fn days_on_calls_that_cost_something_else_now_are_counted_again() {
    let verdict = again(hosting(|_| {}), States::default());
    verdict.tick(closed(TODAY - 3));
    verdict.tick(closed(TODAY - 2));
    let states = verdict.stored().to_count_again();
    let cheap = Verdict::new(hosting(|_| {}), states);
    let kept = minutes(TODAY - 33..TODAY).map(|at| (stream("gpt-4o", "8k"), at, minute(60, 500)));
    cheap.load(kept, []);
    cheap.tick(closed(TODAY - 2));
    let held = cheap.stored().of(AlternativeKind::Selfhost, PLAN);
    assert_eq!((held.hysteresis.days, held.run), (0, vec![]));
}
