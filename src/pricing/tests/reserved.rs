//! Throughput paid by the hour, reckoned by hand.

use super::*;
use crate::money::Avoidable;
use crate::pricing::{Per, Rent, Reservation};

fn reservation(rent: (&str, &str, Per), from: &str, until: Option<&str>) -> Reservation {
    let (amount, currency, per) = rent;
    Reservation {
        name: "ptu".into(),
        upstreams: vec!["azure".into()],
        models: vec!["gpt-4o*".into()],
        service_tier: None,
        units: 3,
        rent: Rent {
            amount: amount.parse().unwrap(),
            currency: currency.parse().unwrap(),
            per,
        },
        from: from.parse().unwrap(),
        until: until.map(|until| until.parse().unwrap()),
        avoidable: Avoidable::Now,
        source: "order".into(),
    }
}

/// Hours, native cost and dollars of a reservation in a stretch, in Berlin.
#[track_caller]
fn check(reserved: Reservation, [from, to]: [&str; 2], expected: (i64, &str, &str)) {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let rate = |usd: &str, from: &str| FxRate {
        layer: Layer::Overlay,
        currency: "CNY".parse().unwrap(),
        usd: usd.parse().unwrap(),
        from: from.parse().unwrap(),
        source: "bank".into(),
    };
    let settings = Settings {
        prices: Vec::new(),
        fx: vec![rate("0.14", "2026-01-01"), rate("0.15", "2026-11-02")],
    };
    let book = PriceBook::new(settings).unwrap();
    let book = book.with_reserved(vec![reserved]);
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    let rented: Vec<_> = book.rented(from, to, &zone).collect();
    let [one] = &rented[..] else {
        panic!("{rented:?}")
    };
    let said = (
        one.seconds,
        one.cost_native.to_string(),
        one.cost_usd.to_string(),
    );
    assert_eq!(
        said,
        (expected.0, expected.1.to_owned(), expected.2.to_owned())
    );
}

const HOURLY: (&str, &str, Per) = ("2.00", "USD", Per::Hour);

#[test]
fn hours_are_hours_of_utc_and_their_parts_are_paid_by_the_second() {
    let from = "2026-11-01T00:00:00Z";
    let all = reservation(HOURLY, from, None);
    // 720 h x 3 x 2.
    check(
        all.clone(),
        ["2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"],
        (2_592_000, "4320", "4320"),
    );
    // A day of 25 hours: clocks are put back.
    let older = reservation(HOURLY, "2026-01-01T00:00:00Z", None);
    check(
        older,
        ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
        (90_000, "150", "150"),
    );
    // A quarter of an hour is a quarter of its price.
    let short = reservation(HOURLY, from, Some("2026-11-01T00:15:00Z"));
    check(
        short,
        ["2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z"],
        (900, "1.5", "1.5"),
    );
    // A second is 1/600 of a dollar: rounded once, half to even.
    let second = reservation(HOURLY, from, Some("2026-11-01T00:00:01Z"));
    check(
        second,
        ["2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"],
        (1, "0.001666666667", "0.001666666667"),
    );
}

#[test]
fn a_month_costs_the_same_however_long_it_is() {
    let monthly = reservation(
        ("3800", "USD", Per::Month),
        "2026-01-31T23:00:00Z",
        Some("2026-05-01T00:00:00Z"),
    );
    // February to April in Berlin, and 2 of May's 744 hours: 3 x 3800 each.
    check(
        monthly.clone(),
        ["2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z"],
        (
            89 * 86_400 + 3_600,
            "34230.645161290323",
            "34230.645161290323",
        ),
    );
    // Half of February: 14 of its 28 days.
    check(
        monthly,
        ["2026-01-31T23:00:00Z", "2026-02-14T23:00:00Z"],
        (14 * 86_400, "5700", "5700"),
    );
}

#[test]
fn another_currency_is_converted_at_the_rate_of_each_hour() {
    let yuan = reservation(
        ("10", "CNY", Per::Hour),
        "2026-11-01T00:00:00Z",
        Some("2026-11-03T00:00:00Z"),
    );
    // 24 h x 30 at 0.14, and again at 0.15.
    check(
        yuan,
        ["2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"],
        (172_800, "1440", "208.8"),
    );
}

#[test]
fn what_does_not_run_in_a_stretch_is_not_there() {
    let ended = reservation(HOURLY, "2026-11-01T00:00:00Z", Some("2026-11-02T00:00:00Z"));
    let book = PriceBook::new(Settings::default()).unwrap();
    let book = book.with_reserved(vec![ended]);
    let ran = |from: &str, to: &str| {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        let utc = jiff::tz::TimeZone::UTC;
        book.rented(from, to, &utc).count()
    };
    assert_eq!(ran("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"), 0);
    assert_eq!(ran("2026-10-02T00:00:00Z", "2026-11-01T00:00:00Z"), 0);
    assert_eq!(ran("2026-11-01T23:59:59Z", "2026-11-03T00:00:00Z"), 1);
}
