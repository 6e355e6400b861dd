//! Input tokens by the rules, against what `OpenAI` and Azure reported.

use tollgate::tokens::{Bound, Family, Model, Request, Tokenizer};

use crate::exchange::Exchange;
use crate::figures::Rows;

const KINDS: [&str; 14] = [
    "chat, text only",
    "chat, tools declared",
    "chat, tools and tool messages",
    "chat, tool messages only",
    "chat, JSON schema",
    "chat, tools and JSON schema",
    "chat, tools declared, gpt-5",
    "chat, tools and tool messages, gpt-5",
    "chat, images",
    "responses, text only",
    "responses, tools or tool messages",
    "responses, JSON schema",
    "completions",
    "embeddings",
];

/// What a function called or its result looks like.
const TOOL_MESSAGES: [&str; 4] = [
    "\"role\":\"tool\"",
    "\"role\":\"function\"",
    "\"tool_calls\":",
    "function_call_output",
];

/// The figures by kind of request, of those that bring all that is billed; or of those that do
/// not, whose counts are lower bounds.
pub(crate) fn rows(exchanges: &[Exchange], bound: Bound) -> Rows {
    let mut rows = Rows::named(&KINDS);
    for exchange in exchanges.iter().filter(|exchange| exchange.has_rules()) {
        let Some((told, counted)) = pair(exchange, bound) else {
            continue;
        };
        let kind = kind(exchange);
        rows.row(&kind).add(told, counted);
    }
    rows
}

/// Reported and counted, where the count goes as far as `bound`.
fn pair(exchange: &Exchange, bound: Bound) -> Option<(u64, u64)> {
    let request = Request {
        family: exchange.family()?,
        model: Model::of(&exchange.model),
        body: exchange.request.as_ref()?.as_bytes(),
    };
    let counted = Tokenizer.input(&request)?.counted;
    if counted.bound != bound {
        return None;
    }
    let told = exchange.reported("input_tokens").filter(|told| *told > 0)?;
    Some((told, counted.tokens))
}

/// What kind of request it is.
fn kind(exchange: &Exchange) -> String {
    let body = exchange.request().unwrap_or_default();
    let has = |name: &str| body[name].as_array().is_some_and(|items| !items.is_empty());
    let written = body.to_string();
    let any = |marks: &[&str]| marks.iter().any(|mark| written.contains(mark));
    let api = match exchange.family().unwrap() {
        Family::Completions => return "completions".to_owned(),
        Family::Embeddings => return "embeddings".to_owned(),
        Family::Responses => "responses",
        Family::Chat
        | Family::Messages
        | Family::Contents
        | Family::Templated
        | Family::Converse => "chat",
    };
    let images = any(&["\"type\":\"image_url\"", "\"type\":\"input_image\""]);
    let schema = any(&["\"type\":\"json_schema\""]);
    let tools = has("tools") || has("functions");
    let what = match (images, schema, tools, any(&TOOL_MESSAGES)) {
        (true, ..) => "images",
        (_, true, true, _) => "tools and JSON schema",
        (_, true, false, _) => "JSON schema",
        (_, _, false, false) => "text only",
        (..) if api == "responses" => "tools or tool messages",
        (_, _, true, false) => "tools declared",
        (_, _, true, true) => "tools and tool messages",
        (_, _, false, true) => "tool messages only",
    };
    let framed_anew = tools && !schema && !images && exchange.model.starts_with("gpt-5");
    let model = if framed_anew && api == "chat" {
        ", gpt-5"
    } else {
        ""
    };
    format!("{api}, {what}{model}")
}
