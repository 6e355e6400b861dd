//! The user's own prices and exchange rates, as they are written.

use jiff::civil::Date;
use toml::{Table, Value};

use super::{table, text, texts};
use crate::config::rate_key::RateKey;
use crate::money::Avoidable;
use crate::pricing::{Conditions, FxRate, Layer, PriceBook, PriceEntry, Since, Terms};

/// All entries of the configuration file itself.
pub(super) fn own_prices(book: &PriceBook) -> Value {
    let entries = book.entries().iter();
    let own = entries.filter(|entry| entry.layer == Layer::Overlay);
    Value::Array(own.map(price).collect())
}

/// The same of exchange rates.
pub(super) fn own_rates(book: &PriceBook) -> Value {
    let own = book.fx().iter().filter(|rate| rate.layer == Layer::Overlay);
    Value::Array(own.map(fx).collect())
}

fn price(entry: &PriceEntry) -> Value {
    let PriceEntry {
        layer: _,
        list,
        names,
        since,
        conditions,
        currency,
        terms,
        free_units,
        avoidable,
        source,
    } = entry;
    let Conditions {
        above_input_tokens,
        service_tier,
        speed,
        region,
    } = conditions;
    let (from, seen) = match since {
        Since::From(date) => (Some(*date), None),
        Since::Seen(date) => (None, Some(*date)),
    };
    let above = above_input_tokens.and_then(|tokens| i64::try_from(tokens).ok());
    let value = table([
        ("list", Some(text(list))),
        ("match", Some(texts(names))),
        ("from", from.and_then(day)),
        ("seen", seen.and_then(day)),
        ("above_input_tokens", above.map(Value::Integer)),
        ("service_tier", service_tier.as_ref().map(text)),
        ("speed", speed.as_ref().map(text)),
        ("region", region.as_ref().map(text)),
        (
            "free_units",
            (!free_units.is_empty()).then(|| texts(free_units)),
        ),
        (
            "avoidable",
            match avoidable {
                Avoidable::Now => None,
                Avoidable::From(free) => day(*free),
                Avoidable::Never => Some(text(avoidable)),
            },
        ),
        ("source", Some(text(source))),
    ]);
    let rates = match terms {
        Terms::Free => vec![("free".to_owned(), Value::Boolean(true))],
        Terms::Rates(rates) => RateKey::written(rates, *currency)
            .into_iter()
            .map(|(key, rate)| (key, Value::String(rate)))
            .collect(),
    };
    let Value::Table(mut written) = value else {
        return value;
    };
    written.extend(Table::from_iter(rates));
    Value::Table(written)
}

fn fx(rate: &FxRate) -> Value {
    let FxRate {
        layer: _,
        currency,
        usd,
        from,
        source,
    } = rate;
    table([
        ("currency", Some(text(currency))),
        ("usd_per_unit", Some(text(usd))),
        ("from", day(*from)),
        ("source", Some(text(source))),
    ])
}

/// A date, without quotes.
fn day(date: Date) -> Option<Value> {
    date.to_string().parse().ok().map(Value::Datetime)
}
