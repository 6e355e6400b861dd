//! What is news, and what is not.

use super::*;

const WEEK: i64 = 7 * 24;

/// What waits after a decision at a moment, where nothing was told before.
#[track_caller]
fn check(house: &House, receiver: Receiver, now: Timestamp, expected: &[&str]) {
    let nothing = serde_json::to_string(&Outbox::default()).unwrap();
    house.ledger.keep(KEPT, &nothing).unwrap();
    let alerts = house.alerts(vec![receiver], vec![budget()]);
    alerts.decide(now, &report(vec![]));
    assert_eq!(keys(&alerts), expected);
}

fn only(topic: Topic) -> Receiver {
    Receiver {
        on: vec![topic],
        ..receiver()
    }
}

fn budget() -> Budget {
    Budget {
        tenant: "search".to_owned(),
        usd: Pico::from_units(1_000),
    }
}

#[test]
fn a_model_without_a_price_is_told_once_a_day() {
    let mut house = House::new();
    let alerts = house.alerts(vec![receiver()], vec![]);
    house.unpriced(monday(), "new");
    house.unpriced(monday(), "new");
    house.call(monday(), |_| {});
    alerts.decide(monday(), &report(vec![]));
    alerts.decide(monday() + hours(1), &report(vec![]));
    assert_eq!(keys(&alerts), ["unpriced/openai/new/2026-11-23"]);
    house.unpriced(monday() + hours(24), "new");
    alerts.decide(monday() + hours(24), &report(vec![]));
    let all = [
        "unpriced/openai/new/2026-11-23",
        "unpriced/openai/new/2026-11-24",
    ];
    assert_eq!(keys(&alerts), all);
}

#[test]
fn a_day_is_compared_with_the_same_part_of_the_same_weekday() {
    let mut house = House::new();
    for (week, usd) in [(1, 100), (2, 90), (3, 110)] {
        let morning = monday() - hours(week * WEEK);
        house.spend(morning - hours(1), usd);
        // After the part that is compared: a morning is not held against a whole day.
        house.spend(morning + hours(5), 5_000);
    }
    house.spend(monday() - hours(2), 199);
    check(&house, only(Topic::SpendSpike), monday(), &[]);
    house.spend(monday() - hours(2), 1);
    check(
        &house,
        only(Topic::SpendSpike),
        monday(),
        &["spend_spike/all/2026-11-23"],
    );
    // The running hour is not whole and not compared.
    let early = monday() - hours(2);
    check(&house, only(Topic::SpendSpike), early, &[]);
    let never = Receiver {
        spike_usd_min: Pico::from_units(101),
        ..only(Topic::SpendSpike)
    };
    check(&house, never, monday(), &[]);
    let patient = Receiver {
        spike_ratio: 2.1,
        ..only(Topic::SpendSpike)
    };
    check(&house, patient, monday(), &[]);
}

#[test]
fn yesterday_is_compared_whole_and_one_week_is_not_enough() {
    let mut house = House::new();
    let evening = monday() - hours(10);
    house.spend(evening - hours(WEEK), 100);
    house.spend(evening, 300);
    check(&house, only(Topic::SpendSpike), monday(), &[]);
    house.spend(evening - hours(2 * WEEK), 100);
    check(
        &house,
        only(Topic::SpendSpike),
        monday(),
        &["spend_spike/all/2026-11-22"],
    );
}

#[test]
fn the_usual_is_the_median_of_the_weeks() {
    let mut house = House::new();
    for (week, usd) in [(1, 1_000), (2, 100), (3, 60), (4, 80)] {
        house.spend(monday() - hours(week * WEEK + 3), usd);
    }
    house.spend(monday() - hours(3), 180);
    let seen = spike::compared(&house.ledger, monday()).unwrap();
    let Some(Fact::Spike { usual, weeks, .. }) = seen[0].fact(2.0, Pico::from_units(50)) else {
        panic!("{seen:?}");
    };
    assert_eq!((usual, weeks), (Pico::from_units(90), 4));
}

