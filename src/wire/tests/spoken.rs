//! What was said is gathered whole, however it is written, split and cut.

use bytes::Bytes;
use proptest::prelude::*;

use super::hostile::sample;
use super::*;

fn budget() -> Arc<TextBudget> {
    TextBudget::new(1 << 30)
}

fn spoken(sample: &Sample, pieces: &[&[u8]]) -> Spoken {
    let mut reader = sample.reader();
    reader.keep_text(&budget());
    for piece in pieces {
        reader.feed(piece);
    }
    *reader.take_text().unwrap()
}

/// Text, refusal and calls of each choice.
type Words = Vec<(String, String, Vec<(String, String)>)>;

fn words(spoken: &Spoken) -> Words {
    let choices = spoken.choices().into_iter();
    choices
        .map(|choice| (choice.text, choice.refusal, choice.calls))
        .collect()
}

fn words_of(text: &str) -> Words {
    vec![(text.to_owned(), String::new(), Vec::new())]
}

#[track_caller]
fn check(format: WireFormat, body: &str, expected: &Words) {
    check_sample(&sample(format, body), expected);
}

/// The same of the Responses API.
#[track_caller]
fn check_response(body: &str, expected: &Words) {
    check_sample(&response(body), expected);
}

fn response(body: &str) -> Sample {
    Sample {
        path: "/v1/responses".to_owned(),
        ..sample(WireFormat::OpenAi, body)
    }
}

