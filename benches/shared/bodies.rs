//! Requests and answers of a chosen length, made by hand to the documented formats.
//!
//! The same bytes each time: what is measured over them may differ only by what reads them.

use bytes::Bytes;
use tollgate::wire::WireFormat;

/// Pieces as they come from a socket: hyper reads up to 8 KiB at first.
const PIECE_BYTES: usize = 8 * 1024;

/// What follows what in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunks {
    /// Text after text, as in most answers.
    Alike,
    /// Text and a tool's arguments in turn: no chunk is like the one before it.
    Unlike,
}

/// The formats that are measured: those that most calls have.
pub(crate) const FORMATS: [WireFormat; 2] = [WireFormat::OpenAi, WireFormat::Anthropic];

const fn is_anthropic(format: WireFormat) -> bool {
    matches!(format, WireFormat::Anthropic)
}

/// A chat request of exactly so many bytes.
pub(crate) fn request(format: WireFormat, bytes: usize, stream: bool) -> Bytes {
    let head = match (is_anthropic(format), stream) {
        (false, false) => r#"{"model":"gpt-4o-2024-08-06","temperature":0.2,"#,
        (false, true) => {
            r#"{"model":"gpt-4o-2024-08-06","stream":true,"stream_options":{"include_usage":true},"#
        }
        (true, false) => r#"{"model":"claude-sonnet-4-5-20250929","max_tokens":1024,"#,
        (true, true) => r#"{"model":"claude-sonnet-4-5-20250929","max_tokens":1024,"stream":true,"#,
    };
    let head = format!(r#"{head}"messages":[{{"role":"user","content":""#);
    filled(&head, r#""}]}"#, bytes)
}

/// An unstreamed answer of exactly so many bytes.
pub(crate) fn answer(format: WireFormat, bytes: usize) -> Bytes {
    let (head, tail) = if is_anthropic(format) {
        (ANTHROPIC_ANSWER_HEAD, ANTHROPIC_ANSWER_TAIL)
    } else {
        (OPENAI_ANSWER_HEAD, OPENAI_ANSWER_TAIL)
    };
    filled(head, tail, bytes)
}

/// A streamed answer of so many chunks; each item is an event as it comes.
pub(crate) fn stream(format: WireFormat, chunks: usize, kind: Chunks) -> Vec<Bytes> {
    let (head, text, tool, tail) = if is_anthropic(format) {
        (
            ANTHROPIC_STREAM_HEAD,
            ANTHROPIC_TEXT,
            ANTHROPIC_TOOL,
            ANTHROPIC_STREAM_TAIL,
        )
    } else {
        (
            OPENAI_STREAM_HEAD,
            OPENAI_TEXT,
            OPENAI_TOOL,
            OPENAI_STREAM_TAIL,
        )
    };
    let chunk = |(number, (word, padding)): (usize, (&str, &str))| {
        let other = kind == Chunks::Unlike && number % 2 == 1;
        let event = if other { tool } else { text };
        Bytes::from(event.replace("WORD", word).replace("PADDING", padding))
    };
    let fixed = |events: &'static [&str]| {
        events
            .iter()
            .map(|event| Bytes::from_static(event.as_bytes()))
    };
    let words = WORDS.into_iter().cycle().take(chunks).enumerate();
    fixed(head)
        .chain(words.map(chunk))
        .chain(fixed(tail))
        .collect()
}

/// How many events of a stream come before its text.
pub(crate) const fn events_before_text(format: WireFormat) -> usize {
    if is_anthropic(format) {
        ANTHROPIC_STREAM_HEAD.len()
    } else {
        OPENAI_STREAM_HEAD.len()
    }
}

/// Where such requests go.
pub(crate) const fn path(format: WireFormat) -> &'static str {
    if is_anthropic(format) {
        "/v1/messages"
    } else {
        "/v1/chat/completions"
    }
}

/// A body in the pieces in which it comes.
pub(crate) fn pieces(body: &Bytes) -> Vec<Bytes> {
    let mut rest = body.clone();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        pieces.push(rest.split_to(rest.len().min(PIECE_BYTES)));
    }
    pieces
}

