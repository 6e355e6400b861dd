//! What an entry of `[[prices]]` costs, and how that is paid.

use crate::config::rate_key::RateKey;
use crate::config::section::Section;
use crate::config::value::Value;
use crate::money::{Avoidable, Currency};
use crate::pricing::{Conditions, Layer, Rates, Settlement, Terms};

/// `free`, the rates, `marginal` or `times`: one of them.
pub(super) fn terms(
    section: &mut Section<'_>,
    conditions: &Conditions,
    layer: Layer,
) -> Option<(Terms, Currency)> {
    let free = section.read("free", Value::boolean).unwrap_or(false);
    let marginal = section.read("marginal", Value::boolean).unwrap_or(false);
    let times = section.value("times");
    let (rates, currency) = rates(section);
    let ways = [free, times.is_some(), !rates.is_empty()];
    if ways.into_iter().filter(|way| *way).count() != 1 {
        section.problem(if rates.is_empty() && !free {
            "has no rate; add input_usd_per_mtok = 2.50 and the like, times = 0.5 or free = true"
        } else {
            "has more than one of rates, times and free = true; keep one of them"
        });
        return None;
    }
    if marginal && rates.is_empty() {
        section.problem("marginal = true is about rates; write them, or leave it out");
    }
    if free {
        return Some((Terms::Free, currency));
    }
    if let Some(times) = times {
        if layer == Layer::Catalogue && is_unconditional(conditions) {
            times.problem("is a discount: those belong into [[prices]] of tollgate.toml");
        }
        return Some((Terms::Times(times.decimal(str::parse)?), currency));
    }
    if marginal {
        check_marginal(section, conditions, &rates);
        return Some((Terms::Beyond(rates), currency));
    }
    Some((Terms::Rates(rates), currency))
}

/// Nothing says how, or at what hours, the calls must have been served.
fn is_unconditional(conditions: &Conditions) -> bool {
    let Conditions {
        window,
        service_tier,
        speed,
        region,
        ..
    } = conditions;
    window.is_none() && service_tier.is_none() && speed.is_none() && region.is_none()
}

/// Beyond one length, on one side: a token is beyond one of them or it is not.
fn check_marginal(section: &Section<'_>, conditions: &Conditions, rates: &Rates) {
    let (input, output) = (
        conditions.above_input_tokens.is_some(),
        conditions.above_output_tokens.is_some(),
    );
    let side = |(kind, _): (crate::call::LineKind, _)| kind.is_tokens() && kind.is_input() == input;
    if input == output {
        section.problem(
            "marginal = true needs one length: above_input_tokens = 32000 or above_output_tokens",
        );
    } else if !rates.iter().all(side) {
        section.problem(if input {
            "rates beyond an input length are for input and caches only"
        } else {
            "rates beyond an output length are for output and reasoning only"
        });
    }
}

/// All rates and their one currency.
fn rates(section: &mut Section<'_>) -> (Rates, Currency) {
    let mut rates = Rates::default();
    let mut first: Option<Currency> = None;
    for (key, value) in section.matching(RateKey::parse) {
        let currency = *first.get_or_insert(key.currency);
        if currency != key.currency {
            value.problem(&format!(
                "another rate of this entry is in {currency}; split it in two"
            ));
        }
        if rates.written(key.kind).is_some() {
            value.problem("another key of this entry has that rate; keep one of them");
        }
        // A rate that cannot be read is told, and stands in so that it is not told as missing too.
        let rate = value.decimal(|text| key.rate(text));
        rates.set(key.kind, rate.unwrap_or_default());
    }
    (rates, first.unwrap_or(Currency::USD))
}

/// `free_until` or `settled`: how the bill is paid.
pub(super) fn settlement(section: &mut Section<'_>, conditions: &Conditions) -> Option<Settlement> {
    let free_until = section.value("free_until");
    let settled = section.value("settled");
    let first = free_until.as_ref().or(settled.as_ref())?;
    if *conditions != Conditions::default() {
        first.problem("is about all calls of a model; write it at an entry without conditions");
    }
    match (&free_until, &settled) {
        (Some(day), None) => day.day().map(Settlement::FreeUntil),
        (None, Some(settled)) => settled.choice(&[
            ("prepaid", Settlement::Prepaid),
            ("reserved", Settlement::Reserved),
        ]),
        (Some(_), Some(settled)) => {
            settled.problem("free_until is there too; keep one of them");
            None
        }
        (None, None) => None,
    }
}

/// `avoidable`: what moving the calls away saves, and from when on. What is settled otherwise than by
/// invoice is saved by no move: a quota while it lasts, a pack and reserved hours never.
pub(super) fn avoidable(
    section: &mut Section<'_>,
    conditions: &Conditions,
    settlement: Option<Settlement>,
) -> Avoidable {
    let Some(value) = section.value("avoidable") else {
        return match settlement {
            Some(Settlement::FreeUntil(day)) => Avoidable::From(day),
            Some(Settlement::Prepaid | Settlement::Reserved) => Avoidable::Never,
            None => Avoidable::Now,
        };
    };
    if *conditions != Conditions::default() {
        value.problem(
            "cannot be told apart by condition: what is compared knows a call's upstream and model \
             only; write it at an entry without conditions",
        );
    }
    match value.item.get_ref().as_str() {
        Some("now") => Avoidable::Now,
        Some("never") => Avoidable::Never,
        Some(_) => value
            .is_not("\"now\", \"never\" or a day, such as 2027-06-30")
            .unwrap_or_default(),
        None => value.day().map_or(Avoidable::Now, Avoidable::From),
    }
}
