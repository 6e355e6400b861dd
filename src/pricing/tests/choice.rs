//! Facts about which price a call gets.

use super::*;

fn overlay(entry: PriceEntry) -> PriceEntry {
    PriceEntry {
        layer: Layer::Overlay,
        ..entry
    }
}

fn above(tokens: u64, mut entry: PriceEntry) -> PriceEntry {
    entry.conditions.above_input_tokens = Some(tokens);
    entry
}

/// The price chosen for one input token, or why there is none.
#[track_caller]
fn check_choice(book: &PriceBook, model: &str, at: &str, expected: Result<&str, Flag>) {
    let usage = used(1, 0);
    let priced = book.price(&call(model, at, &usage));
    let chosen = priced
        .price_id
        .as_deref()
        .ok_or(priced.flags.first().copied());
    assert_eq!(chosen, expected.map_err(Some), "{model} on {at}");
}

#[test]
fn the_price_of_the_day_of_the_call_counts() {
    let book = book([
        entry("m", "from 2026-01-01", "1"),
        entry("m", "from 2026-06-01", "2"),
        entry("n", "seen 2026-01-01", "1"),
    ]);
    check_choice(&book, "m", "2025-12-31", Err(Flag::NoPrice));
    check_choice(&book, "m", "2026-01-01", Ok("v/m@2026-01-01"));
    check_choice(&book, "m", "2026-05-31", Ok("v/m@2026-01-01"));
    check_choice(&book, "m", "2026-06-01", Ok("v/m@2026-06-01"));
    check_choice(&book, "n", "2020-01-01", Ok("v/n@2026-01-01"));
    check_choice(&book, "unheard-of", "2026-06-01", Err(Flag::NoPrice));
}

#[test]
fn a_day_begins_at_midnight_in_utc() {
    let book = book([entry("m", "from 2026-01-01", "1")]);
    let usage = used(1, 0);
    let pricing = |at: &str| {
        let at = at.parse().unwrap();
        let call = Priceable {
            at,
            ..call("m", "2026-01-01", &usage)
        };
        book.price(&call).pricing
    };
    assert_eq!(pricing("2026-01-01T00:00:00Z"), Pricing::Priced);
    assert_eq!(pricing("2025-12-31T23:59:59.999Z"), Pricing::Unpriced);
}

#[test]
fn a_price_seen_later_is_flagged_only_on_earlier_calls() {
    let book = book([entry("m", "seen 2026-01-01", "1")]);
    let usage = used(1, 0);
    let flags = |at| book.price(&call("m", at, &usage)).flags;
    assert_eq!(flags("2025-12-31"), [Flag::PriceSeenLater]);
    assert_eq!(flags("2026-01-01"), []);
}

#[test]
fn exact_beats_snapshot_and_own_prices_beat_the_catalogue() {
    let book = book([
        entry("m", "seen 2026-01-01", "1"),
        entry("m-2026-02-02", "seen 2026-01-02", "2"),
        overlay(entry("p", "seen 2026-01-03", "3")),
        entry("p-2026-02-02", "seen 2026-01-04", "4"),
        overlay(entry("m*", "seen 2026-01-05", "5")),
        overlay(entry("m-x*", "seen 2026-01-06", "6")),
    ]);
    check_choice(&book, "m", "2026-03-01", Ok("v/m@2026-01-01"));
    check_choice(&book, "m-20260101", "2026-03-01", Ok("v/m@2026-01-01"));
    check_choice(
        &book,
        "m-2026-02-02",
        "2026-03-01",
        Ok("v/m-2026-02-02@2026-01-02"),
    );
    check_choice(&book, "p-2026-02-02", "2026-03-01", Ok("v/p@2026-01-03"));
    check_choice(&book, "m-y", "2026-03-01", Ok("v/m*@2026-01-05"));
    check_choice(&book, "m-x1", "2026-03-01", Ok("v/m-x*@2026-01-06"));
}

#[test]
fn an_own_price_not_yet_in_force_leaves_the_catalogue() {
    let own = overlay(entry("m", "from 2026-06-01", "9"));
    let book = book([entry("m", "seen 2026-01-01", "1"), own]);
    check_choice(&book, "m", "2026-05-31", Ok("v/m@2026-01-01"));
    check_choice(&book, "m", "2026-06-01", Ok("v/m@2026-06-01"));
}

#[test]
fn two_prices_for_the_same_calls_are_told() {
    let twice = |prices: Vec<PriceEntry>| PriceBook::new(Settings { prices, fx: vec![] }).err();
    let one = || entry("m", "from 2026-01-01", "1");
    let ambiguous = |name: &str| {
        let name = name.to_owned();
        Some(vec![BookProblem::Ambiguous {
            entry: 1,
            other: 0,
            name,
        }])
    };
    assert_eq!(twice(vec![one(), one()]), ambiguous("m"));
    assert_eq!(twice(vec![one(), overlay(one())]), None);
    assert_eq!(twice(vec![one(), above(5, one())]), None);
    let star = |name| overlay(entry(name, "from 2026-01-01", "1"));
    assert_eq!(twice(vec![star("ab*"), star("a*c")]), ambiguous("ab*"));
}

#[test]
fn a_long_input_prices_the_whole_call() {
    let base = entry("m", "seen 2026-01-01", "1 - - - - 1");
    let long = above(100, entry("m", "seen 2026-01-01", "2 - - - - 3"));
    let longer = above(200, entry("m", "seen 2026-01-01", "4 - - - - 5"));
    let book = book([
        base,
        longer,
        long,
        entry("m", "from 2027-01-01", "7 - - - - 7"),
    ]);
    let cost = |at, input| {
        let usage = used(input, 1);
        book.price(&call("m", at, &usage)).cost_usd.unwrap().0
    };
    assert_eq!(cost("2026-02-01", 100), 101_000_000);
    assert_eq!(cost("2026-02-01", 101), 205_000_000);
    assert_eq!(cost("2026-02-01", 201), 809_000_000);
    assert_eq!(
        cost("2025-02-01", 201),
        809_000_000,
        "before it was seen too"
    );
    assert_eq!(
        cost("2027-02-01", 201),
        1_414_000_000,
        "a newer price without tiers ends them"
    );
}

#[test]
fn an_own_exchange_rate_wins_from_its_day_on() {
    let currency: Currency = "CNY".parse().unwrap();
    let yuan = PriceEntry {
        currency,
        ..entry("m", "seen 2026-01-01", "1")
    };
    let fx = |layer, from: &str, usd: &str| FxRate {
        layer,
        currency,
        usd: usd.parse().unwrap(),
        from: from.parse().unwrap(),
        source: "test".into(),
    };
    let (ours, theirs) = (Layer::Catalogue, Layer::Overlay);
    let settings = Settings {
        prices: vec![yuan],
        fx: vec![
            fx(ours, "2026-01-01", "0.1"),
            fx(ours, "2026-03-01", "0.3"),
            fx(theirs, "2026-02-01", "0.2"),
        ],
    };
    let book = PriceBook::new(settings).unwrap();
    let usage = used(10, 0);
    let tenths = |at| book.price(&call("m", at, &usage)).cost_usd;
    assert_eq!(tenths("2025-12-31"), Some(Pico(1_000_000)));
    assert_eq!(tenths("2026-01-31"), Some(Pico(1_000_000)));
    assert_eq!(tenths("2026-02-01"), Some(Pico(2_000_000)));
    assert_eq!(
        tenths("2026-03-01"),
        Some(Pico(2_000_000)),
        "not ours, though newer"
    );
}
