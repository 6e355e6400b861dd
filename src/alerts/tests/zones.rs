//! Days and months are those of the reporting time zone, over both changes of its clock.

use jiff::civil::DateTime;

use super::*;
use crate::alerts::budget;

/// The moment at which the house's clock shows this.
fn shown(house: &House, clock: &str) -> Timestamp {
    let clock: DateTime = clock.parse().unwrap();
    clock.to_zoned(house.zone.clone()).unwrap().timestamp()
}

/// What is news at a moment.
fn told(house: &House, topic: Topic, budget: Pico, clock: &str) -> Vec<String> {
    let receiver = Receiver {
        on: vec![topic],
        ..receiver()
    };
    let tenant = "search".to_owned();
    let budgets = vec![Budget {
        tenant,
        usd: budget,
    }];
    let nothing = serde_json::to_string(&Outbox::default()).unwrap();
    house.ledger.keep(KEPT, &nothing).unwrap();
    let alerts = house.alerts(vec![receiver], budgets);
    alerts.decide(shown(house, clock), &report(vec![]));
    keys(&alerts)
}

/// A dollar an hour for a week before `now`, and so many half hours until the month ends: one
/// picodollar decides.
#[track_caller]
fn check_pace(zone: &str, now: &str, half_hours_left: i128) {
    let mut house = House::of_zone(zone);
    let clock: DateTime = now.parse().unwrap();
    let month = clock.date().first_of_month();
    let mut projected = Pico::from_units(1).scaled(half_hours_left, 2);
    for day in 1..=7 {
        let at = clock.saturating_sub(jiff::Span::new().days(day));
        house.spend(shown(&house, &at.to_string()), 24);
        if at.date() >= month {
            projected += Pico::from_units(24);
        }
    }
    assert_eq!(told(&house, Topic::Budget, projected, now), [""; 0]);
    let less = projected - Pico(1);
    let key = format!("budget/search/pace/{month}");
    assert_eq!(told(&house, Topic::Budget, less, now), [key]);
}

#[test]
fn a_month_in_which_the_clock_changes_is_as_long_as_it_is() {
    check_pace("Europe/Berlin", "2026-03-25T12:00", 2 * (6 * 24 + 12 - 1));
    check_pace("Europe/Berlin", "2026-10-25T00:00", 2 * (7 * 24 + 1));
    // This clock changes on the 1st of November, after midnight.
    check_pace("America/New_York", "2026-10-25T12:00", 2 * (6 * 24 + 12));
    // This one by half an hour.
    check_pace(
        "Australia/Lord_Howe",
        "2026-10-03T12:00",
        2 * (28 * 24 + 12) - 1,
    );
    check_pace(
        "Australia/Lord_Howe",
        "2026-04-04T12:00",
        2 * (26 * 24 + 12) + 1,
    );
}

#[test]
fn a_call_counts_in_the_month_that_the_clock_on_the_wall_shows() {
    for (zone, last, first) in [
        // Winter time since the 25th: midnight is 23:00 of UTC.
        (
            "Europe/Berlin",
            "2026-10-31T22:59:59Z",
            "2026-10-31T23:00:00Z",
        ),
        // Summer time since the 29th: 22:00.
        (
            "Europe/Berlin",
            "2026-03-31T21:59:59Z",
            "2026-03-31T22:00:00Z",
        ),
        // Within an hour of UTC.
        (
            "Asia/Kolkata",
            "2026-10-31T18:29:59Z",
            "2026-10-31T18:30:00Z",
        ),
    ] {
        let mut house = House::of_zone(zone);
        house.spend(last.parse().unwrap(), 10);
        house.spend(first.parse().unwrap(), 7);
        let first: Timestamp = first.parse().unwrap();
        let budgets = [Budget {
            tenant: "search".to_owned(),
            usd: Pico::from_units(7),
        }];
        let facts = budget::facts(&house.ledger, &budgets, first + hours(1)).unwrap();
        let [Fact::Budget { so_far, month, .. }] = &facts[..] else {
            panic!("{zone}: {facts:?}");
        };
        assert_eq!(*so_far, Pico::from_units(7), "{zone}");
        assert_eq!(*month, first.to_zoned(house.zone.clone()).date());
    }
}

