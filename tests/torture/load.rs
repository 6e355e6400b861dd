//! Mixed calls of two formats whose tokens are made from their number, and an upstream that answers
//! them so.

mod anthropic;
mod openai;

use std::time::Duration;

use serde_json::Value;

use crate::support::client::{Body, post};
use crate::support::http1::Request;
use crate::support::upstream::{Script, Then, Upstream};

/// Carries a call's number.
const NUMBER: &str = "x-number";
/// Calls of this number and above stream for longer than anybody looks.
pub(crate) const LONG: u64 = 1 << 32;
const EVENTS: usize = 6;
const PACE: Duration = Duration::from_millis(2);
const LONG_EVENTS: u64 = 1_000;
const LONG_PACE: Duration = Duration::from_millis(50);
const REFUSALS: [u16; 4] = [429, 400, 500, 529];
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];

/// What a call is, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An answer at once.
    Whole,
    Stream,
    /// A stream whose client did not ask for its usage.
    Unasked,
    /// A stream that breaks off.
    Broken,
    /// An error, with this status.
    Refused(u16),
    /// A stream without an end, which tells its tokens as it goes.
    Long,
}

impl Kind {
    fn of(number: u64) -> Self {
        match number % 16 {
            _ if number >= LONG => Self::Long,
            1 => Self::Broken,
            2 => Self::Refused(REFUSALS[usize::try_from(number / 32 % 4).unwrap()]),
            3 => Self::Unasked,
            n if n % 2 == 0 => Self::Whole,
            _ => Self::Stream,
        }
    }
}

/// Which of the two formats a call speaks, by its number.
fn is_anthropic(number: u64) -> bool {
    number % 32 >= 16
}

/// The upstreams of a configuration, for both formats.
pub(crate) fn upstreams(upstream: &Upstream) -> String {
    let url = upstream.base_url();
    format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\n\
         [upstreams.anthropic]\nformat = \"anthropic\"\nbase_url = \"{url}\"\n"
    )
}

pub(crate) fn request(number: u64) -> http::Request<Body> {
    let kind = Kind::of(number);
    let stream = !matches!(kind, Kind::Whole | Kind::Refused(_));
    let (path, model, more) = match (is_anthropic(number), kind) {
        (true, _) => ("/v1/messages", "claude-sonnet-4-5", "\"max_tokens\":1000"),
        (false, Kind::Unasked) => ("/v1/chat/completions", "gpt-4o", "\"n\":1"),
        (false, _) => (
            "/v1/chat/completions",
            "gpt-4o",
            "\"stream_options\":{\"include_usage\":true}",
        ),
    };
    let body = format!(
        "{{\"model\":\"{model}\",\"stream\":{stream},{more},\
         \"messages\":[{{\"role\":\"user\",\"content\":\"number {number}\"}}]}}"
    );
    let mut request = post(path, body);
    let tenant = format!("tenant-{}", number % 7).parse().unwrap();
    request.headers_mut().insert("x-tollgate-tenant", tenant);
    request.headers_mut().insert(NUMBER, number.into());
    request
}

pub(crate) fn answer(request: &Request) -> Script {
    let number = number_of(request);
    let body = String::from_utf8_lossy(&request.body.bytes);
    let with_usage = body.contains("\"include_usage\":true");
    let is_anthropic = is_anthropic(number);
    let (events, last) = if is_anthropic {
        anthropic::stream(number)
    } else {
        openai::stream(number, with_usage)
    };
    match Kind::of(number) {
        Kind::Refused(status) => {
            Script::unary(status, JSON, b"{\"error\":{\"message\":\"slow down\"}}")
        }
        Kind::Whole if is_anthropic => {
            Script::unary(200, JSON, anthropic::whole(number).as_bytes())
        }
        Kind::Whole => Script::unary(200, JSON, openai::whole(number).as_bytes()),
        Kind::Broken => Script::unended(200, SSE, &parts(&events))
            .paced(PACE)
            .then(Then::Close),
        Kind::Long => {
            let long = if is_anthropic {
                anthropic::long
            } else {
                openai::long
            };
            Script::unended(200, SSE, &parts(&long(number))).paced(LONG_PACE)
        }
        Kind::Stream | Kind::Unasked => {
            let all: Vec<String> = events.into_iter().chain(last).collect();
            Script::chunked(200, SSE, &parts(&all)).paced(PACE)
        }
    }
}

fn parts(events: &[String]) -> Vec<&[u8]> {
    events.iter().map(String::as_bytes).collect()
}

/// The number of a call that the upstream got.
pub(crate) fn number_of(request: &Request) -> u64 {
    request.header(NUMBER).unwrap().parse().unwrap()
}

/// Whether a row says of the call what its upstream said.
pub(crate) fn is_right(row: &Value, number: u64) -> bool {
    let (input, output) = tokens(number);
    let counts = (row["input_tokens"].as_u64(), row["output_tokens"].as_u64());
    let is_whole = row["end"] == "complete" && row["status"] == 200;
    match Kind::of(number) {
        // The client did not ask, and what tollgate asks for itself is its own affair.
        Kind::Unasked if row["source"] != "reported" => is_whole,
        Kind::Whole | Kind::Stream | Kind::Unasked => {
            is_whole && counts == (Some(input), Some(output)) && row["source"] == "reported"
        }
        Kind::Broken => row["end"] == "upstream_failed",
        Kind::Refused(status) => row["status"] == status && row["cost_usd"].is_null(),
        Kind::Long => false,
    }
}

/// Whether a row of a call that was cut says no more than its upstream did, in so many parts.
///
/// What the upstream told is as it told it. What tollgate counted of the texts is no more than they
/// are; of Anthropic's, no more than its calls report, for that is what their counts are learned from.
pub(crate) fn is_no_more(row: &Value, number: u64, parts: u64) -> bool {
    let (input, output) = tokens(number);
    // The first part is the head.
    let events = parts.saturating_sub(1);
    let said = if number >= LONG { events } else { output };
    let (most_input, most_output) = if is_anthropic(number) {
        (TOKENS_MAX.0, TOKENS_MAX.1)
    } else {
        (REQUEST_TOKENS_MAX, events * EVENT_TOKENS_MAX)
    };
    let is_counted = row["source"] == "counted" || row["source"] == "unknown";
    let is_input = row["input_tokens"]
        .as_u64()
        .is_none_or(|told| told == input || is_counted && told <= most_input);
    let is_partial = is_counted || row["source"] == "partial";
    let is_output = row["output_tokens"]
        .as_u64()
        .is_none_or(|told| told <= said || is_partial && told <= most_output);
    is_input && is_output
}

/// More than a request of [`request`] is counted at.
const REQUEST_TOKENS_MAX: u64 = 24;
/// More than an event of a stream is counted at.
const EVENT_TOKENS_MAX: u64 = 3;
/// More than [`tokens`] ever says.
const TOKENS_MAX: (u64, u64) = (9_983, 998);

fn tokens(number: u64) -> (u64, u64) {
    (10 + number % 9_973, 1 + number % 997)
}
