//! `[optimised.NAME]`: ways to pay the same provider less, with prices written or taken from the
//! catalogue.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::drafts::{range, ranges, text, texts};
use crate::config::closest::closest;
use crate::config::section::Section;
use crate::config::value::Value;
use crate::economics::OptimisedDraft;
use crate::economics::arm::TokenRates;
use crate::economics::assumptions::Group;
use crate::money::RatePerMtok;
use crate::pricing::{Imagined, PriceBook, PriceEntry};
use crate::usage::TokenUsage;

/// The price list that is looked in without `list`.
const LIST: &str = "openai";

/// Where prices are taken from that are not written.
#[derive(Clone, Copy)]
pub(super) struct Prices<'b> {
    /// All prices; absent when they have problems, which are told elsewhere.
    pub(super) book: Option<&'b PriceBook>,
    /// The embedded examples are read: one without a price in the user's catalogue is left out.
    pub(super) for_examples: bool,
}

/// An `[optimised.NAME]` table as it is written; `None` if its price cannot be known, and no fault.
pub(super) fn draft(name: &str, s: &mut Section<'_>, prices: Prices<'_>) -> Option<OptimisedDraft> {
    let replaces = texts(s, "replaces");
    let model = text(s, "model");
    let cached_share = s.read("cached_share", range);
    let price_factor = s.read("price_factor", Value::number);
    let price_as_of = s.read("price_as_of", Value::day);
    let list = text(s, "list");
    let mut draft = OptimisedDraft {
        name: name.to_owned(),
        serves: text(s, "serves"),
        rates: written_rates(s),
        router_usd_per_call: s.read("router_usd_per_call", Value::number),
        price_source: text(s, "price_source"),
        ranges: ranges(s, Group::Quality.members()),
        replaces,
        model,
        price_factor,
        cached_share,
        price_as_of,
    };
    // A cache belongs to the model that answers today.
    let only = draft.replaces.first().filter(|_| cached_share.is_some());
    let model = draft.model.clone().or_else(|| only.cloned());
    let Some(model) = model.filter(|_| draft.rates.is_none()) else {
        return Some(draft);
    };
    let book = prices.book?;
    let list = list.as_deref().unwrap_or(LIST);
    let at = draft.price_as_of.map_or(Timestamp::MAX, midnight);
    match book.imagined((list, &model), at, &TokenUsage::default()) {
        // Own prices without a cheaper cache are no fault of an example.
        Some(quote) if prices.for_examples && only.is_some() && no_cheaper_cached(&quote) => {
            return None;
        }
        Some(quote) => take(&mut draft, &quote),
        None if prices.for_examples => return None,
        None => s.problem_at("model", &unknown((list, &model), book)),
    }
    Some(draft)
}

fn written_rates(s: &mut Section<'_>) -> Option<TokenRates> {
    let keys = ["input_usd_per_mtok", "output_usd_per_mtok"];
    let mut rate = |key| s.read(key, |value| value.decimal(str::parse));
    let cached_input: Option<RatePerMtok> = rate("cached_input_usd_per_mtok");
    let rates = keys.map(rate);
    if rates.iter().any(Option::is_some) || cached_input.is_some() {
        let missing = keys
            .into_iter()
            .zip(rates)
            .filter(|(_, rate)| rate.is_none());
        for (key, _) in missing {
            s.problem_at(
                key,
                "is missing; a model has a price for input and one for output",
            );
        }
    }
    let [input, output] = rates;
    Some(TokenRates {
        input: input?,
        cached_input: cached_input.or(input)?,
        output: output?,
    })
}

/// Takes what a call without a special length would cost, with the price's source and the day it was
/// read. What
/// discounts are off it is named.
fn take(draft: &mut OptimisedDraft, quote: &Imagined<'_>) {
    let PriceEntry { list, source, .. } = quote.entry;
    draft.rates = Some(token_rates(quote));
    draft.price_as_of = Some(quote.entry.read_on());
    let discounts = quote.id.split_once(" x ").map(|(_, factors)| factors);
    let discounts = discounts.map_or_else(String::new, |factors| format!(", x {factors}"));
    let source = || format!("price list {list}: {source}{discounts}");
    draft.price_source.get_or_insert_with(source);
}

/// The same for projections.
#[must_use]
pub const fn token_rates(quote: &Imagined<'_>) -> TokenRates {
    TokenRates {
        input: quote.input,
        cached_input: quote.cached_input,
        output: quote.output,
    }
}

fn no_cheaper_cached(quote: &Imagined<'_>) -> bool {
    quote.cached_input >= quote.input
}

fn unknown((list, model): (&str, &str), book: &PriceBook) -> String {
    if !book.has_list(list) {
        return format!("there is no price list {list}; set list to one that there is");
    }
    let names = book
        .entries()
        .iter()
        .filter(|entry| entry.list == list)
        .flat_map(|entry| &entry.names);
    let near = closest(model, names.map(String::as_str))
        .map_or_else(String::new, |near| format!("did you mean {near}? Else "));
    format!(
        "\"{model}\" has no price in dollars in the price list {list}; {near}write \
         input_usd_per_mtok and output_usd_per_mtok, with price_as_of and price_source"
    )
}

fn midnight(day: Date) -> Timestamp {
    let zoned = day.to_zoned(TimeZone::UTC);
    zoned.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}
