//! The learned estimate for vendors without public rules. Each call is estimated before it is
//! learned from; the errors are those of the second half, over twenty random orders.

use fastrand::Rng;
use tollgate::tokens::{
    Asked, Basis, Bound, Counted, Encoding, Family, Learned, Model, Request, Side, Tokenizer,
};

use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::figures::{Figures, Rows};

const ORDERS: u64 = 20;
/// What an answer has that is billed and is no text of it.
const MORE_THAN_TEXT: [&str; 4] = [
    "\"thinking\"",
    "\"reasoning_content\"",
    "\"server_tool_use\",",
    "\"reasoning\":",
];
const VENDORS: [&str; 9] = [
    "Claude up to 4.6",
    "Claude 4.7 and later",
    "Gemini",
    "Llama 3",
    "Llama 4",
    "Mistral",
    "Qwen",
    "DeepSeek",
    "Nova",
];

/// A call that can be learned from.
struct Lesson<'a> {
    model: &'a str,
    counted: Counted,
    told: u64,
}

/// Rows of the yardstick as it is and of the learned estimate, vendor by vendor.
pub(crate) fn rows(exchanges: &[Exchange], side: Side) -> Rows {
    let mut rows = Rows::default();
    for vendor in VENDORS {
        let of_vendor = |exchange: &&Exchange| vendor_of(&exchange.model) == Some(vendor);
        let lessons: Vec<Lesson<'_>> = exchanges
            .iter()
            .filter(of_vendor)
            .filter_map(|exchange| match side {
                Side::Input => input(exchange),
                Side::Output => output(exchange),
            })
            .collect();
        if lessons.len() >= 5 {
            learn(vendor, lessons, side, &mut rows);
        }
    }
    rows
}

/// Input with functions declared or called, by the default line: it is not learned from.
pub(crate) fn claude_with_tools(exchanges: &[Exchange]) -> Figures {
    let mut figures = Figures::default();
    let claude = |exchange: &&Exchange| exchange.api == "messages";
    for exchange in exchanges.iter().filter(claude) {
        let request = Request {
            family: Family::Messages,
            model: Model::of(&exchange.model),
            body: exchange.request.as_deref().unwrap_or_default().as_bytes(),
        };
        let told = exchange.reported("input_tokens").filter(|told| *told > 0);
        let (Some(input), Some(told)) = (Tokenizer.input(&request), told) else {
            continue;
        };
        if input.asked.tools && input.counted.bound == Bound::Whole {
            let estimate = Learned::default();
            let estimate = estimate.estimate(&exchange.model, Side::Input, input.counted);
            figures.add(told, estimate.tokens);
        }
    }
    figures
}

fn learn(vendor: &str, mut lessons: Vec<Lesson<'_>>, side: Side, rows: &mut Rows) {
    let name = format!("{vendor} ({} calls)", lessons.len());
    for order in 0..ORDERS {
        Rng::with_seed(order).shuffle(&mut lessons);
        let mut learned = Learned::default();
        for (at, lesson) in lessons.iter().enumerate() {
            let estimate = learned.estimate(lesson.model, side, lesson.counted);
            if at >= lessons.len() / 2 {
                rows.row(&format!("{name}: o200k"))
                    .add(lesson.told, lesson.counted.tokens);
                rows.row(&format!("{name}: learned"))
                    .add(lesson.told, estimate.tokens);
            }
            learned.learn(lesson.model, side, lesson.counted, lesson.told);
        }
    }
}

fn output(exchange: &Exchange) -> Option<Lesson<'_>> {
    let answer = Answer::read(exchange)?;
    let hidden = exchange.reported("reasoning_tokens").unwrap_or(0) > 0
        || MORE_THAN_TEXT
            .iter()
            .any(|mark| exchange.response.contains(mark));
    if answer.has_calls() || answer.is_empty() || hidden {
        return None;
    }
    let counted = answer.counted(Encoding::O200k);
    Some(Lesson {
        model: &exchange.model,
        counted: Tokenizer.output(Model::of(&exchange.model), Asked::default(), &counted),
        told: exchange
            .reported("output_tokens")
            .filter(|told| *told > 0)?,
    })
}

fn input(exchange: &Exchange) -> Option<Lesson<'_>> {
    let request = Request {
        family: exchange.family()?,
        model: Model::of(&exchange.model),
        body: exchange.request.as_ref()?.as_bytes(),
    };
    let counted = Tokenizer.input(&request)?.counted;
    let plain = matches!(counted.basis, Basis::Yardstick { plain: true, .. });
    if !plain
        || MORE_THAN_TEXT
            .iter()
            .any(|mark| exchange.response.contains(mark))
    {
        return None;
    }
    Some(Lesson {
        model: &exchange.model,
        counted,
        told: exchange.reported("input_tokens").filter(|told| *told > 0)?,
    })
}

fn vendor_of(model: &str) -> Option<&'static str> {
    let model = model.to_lowercase();
    let has = |part: &str| model.contains(part);
    let late = ["4-7", "4.7", "4-8", "4.8", "opus-5", "sonnet-5", "haiku-5"];
    Some(match () {
        () if has("distill") => return None,
        () if has("claude") && late.iter().any(|version| has(version)) => VENDORS[1],
        () if has("claude") => VENDORS[0],
        () if has("gemini") => VENDORS[2],
        () if has("llama-3") || has("llama3") => VENDORS[3],
        () if has("llama-4") || has("llama4") => VENDORS[4],
        () if has("mistral") || has("mixtral") => VENDORS[5],
        () if has("qwen") => VENDORS[6],
        () if has("deepseek") => VENDORS[7],
        () if has("nova") => VENDORS[8],
        () => return None,
    })
}
