//! What a recorded stream without usage says, read plainly and counted by another tokenizer than ours.

use std::collections::BTreeMap;

use bpe_openai::{Tokenizer, cl100k_base, o200k_base};
use serde_json::Value;

use super::exchange::Exchange;

/// What is wrong with the row of an exchange whose provider reported nothing.
pub(super) fn fault(exchange: &Exchange, row: &Value) -> Option<String> {
    let said = Said::of(exchange);
    if row["source"] == "unknown" {
        let unpriced = row["pricing"] == "unpriced" && row["output_tokens"].is_null();
        let flags = row["flags"].as_array().unwrap();
        let is_floor = flags.iter().any(|flag| flag == "lower_bound");
        let has_reason = said.is_empty() || said.thinks() || is_floor;
        return (!unpriced || !has_reason).then(|| format!("unknown without a reason: {row}"));
    }
    let plain = said.calls == 0 && !asks_for_tools(exchange);
    let expected: u64 = said.texts.values().map(|text| said.tokens(text)).sum();
    // The tokens of a model that nobody knows are those of another, and a little more.
    let is_known = ["openai", "azure"].contains(&exchange.upstream());
    let off_max = if is_known { 0 } else { 1 + expected / 10 };
    let off = row["output_tokens"]
        .as_u64()
        .map(|found| found.abs_diff(expected));
    let is_right = !plain || off.is_some_and(|off| off <= off_max);
    (row["source"] != "counted" || !is_right).then(|| format!("expected {expected}, found {row}"))
}

/// The texts of a stream.
#[derive(Default)]
struct Said {
    model: String,
    texts: BTreeMap<u64, String>,
    calls: usize,
    thoughts: usize,
}

impl Said {
    fn of(exchange: &Exchange) -> Self {
        let mut said = Self::default();
        let body = exchange.response_body.as_deref().unwrap_or_default();
        for data in body.lines().filter_map(|line| line.strip_prefix("data: ")) {
            let Ok(event) = serde_json::from_str::<Value>(data) else {
                continue;
            };
            if let Some(model) = event["model"].as_str().filter(|model| !model.is_empty()) {
                model.clone_into(&mut said.model);
            }
            for choice in event["choices"].as_array().into_iter().flatten() {
                said.add(choice);
            }
        }
        said
    }

    fn add(&mut self, choice: &Value) {
        let delta = &choice["delta"];
        let text = self.texts.entry(choice["index"].as_u64().unwrap_or(0));
        let text = text.or_default();
        // `completions` have no delta.
        text.push_str(choice["text"].as_str().unwrap_or_default());
        for part in ["content", "refusal"] {
            text.push_str(delta[part].as_str().unwrap_or_default());
        }
        self.calls +=
            usize::from(delta["tool_calls"].is_array() || delta["function_call"].is_object());
        let thoughts = [&delta["reasoning_content"], &delta["reasoning"]];
        self.thoughts += thoughts.into_iter().filter(|part| part.is_string()).count();
    }

    fn is_empty(&self) -> bool {
        self.texts.values().all(String::is_empty) && self.calls == 0
    }

    fn thinks(&self) -> bool {
        let starts = ["o1", "o3", "o4", "gpt-5"];
        self.thoughts > 0 || starts.iter().any(|start| self.model.starts_with(start))
    }

    fn tokens(&self, text: &str) -> u64 {
        // The second generation answers as `davinci:2023-07-21-v2`, too.
        let starts = ["gpt-3.5", "gpt-35", "gpt-4-", "davinci", "babbage"];
        let early = starts.iter().any(|start| self.model.starts_with(start));
        let early = early || self.model == "gpt-4";
        let tokenizer: &Tokenizer = if early { cl100k_base() } else { o200k_base() };
        tokenizer.count(text).try_into().unwrap()
    }
}

fn asks_for_tools(exchange: &Exchange) -> bool {
    let body = exchange.request_body.as_deref().unwrap_or_default();
    body.contains("\"tools\"") || body.contains("\"functions\"")
}
