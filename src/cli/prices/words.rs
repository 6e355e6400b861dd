//! What a price says, in words.

use crate::call::LineKind;
use crate::cli::numbers::count;
use crate::cli::report::plain;
use crate::money::{Avoidable, Factor, Pico, RatePerMtok};
use crate::pricing::{
    BilledAt, Conditions, Named, Price, PriceEntry, Rates, Settlement, Since, Terms, Window,
};

/// Which calls a price is for.
pub(super) fn calls(conditions: &Conditions) -> String {
    let Conditions {
        above_input_tokens,
        above_output_tokens,
        thinking,
        window,
        service_tier,
        speed,
        region,
    } = conditions;
    let longer = |side: &str, tokens: &Option<u64>| {
        tokens.map(|tokens| format!("{side} above {} tokens", count(tokens)))
    };
    let served = |what: &str, word: &Option<String>| {
        let word = word.as_ref();
        word.map(|word| format!("{what} {}", plain(word)))
    };
    let thinking = thinking.map(|on| {
        if on {
            "that think"
        } else {
            "that do not think"
        }
    });
    let said = [
        served("tier", service_tier),
        served("speed", speed),
        served("region", region),
        longer("input", above_input_tokens),
        longer("output", above_output_tokens),
        thinking.map(str::to_owned),
        window.as_ref().map(hours),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if said.is_empty() {
        return "plain calls".to_owned();
    }
    format!("calls: {}", said.join(", "))
}

/// `16:30-00:30 on sat, sun in UTC, by the end of the call`.
fn hours(window: &Window) -> String {
    let Window {
        hours,
        weekdays,
        zone,
        billed_at,
    } = window;
    let hours = hours.map_or_else(|| "all day".to_owned(), |hours| hours.to_string());
    let days: Vec<String> = weekdays
        .iter()
        .map(|day| {
            format!("{day:?}")
                .chars()
                .take(3)
                .collect::<String>()
                .to_lowercase()
        })
        .collect();
    let days = if days.is_empty() {
        String::new()
    } else {
        format!(" on {}", days.join(", "))
    };
    let zone = zone.iana_name().unwrap_or("UTC");
    let by = match billed_at {
        BilledAt::Start => "",
        BilledAt::End => ", by the end of the call",
    };
    format!("{hours}{days} in {zone}{by}")
}

/// What it costs: for a million tokens after factors, for a thousand of other units.
pub(super) fn amounts(price: &Price<'_>) -> String {
    let entry = price.entry();
    let rates = entry.terms.rates();
    let Some(rates) = rates else {
        return "free".to_owned();
    };
    let further = price.beyond().iter().filter_map(|entry| {
        let rates = of_rates(entry.terms.rates()?, price.times());
        Some(format!(";{}: {rates}", beyond(entry)))
    });
    let further: String = further.collect();
    let rates = of_rates(rates, price.times());
    format!("{rates}{further}, in {}", entry.currency)
}

/// ` beyond input above 32,000 tokens`, of an entry that prices what is.
pub(super) fn beyond(entry: &PriceEntry) -> String {
    if !matches!(entry.terms, Terms::Beyond(_)) {
        return String::new();
    }
    let calls = calls(&entry.conditions);
    let of = calls.strip_prefix("calls: ").unwrap_or(&calls);
    format!(" beyond {of}")
}

/// `input 2.5, output 10, web_search 10 a thousand`.
pub(super) fn of_rates(rates: &Rates, times: Factor) -> String {
    let written = rates.iter().map(|(kind, rate)| {
        let unit = if kind.is_tokens() { "" } else { " a thousand" };
        format!("{} {}{unit}", kind.name(), amount(kind, rate, times))
    });
    let written: Vec<String> = written.collect();
    written.join(", ")
}

/// What a million tokens cost after factors, or a thousand of another unit.
pub(super) fn amount(kind: LineKind, rate: RatePerMtok, times: Factor) -> Pico {
    if kind.is_tokens() {
        times.of(rate.cost(1_000_000))
    } else {
        rate.cost(1_000)
    }
}

/// What an entry says of money.
pub(super) fn terms(entry: &PriceEntry) -> String {
    let currency = entry.currency;
    match &entry.terms {
        Terms::Free => "free".to_owned(),
        Terms::Times(factor) => format!("the standard rates for tokens x {factor}"),
        Terms::Rates(rates) => format!("{}, in {currency}", of_rates(rates, Factor::ONE)),
        Terms::Beyond(rates) => {
            let rates = of_rates(rates, Factor::ONE);
            format!("{rates}, in {currency}, only for what is beyond")
        }
    }
}

/// Since when, how that is known, and when its source was read last.
pub(super) fn since(entry: &PriceEntry) -> String {
    let since = match entry.since {
        Since::From(day) => format!("in force from {day}"),
        Since::Seen(day) => format!("seen on {day}"),
    };
    let read = entry.read.map(|read| format!(", read on {read}"));
    since + &read.unwrap_or_default()
}

/// Which name matched.
pub(super) fn named(named: Named<'_>) -> String {
    match named {
        Named::Exact => "by its name".to_owned(),
        Named::Snapshot(name) => format!("as a snapshot of {}", plain(name)),
        Named::Pattern(name) => format!("by the pattern {}", plain(name)),
    }
}

/// How it is paid and what moving the calls saves, where that is not the usual.
pub(super) fn paid(entry: &PriceEntry) -> Vec<String> {
    let settled = entry.settlement.map(|settlement| match settlement {
        Settlement::FreeUntil(day) => format!("paid from a free quota before {day}"),
        Settlement::Prepaid => "paid from a pack that was paid before".to_owned(),
        Settlement::Reserved => "paid by hours that are reserved".to_owned(),
    });
    let saves = match entry.avoidable {
        Avoidable::Now => None,
        Avoidable::From(day) => Some(format!("moving the calls saves it from {day} on")),
        Avoidable::Never => Some("moving the calls never saves it".to_owned()),
    };
    let units = (!entry.free_units.is_empty()).then(|| {
        format!(
            "free beyond their tokens: {}",
            plain(&entry.free_units.join(", "))
        )
    });
    let asked = entry
        .asked
        .then(|| "for calls that ask for this name, whatever model answers".to_owned());
    [asked, settled, saves, units]
        .into_iter()
        .flatten()
        .collect()
}
