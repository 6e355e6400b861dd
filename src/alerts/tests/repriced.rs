//! Calls that were priced again: budgets and spikes see the money that they come to.

use super::*;
use crate::call::Again;
use crate::ledger::Asked;
use crate::ledger::tests::journalled::journalled;

/// Calls without a price on a Monday, three Mondays and the week before; the rows are in a journal.
fn unpriced_weeks() -> House {
    let mut house = House::new();
    let days = [21, 14, 7, 6, 5, 4, 3, 2, 1, 0];
    let calls = days.map(|day| {
        house.call(monday() - hours(24 * day + 3), |call| {
            call.pricing = Pricing::Unpriced;
            (call.cost_usd, call.cost_native) = (None, None);
            call.model = Some(if day == 0 { "large" } else { "small" }.into());
        })
    });
    journalled(&house.dir.path().join("journal"), &calls);
    house
}

/// Puts a price on every call, by its model.
fn reprice(house: &House, prices: [(&str, i64); 2]) {
    let price = |call: &CallRecord| {
        let named = |(model, _): &&(&str, i64)| call.model.as_deref() == Some(model);
        let (_, usd) = prices.iter().find(named).unwrap();
        let mut now = call.clone();
        now.pricing = Pricing::Priced;
        now.cost_usd = Some(Pico::from_units(*usd));
        (now.cost_native, now.currency) = (now.cost_usd, Some("USD".parse().unwrap()));
        Again::Changed(Box::new(now))
    };
    let asked = Asked {
        words: format!("{prices:?}"),
        since: Timestamp::MIN,
        until: Timestamp::MAX,
        models: Vec::new(),
        upstreams: Vec::new(),
        prices: format!("{prices:?}"),
        dry_run: false,
        now: monday(),
    };
    let repriced = house.ledger.reprice(&asked, &price, &mut |_| true);
    assert!(repriced.unwrap().is_applied);
}

fn told(house: &House, budget: i64) -> Vec<String> {
    let nothing = serde_json::to_string(&Outbox::default()).unwrap();
    house.ledger.keep(KEPT, &nothing).unwrap();
    let budgets = vec![Budget {
        tenant: "search".to_owned(),
        usd: Pico::from_units(budget),
    }];
    let alerts = house.alerts(vec![receiver()], budgets);
    alerts.decide(monday(), &report(vec![]));
    keys(&alerts)
}

#[test]
fn money_that_came_of_pricing_again_is_spent_and_compared() {
    let house = unpriced_weeks();
    let unpriced = told(&house, 1);
    let models = [
        "unpriced/openai/large/2026-11-23",
        "unpriced/openai/small/2026-11-22",
    ];
    assert_eq!(unpriced, models);
    reprice(&house, [("small", 100), ("large", 300)]);
    // Ten calls of the month: nine of 100, and one of 300.
    let spike = "spend_spike/all/2026-11-23";
    let reached = "budget/search/reached/2026-11-01";
    assert_eq!(told(&house, 1_200), [reached, spike]);
    let pace = "budget/search/pace/2026-11-01";
    assert_eq!(told(&house, 1_201), [pace, spike]);
    // And once more, the other way: what was booked first is seen no more.
    reprice(&house, [("small", 100), ("large", 100)]);
    assert_eq!(told(&house, 1_001), [pace]);
    assert_eq!(told(&house, 1_000), [reached]);
}
