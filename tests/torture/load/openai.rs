//! Answers as OpenAI's chat completions give them.

use super::{EVENTS, LONG_EVENTS, tokens};

fn head(number: u64) -> String {
    format!("{{\"id\":\"c{number}\",\"model\":\"gpt-4o-2024-08-06\",")
}

fn usage((input, output): (u64, u64)) -> String {
    format!(
        "\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output},\
         \"total_tokens\":{}}}",
        input + output
    )
}

pub(super) fn whole(number: u64) -> String {
    format!(
        "{}\"object\":\"chat.completion\",\"choices\":[{{\"index\":0,\"finish_reason\":\"stop\",\
         \"message\":{{\"role\":\"assistant\",\"content\":\"yes\"}}}}],{}}}",
        head(number),
        usage(tokens(number))
    )
}

/// A chunk of the stream, up to its usage.
fn chunk(number: u64) -> String {
    format!(
        "data: {}\"object\":\"chat.completion.chunk\",\
         \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"yes \"}}}}],",
        head(number)
    )
}

/// The events of a stream, and those that end it.
pub(super) fn stream(number: u64, with_usage: bool) -> (Vec<String>, Vec<String>) {
    let events = vec![format!("{}\"usage\":null}}\n\n", chunk(number)); EVENTS];
    let told = format!(
        "data: {}\"object\":\"chat.completion.chunk\",\"choices\":[],{}}}\n\n",
        head(number),
        usage(tokens(number))
    );
    let done = "data: [DONE]\n\n".to_owned();
    let last = if with_usage {
        vec![told, done]
    } else {
        vec![done]
    };
    (events, last)
}

/// A stream without an end: one token more with each event.
pub(super) fn long(number: u64) -> Vec<String> {
    let (input, _) = tokens(number);
    let chunk = chunk(number);
    let told = |output| format!("{chunk}{}}}\n\n", usage((input, output)));
    (1..LONG_EVENTS).map(told).collect()
}