/// Puts text between head and tail until the whole has its length.
fn filled(head: &str, tail: &str, bytes: usize) -> Bytes {
    let mut body = String::with_capacity(bytes);
    body.push_str(head);
    let text = bytes.saturating_sub(head.len() + tail.len());
    let sentences = text / SENTENCE.len();
    body.push_str(&SENTENCE.repeat(sentences));
    // The rest of a sentence could end within an escape.
    body.push_str(&"x".repeat(text % SENTENCE.len()));
    body.push_str(tail);
    Bytes::from(body)
}

/// Text as it stands in JSON, with the escapes that real text has.
///
/// One in about fifty bytes, between prose and code: each costs the scanner a step.
const SENTENCE: &str = r#"Each token is counted in exactly one class, and a class that nobody reported stays \"unknown\": it is not zero, and no rate of another class is ever put in its place.\n"#;

const OPENAI_ANSWER_HEAD: &str = r#"{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion","created":1760000000,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":""#;
const OPENAI_ANSWER_TAIL: &str = r#"","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1220,"completion_tokens":300,"total_tokens":1520,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":192,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_44709d6fcb"}"#;

const ANTHROPIC_ANSWER_HEAD: &str = r#"{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":""#;
const ANTHROPIC_ANSWER_TAIL: &str = r#""}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":100,"cache_creation_input_tokens":3337,"cache_read_input_tokens":2000,"cache_creation":{"ephemeral_5m_input_tokens":3000,"ephemeral_1h_input_tokens":337},"output_tokens":250,"service_tier":"standard","inference_geo":"global"}}"#;

/// Words of a text, and the padding by which OpenAI hides their lengths.
const WORDS: [(&str, &str); 8] = [
    (" token", "Qx3"),
    (" is", "Qx3hT9"),
    (" counted", "Q"),
    (",", "Qx3hT9aB"),
    (r#" \"once\""#, "Qx"),
    (" größer", "Q"),
    (".", "Qx3hT9aB"),
    (r"\n\n", "Qx3hT9a"),
];

const OPENAI_TEXT: &str = concat!(
    r#"data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":"WORD"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"PADDING"}"#,
    "\n\n"
);
const OPENAI_TOOL: &str = concat!(
    r#"data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"WORD"}}]},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"PADDING"}"#,
    "\n\n"
);
const OPENAI_STREAM_HEAD: &[&str] = &[concat!(
    r#"data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}"#,
    "\n\n"
)];
const OPENAI_STREAM_TAIL: &[&str] = &[
    concat!(
        r#"data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}"#,
        "\n\n"
    ),
    concat!(
        r#"data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[],"usage":{"prompt_tokens":1220,"completion_tokens":300,"total_tokens":1520,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":192,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}"#,
        "\n\n"
    ),
    "data: [DONE]\n\n",
];

const ANTHROPIC_TEXT: &str = concat!(
    "event: content_block_delta\n",
    r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"WORD"}}"#,
    "\n\n"
);
const ANTHROPIC_TOOL: &str = concat!(
    "event: content_block_delta\n",
    r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"WORD"}}"#,
    "\n\n"
);
const ANTHROPIC_STREAM_HEAD: &[&str] = &[
    concat!(
        "event: message_start\n",
        r#"data: {"type":"message_start","message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":2000,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":3,"service_tier":"standard","inference_geo":"global"}}}"#,
        "\n\n"
    ),
    concat!(
        "event: content_block_start\n",
        r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        "\n\n"
    ),
];
const ANTHROPIC_STREAM_TAIL: &[&str] = &[
    concat!(
        "event: content_block_stop\n",
        r#"data: {"type":"content_block_stop","index":0}"#,
        "\n\n"
    ),
    concat!(
        "event: message_delta\n",
        r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":250}}"#,
        "\n\n"
    ),
    concat!(
        "event: message_stop\n",
        r#"data: {"type":"message_stop"}"#,
        "\n\n"
    ),
];
