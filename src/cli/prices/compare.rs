//! What is added, removed and changed from one side of prices to the other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::side::Side;
use super::words;
use crate::call::LineKind;
use crate::cli::output;
use crate::cli::report::plain;
use crate::money::{Currency, Pico};
use crate::pricing::{Conditions, Price, Rates};

/// Columns of a line.
const WIDTH: usize = 100;

/// What happened to the models that a line is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Added(String),
    Removed(String),
    Changed(String),
}

/// All differences in words, and how many names are the same.
pub(super) fn text(was: &Side, is: &Side) -> String {
    let names: BTreeSet<_> = was
        .book
        .names()
        .into_iter()
        .chain(is.book.names())
        .collect();
    let mut lines: BTreeMap<(&str, String, Change), Vec<&str>> = BTreeMap::new();
    let mut same = 0_usize;
    for (list, model) in names {
        let found = changes(was, is, (list, model));
        if found.is_empty() {
            same = same.saturating_add(1);
        }
        for (calls, change) in found {
            lines.entry((list, calls, change)).or_default().push(model);
        }
    }
    let day = |side: &Side| side.at.to_zoned(TimeZone::UTC).date();
    let side = |side: &Side| {
        let day = day(side).to_string();
        let on = if side.name == day {
            String::new()
        } else {
            format!(", {day}")
        };
        format!("{}{on}", plain(&side.name))
    };
    let mut out = vec![format!("from {} to {}\n", side(was), side(is))];
    let mut last = None;
    for ((list, calls, change), models) in &lines {
        if last.replace(list) != Some(list) {
            out.push(format!("\n{}\n", plain(list)));
        }
        out.push(line(calls, change, models));
    }
    let exchange = exchange(was, is);
    if !exchange.is_empty() {
        out.push("\nexchange\n".to_owned());
        out.extend(exchange);
    }
    out.push(format!("\n{}\n", tally(&lines, same)));
    out.concat()
}

/// `~ gpt-4o, gpt-4o-mini: input 2.5 -> 2 (-20.0 %)`
fn line(calls: &str, change: &Change, models: &[&str]) -> String {
    let models: Vec<String> = models.iter().map(|model| plain(model)).collect();
    let (sign, said) = match change {
        Change::Added(said) => ('+', said),
        Change::Removed(said) => ('-', said),
        Change::Changed(said) => ('~', said),
    };
    let calls = match calls.strip_prefix("calls: ") {
        Some(special) => format!(" ({special})"),
        None => String::new(),
    };
    let text = format!("{sign} {}{calls}: {said}", models.join(", "));
    output::wrapped_at(WIDTH, &text, "  ")
}

fn tally(lines: &BTreeMap<(&str, String, Change), Vec<&str>>, same: usize) -> String {
    let of = |is: fn(&Change) -> bool| {
        let found = lines.iter().filter(|((_, _, change), _)| is(change));
        let names =
            found.flat_map(|((list, ..), models)| models.iter().map(move |model| (list, model)));
        names.collect::<BTreeSet<_>>().len()
    };
    format!(
        "names with a further price: {}, with one less: {}, with a changed one: {}, the same: {same}",
        of(|change| matches!(change, Change::Added(_))),
        of(|change| matches!(change, Change::Removed(_))),
        of(|change| matches!(change, Change::Changed(_))),
    )
}

/// What changed for a name, by the calls it is about.
fn changes(was: &Side, is: &Side, name: (&str, &str)) -> Vec<(String, Change)> {
    let plain_calls = Conditions::default();
    let (list, model) = name;
    let mut kinds = was.book.kinds(list, model);
    for kind in is.book.kinds(list, model) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let usual = (was.quote(name, &plain_calls), is.quote(name, &plain_calls));
    let mut found = Vec::new();
    let id = |price: &Option<Price<'_>>| price.as_ref().map(Price::id);
    for kind in kinds {
        let prices = (was.quote(name, kind), is.quote(name, kind));
        // Priced as plain calls on both sides, whose line says it.
        if (id(&prices.0), id(&prices.1)) != (id(&usual.0), id(&usual.1)) {
            found.extend(change(&prices).map(|change| (words::calls(kind), change)));
        }
    }
    found.extend(change(&usual).map(|change| (String::new(), change)));
    found
}

fn change(prices: &(Option<Price<'_>>, Option<Price<'_>>)) -> Option<Change> {
    match prices {
        (None, None) => None,
        (None, Some(is)) => Some(Change::Added(words::amounts(is))),
        (Some(was), None) => Some(Change::Removed(words::amounts(was))),
        (Some(was), Some(is)) => changed(was, is).map(Change::Changed),
    }
}

fn changed(was: &Price<'_>, is: &Price<'_>) -> Option<String> {
    let free = was.entry().is_free() || is.entry().is_free();
    if free || was.entry().currency != is.entry().currency {
        let (was, is) = (words::amounts(was), words::amounts(is));
        return (was != is).then(|| format!("{was} -> {is}"));
    }
    let (before, after) = (parts(was), parts(is));
    let keys: BTreeSet<&(String, LineKind)> = before.keys().chain(after.keys()).collect();
    let differ = keys.into_iter().filter_map(|key| {
        let (was, is) = (before.get(key), after.get(key));
        let (beyond, kind) = key;
        (was != is).then(|| format!("{}{beyond} {}", kind.name(), step(was, is)))
    });
    let differ: Vec<String> = differ.collect();
    (!differ.is_empty()).then(|| format!("{}, in {}", differ.join(", "), is.entry().currency))
}

/// Amounts after factors in the order of a bill, those beyond a length behind the others.
fn parts(price: &Price<'_>) -> BTreeMap<(String, LineKind), Pico> {
    let mut parts = BTreeMap::new();
    let entries = std::iter::once(price.entry()).chain(price.beyond().iter().copied());
    for entry in entries {
        for (kind, rate) in entry.terms.rates().into_iter().flat_map(Rates::iter) {
            let key = (words::beyond(entry), kind);
            parts.insert(key, words::amount(kind, rate, price.times()));
        }
    }
    parts
}

fn step(was: Option<&Pico>, is: Option<&Pico>) -> String {
    match (was, is) {
        (Some(was), Some(is)) => format!("{was} -> {is}{}", percent(*was, *is)),
        (Some(was), None) => format!("{was} -> no rate"),
        (None, Some(is)) => format!("no rate -> {is}"),
        (None, None) => String::new(),
    }
}

/// ` (-20.0 %)`; nothing where there was nothing.
pub(super) fn percent(was: Pico, is: Pico) -> String {
    if was.0 <= 0 {
        return String::new();
    }
    let per_mille = (is - was).scaled(1_000, was.0).0;
    let sign = if per_mille < 0 { '-' } else { '+' };
    let size = per_mille.unsigned_abs();
    format!(" ({sign}{}.{} %)", size / 10, size % 10)
}

/// Exchange rates that differ, of the currencies of either side's prices.
fn exchange(was: &Side, is: &Side) -> Vec<String> {
    let entries = was.book.entries().iter().chain(is.book.entries());
    let currencies: BTreeSet<Currency> = entries.map(|entry| entry.currency).collect();
    let usd = |side: &Side, currency| side.book.fx_for(currency, side.at).map(|rate| rate.usd);
    let lines = currencies.into_iter().filter_map(|currency| {
        let (before, after) = (usd(was, currency), usd(is, currency));
        let step = step(before.as_ref(), after.as_ref());
        (before != after).then(|| format!("  ~ 1 {currency}: {step}, in USD\n"))
    });
    lines.collect()
}
