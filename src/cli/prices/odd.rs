//! What is suspicious about prices without being wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::call::{LineKind, without_snapshot};
use crate::cli::numbers::count;
use crate::cli::report::plain;
use crate::config::Upstream;
use crate::money::{Currency, PICO_PER_UNIT, Pico};
use crate::pricing::range::{Spread, rate_in_usd};
use crate::pricing::{
    Conditions, Layer, Named, Price, PriceBook, PriceEntry, Rates, fits_pattern, is_pattern,
};

/// A price that nobody has looked at for so long may have changed: vendors did so quarterly.
const PRICE_DAYS_MAX: i64 = 90;
/// The same of exchange rates: a currency moves some percent in a month.
const FX_DAYS_MAX: i64 = 30;

/// Everything suspicious, a line each.
pub(super) fn warnings(book: &PriceBook, at: Timestamp) -> Vec<String> {
    let mut found = odd(book, at);
    found.extend(hidden(book, at));
    found.extend(covered(book, at));
    found.extend(read_ahead(book, at));
    found.extend(old(book, at));
    found
}

/// Rates that may be slips.
fn odd(book: &PriceBook, at: Timestamp) -> Vec<String> {
    let spreads = spreads(book, at);
    let mut found = Vec::new();
    for entry in book.entries() {
        let usd = usd_per_unit(book, entry.currency, at);
        let mut odd = entry.oddities(usd);
        let rates = entry.terms.rates();
        for (kind, rate) in rates.into_iter().flat_map(Rates::iter) {
            let spread = spreads.get(&(entry.list.as_str(), kind));
            odd.extend(spread.and_then(|spread| spread.oddity(kind, rate_in_usd(rate, usd))));
        }
        let kind = Conditions {
            service_tier: None,
            ..entry.conditions.clone()
        };
        let standard = in_force(book, entry, &kind);
        let standard = standard.and_then(|standard| standard.terms.rates());
        odd.extend(standard.and_then(|standard| entry.oddity_beside(standard)));
        let before = before(book, entry).and_then(|before| before.terms.rates());
        odd.extend(before.and_then(|before| entry.oddity_after(before)));
        found.extend(odd.iter().map(|odd| format!("{}: {odd}", entry.id())));
    }
    found
}

/// What each list costs, by part, of plain calls and the models' newest prices.
fn spreads(book: &PriceBook, at: Timestamp) -> BTreeMap<(&str, LineKind), Spread> {
    let mut rates: BTreeMap<(&str, LineKind), Vec<Pico>> = BTreeMap::new();
    for line in book.listing(at) {
        let usd = usd_per_unit(book, line.entry.currency, at);
        for (kind, rate) in line.entry.terms.rates().into_iter().flat_map(Rates::iter) {
            let of = rates.entry((line.list, kind)).or_default();
            of.push(rate_in_usd(rate, usd));
        }
    }
    let rates = rates.into_iter();
    rates.map(|(key, rates)| (key, Spread::of(rates))).collect()
}

fn usd_per_unit(book: &PriceBook, currency: Currency, at: Timestamp) -> Pico {
    let rate = book.fx_for(currency, at).map(|rate| rate.usd);
    rate.unwrap_or(Pico(PICO_PER_UNIT))
}

/// What prices the entry's models on its own day, in calls of a kind.
fn in_force<'a>(
    book: &'a PriceBook,
    entry: &'a PriceEntry,
    kind: &'a Conditions,
) -> Option<&'a PriceEntry> {
    let name = entry.names.first()?;
    let price = book.quote((&entry.list, name), entry.begins(), kind).ok()?;
    // What is paid for the tokens beyond a length is held against the like.
    let beyond = price.beyond().iter();
    let alike = beyond.copied().find(|other| other.conditions == *kind);
    Some(alike.unwrap_or(price.entry()))
}

/// The price for the same calls that it took over from.
fn before<'a>(book: &'a PriceBook, entry: &PriceEntry) -> Option<&'a PriceEntry> {
    let alike = |other: &&PriceEntry| {
        (&other.list, &other.conditions, other.layer, other.currency)
            == (&entry.list, &entry.conditions, entry.layer, entry.currency)
            && other.since.date() < entry.since.date()
            && other.names == entry.names
    };
    let alike = book.entries().iter().filter(alike);
    alike.max_by_key(|other| other.since.date())
}

/// Own prices that stand before a newer one of the catalogue.
fn hidden(book: &PriceBook, at: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    for line in book.listing(at) {
        let own = line.entry;
        if own.layer != Layer::Overlay || own.is_factor() {
            continue;
        }
        let named = book.entries_for(line.list, line.model);
        let newer = named.filter(|entry| {
            entry.layer == Layer::Catalogue
                && entry.conditions == own.conditions
                && own.since.date() < entry.since.date()
                && entry.begins() <= at
        });
        if let Some(newer) = newer.max_by_key(|entry| entry.since.date()) {
            let (own, newer) = (own.id(), newer.id());
            found.push(format!(
                "{own}: yours hides the newer {newer} of the catalogue"
            ));
        }
    }
    found.dedup();
    found
}

