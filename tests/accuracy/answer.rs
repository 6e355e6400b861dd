//! What a recorded answer says: its texts and function calls, read as plainly as can be.

use serde_json::Value;
use tollgate::tokens::{self, Encoding, Tokenizer};

use crate::exchange::Exchange;

/// One answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    choices: Vec<Choice>,
    /// The text of a stream, as it came.
    pub(crate) pieces: Vec<String>,
    /// Whether it says that it has reasoned, without the text.
    pub(crate) has_reasoned: bool,
}

#[derive(Clone, Debug, Default)]
struct Choice {
    text: String,
    calls: Vec<(String, String)>,
}

impl Answer {
    /// The answer of `exchange`, if its format is one that is read here.
    pub(crate) fn read(exchange: &Exchange) -> Option<Self> {
        let mut answer = Self::default();
        let bodies = bodies(exchange);
        for body in &bodies {
            match exchange.api.as_str() {
                "chat.completions" => answer.chat(body),
                "completions" => answer.completion(body),
                "responses" => answer.responses(body, exchange.streaming),
                "messages" | "bedrock.invoke" => answer.messages(body),
                "generateContent" | "streamGenerateContent" => answer.gemini(body),
                "converse" => answer.converse(body),
                _ => return None,
            }
        }
        (!answer.choices.is_empty()).then_some(answer)
    }

    /// Its texts, counted.
    pub(crate) fn counted(&self, encoding: Encoding) -> tokens::Answer {
        let count = |text: &str| Tokenizer.count(encoding, text);
        let choice = |choice: &Choice| tokens::Choice {
            text: count(&choice.text),
            tool_calls: choice
                .calls
                .iter()
                .map(|(name, arguments)| tokens::ToolCall {
                    name: count(name),
                    arguments: count(arguments),
                })
                .collect(),
        };
        tokens::Answer {
            choices: self.choices.iter().map(choice).collect(),
        }
    }

    pub(crate) fn has_calls(&self) -> bool {
        self.choices.iter().any(|choice| !choice.calls.is_empty())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.choices.iter().all(|choice| choice.text.is_empty())
    }

    fn choice(&mut self, index: usize) -> &mut Choice {
        if self.choices.len() <= index {
            self.choices.resize(index + 1, Choice::default());
        }
        &mut self.choices[index]
    }

    fn add(&mut self, index: usize, text: &Value) {
        if let Some(text) = text.as_str() {
            self.choice(index).text += text;
            self.pieces.push(text.to_owned());
        }
    }

    fn chat(&mut self, body: &Value) {
        for choice in items(&body["choices"]) {
            let index = number(&choice["index"]);
            for message in [&choice["message"], &choice["delta"]] {
                self.add(index, &message["content"]);
                self.add(index, &message["refusal"]);
                let legacy = [&message["function_call"]];
                let calls = items(&message["tool_calls"]);
                let numbered = calls.map(|call| (number(&call["index"]), &call["function"]));
                let legacy = legacy.into_iter().filter(|call| !call.is_null());
                let whole = choice["message"].is_object();
                for (at, call) in numbered.chain(legacy.map(|call| (0, call))) {
                    let calls = &mut self.choice(index).calls;
                    let at = if whole { calls.len() } else { at };
                    calls.resize(calls.len().max(at + 1), Default::default());
                    calls[at].0 += call["name"].as_str().unwrap_or_default();
                    calls[at].1 += call["arguments"].as_str().unwrap_or_default();
                }
            }
        }
    }

    fn completion(&mut self, body: &Value) {
        for choice in items(&body["choices"]) {
            self.add(number(&choice["index"]), &choice["text"]);
        }
    }

    fn responses(&mut self, body: &Value, streaming: bool) {
        if streaming && body["type"] == "response.output_text.delta" {
            self.pieces
                .push(body["delta"].as_str().unwrap_or_default().to_owned());
        }
        let ends = ["response.completed", "response.incomplete"];
        let last = body["type"]
            .as_str()
            .is_some_and(|kind| ends.contains(&kind));
        let response = if streaming { &body["response"] } else { body };
        for item in items(&response["output"]).filter(|_| last || !streaming) {
            self.has_reasoned |= item["type"] == "reasoning";
            let choice = self.choice(0);
            for part in items(&item["content"]) {
                choice.text += part["text"].as_str().unwrap_or_default();
                choice.text += part["refusal"].as_str().unwrap_or_default();
            }
            if item["type"] == "function_call" {
                let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
                choice.calls.push((text("name"), text("arguments")));
            }
        }
    }

    fn messages(&mut self, body: &Value) {
        for block in items(&body["content"]).chain([&body["content_block"]]) {
            self.add(0, &block["text"]);
            if block["type"] == "tool_use" {
                let name = block["name"].as_str().unwrap_or_default().to_owned();
                self.choice(0)
                    .calls
                    .push((name, block["input"].to_string()));
            }
        }
        self.add(0, &body["delta"]["text"]);
    }

    fn gemini(&mut self, body: &Value) {
        for candidate in items(&body["candidates"]) {
            for part in items(&candidate["content"]["parts"]) {
                if part["thought"] != true {
                    self.add(0, &part["text"]);
                }
                if part["functionCall"].is_object() {
                    self.choice(0).calls.push(Default::default());
                }
            }
        }
    }

    fn converse(&mut self, body: &Value) {
        for block in items(&body["output"]["message"]["content"]) {
            self.add(0, &block["text"]);
            if block["toolUse"].is_object() {
                self.choice(0).calls.push(Default::default());
            }
        }
    }
}

/// The JSON bodies of an answer: one, or one for each event of a stream.
fn bodies(exchange: &Exchange) -> Vec<Value> {
    match serde_json::from_str(&exchange.response) {
        Ok(Value::Array(bodies)) => bodies,
        Ok(body) => vec![body],
        Err(_) => {
            let data = exchange
                .response
                .lines()
                .filter_map(|line| line.strip_prefix("data:"));
            data.filter_map(|data| serde_json::from_str(data.trim()).ok())
                .collect()
        }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn number(value: &Value) -> usize {
    value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .unwrap_or_default()
}
