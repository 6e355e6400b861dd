//! Output tokens by the rules, against what `OpenAI` and Azure reported.

use tollgate::tokens::{Asked, Encoding, Request, Tokenizer};

use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::figures::Rows;

const KINDS: [&str; 6] = [
    "chat, text",
    "chat, function calls",
    "responses, text",
    "responses, function calls",
    "completions, text",
    "reasoning model, what it hides subtracted",
];

/// The figures by kind of answer.
pub(crate) fn rows(exchanges: &[Exchange]) -> Rows {
    let mut rows = Rows::named(&KINDS);
    for exchange in exchanges.iter().filter(|exchange| exchange.has_rules()) {
        if let Some((kind, told, counted)) = measured(exchange) {
            rows.row(&kind).add(told, counted);
        }
    }
    rows
}

fn measured(exchange: &Exchange) -> Option<(String, u64, u64)> {
    let answer = Answer::read(exchange)?;
    let asked = Asked::of(&Request {
        family: exchange.family()?,
        model: &exchange.model,
        body: exchange.request.as_ref()?.as_bytes(),
    });
    let counted = answer.counted(Encoding::for_model(&exchange.model));
    let counted = Tokenizer.output(&exchange.model, asked, &counted);
    let hidden = exchange.reported("reasoning_tokens").unwrap_or(0);
    let told = exchange.reported("output_tokens")?.checked_sub(hidden)?;
    if answer.is_empty() && !answer.has_calls() {
        return None;
    }
    let reasons = ["o1", "o3", "o4", "gpt-5"];
    let kind = if reasons
        .iter()
        .any(|start| exchange.model.starts_with(start))
    {
        KINDS[5].to_owned()
    } else {
        let what = if answer.has_calls() {
            "function calls"
        } else {
            "text"
        };
        format!("{}, {what}", exchange.api.split('.').next()?)
    };
    (told > 0).then_some((kind, told, counted.tokens))
}