/// Own prices of a name that take a snapshot too, which in the catalogue has other rates than the name.
fn covered(book: &PriceBook, at: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    for (list, model) in book.names() {
        let Some(alias) = without_snapshot(model) else {
            continue;
        };
        let plain_calls = Conditions::default();
        let price = book.quote((list, model), at, &plain_calls);
        let own = price.as_ref().map(Price::entry).ok();
        let own = own.filter(|own| {
            own.layer == Layer::Overlay && own.named(model) == Some(Named::Snapshot(alias))
        });
        let (Some(own), Some(theirs)) = (own, of_catalogue(book, (list, model), at)) else {
            continue;
        };
        let terms = of_catalogue(book, (list, alias), at).map(|entry| &entry.terms);
        if terms != Some(&theirs.terms) {
            let (own, theirs) = (own.id(), theirs.id());
            found.push(format!(
                "{own}: yours prices {model} too, for which the catalogue has {theirs}"
            ));
        }
    }
    found
}

/// The catalogue's newest price of just that name, for plain calls.
fn of_catalogue<'a>(
    book: &'a PriceBook,
    (list, name): (&str, &str),
    at: Timestamp,
) -> Option<&'a PriceEntry> {
    let entries = book.entries_for(list, name).filter(|entry| {
        entry.layer == Layer::Catalogue
            && entry.named(name) == Some(Named::Exact)
            && entry.conditions == Conditions::default()
            && entry.begins() <= at
    });
    entries.max_by_key(|entry| entry.since.date())
}

/// Prices that nobody can have read yet.
fn read_ahead(book: &PriceBook, at: Timestamp) -> Vec<String> {
    let day = at.to_zoned(TimeZone::UTC).date();
    let ahead = book.entries().iter().filter(|it| it.is_read_after(day));
    let said = ahead.map(|entry| {
        let (id, read, since) = (entry.id(), entry.read_on(), entry.since.date());
        format!("{id}: read on {read}, which is to come; its age is that of {since}")
    });
    said.collect()
}

/// Prices and exchange rates that nobody has looked at for long.
fn old(book: &PriceBook, at: Timestamp) -> Vec<String> {
    let day = at.to_zoned(TimeZone::UTC).date();
    let lines = book.listing(at);
    let old: BTreeSet<(Date, String)> = lines
        .iter()
        .filter(|line| line.entry.age_days(day) > PRICE_DAYS_MAX)
        .map(|line| (line.entry.known_on(day), line.entry.id()))
        .collect();
    let prices = old.first().map(|(read, oldest)| {
        let many = count(u64::try_from(old.len()).unwrap_or(u64::MAX));
        format!("read more than {PRICE_DAYS_MAX} days ago: {many} prices in force, the oldest on {read}: {oldest}")
    });
    let age = |from: Date| day.duration_since(from).as_hours().div_euclid(24);
    let currencies: BTreeSet<Currency> =
        book.entries().iter().map(|entry| entry.currency).collect();
    let rates = currencies
        .into_iter()
        .filter_map(|currency| book.fx_for(currency, at));
    let rates = rates
        .filter(|rate| age(rate.from) > FX_DAYS_MAX)
        .map(|rate| {
            let (currency, from, days) = (rate.currency, rate.from, age(rate.from));
            format!(
                "exchange of {currency}: from {from}, {days} days old (more than {FX_DAYS_MAX})"
            )
        });
    prices.into_iter().chain(rates).collect()
}

/// What calls were of, and how many of them had no price.
pub(super) struct Seen {
    pub(super) upstream: String,
    pub(super) model: String,
    pub(super) unpriced: u64,
}

/// What the ledger's calls say: models that stay without a price, patterns that match none. `file`
/// has the prices, where they are not the configured ones.
pub(super) fn against_calls(
    (book, file): (&PriceBook, Option<&str>),
    seen: &[Seen],
    upstreams: &[Upstream],
    at: Timestamp,
) -> Vec<String> {
    let list = |seen: &Seen| {
        let upstream = upstreams
            .iter()
            .find(|upstream| upstream.name == seen.upstream);
        upstream.map_or(seen.upstream.clone(), |upstream| upstream.prices.clone())
    };
    let mut found = Vec::new();
    for calls in seen.iter().filter(|calls| calls.unpriced > 0) {
        let list = list(calls);
        let plain_calls = Conditions::default();
        let has = book.quote((&list, &calls.model), at, &plain_calls).is_ok();
        let (model, unpriced) = (plain(&calls.model), count(calls.unpriced));
        let what = if has {
            "a part, tier or time of them has no rate"
        } else {
            "the model has no price"
        };
        // A catalogue may stand below the file and have one: `show` would tell of that.
        let place = match file {
            Some(file) => format!(" in {file}"),
            None => format!(": tollgate prices show {model}"),
        };
        found.push(format!(
            "{list}/{model}: {unpriced} calls without a price; {what}{place}"
        ));
    }
    let own = book
        .names()
        .into_iter()
        .filter(|(_, name)| is_pattern(name));
    let idle = own.filter(|(of, pattern)| {
        let matches = |calls: &Seen| list(calls) == *of && fits_pattern(pattern, &calls.model);
        !seen.iter().any(matches)
    });
    found.extend(
        idle.map(|(of, pattern)| format!("{of}/{pattern}: the pattern matches none of the calls")),
    );
    found
}
