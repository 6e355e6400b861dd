//! Answers as Anthropic's messages give them.

use super::{EVENTS, LONG_EVENTS, tokens};

pub(super) fn whole(number: u64) -> String {
    let (input, output) = tokens(number);
    format!(
        "{{\"id\":\"m{number}\",\"type\":\"message\",\"role\":\"assistant\",\
         \"model\":\"claude-sonnet-4-5-20250929\",\"content\":[{{\"type\":\"text\",\"text\":\"yes\"}}],\
         \"stop_reason\":\"end_turn\",\
         \"usage\":{{\"input_tokens\":{input},\"output_tokens\":{output}}}}}"
    )
}

fn start(number: u64) -> String {
    format!(
        "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"m{number}\",\
         \"model\":\"claude-sonnet-4-5-20250929\",\
         \"usage\":{{\"input_tokens\":{},\"output_tokens\":1}}}}}}\n\n",
        tokens(number).0
    )
}

fn usage(output: u64) -> String {
    format!(
        "event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{}},\
         \"usage\":{{\"output_tokens\":{output}}}}}\n\n"
    )
}

/// The events of a stream, and those that end it.
pub(super) fn stream(number: u64) -> (Vec<String>, Vec<String>) {
    let delta = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
                 \"delta\":{\"type\":\"text_delta\",\"text\":\"yes \"}}\n\n";
    let mut events = vec![start(number)];
    events.extend(vec![delta.to_owned(); EVENTS]);
    let stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".to_owned();
    (events, vec![usage(tokens(number).1), stop])
}

/// A stream without an end: one token more with each event.
pub(super) fn long(number: u64) -> Vec<String> {
    let more = (2..LONG_EVENTS).map(usage);
    std::iter::once(start(number)).chain(more).collect()
}
