//! Mixed calls whose tokens are made from their number, and an upstream that answers them so.

use serde_json::Value;

use crate::support::client::{Body, post};
use crate::support::http1::Request;
use crate::support::upstream::{Script, Then};

/// Carries a call's number.
pub(crate) const NUMBER: &str = "x-number";
const EVENTS: usize = 6;
const PACE: std::time::Duration = std::time::Duration::from_millis(2);

/// What a call is, by its number: an answer at once, a stream, a stream that breaks off, an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    Stream,
    Broken,
    Refused,
}

impl Kind {
    const fn of(number: u64) -> Self {
        match number % 16 {
            1 => Self::Broken,
            2 => Self::Refused,
            n if n % 2 == 0 => Self::Whole,
            _ => Self::Stream,
        }
    }
}

pub(crate) fn request(number: u64) -> http::Request<Body> {
    let stream = matches!(Kind::of(number), Kind::Stream | Kind::Broken);
    let body = format!(
        "{{\"model\":\"gpt-4o\",\"stream\":{stream},\"stream_options\":{{\"include_usage\":true}},\
         \"messages\":[{{\"role\":\"user\",\"content\":\"number {number}\"}}]}}"
    );
    let mut request = post("/v1/chat/completions", body);
    let tenant = format!("tenant-{}", number % 7).parse().unwrap();
    request.headers_mut().insert("x-tollgate-tenant", tenant);
    request.headers_mut().insert(NUMBER, number.into());
    request
}

pub(crate) fn answer(request: &Request) -> Script {
    let number = number_of(request);
    let (input, output) = tokens(number);
    let usage = format!(
        "\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output},\
         \"total_tokens\":{}}}",
        input + output
    );
    let head = format!("{{\"id\":\"c{number}\",\"model\":\"gpt-4o-2024-08-06\",");
    let kind = Kind::of(number);
    let json = &[("content-type", "application/json")];
    if kind == Kind::Refused {
        return Script::unary(429, json, b"{\"error\":{\"message\":\"slow down\"}}");
    }
    if kind == Kind::Whole {
        let choices = "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\
                       \"message\":{\"role\":\"assistant\",\"content\":\"yes\"}}]";
        let body = format!("{head}\"object\":\"chat.completion\",{choices},{usage}}}");
        return Script::unary(200, json, body.as_bytes());
    }
    let chunk = format!("{head}\"object\":\"chat.completion.chunk\",");
    let delta = "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes \"}}],\"usage\":null";
    let mut events = vec![format!("data: {chunk}{delta}}}\n\n"); EVENTS];
    let sse = &[("content-type", "text/event-stream")];
    if kind == Kind::Broken {
        let parts: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
        return Script::unended(200, sse, &parts)
            .paced(PACE)
            .then(Then::Close);
    }
    events.push(format!("data: {chunk}\"choices\":[],{usage}}}\n\n"));
    events.push("data: [DONE]\n\n".to_owned());
    let parts: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
    Script::chunked(200, sse, &parts).paced(PACE)
}

/// The number of a call that the upstream got.
pub(crate) fn number_of(request: &Request) -> u64 {
    request.header(NUMBER).unwrap().parse().unwrap()
}

/// Whether a row says of the call what its upstream said.
pub(crate) fn is_right(row: &Value, number: u64) -> bool {
    let (input, output) = tokens(number);
    let counts = (row["input_tokens"].as_u64(), row["output_tokens"].as_u64());
    match Kind::of(number) {
        Kind::Whole | Kind::Stream => {
            row["end"] == "complete" && counts == (Some(input), Some(output))
        }
        Kind::Broken => row["end"] == "upstream_failed",
        Kind::Refused => row["status"] == 429 && row["cost_usd"].is_null(),
    }
}

fn tokens(number: u64) -> (u64, u64) {
    (10 + number % 9_973, 1 + number % 997)
}
