//! Break-even volumes, against looking at every volume there is.

use proptest::prelude::*;

use super::{CENT, Case, case};
use crate::economics::breakeven::{
    BreakEven, Search, breakeven_requests_closed_form, breakeven_scale,
};
use crate::economics::evaluate::{Policy, Window};

/// What is searched.
const SEARCH: Search = Search {
    scale_low: 0.05,
    scale_high: 20.0,
    rival_savings_usd: 0.0,
};
/// Volumes between two of the search's grid, which has 400 steps.
const FINER: u32 = 10;

/// Each of many volumes, and whether hosting is not dearer there.
fn scanned(case: &Case, policy: Policy) -> Vec<(f64, bool)> {
    let window = Window::new(case.profile());
    let steps = 400 * FINER;
    let ratio = SEARCH.scale_high / SEARCH.scale_low;
    let scales =
        (0..=steps).map(|i| SEARCH.scale_low * ratio.powf(f64::from(i) / f64::from(steps)));
    scales
        .map(|scale| {
            (
                scale,
                window.at_scale(scale, &case.terms, policy).savings_usd >= 0.0,
            )
        })
        .collect()
}

/// The first volume that wins, and the first from which all win.
fn by_scan(scanned: &[(f64, bool)]) -> BreakEven {
    let losing = scanned.iter().rposition(|(_, wins)| !wins);
    let after = losing.map_or(0, |last| last + 1);
    BreakEven {
        first: scanned
            .iter()
            .find(|(_, wins)| *wins)
            .map(|(scale, _)| *scale),
        robust: scanned.get(after).map(|(scale, _)| *scale),
    }
}

/// The longest run of such volumes in a range, as a factor.
fn longest(scanned: &[(f64, bool)], wins: bool) -> f64 {
    let runs = scanned.chunk_by(|one, next| one.1 == next.1);
    let same = runs.filter(|run| run[0].1 == wins);
    same.map(|run| run[run.len() - 1].0 / run[0].0)
        .fold(1.0, f64::max)
}

proptest! {
    #[test]
    fn the_closed_form_is_the_first_whole_number_of_calls_that_pays(fixed in 0.1_f64..500.0, api in 0.0_f64..0.1, own in 0.0_f64..0.1) {
        let pays = |calls: u32| f64::from(calls) * api >= fixed + f64::from(calls) * own;
        match breakeven_requests_closed_form(fixed, api, own) {
            None => prop_assert!(!pays(u32::MAX)),
            Some(calls) if calls < 4e9 => {
                let above: u32 = format!("{:.0}", calls.ceil()).parse().unwrap();
                prop_assert!(pays(above + 1));
                prop_assert!(above < 2 || !pays(above - 2));
            }
            Some(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A base of any size saves more the more volume there is, so the best base does too: one
    /// volume divides losing from winning.
    #[test]
    fn the_best_hybrid_wins_from_one_volume_on_and_the_search_finds_it(case in case()) {
        prop_assume!(case.kept_of_a_dollar() >= 0.0);
        let found = breakeven_scale(&Window::new(case.profile()), &case.terms, Policy::Hybrid, SEARCH);
        let scan = by_scan(&scanned(&case, Policy::Hybrid));
        prop_assert_eq!(found.first, found.robust);
        prop_assert_eq!(scan.first, scan.robust);
        match (found.first, scan.first) {
            (None, None) => {}
            (Some(found), Some(scan)) => {
                prop_assert!(found <= scan * (1.0 + 1e-9));
                prop_assert!(scan <= found * 1.0016, "{found} {scan}");
            }
            (found, scan) => prop_assert!(false, "{found:?} {scan:?}"),
        }
    }

    /// A whole replica more makes a peak fleet dearer at once, so signs change many times. What
    /// the grid of 1.5 % steps overlooks is shorter than one of its steps.
    #[test]
    fn a_peak_fleet_loses_below_its_first_and_wins_above_its_robust_volume(case in case()) {
        let policy = Policy::Peak { quantile: 1.0 };
        let found = breakeven_scale(&Window::new(case.profile()), &case.terms, policy, SEARCH);
        let scan = scanned(&case, policy);
        let step = (SEARCH.scale_high / SEARCH.scale_low).powf(1.0 / 400.0);
        let first = found.first.unwrap_or(f64::INFINITY);
        let below: Vec<_> = scan.iter().copied().filter(|(scale, _)| *scale < first).collect();
        prop_assert!(longest(&below, true) < step);
        let robust = found.robust.unwrap_or(f64::INFINITY);
        let above: Vec<_> = scan.iter().copied().filter(|(scale, _)| *scale > robust).collect();
        prop_assert!(longest(&above, false) < step);
        prop_assert!(first <= robust);
        let savings = |scale: f64| Window::new(case.profile()).at_scale(scale, &case.terms, policy).savings_usd;
        for scale in [found.first, found.robust].into_iter().flatten() {
            prop_assert!(savings(scale) >= 0.0);
            prop_assert!(scale <= SEARCH.scale_low || savings(scale * (1.0 - 1e-9)) < CENT);
        }
    }
}
