//! `[[reserved]]`: throughput that is paid by the hour, used or not.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::section::Section;
use super::upstreams::Upstream;
use super::value::{Value, hint};
use crate::money::{Avoidable, Currency, DecimalError, Pico};
use crate::pricing::{Per, PriceBook, Rent, Reservation};

/// Each is a series of some metrics and a line of every report.
const RESERVED_MAX: usize = 100;

/// The ends of keys that say what a unit costs.
const RENTS: [(&str, Per); 2] = [
    ("_per_unit_hour", Per::Hour),
    ("_per_unit_month", Per::Month),
];

/// Reads all entries; days begin in `zone`.
pub(super) fn read(
    root: &mut Section<'_>,
    upstreams: &[Upstream],
    zone: &TimeZone,
    book: Option<&PriceBook>,
) -> Vec<Reservation> {
    let sections = root.list("reserved");
    if let Some(further) = sections.get(RESERVED_MAX) {
        further.problem(&format!("is more than {RESERVED_MAX} entries"));
    }
    let entries = sections.into_iter();
    let entry = |section| entry(section, upstreams, zone, book);
    entries.filter_map(entry).collect()
}

/// One entry; `None` if anything that it needs is wrong.
fn entry(
    mut section: Section<'_>,
    upstreams: &[Upstream],
    zone: &TimeZone,
    book: Option<&PriceBook>,
) -> Option<Reservation> {
    let s = &mut section;
    let name = s.require("name", "name = \"azure-ptu\"", Value::text);
    let upstreams = served(s, upstreams);
    let models = s.require("match", "match = [\"gpt-4o\"]", models);
    let units = s.require("units", "units = 3", |value| {
        value.count().and_then(|units| units.try_into().ok())
    });
    let rent = rent(s, book);
    let from = s.require("from", "from = 2026-11-01", |value| value.moment(zone));
    let until = s.value("until").map(|value| (value.moment(zone), value));
    let service_tier = s.read("service_tier", Value::text).map(str::to_owned);
    let source = s.require("source", "source = \"order of 2026-10-20\"", Value::text);
    let committed = s.read("committed_until", Value::day);
    if let (Some(from), Some((Some(until), value))) = (from, &until)
        && *until <= from
    {
        value.is_not::<()>("after from: it is the first day that is not paid any more");
    }
    section.finish(&["usd_per_unit_hour".to_owned()]);
    let until = match until {
        Some((until, _)) => Some(until?),
        None => None,
    };
    // Without a word it can be given up on the day it ends, or at once where no end is known.
    let ends = until.map(|until| until.to_zoned(zone.clone()).date());
    Some(Reservation {
        name: name?.to_owned(),
        upstreams: upstreams?,
        models: models?,
        service_tier,
        units: units?,
        rent: rent?,
        from: from?,
        until,
        avoidable: committed.or(ends).map_or(Avoidable::Now, Avoidable::From),
        source: source?.to_owned(),
    })
}

/// `upstream` or `list`: whose calls it serves, as names of upstreams.
fn served(s: &mut Section<'_>, known: &[Upstream]) -> Option<Vec<String>> {
    let (upstream, list) = (s.value("upstream"), s.value("list"));
    let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
    match (upstream, list) {
        (Some(upstream), None) => {
            let mut served = Vec::new();
            for (name, item) in upstream.texts() {
                if !names.contains(&name) {
                    let near = hint(name, &names);
                    return item.is_not(&format!("the name of an upstream{near}"));
                }
                served.push(name.to_owned());
            }
            (!served.is_empty()).then_some(served)
        }
        (None, Some(list)) => {
            let text = list.text()?;
            let of_list = known.iter().filter(|known| known.prices == text);
            let served: Vec<String> = of_list.map(|known| known.name.clone()).collect();
            if served.is_empty() {
                return list.is_not("the price list of an upstream");
            }
            Some(served)
        }
        (None, None) => {
            s.problem("does not say whose calls it serves; add upstream = \"azure\"");
            None
        }
        (Some(_), Some(list)) => {
            list.problem("upstream is there too; keep one of them");
            None
        }
    }
}

fn models(value: &Value<'_>) -> Option<Vec<String>> {
    let mut models = Vec::new();
    for (name, item) in value.texts() {
        if name.is_empty() || name.matches('*').count() > 1 {
            return item.is_not("a model's name, or a pattern with one *");
        }
        models.push(name.to_owned());
    }
    if models.is_empty() {
        value.problem("names no model; write match = [\"gpt-4o\"]");
        return None;
    }
    Some(models)
}

/// `usd_per_unit_hour`, or the like in another currency or for a month: one of them.
fn rent(s: &mut Section<'_>, book: Option<&PriceBook>) -> Option<Rent> {
    let written = s.matching(key);
    let [((currency, per), value)] = &written[..] else {
        s.problem("must say once what a unit costs, such as usd_per_unit_hour = 2.00");
        return None;
    };
    let (currency, per) = (*currency, *per);
    let known = |book: &PriceBook| book.fx().iter().any(|rate| rate.currency == currency);
    if currency != Currency::USD && !book.is_none_or(known) {
        value.problem(&format!(
            "no [[fx]] entry says what one {currency} is worth in USD; add one"
        ));
    }
    let amount = value.decimal(|text| {
        let amount: Pico = text.parse()?;
        let usable = amount > Pico::ZERO;
        usable.then_some(amount).ok_or(DecimalError::Negative)
    })?;
    Some(Rent {
        amount,
        currency,
        per,
    })
}

/// Understands `usd_per_unit_hour`.
fn key(key: &str) -> Option<(Currency, Per)> {
    let (code, per) = RENTS
        .iter()
        .find_map(|(end, per)| Some((key.strip_suffix(end)?, *per)))?;
    let lower = code.bytes().all(|byte| byte.is_ascii_lowercase());
    let currency = code.to_ascii_uppercase().parse().ok().filter(|_| lower)?;
    Some((currency, per))
}

/// The key of a rent.
pub(super) fn written(rent: &Rent) -> String {
    let code = rent.currency.code().to_ascii_lowercase();
    format!("{code}_per_unit_{}", rent.per.label())
}

impl Value<'_> {
    /// A moment: a day, which begins in `zone`, or a time with its offset.
    pub(super) fn moment(&self, zone: &TimeZone) -> Option<Timestamp> {
        let shown = self.shown();
        let shown = shown.trim_matches('"');
        if let Ok(moment) = shown.parse::<Timestamp>() {
            return Some(moment);
        }
        let day: jiff::civil::Date = shown.parse().ok().filter(|day: &jiff::civil::Date| {
            // `2026-01-31T00:00:00` would be read as a day and lose its time.
            shown == day.to_string()
        })
        .or_else(|| self.is_not("a day, such as 2026-01-31, or a time with its offset, such as 2026-01-31T08:00:00Z"))?;
        let begin = day.to_zoned(zone.clone()).ok();
        begin.map(|begin| begin.timestamp())
    }
}
