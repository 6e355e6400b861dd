//! Events that repeat the one before them are passed over, and nothing is lost by it.
//!
//! Fed byte by byte a reader sees no whole event, so it reads them all: that is the comparison.

use proptest::prelude::*;

use super::hostile::sample;
use super::*;

/// Events as vendors send them; `@` is a text, `_` is padding.
const EVENTS: [&str; 22] = [
    r#"{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"@"},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"@"},"finish_reason":null}],"obfuscation":"@"}"#,
    r#"{"id":"c","model":"@","choices":[{"delta":{"content":"x"},"finish_reason":"@"}]}"#,
    r#"{"choices":[{"delta":{"content":"@"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    r#"{"choices":"@","usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    r#"{"choices":[],"usage":{"prompt_tokens":3,"x":"@"}}"#,
    r#"{"error":"@"}"#,
    r#"{"error":{"message":"@"},"model":"n"}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"@"}_}"#,
    r#"{"type":"@","delta":{"stop_reason":"@"},"usage":{"output_tokens":4}_}_"#,
    r#"{"type":"message_start","message":{"model":"@","usage":{"input_tokens":5,"speed":"@"}}}"#,
    r#"{"a@":1,"x":{"@":["@"]}_}"#,
    r#"{"x":"@""#,
    r#"{"x":"@"}}"#,
    r#"{"x":"@",}"#,
    "[DONE]@",
    r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}}]}}],"obfuscation":"@"}"#,
    r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"@","arguments":"@"}}]}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"content":"@","refusal":"@","reasoning_content":"@"}}]}"#,
    r#"{"choices":[{"delta":{"content":"@"},"index":0},{"delta":{"content":"@"},"index":1}]}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"partial_json":"@","thinking":"@"}}"#,
    r#"{"content":[{"text":"@"},{"name":"@","input":{"@":"@"}}]}"#,
];

const TEXTS: [&str; 14] = [
    "",
    "",
    "a",
    "b",
    "a b",
    "\\\"",
    "\\\\",
    "\\",
    "\\u0041",
    "größe",
    "\n",
    "\r",
    "\"",
    "\",\"model\":\"z",
];

const FRAMES: [(&str, &str); 6] = [
    ("data: ", "\n\n"),
    ("data: ", "\n\n"),
    ("event: x\ndata: ", "\n\n"),
    ("data:", "\r\n\r\n"),
    ("data: ", "\n"),
    (": ", "\n\n"),
];

fn written(event: &str, texts: &[&str]) -> String {
    let mut texts = texts.iter().cycle();
    let mut out = String::new();
    for part in event.chars() {
        match part {
            '@' => out.push_str(texts.next().unwrap()),
            '_' => out.push_str(&" ".repeat(texts.next().unwrap().len())),
            other => out.push(other),
        }
    }
    out
}

/// A run of one event with changing texts, as it stands in a stream.
pub(super) fn run() -> impl Strategy<Value = String> {
    let texts = prop::collection::vec(prop::sample::select(&TEXTS[..]), 1..4);
    let runs = prop::collection::vec(texts, 1..8);
    let event = prop::sample::select(&EVENTS[..]);
    (event, prop::sample::select(&FRAMES[..]), runs).prop_map(|(event, (before, after), runs)| {
        let one = |texts: &Vec<&str>| format!("{before}{}{after}", written(event, texts));
        runs.iter().map(one).collect()
    })
}

/// Read in slices of a size, a stream says what it says byte by byte, after each slice.
fn agree(format: WireFormat, stream: &str, size: usize) -> Result<(), TestCaseError> {
    let sample = sample(format, stream);
    let (mut sliced, mut single) = (sample.reader(), sample.reader());
    for slice in sample.body.chunks(size) {
        sliced.feed(slice);
        slice.chunks(1).for_each(|byte| single.feed(byte));
        prop_assert_eq!(Said::of(&sliced), Said::of(&single), "{}", stream);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_stream_of_repeated_events_says_what_each_of_them_says(
        runs in prop::collection::vec(run(), 1..5),
        size in 1..600usize,
    ) {
        let stream = runs.concat();
        for format in WireFormat::ALL {
            agree(format, &stream, stream.len())?;
            agree(format, &stream, size)?;
        }
    }

    #[test]
    fn an_event_told_twice_says_what_it_says_once(runs in prop::collection::vec(run(), 1..4)) {
        for format in WireFormat::ALL {
            let mut reader = sample(format, "").reader();
            for event in runs.iter().flat_map(|run| run.split_inclusive("\n\n")) {
                // The blank line ends what the event before left open.
                let event = format!("\n\n{event}\n\n");
                event.bytes().for_each(|byte| reader.feed(&[byte]));
                let once = Said::of(&reader);
                event.bytes().for_each(|byte| reader.feed(&[byte]));
                prop_assert_eq!(&Said::of(&reader), &once, "{}", event);
            }
        }
    }
}

/// Events in a row: the last would pass for those before if no more than its frame were looked at.
#[track_caller]
fn check(format: WireFormat, events: [&str; 3]) {
    let events = events.map(|event| format!("data: {event}\n\n"));
    // The first event of a body is not compared: a mark may stand before it.
    let stream = format!("data: {{}}\n\n{}", events.concat());
    agree(format, &stream, stream.len()).unwrap();
}

#[test]
fn what_is_kept_or_noticed_is_never_passed_over() {
    let models = ["a", "b", "c"].map(|name| format!("{{\"model\":\"{name}\"}}"));
    check(WireFormat::OpenAi, models.each_ref().map(String::as_str));
    let usage = r#""usage":{"prompt_tokens":1}}"#;
    let choices = ["x", "y", ""].map(|text| format!("{{\"choices\":\"{text}\",{usage}"));
    check(WireFormat::OpenAi, choices.each_ref().map(String::as_str));
    let types = ["ping", "pong", "message_stop"].map(|kind| format!("{{\"type\":\"{kind}\"}}"));
    check(WireFormat::Anthropic, types.each_ref().map(String::as_str));
    check(
        WireFormat::OpenAi,
        [r#"{"x":1}"#, r#"{"y":1}"#, r#"{"error":1}"#],
    );
}

#[test]
fn a_text_that_leaves_its_line_is_not_the_same_text() {
    let broken = "{\"x\":\"\n\ndata: {\"error\":\"c\"}";
    check(WireFormat::OpenAi, [r#"{"x":"a"}"#, r#"{"x":"b"}"#, broken]);
    let hidden =
        ["  ", " ", ""].map(|blanks| format!("{{\"x\":\"a\"\n{blanks}data: ,\"error\":1}}"));
    check(WireFormat::OpenAi, hidden.each_ref().map(String::as_str));
}

#[test]
fn only_the_last_event_is_repeated_even_if_it_came_in_pieces() {
    let [first, second] = ["a", "b"].map(|name| format!("data: {{\"model\":\"{name}\"}}\n\n"));
    let mut reader = sample(WireFormat::OpenAi, "").reader();
    let (head, tail) = second.split_at(9);
    for piece in [&first, &first, &first, head, tail, &first] {
        reader.feed(piece.as_bytes());
    }
    assert_eq!(reader.report().model.as_deref(), Some("a"));
}