#[test]
fn a_tenant_on_its_way_over_its_budget_is_told_and_once_more_when_it_is_there() {
    let mut house = House::new();
    let alerts = house.alerts(vec![only(Topic::Budget)], vec![budget()]);
    // 40 a day from the 16th to the 22nd, and 7.6 days to go: 280 + 304.
    for day in 1..=7 {
        house.spend(monday() - hours(24 * day), 40);
    }
    alerts.decide(monday(), &report(vec![]));
    assert_eq!(keys(&alerts), [""; 0]);
    // 100 a day more on the last: 680 + 738.
    house.spend(monday() - hours(24), 400);
    alerts.decide(monday(), &report(vec![]));
    let pace = "budget/search/pace/2026-11-01";
    assert_eq!(keys(&alerts), [pace]);
    house.spend(monday(), 319);
    alerts.decide(monday(), &report(vec![]));
    assert_eq!(keys(&alerts), [pace]);
    house.spend(monday(), 1);
    alerts.decide(monday(), &report(vec![]));
    assert_eq!(keys(&alerts), [pace, "budget/search/reached/2026-11-01"]);
}

#[test]
fn two_days_are_no_pace() {
    let mut house = House::new();
    house.spend(monday() - hours(48), 400);
    check(&house, only(Topic::Budget), monday(), &[]);
    house.call(monday() - hours(72), |call| call.tenant = None);
    check(
        &house,
        only(Topic::Budget),
        monday(),
        &["budget/search/pace/2026-11-01"],
    );
}

#[test]
fn a_switch_is_told_once_each_way_and_off_only_to_who_heard_of_on() {
    let house = House::new();
    let alerts = house.alerts(vec![receiver()], vec![]);
    let decide = |since| alerts.decide(monday(), &report(vec![state("llama", since)]));
    decide(None);
    assert_eq!(keys(&alerts), [""; 0]);
    decide(Some("2026-11-20T00:00:00Z"));
    decide(Some("2026-11-20T00:00:00Z"));
    let on = "verdict/selfhost/llama/on/2026-11-20";
    assert_eq!(keys(&alerts), [on]);
    decide(None);
    decide(None);
    let off = "verdict/selfhost/llama/off/2026-11-20";
    assert_eq!(keys(&alerts), [on, off]);
    decide(Some("2026-11-23T00:00:00Z"));
    let again = "verdict/selfhost/llama/on/2026-11-23";
    assert_eq!(keys(&alerts), [on, off, again]);
}

#[test]
fn a_state_that_stays_on_for_months_is_told_once() {
    let house = House::new();
    let alerts = house.alerts(vec![receiver()], vec![]);
    for day in 0..90 {
        let states = vec![state("llama", Some("2026-11-20T00:00:00Z"))];
        alerts.decide(monday() + hours(24 * day), &report(states));
    }
    assert_eq!(alerts.pending(), 1);
    alerts.decide(
        monday() + hours(24 * 90),
        &report(vec![state("llama", None)]),
    );
    assert_eq!(alerts.pending(), 2);
}

#[test]
fn each_receiver_hears_what_it_wants_to() {
    let mut house = House::new();
    house.unpriced(monday(), "new");
    check(&house, only(Topic::Verdict), monday(), &[]);
    let muted = Receiver {
        on: vec![],
        ..receiver()
    };
    check(&house, muted, monday(), &[]);
}

#[test]
fn gateways_and_free_quotas_are_nobodys_bill() {
    let mut house = House::new();
    for day in 1..=7 {
        house.call(monday() - hours(24 * day), |call| {
            call.role = crate::call::Role::Gateway;
            call.cost_usd = Some(Pico::from_units(5_000));
        });
    }
    for day in 1..=7 {
        house.call(monday() - hours(24 * day), |call| {
            call.flags.push(crate::call::Flag::FreeQuota);
            call.cost_usd = Some(Pico::from_units(5_000));
        });
    }
    check(&house, only(Topic::Budget), monday(), &[]);
    check(&house, only(Topic::SpendSpike), monday(), &[]);
}
