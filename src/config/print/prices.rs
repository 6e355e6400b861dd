//! The user's own prices and exchange rates, as they are written.

use jiff::civil::Date;
use toml::{Table, Value};

use super::{table, text, texts};
use crate::config::prices::WEEKDAYS;
use crate::config::rate_key::RateKey;
use crate::config::reserved::written;
use crate::money::Avoidable;
use crate::pricing::{
    BilledAt, Conditions, FxRate, Layer, PriceBook, PriceEntry, Reservation, Settlement, Since,
    Terms, Window,
};

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

/// All that is reserved.
pub(super) fn reserved(book: &PriceBook) -> Value {
    Value::Array(book.reserved().iter().map(reservation).collect())
}

fn reservation(reservation: &Reservation) -> Value {
    let Reservation {
        name,
        upstreams,
        models,
        service_tier,
        units,
        rent,
        from,
        until,
        avoidable,
        source,
    } = reservation;
    let committed = match avoidable {
        Avoidable::From(date) => day(*date),
        Avoidable::Now | Avoidable::Never => None,
    };
    table([
        ("name", Some(text(name))),
        ("upstream", Some(texts(upstreams))),
        ("match", Some(texts(models))),
        ("service_tier", service_tier.as_ref().map(text)),
        ("units", Some(Value::Integer((*units).into()))),
        (&written(rent), Some(text(&rent.amount))),
        ("from", Some(text(from))),
        ("until", until.as_ref().map(text)),
        ("committed_until", committed),
        ("source", Some(text(source))),
    ])
}

/// The keys that stand first in an entry; conditions and rates follow, the source comes last.
const FIRST: [&str; 5] = ["list", "match", "from", "seen", "read"];

/// A file of prices, as `price_files` names them, that reads back to these entries.
#[must_use]
pub fn written_prices(entries: &[PriceEntry]) -> String {
    let mut out = String::new();
    for entry in entries {
        let Value::Table(written) = price(entry) else {
            continue;
        };
        let mut keys: Vec<(&String, &Value)> = written.iter().collect();
        let place = |key: &str| FIRST.iter().position(|first| *first == key);
        keys.sort_by_key(|(key, _)| (place(key).unwrap_or(FIRST.len()), *key == "source"));
        out.push_str("\n[[prices]]\n");
        out.extend(
            keys.into_iter()
                .map(|(key, value)| format!("{key} = {value}\n")),
        );
    }
    out
}

fn price(entry: &PriceEntry) -> Value {
    let PriceEntry {
        layer: _,
        list,
        names,
        asked,
        since,
        read,
        conditions,
        currency,
        terms,
        free_units,
        settlement,
        avoidable,
        source,
    } = entry;
    let (from, seen) = match since {
        Since::From(date) => (Some(*date), None),
        Since::Seen(date) => (None, Some(*date)),
    };
    let (free_until, settled) = match settlement {
        Some(Settlement::FreeUntil(date)) => (day(*date), None),
        Some(Settlement::Prepaid) => (None, Some(text("prepaid"))),
        Some(Settlement::Reserved) => (None, Some(text("reserved"))),
        None => (None, None),
    };
    let implied = match settlement {
        Some(Settlement::FreeUntil(date)) => Avoidable::From(*date),
        Some(Settlement::Prepaid | Settlement::Reserved) => Avoidable::Never,
        None => Avoidable::Now,
    };
    let value = table([
        ("list", Some(text(list))),
        ("match", Some(texts(names))),
        ("asked", asked.then_some(Value::Boolean(true))),
        ("from", from.and_then(day)),
        ("seen", seen.and_then(day)),
        ("read", read.and_then(day)),
        (
            "free_units",
            (!free_units.is_empty()).then(|| texts(free_units)),
        ),
        ("free_until", free_until),
        ("settled", settled),
        (
            "avoidable",
            match avoidable {
                same if *same == implied => None,
                Avoidable::From(free) => day(*free),
                Avoidable::Now | Avoidable::Never => Some(text(avoidable)),
            },
        ),
        ("source", Some(text(source))),
    ]);
    let mut rates = match terms {
        Terms::Free => vec![("free".to_owned(), Value::Boolean(true))],
        Terms::Times(factor) => vec![("times".to_owned(), text(factor))],
        Terms::Rates(rates) | Terms::Beyond(rates) => RateKey::written(rates, *currency)
            .into_iter()
            .map(|(key, rate)| (key, Value::String(rate)))
            .collect(),
    };
    if matches!(terms, Terms::Beyond(_)) {
        rates.push(("marginal".to_owned(), Value::Boolean(true)));
    }
    let Value::Table(mut written) = value else {
        return value;
    };
    written.extend(Table::from_iter(rates));
    written.extend(self::conditions(conditions));
    Value::Table(written)
}

/// The keys of conditions.
fn conditions(conditions: &Conditions) -> Table {
    let Conditions {
        above_input_tokens,
        above_output_tokens,
        thinking,
        window,
        service_tier,
        speed,
        region,
    } = conditions;
    let length = |tokens: &Option<u64>| {
        let tokens = tokens.and_then(|tokens| i64::try_from(tokens).ok());
        tokens.map(Value::Integer)
    };
    let keys = [
        ("above_input_tokens", length(above_input_tokens)),
        ("above_output_tokens", length(above_output_tokens)),
        ("thinking", thinking.map(Value::Boolean)),
        ("service_tier", service_tier.as_ref().map(text)),
        ("speed", speed.as_ref().map(text)),
        ("region", region.as_ref().map(text)),
    ];
    let keys = keys.into_iter();
    let written = keys.filter_map(|(key, value)| Some((key.to_owned(), value?)));
    written.chain(window.iter().flat_map(hours)).collect()
}

/// The keys of a window.
fn hours(window: &Window) -> Vec<(String, Value)> {
    let Window {
        hours,
        weekdays,
        zone,
        billed_at,
    } = window;
    let mut keys = Vec::new();
    keys.extend(hours.map(|hours| ("hours", text(&hours))));
    let known = WEEKDAYS.iter().filter(|(_, day)| weekdays.contains(day));
    let days: Vec<&str> = known.map(|(word, _)| *word).collect();
    if !days.is_empty() {
        keys.push(("weekdays", texts(&days)));
    }
    keys.extend(zone.iana_name().map(|name| ("zone", text(name))));
    if *billed_at == BilledAt::End {
        keys.push(("billed_at", text("end")));
    }
    let keys = keys.into_iter();
    keys.map(|(key, value)| (key.to_owned(), value)).collect()
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
