//! What OpenAI's and Anthropic's usage and cost APIs return for an organisation: pages of buckets, as
//! their users saved them.
//!
//! OpenAI: `/v1/organization/usage/completions` (and embeddings) and `/v1/organization/costs`;
//! `input_tokens` contains cached ones, `start_time` is in seconds. Anthropic:
//! `/v1/organizations/usage_report/messages` and `/v1/organizations/cost_report`; input comes in
//! disjoint parts, there is no number of calls, and an `amount` is in cents.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Deserializer, Value};

use super::{Read, decimal, shown};
use crate::app::import::{UsageCost, UsageRow};
use crate::cli::Failure;
use crate::cli::args::ImportUsage;
use crate::money::{Currency, Pico};

/// Nanoseconds in an hour.
const HOUR_NANOSECONDS: i128 = 3_600_000_000_000;
/// The longest day, one hour put back.
const BUCKET_MAX: SignedDuration = SignedDuration::from_hours(25);

/// Reads all pages of a file.
pub(super) fn read(
    name: &str,
    bytes: &[u8],
    asked: &ImportUsage,
    into: &mut Read,
) -> Result<(), Failure> {
    let mut more = false;
    let mut number = 0_u64;
    for page in Deserializer::from_slice(bytes).into_iter::<Value>() {
        let page = page.map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::use_or_config(format!("{name}:{line}:{column}: not JSON")).because(error)
        })?;
        let pages = match page.as_array() {
            Some(pages) => pages.as_slice(),
            None => std::slice::from_ref(&page),
        };
        for page in pages {
            number = number.saturating_add(1);
            more = page.get("has_more").and_then(Value::as_bool) == Some(true);
            let place = format!("{name}: page {number}");
            read_page(&place, page, asked, into)?;
        }
    }
    if more {
        into.notes.push(format!(
            "{name} ends with has_more: true: there are pages that it lacks"
        ));
    }
    Ok(())
}

fn read_page(
    place: &str,
    page: &Value,
    asked: &ImportUsage,
    into: &mut Read,
) -> Result<(), Failure> {
    let Some(buckets) = page.get("data").and_then(Value::as_array) else {
        return Err(Failure::use_or_config(format!("{place}: there is no data")).remedy(
            "save what the usage or cost API of OpenAI or Anthropic returns, or write a CSV file",
        ));
    };
    for (at, bucket) in buckets.iter().enumerate() {
        let place = format!("{place}: data[{at}]");
        let range = range(&place, bucket)?;
        let results = bucket.get("results").and_then(Value::as_array);
        for (at, found) in results.into_iter().flatten().enumerate() {
            let found = Found {
                bucket: &place,
                place: format!("{place}.results[{at}]"),
                range: range.clone(),
                value: found,
                asked,
            };
            found.read(into)?;
        }
    }
    Ok(())
}

/// When a bucket begins and ends: in seconds, or as a moment.
fn range(place: &str, bucket: &Value) -> Result<Range<Timestamp>, Failure> {
    let moment = |seconds: &str, text: &str| {
        let seconds = bucket.get(seconds).and_then(Value::as_i64);
        let seconds = seconds.and_then(|at| Timestamp::from_second(at).ok());
        let text = bucket.get(text).and_then(Value::as_str);
        seconds.or_else(|| text?.parse().ok())
    };
    let begin = moment("start_time", "starting_at");
    match begin.zip(moment("end_time", "ending_at")) {
        Some((begin, end)) if begin < end => hours(place, begin..end),
        Some(_) | None => Err(Failure::use_or_config(format!(
            "{place}: it does not say when it begins and ends"
        ))
        .remedy("start_time and end_time, or starting_at and ending_at")),
    }
}

/// The ledger keeps hours: what is shorter, or lies across them, would write over its neighbours.
fn hours(place: &str, range: Range<Timestamp>) -> Result<Range<Timestamp>, Failure> {
    let is_whole = |at: Timestamp| at.as_nanosecond() % HOUR_NANOSECONDS == 0;
    let is_long = range.start.duration_until(range.end) > BUCKET_MAX;
    if is_whole(range.start) && is_whole(range.end) && !is_long {
        return Ok(range);
    }
    let what = if is_long {
        "it is longer than a day"
    } else {
        "it does not begin and end on a whole hour of UTC"
    };
    let (start, end) = (range.start, range.end);
    Err(
        Failure::use_or_config(format!("{place}: {start} to {end}: {what}"))
            .remedy("ask the API once more, with bucket_width=1d or 1h"),
    )
}

/// One result of a bucket.
struct Found<'a> {
    bucket: &'a str,
    place: String,
    range: Range<Timestamp>,
    value: &'a Value,
    asked: &'a ImportUsage,
}

