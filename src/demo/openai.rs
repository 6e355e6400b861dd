//! What the mock OpenAI says: chat completions, whole and streamed, the model list, errors.

use super::filler;
use super::models::{MODELS, Provider};
use super::pace::{Mark, Part, Script};
use super::reply::Answer;

/// A whole chat completion.
pub(super) fn completion(answer: &Answer) -> String {
    let (head, usage, finish) = (
        head(answer, "chat.completion"),
        usage(answer),
        finish(answer),
    );
    let text = answer.text();
    format!(
        r#"{{{head},"choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"{finish}"}}],"usage":{usage}}}"#
    )
}

/// A chat completion as a stream. Only if asked for, its usage comes in a chunk without choices,
/// after the one that says why it finished, and every other chunk says `"usage":null`.
pub(super) fn stream(answer: &Answer, include_usage: bool) -> Script {
    let head = head(answer, "chat.completion.chunk");
    let rest = if include_usage {
        r#","usage":null"#
    } else {
        ""
    };
    let chunk = move |delta: &str, finish: &str| {
        format!(
            "data: {{{head},\"choices\":[{{\"index\":0,\"delta\":{{{delta}}},\"logprobs\":null,\"finish_reason\":{finish}}}]{rest}}}\n\n"
        )
    };
    let end = answer.duration();
    let first = part(
        answer,
        0,
        chunk(r#""role":"assistant","content":"","refusal":null"#, "null"),
        Mark::Plain,
    );
    let mut last = vec![Part {
        after: end,
        data: chunk("", &format!("\"{}\"", finish(answer))),
        mark: if include_usage {
            Mark::Plain
        } else {
            Mark::Untold
        },
    }];
    if include_usage {
        last.push(Part {
            after: end,
            data: usage_chunk(answer),
            mark: Mark::Told,
        });
    }
    last.push(Part {
        after: end,
        data: "data: [DONE]\n\n".to_owned(),
        mark: Mark::Plain,
    });
    let words = answer.clone();
    let body = (0..answer.tokens.output).map(move |n| {
        let delta = format!(r#""content":"{}""#, filler::word(words.text_start, n));
        part(&words, n, chunk(&delta, "null"), Mark::Word)
    });
    Box::new(std::iter::once(first).chain(body).chain(last))
}

/// The list of models.
pub(super) fn models() -> String {
    let entries: Vec<String> = MODELS
        .iter()
        .filter(|model| model.provider == Provider::OpenAi)
        .flat_map(|model| [model.alias, model.snapshot])
        .map(|id| {
            format!(r#"{{"id":"{id}","object":"model","created":1721172741,"owned_by":"system"}}"#)
        })
        .collect();
    format!(r#"{{"object":"list","data":[{}]}}"#, entries.join(","))
}

/// An error in the provider's own shape.
pub(super) fn error(kind: &str, code: &str, message: &str) -> String {
    format!(
        r#"{{"error":{{"message":{},"type":"{kind}","param":null,"code":"{code}"}}}}"#,
        serde_json::Value::from(message)
    )
}

fn part(answer: &Answer, n: u64, data: String, mark: Mark) -> Part {
    Part {
        after: answer.at(n),
        data,
        mark,
    }
}

/// The fields before the choices; without the braces.
fn head(answer: &Answer, object: &str) -> String {
    let Answer {
        id, model, created, ..
    } = answer;
    let model = serde_json::Value::from(model.as_str());
    format!(
        r#""id":"chatcmpl-{id}","object":"{object}","created":{created},"model":{model},"service_tier":"default","system_fingerprint":"fp_644f11dd4d""#
    )
}

fn usage_chunk(answer: &Answer) -> String {
    let (head, usage) = (head(answer, "chat.completion.chunk"), usage(answer));
    format!("data: {{{head},\"choices\":[],\"usage\":{usage}}}\n\n")
}

fn usage(answer: &Answer) -> String {
    let tokens = answer.tokens;
    format!(
        r#"{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},"prompt_tokens_details":{{"cached_tokens":{},"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}}"#,
        tokens.input,
        tokens.output,
        tokens.input + tokens.output,
        tokens.cache_read
    )
}

fn finish(answer: &Answer) -> &'static str {
    if answer.at_limit { "length" } else { "stop" }
}
