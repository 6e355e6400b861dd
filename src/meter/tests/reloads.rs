//! Books change while calls are in flight: a call is priced by the one in force at its begin, at the
//! price that this one had for that moment.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::call::LineKind;
use crate::money::{Avoidable, Currency, RatePerMtok};
use crate::pricing::{Conditions, Layer, PriceEntry, Rates, Settings as Prices, Since, Terms};

/// A book: the days from which its prices hold, in January of 1970, each with a rate.
type Days = Vec<(i8, i64)>;

fn book(days: &Days) -> PriceBook {
    let entry = |(day, rate): &(i8, i64)| PriceEntry {
        layer: Layer::Catalogue,
        list: "openai".into(),
        names: vec!["gpt-4o".into()],
        asked: false,
        since: Since::From(january(*day)),
        read: None,
        conditions: Conditions::default(),
        currency: Currency::USD,
        terms: Terms::Rates(Rates::from_iter(
            [LineKind::Input, LineKind::Output]
                .map(|kind| (kind, RatePerMtok::from_pico_per_token(*rate))),
        )),
        free_units: Vec::new(),
        settlement: None,
        avoidable: Avoidable::Now,
        source: "test".into(),
    };
    PriceBook::new(Prices {
        prices: days.iter().map(entry).collect(),
        fx: Vec::new(),
    })
    .unwrap()
}

fn january(day: i8) -> Date {
    date(1970, 1, day)
}

fn days() -> impl Strategy<Value = Days> {
    let day = proptest::collection::btree_map(1_i8..31, 1_i64..1_000_000, 0..4);
    day.prop_map(|days| days.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_call_has_the_price_of_its_start_whatever_is_reloaded_meanwhile(
        books in proptest::collection::vec(days(), 5),
        begun in 1_i8..31,
        counted in any::<bool>(),
        marked in any::<bool>(),
    ) {
        let mut stage = Stage::set(0.0);
        let mut books = books.into_iter();
        let mut reload = |stage: &Stage| {
            let days = books.next().unwrap();
            stage.prices.store(Arc::new(book(&days)));
            days
        };
        let first = reload(&stage);
        let started_at = january(begun).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        let call = stage.begin_at(started_at, 7, Method::POST, "/v1/chat/completions");
        drop(call.request_observer().on_data(&Bytes::from_static(ASKED)));
        reload(&stage);
        let headers = HeaderValue::from_static("text/event-stream");
        let mut answer = call.respond(StatusCode::OK, &HeaderMap::from_iter([(CONTENT_TYPE, headers)]));
        drop(answer.on_data(&Bytes::from_static(DELTA)));
        reload(&stage);
        if marked {
            stage.meter.mark(Instant::now() + MARK_EVERY);
            while stage.jobs.try_recv().is_ok() {}
        }
        if !counted {
            drop(answer.on_data(&Bytes::from_static(USAGE)));
        }
        reload(&stage);
        drop(answer.on_data(&Bytes::from_static(DONE)));
        if counted {
            let call = stage.uncounted();
            reload(&stage);
            call.close(Counts { input: Some(whole(7)), output: Some(whole(1)), ..Counts::default() });
        }
        let record = stage.record();

        let in_force = first.iter().rfind(|(day, _)| *day <= begun);
        let id = in_force.map(|(day, _)| format!("openai/gpt-4o@{}", january(*day)));
        prop_assert_eq!(record.price_id, id);
        let cost = in_force.map(|(_, rate)| crate::money::Pico(i128::from(8 * rate)));
        prop_assert_eq!(record.cost_usd, cost);
    }
}

#[test]
fn another_attempt_has_the_prices_that_came_with_the_name_of_its_list() {
    let stage = Stage::set(0.0);
    stage.prices.store(Arc::new(book(&vec![(1, 5)])));
    let call = stage.begin(7, Method::POST, "/v1/chat/completions");
    drop(call.request_observer().on_data(&Bytes::from_static(ASKED)));
    let again = call.again().unwrap();
    drop(call);
    // A reload takes the list away.
    stage.prices.store(Arc::new(book(&Vec::new())));
    let next = CallId(uuid::Uuid::from_u128(8));
    let call = again.begin(next, Timestamp::UNIX_EPOCH).unwrap();
    let headers = HeaderValue::from_static("text/event-stream");
    let mut answer = call.respond(
        StatusCode::OK,
        &HeaderMap::from_iter([(CONTENT_TYPE, headers)]),
    );
    for part in [USAGE, DONE] {
        drop(answer.on_data(&Bytes::from_static(part)));
    }
    let mut records = stage.records.iter();
    let record = records.find(|record| record.call_id == next).unwrap();
    assert_eq!(record.cost_usd, Some(crate::money::Pico(40)));
}
