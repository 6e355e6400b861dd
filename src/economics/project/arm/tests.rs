//! What holds for every arm. Its figures: `vectors`.

use proptest::prelude::*;

use super::*;
use crate::economics::draft::OptimisedDraft;
use crate::economics::projection::Scenario;

fn rates(input: u32, cached: u32, output: u32) -> TokenRates {
    let rate = |milli: u32| format!("{}.{:03}", milli / 1_000, milli % 1_000);
    let rate = |milli: u32| rate(milli).parse().unwrap();
    TokenRates {
        input: rate(input),
        cached_input: rate(cached),
        output: rate(output),
    }
}

/// A way that nobody doubts, for half of the calls; a tenth of these comes back.
fn arm(change: impl FnOnce(&mut OptimisedDraft)) -> Arm {
    let mut draft = OptimisedDraft {
        name: "made".into(),
        replaces: vec!["gpt-4o".into()],
        serves: Some("more".into()),
        price_as_of: Some(jiff::civil::date(2026, 5, 22)),
        price_source: Some("made".into()),
        ranges: vec![
            (Parameter::QualifyingShare, Range::new(0.3, 0.5, 0.9)),
            (Parameter::Escalation, Range::new(0.2, 0.1, 0.0)),
        ],
        ..OptimisedDraft::default()
    };
    change(&mut draft);
    Arm::check_optimised(draft).unwrap()
}

fn sums(calls: u32, input: u32, cached: u32, output: u32) -> TokenSums {
    TokenSums {
        calls: calls.into(),
        uncached_input: input.into(),
        cached_input: cached.into(),
        output: output.into(),
        ..TokenSums::default()
    }
}

/// The cost of a window at all three ends of the band.
fn costs(arm: &Arm, total: &TokenSums, api_usd: f64) -> [f64; 3] {
    let band = rented_tokens(arm, total, api_usd);
    Scenario::ALL.map(|scenario| band.figures(scenario).cost_usd)
}

proptest! {
    #[test]
    fn nothing_costs_less_than_nothing_and_the_band_has_its_order(
        (calls, input, cached, output) in (0_u32..2_000, 0_u32..9_000_000, 0_u32..9_000_000, 0_u32..9_000_000),
        (p_in, discount, p_out) in (1_u32..20_000, 0_u32..1_000, 1_u32..90_000),
        api_usd in 0.0_f64..5_000.0,
        (factor, share) in (0.0_f64..1.0, 0.0_f64..1.0),
        router in 0.0_f64..0.1,
    ) {
        let total = sums(calls, input, cached, output);
        let prices = rates(p_in, p_in - p_in.min(discount + 1), p_out);
        let ways = [
            arm(|draft| {
                draft.model = Some("mini".into());
                draft.rates = Some(prices);
                draft.router_usd_per_call = Some(router);
            }),
            arm(|draft| draft.price_factor = Some(factor)),
            arm(|draft| {
                draft.rates = Some(prices);
                draft.cached_share = Some(Range::new(share * 0.5, share, share));
            }),
        ];
        for way in &ways {
            let [worst, expected, best] = costs(way, &total, api_usd);
            prop_assert!(best <= expected && expected <= worst, "{way:?}");
            prop_assert!(expected >= 0.0, "{way:?}");
        }
        // What the same model does for less can only save, but for what comes back.
        for same_model in &ways[1..] {
            prop_assert!(costs(same_model, &total, api_usd)[1] <= 1.05 * api_usd + 1e-9);
        }
    }

    #[test]
    fn a_dearer_offer_never_costs_less(
        (input, cached, output) in (0_u32..9_000_000, 0_u32..9_000_000, 0_u32..9_000_000),
        api_usd in 0.0_f64..5_000.0,
        (low, more) in (0.0_f64..0.9, 0.0_f64..0.1),
        (p_in, p_out, rise) in (1_u32..20_000, 1_u32..90_000, 0_u32..5_000),
    ) {
        let total = sums(1_000, input, cached, output);
        let expected = |arm: &Arm| costs(arm, &total, api_usd)[1];
        let batch = |factor| arm(|draft| draft.price_factor = Some(factor));
        prop_assert!(expected(&batch(low)) <= expected(&batch(low + more)) + 1e-9);
        let mini = |rise: u32| arm(|draft| {
            draft.model = Some("mini".into());
            draft.rates = Some(rates(p_in + rise, p_in + rise, p_out + rise));
        });
        prop_assert!(expected(&mini(0)) <= expected(&mini(rise)) + 1e-9);
        let cache = |share| arm(|draft| {
            draft.rates = Some(rates(p_in + 1, p_in / 2, p_out));
            draft.cached_share = Some(Range::certain(share));
        });
        prop_assert!(expected(&cache(low + more)) <= expected(&cache(low)) + 1e-9);
    }
}

#[test]
fn routing_just_above_its_share_pays_and_just_below_does_not() {
    let total = sums(1_000, 2_000_000, 500_000, 300_000);
    let api_usd = 8.625;
    let share = |share| {
        arm(|draft| {
            draft.model = Some("mini".into());
            draft.rates = Some(rates(150, 75, 600));
            draft.router_usd_per_call = Some(0.001);
            draft.ranges = vec![
                (Parameter::QualifyingShare, Range::certain(share)),
                (Parameter::Escalation, Range::certain(0.1)),
            ];
        })
    };
    let routing = routed(&share(0.5), &total, api_usd).unwrap();
    let pays_above = crate::economics::routing::routing_breakeven_share(&routing).unwrap();
    let cost = |at| costs(&share(at), &total, api_usd)[1];
    assert!(cost(pays_above * 1.01) < api_usd && api_usd < cost(pays_above * 0.99));
    let mix = crate::economics::routing::routing_mix(&routing, 0.5);
    assert!(
        (cost(0.5) / 1_000.0 - mix).abs() < 1e-12,
        "the same formula"
    );
}