/// Whole, split anywhere, and byte by byte it is the same.
#[track_caller]
fn check_sample(sample: &Sample, expected: &Words) {
    let bytes = sample.body.as_slice();
    let body = String::from_utf8_lossy(bytes);
    assert_eq!(&words(&spoken(sample, &[bytes])), expected, "{body}");
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        let said = words(&spoken(sample, &[head, tail]));
        assert_eq!(&said, expected, "{body} split at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    let said = words(&spoken(sample, &single));
    assert_eq!(&said, expected, "{body} byte by byte");
}

fn events(events: &[&str]) -> String {
    let framed = events.iter().map(|event| ["data: ", event, "\n\n"]);
    framed.flatten().collect()
}

fn openai(delta: &str) -> String {
    format!(
        r#"{{"id":"c","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}],"obfuscation":"aB"}}"#
    )
}

#[track_caller]
fn check_deltas(deltas: &[&str], expected: &Words) {
    let said: Vec<_> = deltas.iter().map(|delta| openai(delta)).collect();
    let said: Vec<_> = said.iter().map(String::as_str).collect();
    check(WireFormat::OpenAi, &events(&said), expected);
}

#[test]
fn the_deltas_of_a_stream_are_one_text() {
    let role = r#"{"role":"assistant","content":"","refusal":null}"#;
    let words = [
        "Hel",
        "lo",
        "lo",
        "\\n",
        "\\n",
        " \\\"w\\\"",
        "\\u00f6rld",
        " {}",
        "\\\\",
    ];
    let texts = words.map(|word| format!(r#"{{"content":"{word}"}}"#));
    let mut deltas = vec![role];
    deltas.extend(texts.iter().map(String::as_str));
    check_deltas(&deltas, &words_of("Hellolo\n\n \"w\"örld {}\\"));
}

#[test]
fn a_pair_of_surrogates_may_come_in_two_deltas() {
    let halves = [r#"{"content":"a\ud83d"}"#, r#"{"content":"\ude00b"}"#];
    check_deltas(&halves, &words_of("a😀b"));
}

#[test]
fn tool_calls_are_their_names_and_arguments() {
    let call = |name: &str, arguments: &str| (name.to_owned(), arguments.to_owned());
    let calls = vec![call("get", r#"{"a":"b"}"#), call("put", "{}")];
    let deltas = [
        r#"{"tool_calls":[{"index":0,"id":"x","function":{"name":"get","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"\":\""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"b\"}"}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"y","function":{"name":"put","arguments":"{}"}}]}"#,
    ];
    check_deltas(
        &deltas,
        &vec![(String::new(), String::new(), calls.clone())],
    );
    let whole = r#"{"choices":[{"index":0,"message":{"content":null,"refusal":"no","tool_calls":[{"type":"function","function":{"name":"get","arguments":"{\"a\":\"b\"}"}},{"function":{"name":"put","arguments":"{}"}}]}}]}"#;
    check(
        WireFormat::OpenAi,
        whole,
        &vec![(String::new(), "no".to_owned(), calls)],
    );
}

#[test]
fn choices_are_told_apart_wherever_their_number_stands() {
    let chunk = |number: u8, text: &str| {
        [
            format!(r#"{{"choices":[{{"index":{number},"delta":{{"content":"{text}"}}}}]}}"#),
            format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"index":{number}}}]}}"#),
        ]
    };
    let said = [
        (0, "a"),
        (1, "b"),
        (1, "B"),
        (0, "A"),
        (0, "A"),
        (0, "A"),
        (1, "b"),
    ];
    let expected = [words_of("aAAA"), words_of("bBb")].concat();
    for way in 0..2 {
        let chunks = said.map(|(number, text)| chunk(number, text)[way].clone());
        check(
            WireFormat::OpenAi,
            &events(&chunks.each_ref().map(String::as_str)),
            &expected,
        );
    }
    let both = r#"{"choices":[{"message":{"content":"x"},"index":0},{"message":{"content":"y"},"index":1}]}"#;
    check(
        WireFormat::OpenAi,
        both,
        &[words_of("x"), words_of("y")].concat(),
    );
}

#[test]
fn a_message_of_anthropic_is_its_texts_and_tools() {
    let calls = vec![("get".to_owned(), r#"{"a": 1}"#.to_owned())];
    let expected = vec![("Hi there".to_owned(), String::new(), calls)];
    let stream = events(&[
        r#"{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":5,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" the"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"re"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"get","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\": "}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
    ]);
    check(WireFormat::Anthropic, &stream, &expected);
    let whole = r#"{"type":"message","content":[{"type":"text","text":"Hi there"},{"type":"tool_use","name":"get","input":{"a": 1}}],"usage":{"input_tokens":5}}"#;
    check(WireFormat::Anthropic, whole, &expected);
}

#[test]
fn a_response_is_its_deltas_and_not_what_its_end_repeats() {
    let calls = vec![("get".to_owned(), "{\"a\":1}".to_owned())];
    let expected = vec![("Four.".to_owned(), "no".to_owned(), calls)];
    let stream = events(&[
        r#"{"type":"response.created","response":{"id":"r","model":"gpt-4o","output":[],"usage":null}}"#,
        r#"{"type":"response.output_text.delta","sequence_number":3,"delta":"Fo","obfuscation":"a"}"#,
        r#"{"type":"response.output_text.delta","sequence_number":4,"delta":"ur.","obfuscation":"b"}"#,
        r#"{"type":"response.output_text.done","sequence_number":5,"text":"Four."}"#,
        r#"{"type":"response.refusal.delta","delta":"n"}"#,
        r#"{"type":"response.refusal.delta","delta":"o"}"#,
        r#"{"type":"response.output_item.added","item":{"type":"function_call","name":"get","arguments":""}}"#,
        r#"{"type":"response.function_call_arguments.delta","delta":"{\"a\""}"#,
        r#"{"type":"response.function_call_arguments.delta","delta":":1}"}"#,
        r#"{"type":"response.output_item.done","item":{"type":"function_call","name":"get","arguments":"{\"a\":1}"}}"#,
        r#"{"type":"response.completed","response":{"output":[{"content":[{"text":"Four."}]},{"name":"get","arguments":"{\"a\":1}"}],"usage":null}}"#,
    ]);
    check_response(&stream, &expected);
    let whole = r#"{"object":"response","output":[{"type":"message","content":[{"type":"output_text","text":"Four."},{"refusal":"no"}]},{"type":"function_call","name":"get","arguments":"{\"a\":1}"}],"usage":null}"#;
    check_response(whole, &expected);
}

#[test]
fn the_thoughts_of_a_response_are_no_text_of_it() {
    let thought = r#"{"type":"response.reasoning_summary_text.delta","delta":"secret"}"#;
    let text = r#"{"type":"response.output_text.delta","delta":"a"}"#;
    let more = r#"{"type":"response.output_text.delta","delta":"b"}"#;
    let other = thought.replace("secret", "other");
    let stream = events(&[text, more, text, thought, &other, thought, &other]);
    check_response(&stream, &words_of("aba"));
    let sample = response(&stream);
    assert!(spoken(&sample, &[&sample.body]).has_reasoned());
}

#[test]
fn thoughts_are_known_of_and_not_kept() {
    let thinking = [
        (
            WireFormat::OpenAi,
            r#"{"choices":[{"delta":{"reasoning_content":"secret"}}]}"#,
        ),
        (
            WireFormat::Anthropic,
            r#"{"delta":{"type":"thinking_delta","thinking":"secret"}}"#,
        ),
    ];
    for (format, event) in thinking {
        let sample = sample(format, events(&[event, event]));
        let said = spoken(&sample, &[&sample.body]);
        assert!(said.has_reasoned() && said.choices().is_empty(), "{event}");
    }
    let plain = sample(WireFormat::OpenAi, events(&[&openai(r#"{"content":"x"}"#)]));
    assert!(!spoken(&plain, &[&plain.body]).has_reasoned());
}

#[test]
fn a_stream_that_is_cut_has_said_what_had_come() {
    let words = ["Hel", "lo ", "\\u00f6", "\\ud83d\\ude00", "\\n!", "x"];
    let deltas = words.map(|word| openai(&format!(r#"{{"content":"{word}"}}"#)));
    let sample = sample(
        WireFormat::OpenAi,
        events(&deltas.each_ref().map(String::as_str)),
    );
    let mut longest = 0;
    for cut in 0..=sample.body.len() {
        let said = words_of_text(&spoken(&sample, &[&sample.body[..cut]]));
        assert!("Hello ö😀\n!x".starts_with(&said), "cut at {cut}: {said}");
        assert!(said.len() >= longest, "cut at {cut}: {said}");
        longest = said.len();
    }
    assert_eq!(longest, "Hello ö😀\n!x".len());
}

fn words_of_text(spoken: &Spoken) -> String {
    spoken
        .choices()
        .into_iter()
        .map(|choice| choice.text)
        .collect()
}

#[test]
fn what_has_no_room_is_dropped_and_the_answer_read_on() {
    let small = TextBudget::new(4_096);
    let sample = sample(
        WireFormat::OpenAi,
        events(&[
            &openai(&format!(r#"{{"content":"{}"}}"#, "x".repeat(5_000))),
            r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
        ]),
    );
    let mut reader = sample.reader();
    reader.keep_text(&small);
    reader.feed(&sample.body);
    assert_eq!(Said::of(&reader), sample.said());
    assert!(reader.take_text().unwrap().is_dropped());
    assert_eq!((small.held(), small.dropped()), (0, 1));
}

#[test]
fn a_text_is_given_back_when_it_is_dropped() {
    let budget = budget();
    let sample = sample(
        WireFormat::OpenAi,
        events(&[&openai(r#"{"content":"secret"}"#)]),
    );
    let mut reader = sample.reader();
    reader.keep_text(&budget);
    reader.feed(&sample.body);
    assert!(budget.held() > 0);
    assert!(!format!("{:?}", reader.take_text()).contains("secret"));
    assert_eq!(budget.held(), 0);
    reader.feed(&sample.body);
    assert!(reader.take_text().is_none());
}

#[test]
fn a_request_is_kept_as_the_client_sent_it() {
    let budget = budget();
    let mut request = RequestScanner::new(WireFormat::OpenAi);
    request.keep_body(&budget);
    for piece in [&b"{\"model\":"[..], b"\"gpt-4o\" }"] {
        request.feed_frame(&Bytes::from_static(piece));
    }
    let kept = request.take_body().unwrap();
    assert_eq!(kept.body().unwrap(), &b"{\"model\":\"gpt-4o\" }"[..]);
    drop(kept);
    assert_eq!(budget.held(), 0);
}

/// The data of an image, cut into frames anywhere, leaves a body that can still be read.
#[test]
fn the_data_of_an_image_is_kept_no_further_than_its_header() {
    let data = "iVBORw0KGgo\\/".repeat(20_000);
    let text = "a text of many words. ".repeat(10_000);
    for (format, part, long) in [
        (
            WireFormat::OpenAi,
            "{\"type\":\"image_url\",\"image_url\":{\"url\":\"DATA\"}}",
            &data,
        ),
        (
            WireFormat::Anthropic,
            "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"data\":\"DATA\"}}",
            &data,
        ),
        (
            WireFormat::Anthropic,
            "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"DATA\"}}",
            &text,
        ),
        (
            WireFormat::OpenAi,
            "{\"type\":\"text\",\"text\":\"DATA\"}",
            &data,
        ),
    ] {
        let part = part.replace("DATA", long);
        let body = format!("{{\"messages\":[{{\"content\":[{part},{part}]}}],\"model\":\"m\"}}");
        for size in [1_000, 4_097, 65_536, body.len()] {
            let budget = budget();
            let mut request = RequestScanner::new(format);
            request.keep_body(&budget);
            for frame in body.as_bytes().chunks(size) {
                request.feed_frame(&Bytes::copy_from_slice(frame));
            }
            let kept = request.take_body().unwrap();
            let kept = kept.body().unwrap();
            let read: serde_json::Value = serde_json::from_slice(&kept).unwrap();
            assert_eq!(read["model"], "m", "{size}");
            let is_cut = long == &data && !part.contains("\"text\"");
            assert_eq!(kept.len() < body.len(), is_cut, "{part:.60} by {size}");
            assert!(
                !is_cut || budget.held() < 300_000,
                "{size}: {}",
                budget.held()
            );
        }
    }
}

#[test]
fn lines_say_what_events_say() {
    for name in ["ollama/chat.ndjson", "ollama/chat.json"] {
        let text = if name.ends_with("ndjson") {
            "Hello \"there\"."
        } else {
            "Hello there."
        };
        check_sample(&fixture(name), &words_of(text));
    }
    for name in ["chat.json", "chat.sse", "v1_chat.json", "v1_chat.ndjson"] {
        let sample = fixture(&format!("cohere/{name}"));
        check_sample(&sample, &words_of("Hello there."));
    }
    let call = |arguments: &str| vec![("weather".to_owned(), arguments.to_owned())];
    let ollama = vec![(String::new(), String::new(), call(r#"{"city":"Rome"}"#))];
    check_sample(&fixture("ollama/chat_tools.ndjson"), &ollama);
    let text = "I ask.".to_owned();
    let cohere = vec![(text, String::new(), call(r#"{"city":"Rome"}"#))];
    check_sample(&fixture("cohere/chat_tools.sse"), &cohere);
}

/// Whole frames may be passed over as repetitions, single bytes never: both have to say the same.
fn agree(format: WireFormat, stream: &str, size: usize) -> Result<(), TestCaseError> {
    let sample = sample(format, stream);
    let sliced: Vec<&[u8]> = sample.body.chunks(size).collect();
    let single: Vec<&[u8]> = sample.body.chunks(1).collect();
    let (sliced, single) = (spoken(&sample, &sliced), spoken(&sample, &single));
    prop_assert_eq!(words(&sliced), words(&single), "{}", stream);
    prop_assert_eq!(sliced.has_reasoned(), single.has_reasoned(), "{}", stream);
    Ok(())
}

proptest! {
    #[test]
    fn repeated_events_say_every_one_of_their_texts(
        runs in prop::collection::vec(super::echo::run(), 1..5),
        size in 1..600usize,
    ) {
        let stream = runs.concat();
        for format in WireFormat::ALL {
            agree(format, &stream, stream.len())?;
            agree(format, &stream, size)?;
        }
    }
}
