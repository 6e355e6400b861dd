//! The answers: what opens one, the event of a megabyte, and what ends it with its usage.

use std::iter;

/// An answer whose middle is as large as nobody expects it.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) request: &'static str,
    pub(crate) opening: Vec<u8>,
    /// Sent twice.
    pub(crate) event: Vec<u8>,
    pub(crate) end: Vec<u8>,
}

/// A line, or the payload of a frame, is about so long.
pub(crate) const EVENT_BYTES: usize = 1 << 20;

const OPENAI: &str = "/openai/v1/chat/completions";
const SSE: &str = "text/event-stream";

/// Every one of them.
pub(crate) fn all() -> Vec<Shape> {
    vec![openai(), anthropic(), gemini(), bedrock(), json()]
}

fn openai() -> Shape {
    let chunk = |own: &str| {
        format!(
            r#"{{"id":"c","object":"chat.completion.chunk","model":"gpt-4o-2024-08-06",{own}}}"#
        )
    };
    let says = |text: &str| {
        let choice =
            format!(r#"{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}"#);
        chunk(&format!(r#""choices":[{choice}]"#))
    };
    let usage = r#""usage":{"prompt_tokens":9,"completion_tokens":500000,"total_tokens":500009}"#;
    let end = [
        &chunk(r#""choices":[{"index":0,"delta":{},"finish_reason":"stop"}]"#),
        &chunk(&format!(r#""choices":[],{usage}"#)),
        "[DONE]",
    ];
    Shape {
        name: "OpenAI, SSE",
        path: OPENAI,
        request: r#"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true}}"#,
        opening: [head(SSE, ""), sse(&[&says("Hel")])].concat(),
        event: sse(&[&says(&text())]),
        end: sse(&end),
    }
}

fn anthropic() -> Shape {
    let says = |text: &str| {
        let delta = format!(r#""delta":{{"type":"text_delta","text":"{text}"}}"#);
        format!(r#"{{"type":"content_block_delta","index":0,{delta}}}"#)
    };
    let start = r#"{"type":"message_start","message":{"id":"m","model":"claude-sonnet-4-5","usage":{"input_tokens":9,"output_tokens":1}}}"#;
    let stop = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":500000}}"#;
    Shape {
        name: "Anthropic, SSE",
        path: "/anthropic/v1/messages",
        request: r#"{"model":"claude-sonnet-4-5","stream":true}"#,
        opening: [head(SSE, ""), sse(&[start])].concat(),
        event: sse(&[&says(&text())]),
        end: sse(&[stop, r#"{"type":"message_stop"}"#]),
    }
}

fn gemini() -> Shape {
    let piece = |text: &str, more: &str| {
        let content = format!(r#"{{"content":{{"parts":[{{"text":"{text}"}}]}}{more}}}"#);
        format!(
            r#"{{"candidates":[{content}],"modelVersion":"gemini-2.5-flash","usageMetadata":{{"promptTokenCount":9,"candidatesTokenCount":500000,"totalTokenCount":500009}}}}"#
        )
    };
    Shape {
        name: "Gemini, SSE",
        path: "/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        request: "{}",
        opening: [head(SSE, ""), sse(&[&piece("Hel", "")])].concat(),
        event: sse(&[&piece(&text(), "")]),
        end: sse(&[&piece("lo", r#","finishReason":"STOP""#)]),
    }
}

fn bedrock() -> Shape {
    let says = |text: &str| {
        let payload = format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}}}}"#);
        frame("contentBlockDelta", &payload)
    };
    let usage = r#"{"usage":{"inputTokens":9,"outputTokens":500000,"totalTokens":500009}}"#;
    let stop = frame("messageStop", r#"{"stopReason":"end_turn"}"#);
    Shape {
        name: "Bedrock, frames",
        path: "/bedrock/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream",
        request: "{}",
        opening: [head("application/vnd.amazon.eventstream", ""), says("Hel")].concat(),
        event: says(&text()),
        end: [stop, frame("metadata", usage)].concat(),
    }
}

fn json() -> Shape {
    let opening = r#"{"id":"c","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"content":""#;
    let end = r#""},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":500000,"total_tokens":500009}}"#;
    let event = text();
    let length = opening.len() + 2 * event.len() + end.len();
    let length = format!("content-length: {length}\r\n");
    let head = head("application/json", &length);
    Shape {
        name: "OpenAI, one JSON",
        path: OPENAI,
        request: r#"{"model":"gpt-4o"}"#,
        opening: [head, opening.into()].concat(),
        event: event.into(),
        end: end.into(),
    }
}

/// What is said in one piece.
fn text() -> String {
    const WORDS: &str = "The same words again, and once more. ";
    iter::repeat_n(WORDS, EVENT_BYTES / WORDS.len()).collect()
}

/// Without a length of its own an answer ends with its connection.
fn head(kind: &str, more: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{more}connection: close\r\n\r\n").into()
}

fn sse(events: &[&str]) -> Vec<u8> {
    let events = events.iter().map(|event| format!("data: {event}\n\n"));
    events.collect::<String>().into()
}

/// A frame of Amazon's event streams.
fn frame(kind: &str, payload: &str) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in [(":event-type", kind), (":message-type", "event")] {
        head.extend([name.len() as u8]);
        head.extend(name.bytes().chain([7]));
        head.extend((value.len() as u16).to_be_bytes());
        head.extend(value.bytes());
    }
    let mut frame = Vec::new();
    for length in [head.len() + payload.len() + 16, head.len()] {
        frame.extend((length as u32).to_be_bytes());
    }
    frame.extend(checksum(&frame));
    frame.extend(head.into_iter().chain(payload.bytes()));
    frame.extend(checksum(&frame));
    frame
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum().to_be_bytes()
}