impl Found<'_> {
    fn read(&self, into: &mut Read) -> Result<(), Failure> {
        let has = |name: &str| self.value.get(name).is_some();
        if has("uncached_input_tokens") {
            into.rows.extend(self.anthropic_usage()?);
        } else if has("num_model_requests") {
            into.rows.extend(self.openai_usage()?);
        } else if self.value.pointer("/amount/value").is_some() {
            Self::billed(self.openai_cost()?, into);
        } else if has("amount") {
            Self::billed(self.anthropic_cost()?, into);
        } else {
            let message = format!("{}: neither usage of tokens nor a cost", self.place);
            return Err(Failure::use_or_config(message)
                .remedy("leave out what has no tokens, such as vector stores"));
        }
        Ok(())
    }

    /// Takes a cost; a credit is of no usage.
    fn billed(cost: UsageCost, into: &mut Read) {
        let is_credit = cost.cost.0.0 < 0;
        let of = if is_credit {
            &mut into.credits
        } else {
            &mut into.costs
        };
        of.push(cost);
    }

    fn openai_usage(&self) -> Result<Option<UsageRow>, Failure> {
        let (input, cached) = (
            self.number("input_tokens")?,
            self.number("input_cached_tokens")?,
        );
        let calls = self.number("num_model_requests")?;
        let output = self.number("output_tokens")?;
        if calls == 0 && input == 0 && output == 0 {
            return Ok(None);
        }
        Ok(Some(UsageRow {
            place: self.bucket.to_owned(),
            range: self.range.clone(),
            upstream: self.upstream("openai"),
            model: self.model("group_by=model")?,
            calls: calls.max(1),
            uncached_input: input.saturating_sub(cached),
            cached_input: cached.min(input),
            output,
            cost: None,
        }))
    }

    fn anthropic_usage(&self) -> Result<Option<UsageRow>, Failure> {
        let written = ["ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens"]
            .map(|name| self.number(&format!("cache_creation/{name}")));
        let [for_an_hour, for_minutes] = written;
        let written = for_an_hour?.saturating_add(for_minutes?);
        let uncached = self
            .number("uncached_input_tokens")?
            .saturating_add(written);
        let cached = self.number("cache_read_input_tokens")?;
        let output = self.number("output_tokens")?;
        let input = uncached.saturating_add(cached);
        if input == 0 && output == 0 {
            return Ok(None);
        }
        let Some(per_call) = self.asked.input_per_call else {
            let message = format!("{}: there is no number of calls", self.place);
            return Err(Failure::use_or_config(message).remedy(
                "say how long a call's input is on average, cached tokens included: \
                 --input-per-call 2000",
            ));
        };
        Ok(Some(UsageRow {
            place: self.bucket.to_owned(),
            range: self.range.clone(),
            upstream: self.upstream("anthropic"),
            model: self.model("group_by[]=model")?,
            calls: input.div_ceil(per_call).max(1),
            uncached_input: uncached,
            cached_input: cached,
            output,
            cost: None,
        }))
    }

    /// A line item is `gpt-4o-2024-08-06, input`, or something that no row has.
    fn openai_cost(&self) -> Result<UsageCost, Failure> {
        let value = self.value.pointer("/amount/value");
        let amount = match value {
            Some(Value::String(text)) => decimal::pico(text, 0),
            // In its shortest form, which is what the vendor wrote.
            Some(Value::Number(number)) => decimal::pico(&number.to_string(), 0),
            Some(_) | None => None,
        };
        let item = self.value.get("line_item").and_then(Value::as_str);
        let model = item.map(|item| item.split(", ").next().unwrap_or(item).to_owned());
        self.cost(
            "openai",
            model,
            amount,
            self.value.pointer("/amount/currency"),
        )
    }

    fn anthropic_cost(&self) -> Result<UsageCost, Failure> {
        let cents = self.value.get("amount").and_then(Value::as_str);
        let amount = cents.and_then(|text| decimal::pico(text, -2));
        let name = |key: &str| self.value.get(key).and_then(Value::as_str);
        let is_of_tokens = name("cost_type").is_none_or(|kind| kind == "tokens");
        let model = match (name("model"), is_of_tokens) {
            (Some(model), _) => Some(model.to_owned()),
            (None, true) => None,
            // What no row has.
            (None, false) => Some(name("cost_type").unwrap_or_default().to_owned()),
        };
        self.cost("anthropic", model, amount, self.value.get("currency"))
    }

    fn cost(
        &self,
        vendor: &str,
        model: Option<String>,
        amount: Option<Pico>,
        currency: Option<&Value>,
    ) -> Result<UsageCost, Failure> {
        let currency = currency.and_then(Value::as_str).unwrap_or("usd");
        let currency: Option<Currency> = currency.to_ascii_uppercase().parse().ok();
        let Some(cost) = amount.zip(currency) else {
            let message = format!("{}: the amount cannot be read", self.place);
            return Err(Failure::use_or_config(message)
                .remedy("a decimal number and a currency, as the cost API returns them"));
        };
        Ok(UsageCost {
            place: self.bucket.to_owned(),
            range: self.range.clone(),
            upstream: self.upstream(vendor),
            model,
            cost,
        })
    }

    fn upstream(&self, vendor: &str) -> String {
        let named = self.asked.upstream.as_deref();
        named.unwrap_or(vendor).to_owned()
    }

    fn model(&self, grouped: &str) -> Result<String, Failure> {
        let model = self.value.get("model").and_then(Value::as_str);
        model.map(str::to_owned).ok_or_else(|| {
            Failure::use_or_config(format!("{}: there is no model", self.place))
                .remedy(format!("ask the usage API once more, with {grouped}"))
        })
    }

    /// The number at a place of the result; what is not there is none.
    fn number(&self, name: &str) -> Result<u64, Failure> {
        match self.value.pointer(&format!("/{name}")) {
            None | Some(Value::Null) => Ok(0),
            Some(found) => found.as_u64().ok_or_else(|| {
                let found = shown(&found.to_string());
                let message = format!("{}: {name}: found {found}", self.place);
                Failure::use_or_config(message).remedy("a whole number, none below 0")
            }),
        }
    }
}

#[cfg(test)]
mod tests;
