//! Output tokens by the rules, against what `OpenAI` and Azure reported.

use tollgate::tokens::{Asked, Bound, Encoding, Model, Request, Tokenizer};

use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::figures::Rows;

/// Answers that are counted whole.
const WHOLE: [&str; 6] = [
    "chat, text",
    "chat, function calls",
    "responses, text",
    "responses, function calls",
    "completions, text",
    "reasoning switched off",
];
/// Answers whose count is a lower bound.
const AT_LEAST: [&str; 5] = [
    "reasoning, text",
    "reasoning, function calls",
    "reasoning that is not told apart",
    "vendor's own tools",
    "vendor's own tools, reasoning",
];

/// The figures by kind of answer: of those that are counted whole, and of the others.
pub(crate) fn rows(exchanges: &[Exchange]) -> (Rows, Rows) {
    let (mut whole, mut at_least) = (Rows::named(&WHOLE), Rows::named(&AT_LEAST));
    for exchange in exchanges.iter().filter(|exchange| exchange.has_rules()) {
        if let Some((bound, kind, told, counted)) = measured(exchange) {
            let rows = match bound {
                Bound::Whole => &mut whole,
                Bound::AtLeast => &mut at_least,
            };
            rows.row(&kind).add(told, counted);
        }
    }
    (whole, at_least)
}

/// Reported and counted; what the provider tells apart as reasoning is subtracted.
fn measured(exchange: &Exchange) -> Option<(Bound, String, u64, u64)> {
    let answer = Answer::read(exchange)?;
    let asked = Asked::of(&Request {
        family: exchange.family()?,
        model: Model::of(&exchange.model),
        body: exchange.request.as_ref()?.as_bytes(),
    });
    let counted = answer.counted(Encoding::for_model(&exchange.model));
    let counted = Tokenizer.output(Model::of(&exchange.model), asked, &counted);
    let hidden = exchange.reported("reasoning_tokens").unwrap_or(0);
    let told = exchange.reported("output_tokens")?.checked_sub(hidden)?;
    if told == 0 || answer.is_empty() && !answer.has_calls() {
        return None;
    }
    let reasons = ["o1", "o3", "o4", "gpt-5"];
    let reasons = reasons
        .iter()
        .any(|start| exchange.model.starts_with(start));
    let what = if answer.has_calls() {
        "function calls"
    } else {
        "text"
    };
    let thought = answer.has_reasoned && hidden == 0;
    let kind = match (counted.bound, asked.hosted, reasons) {
        (Bound::AtLeast, true, true) => AT_LEAST[4].to_owned(),
        (Bound::AtLeast, true, false) => AT_LEAST[3].to_owned(),
        (Bound::AtLeast, false, _) if thought => AT_LEAST[2].to_owned(),
        (Bound::AtLeast, false, _) => format!("reasoning, {what}"),
        (Bound::Whole, _, true) => WHOLE[5].to_owned(),
        (Bound::Whole, _, false) => format!("{}, {what}", exchange.api.split('.').next()?),
    };
    Some((counted.bound, kind, told, counted.tokens))
}
