//! What OpenAI's and Anthropic's usage and cost APIs return for an organisation: pages of buckets, as
//! their users saved them.
//!
//! OpenAI: `/v1/organization/usage/completions` (and embeddings) and `/v1/organization/costs`;
//! `input_tokens` contains cached ones, `start_time` is in seconds. Anthropic:
//! `/v1/organizations/usage_report/messages` and `/v1/organizations/cost_report`; input comes in
//! disjoint parts, there is no number of calls, and an `amount` is in cents.

use std::ops::Range;

use jiff::Timestamp;
use serde_json::{Deserializer, Value};

use super::Read;
use crate::app::import::{UsageCost, UsageRow};
use crate::cli::Failure;
use crate::cli::args::ImportUsage;
use crate::money::{Currency, Pico};

/// Reads all pages of a file.
pub(super) fn read(
    name: &str,
    bytes: &[u8],
    asked: &ImportUsage,
    into: &mut Read,
) -> Result<(), Failure> {
    let mut more = false;
    for (at, page) in Deserializer::from_slice(bytes)
        .into_iter::<Value>()
        .enumerate()
    {
        let page = page.map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::use_or_config(format!("{name}:{line}:{column}: not JSON")).because(error)
        })?;
        let pages = match page.as_array() {
            Some(pages) => pages.as_slice(),
            None => std::slice::from_ref(&page),
        };
        for (nth, page) in pages.iter().enumerate() {
            more = page.get("has_more").and_then(Value::as_bool) == Some(true);
            let place = format!("{name}: page {}", at.saturating_add(nth).saturating_add(1));
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
        Some((begin, end)) if begin < end => Ok(begin..end),
        Some(_) | None => Err(Failure::use_or_config(format!(
            "{place}: it does not say when it begins and ends"
        ))
        .remedy("start_time and end_time, or starting_at and ending_at")),
    }
}

/// One result of a bucket.
struct Found<'a> {
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
            into.costs.push(self.openai_cost()?);
        } else if has("amount") {
            into.costs.push(self.anthropic_cost()?);
        } else {
            let message = format!("{}: neither usage of tokens nor a cost", self.place);
            return Err(Failure::use_or_config(message)
                .remedy("leave out what has no tokens, such as vector stores"));
        }
        Ok(())
    }

    fn openai_usage(&self) -> Result<Option<UsageRow>, Failure> {
        let (input, cached) = (
            self.number("input_tokens"),
            self.number("input_cached_tokens"),
        );
        let calls = self.number("num_model_requests");
        if calls == 0 && input == 0 {
            return Ok(None);
        }
        Ok(Some(UsageRow {
            range: self.range.clone(),
            upstream: self.upstream("openai"),
            model: self.model("group_by=model")?,
            calls: calls.max(1),
            uncached_input: input.saturating_sub(cached),
            cached_input: cached.min(input),
            output: self.number("output_tokens"),
            cost: None,
        }))
    }

    fn anthropic_usage(&self) -> Result<Option<UsageRow>, Failure> {
        let written = ["ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens"].map(|name| {
            let written = self.value.pointer(&format!("/cache_creation/{name}"));
            written.and_then(Value::as_u64).unwrap_or(0)
        });
        let written = written.into_iter().fold(0, u64::saturating_add);
        let uncached = self.number("uncached_input_tokens").saturating_add(written);
        let cached = self.number("cache_read_input_tokens");
        let output = self.number("output_tokens");
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
            Some(Value::String(text)) => text.parse().ok(),
            Some(number) => number
                .as_f64()
                .and_then(|it| format!("{it:.12}").parse().ok()),
            None => None,
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
        let amount = cents.and_then(|text| text.parse().ok());
        let amount = amount.map(|cents: Pico| cents.scaled(1, 100));
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

    fn number(&self, name: &str) -> u64 {
        self.value.get(name).and_then(Value::as_u64).unwrap_or(0)
    }
}
