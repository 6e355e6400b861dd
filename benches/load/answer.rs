//! The answers of the mock, in the shape of OpenAI's chat completions.

use std::io::Write as _;

use anyhow::Result;

use super::beat;
use super::bill::Usage;

const WORDS: [&str; 8] = [
    " the", " model", " streams", " one", " token", " at", " a", " time.",
];

const FILLER: &str = "Each call that passes is read once, counted once and priced once. ";

/// What is the same all through one answer.
pub(crate) struct Answer {
    pub(crate) serial: u64,
    pub(crate) model: String,
    pub(crate) usage: Usage,
}

/// Text of a length.
pub(crate) fn filler(bytes: usize) -> impl Iterator<Item = &'static [u8]> {
    let whole = std::iter::repeat_n(FILLER.as_bytes(), bytes / FILLER.len());
    whole.chain(FILLER.as_bytes().get(..bytes % FILLER.len()))
}

/// A document that is no answer of a model.
pub(crate) fn plain(out: &mut Vec<u8>, json: &str) -> Result<()> {
    let length = json.len();
    write!(
        out,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{json}"
    )?;
    Ok(())
}

impl Answer {
    /// The whole answer, of about so many bytes.
    pub(crate) fn whole(&self, out: &mut Vec<u8>, bytes: usize) -> Result<()> {
        let Self { serial, model, .. } = self;
        let opening = format!(
            r#"{{"id":"chatcmpl-{serial:024}","object":"chat.completion","created":1750000000,"model":"{model}","choices":[{{"index":0,"message":{{"role":"assistant","content":""#
        );
        let closing = format!(
            r#"","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{},"service_tier":"default","system_fingerprint":"fp_mock"}}"#,
            self.usage_json()
        );
        let text = bytes.saturating_sub(opening.len() + closing.len());
        let length = opening.len() + text + closing.len();
        write!(
            out,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_{serial:024}\r\ncontent-length: {length}\r\n\r\n{opening}"
        )?;
        filler(text).for_each(|text| out.extend_from_slice(text));
        out.extend_from_slice(closing.as_bytes());
        Ok(())
    }

    /// The head of a stream and its first chunk, which names the role.
    pub(crate) fn start(&self, out: &mut Vec<u8>) -> Result<()> {
        let serial = self.serial;
        write!(
            out,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nx-request-id: req_{serial:024}\r\ntransfer-encoding: chunked\r\n\r\n"
        )?;
        self.choice(
            out,
            r#"{"role":"assistant","content":"","refusal":null}"#,
            "null",
        )
    }

    /// A chunk with a word.
    pub(crate) fn word(&self, out: &mut Vec<u8>, place: u64) -> Result<()> {
        let place = usize::try_from(place).unwrap_or(0) % WORDS.len();
        let word = WORDS.get(place).copied().unwrap_or_default();
        self.choice(out, &format!(r#"{{"content":"{word}"}}"#), "null")
    }

    /// A chunk that says when it was written.
    pub(crate) fn stamp(&self, out: &mut Vec<u8>) -> Result<()> {
        let now = beat::now_ns();
        self.choice(out, &format!(r#"{{"content":" @{now}@"}}"#), "null")
    }

    /// The last chunk, the usage where it was asked for, and the end.
    pub(crate) fn end(&self, out: &mut Vec<u8>, with_usage: bool) -> Result<()> {
        self.choice(out, "{}", r#""stop""#)?;
        if with_usage {
            self.event(out, "", &self.usage_json())?;
        }
        out.extend_from_slice(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
        Ok(())
    }

    fn choice(&self, out: &mut Vec<u8>, delta: &str, finish: &str) -> Result<()> {
        let choice =
            format!(r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}"#);
        self.event(out, &choice, "null")
    }

    fn event(&self, out: &mut Vec<u8>, choices: &str, usage: &str) -> Result<()> {
        let Self { serial, model, .. } = self;
        let event = format!(
            r#"data: {{"id":"chatcmpl-{serial:024}","object":"chat.completion.chunk","created":1750000000,"model":"{model}","service_tier":"default","system_fingerprint":"fp_mock","choices":[{choices}],"usage":{usage}}}"#
        );
        write!(out, "{:x}\r\n{event}\n\n\r\n", event.len() + 2)?;
        Ok(())
    }

    fn usage_json(&self) -> String {
        let Usage {
            input,
            cached,
            output,
        } = self.usage;
        let total = input + output;
        format!(
            r#"{{"prompt_tokens":{input},"completion_tokens":{output},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":{cached},"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}}"#
        )
    }
}
