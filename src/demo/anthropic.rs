//! What the mock Anthropic says: messages, whole and streamed, token counts, the list, errors.

use super::filler;
use super::models::{MODELS, Provider};
use super::pace::{Mark, Part, Script};
use super::reply::Answer;

/// The output count of `message_start`: a placeholder, as the real one sends.
const OUTPUT_PLACEHOLDER: u64 = 4;

/// A whole message.
pub(super) fn message(answer: &Answer) -> String {
    let (text, stop) = (answer.text(), stop_reason(answer));
    let content = format!(r#"[{{"type":"text","text":"{}"}}]"#, text.trim_start());
    let usage = usage(answer, answer.tokens.output);
    envelope(answer, &content, &format!("\"{stop}\""), &usage)
}

/// A message as a stream: the input's usage at the start, the output's at the end.
pub(super) fn stream(answer: &Answer) -> Script {
    let start = envelope(answer, "[]", "null", &usage(answer, OUTPUT_PLACEHOLDER));
    let (first, end) = (answer.at(0), answer.duration());
    let opening = [
        event(
            "message_start",
            &format!(r#"{{"type":"message_start","message":{start}}}"#),
        ),
        event(
            "content_block_start",
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        ),
        event("ping", r#"{"type": "ping"}"#),
    ];
    let closing = [
        (
            event(
                "content_block_stop",
                r#"{"type":"content_block_stop","index":0}"#,
            ),
            Mark::Plain,
        ),
        (event("message_delta", &message_delta(answer)), Mark::Told),
        (
            event("message_stop", r#"{"type":"message_stop"}"#),
            Mark::Plain,
        ),
    ];
    let words = answer.clone();
    let body = (0..answer.tokens.output).map(move |n| Part {
        after: words.at(n),
        data: text_delta(&filler::word(words.text_start, n)),
        mark: Mark::Word,
    });
    let opening = opening.map(|data| Part {
        after: first,
        data,
        mark: Mark::Plain,
    });
    let closing = closing.map(|(data, mark)| Part {
        after: end,
        data,
        mark,
    });
    Box::new(opening.into_iter().chain(body).chain(closing))
}

/// The answer to a token count; free.
pub(super) fn count(tokens: u64) -> String {
    format!(r#"{{"input_tokens":{tokens}}}"#)
}

/// The list of models.
pub(super) fn models() -> String {
    let entries: Vec<String> = MODELS
        .iter()
        .filter(|model| model.provider == Provider::Anthropic)
        .map(|model| {
            let (id, alias) = (model.snapshot, model.alias);
            format!(r#"{{"type":"model","id":"{id}","display_name":"{alias}","created_at":"2025-09-29T00:00:00Z"}}"#)
        })
        .collect();
    let entries = entries.join(",");
    format!(r#"{{"data":[{entries}],"has_more":false,"first_id":null,"last_id":null}}"#)
}

/// An error in the provider's own shape.
pub(super) fn error(kind: &str, message: &str, request_id: &str) -> String {
    format!(
        r#"{{"type":"error","error":{{"type":"{kind}","message":{}}},"request_id":"{request_id}"}}"#,
        serde_json::Value::from(message)
    )
}

fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

fn text_delta(text: &str) -> String {
    let data = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
    );
    event("content_block_delta", &data)
}

/// The end repeats the input counts, cumulatively, as the real one does in most streams.
fn message_delta(answer: &Answer) -> String {
    let (stop, tokens) = (stop_reason(answer), answer.tokens);
    let fresh = tokens.input - tokens.cache_read - tokens.cache_write;
    format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"{stop}","stop_sequence":null}},"usage":{{"input_tokens":{fresh},"cache_creation_input_tokens":{},"cache_read_input_tokens":{},"output_tokens":{}}}}}"#,
        tokens.cache_write, tokens.cache_read, tokens.output
    )
}

fn envelope(answer: &Answer, content: &str, stop: &str, usage: &str) -> String {
    let model = serde_json::Value::from(answer.model.as_str());
    let id = &answer.id;
    format!(
        r#"{{"model":{model},"id":"msg_01{id}","type":"message","role":"assistant","content":{content},"stop_reason":{stop},"stop_sequence":null,"usage":{usage}}}"#
    )
}

/// Anthropic's `input_tokens` leaves the caches out.
fn usage(answer: &Answer, output: u64) -> String {
    let tokens = answer.tokens;
    let fresh = tokens.input - tokens.cache_read - tokens.cache_write;
    let (write, read) = (tokens.cache_write, tokens.cache_read);
    format!(
        r#"{{"input_tokens":{fresh},"cache_creation_input_tokens":{write},"cache_read_input_tokens":{read},"cache_creation":{{"ephemeral_5m_input_tokens":{write},"ephemeral_1h_input_tokens":0}},"output_tokens":{output},"service_tier":"standard","inference_geo":"global"}}"#
    )
}

fn stop_reason(answer: &Answer) -> &'static str {
    if answer.at_limit {
        "max_tokens"
    } else {
        "end_turn"
    }
}