/// Three usual weeks of 100 dollars before ten and 5,000 behind it, and a Monday of 200 before ten:
/// by the clock on the wall that is a spike, by that of UTC it is none, or a large one.
#[track_caller]
fn check_morning(zone: &str, mondays: [&str; 4]) {
    let mut house = House::of_zone(zone);
    let [today, weeks @ ..] = mondays;
    for week in weeks {
        house.spend(shown(&house, &format!("{week}T09:30")), 100);
        house.spend(shown(&house, &format!("{week}T10:30")), 5_000);
    }
    house.spend(shown(&house, &format!("{today}T09:30")), 200);
    let now = shown(&house, &format!("{today}T10:45"));
    let seen = spike::compared(&house.ledger, now).unwrap();
    let facts: Vec<_> = seen
        .iter()
        .filter_map(|seen| seen.fact(2.0, Pico::from_units(50)))
        .collect();
    let [
        Fact::Spike {
            day, spent, usual, ..
        },
    ] = facts[..]
    else {
        panic!("{zone}: {facts:?}");
    };
    assert_eq!(day.to_string(), today);
    assert_eq!(
        (spent, usual),
        (Pico::from_units(200), Pico::from_units(100))
    );
}

#[test]
fn the_same_part_of_a_weekday_is_that_of_the_clock_on_the_wall() {
    let spring = ["2026-03-30", "2026-03-23", "2026-03-16", "2026-03-09"];
    let autumn = ["2026-10-26", "2026-10-19", "2026-10-12", "2026-10-05"];
    check_morning("Europe/Berlin", spring);
    check_morning("Europe/Berlin", autumn);
    check_morning(
        "America/New_York",
        ["2026-03-09", "2026-03-02", "2026-02-23", "2026-02-16"],
    );
}

/// A hundred dollars an hour, as ever: three hours beside two are the most that a change makes.
#[test]
fn a_day_with_an_hour_more_or_less_is_no_spike() {
    for (zone, change) in [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
        ("Asia/Kolkata", "2026-10-25"),
    ] {
        let mut house = House::of_zone(zone);
        let begin = shown(&house, &format!("{change}T00:00"));
        for week in 0..=4 {
            for hour in -25..26 {
                house.spend(begin + hours(hour - week * 7 * 24), 100);
            }
        }
        for hour in 0..26 {
            let now = begin + hours(hour) + SignedDuration::from_mins(40);
            let seen = spike::compared(&house.ledger, now).unwrap();
            let facts = seen.iter();
            let facts = facts.filter_map(|seen| seen.fact(1.6, Pico::from_units(50)));
            assert_eq!(facts.count(), 0, "{zone} {now}: {seen:?}");
            assert!(!seen.is_empty());
        }
    }
}

#[test]
fn the_last_half_hour_of_yesterday_is_no_spike_of_today() {
    let mut house = House::of_zone("Asia/Kolkata");
    for week in ["2026-11-02", "2026-11-09", "2026-11-16"] {
        house.spend(shown(&house, &format!("{week}T00:10")), 10);
    }
    // Twenty minutes before midnight, in the hour of UTC in which the day begins.
    house.spend(shown(&house, "2026-11-22T23:40"), 5_000);
    house.spend(shown(&house, "2026-11-23T00:10"), 10);
    let now = "2026-11-23T01:10";
    let budget = Pico::from_units(1_000_000);
    assert_eq!(told(&house, Topic::SpendSpike, budget, now), [""; 0]);
    // Where it is a Sunday like no other, it is told of that day alone.
    for week in ["2026-11-08", "2026-11-15"] {
        house.spend(shown(&house, &format!("{week}T12:00")), 100);
    }
    let sunday = "spend_spike/all/2026-11-22";
    assert_eq!(told(&house, Topic::SpendSpike, budget, now), [sunday]);
}
