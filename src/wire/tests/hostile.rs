//! Input that means harm, or nothing: never a panic, bounded memory, and the truth as far as it goes.

use crate::call::Flag;

use super::*;

pub(super) fn sample(format: WireFormat, body: impl Into<Vec<u8>>) -> Sample {
    let content_type = None;
    Sample {
        name: "hostile".into(),
        format,
        path: path_of(&format!("{format}/")).to_owned(),
        content_type,
        headers: HeaderMap::new(),
        body: body.into(),
    }
}

#[track_caller]
fn check_flags(body: impl Into<Vec<u8>>, flags: &[Flag]) {
    let sample = sample(WireFormat::OpenAi, body);
    assert_eq!(
        sample.said().report.flags,
        flags,
        "{}",
        String::from_utf8_lossy(&sample.body)
    );
}

#[test]
fn a_body_that_is_no_json_is_malformed() {
    for body in [
        "<html>",
        "null",
        "Internal Server Error",
        "{\"usage\":",
        "\u{1f600}",
        "{} {}",
    ] {
        let cut = body.ends_with(':');
        check_flags(body, if cut { &[] } else { &[Flag::Malformed] });
    }
    check_flags(*b"\xff\xfe\xfd", &[Flag::Malformed]);
    check_flags(*b"{\"model\":\"\xff\xfe\"}", &[Flag::Malformed]);
    check_flags(
        *b"{\"usage\":{\"prompt_tokens\":\"\xff\"}}",
        &[Flag::Malformed],
    );
}

#[test]
fn an_event_that_is_no_json_is_malformed_and_the_next_is_read() {
    let body = "data: {\"x\"\n\ndata: oops\n\ndata: {\"usage\":{\"prompt_tokens\":1}}\n\n";
    let said = sample(WireFormat::OpenAi, body).said();
    assert_eq!(said.report.flags, [Flag::Malformed]);
    assert_eq!(said.report.usage.unwrap().input, Some(1));
}

#[test]
fn blanks_before_a_body_are_no_part_of_it_in_whatever_frame_they_come() {
    let sample = sample(
        WireFormat::OpenAi,
        "\n \u{feff} data: {\"usage\":{\"prompt_tokens\":1}}\n\n",
    );
    assert_eq!(sample.said().report.usage.unwrap().input, Some(1));
    super::bytewise::check_every_split(&sample, usize::MAX);
}

#[test]
fn only_what_promises_json_is_malformed_without_it() {
    let endpoint = endpoint(WireFormat::OpenAi, &Method::POST, "/v1/audio/speech");
    let mut reader = ResponseReader::new(endpoint, Some("audio/mpeg"));
    reader.feed(b"\xff\xfb\x90\x64");
    assert_eq!(reader.report(), &Report::default());
}

#[test]
fn an_unread_operation_names_its_model_and_its_end() {
    let endpoint = endpoint(WireFormat::OpenAi, &Method::POST, "/v1/videos");
    let mut reader = ResponseReader::new(endpoint, None);
    reader.feed(br#"{"data":[{"embedding":[0.1,-2e-3]}],"model":"text-embedding-3-small","#);
    assert!(!reader.ended());
    reader.feed(br#""usage":{"prompt_tokens":9,"total_tokens":9}}"#);
    assert_eq!(
        reader.report().model.as_deref(),
        Some("text-embedding-3-small")
    );
    assert_eq!(reader.report().usage, None);
    assert!(reader.ended());
}

#[test]
fn counts_that_are_none_are_absent_and_flagged() {
    let body = r#"{"usage":{"iterations":[{"type":"compaction","input_tokens":"7"}]}}"#;
    let said = sample(WireFormat::Anthropic, body).said();
    assert_eq!(said.report.flags, [Flag::Malformed]);
    assert_eq!(said.report.side.first().unwrap().input_tokens, None);
    let body = r#"{"usage":{"prompt_tokens":-5,"completion_tokens":7,"total_tokens":1e400}}"#;
    check_flags(body, &[Flag::Malformed]);
    let body = r#"{"usage":{"prompt_tokens":-5,"completion_tokens":7,"total_tokens":7}}"#;
    let said = sample(WireFormat::OpenAi, body).said();
    assert_eq!(said.report.flags, [Flag::Malformed]);
    let usage = said.report.usage.unwrap();
    assert_eq!((usage.input, usage.output), (None, Some(7)));
}

#[test]
fn counts_at_the_limit_do_not_overflow() {
    let max = u64::MAX;
    let body = format!(
        r#"{{"usage":{{"input_tokens":{max},"cache_read_input_tokens":{max},
            "cache_creation":{{"ephemeral_5m_input_tokens":{max},"ephemeral_1h_input_tokens":{max}}},
            "iterations":[{{"type":"compaction","input_tokens":{max},"cache_read_input_tokens":1}}]}}}}"#
    );
    let said = sample(WireFormat::Anthropic, body).said();
    assert_eq!(said.report.usage.unwrap().input, Some(max));
    let body = format!(
        r#"{{"usage":{{"prompt_tokens":{max},"completion_tokens":{max},"total_tokens":{max},
            "prompt_tokens_details":{{"cached_tokens":{max},"cache_write_tokens":{max}}}}}}}"#
    );
    assert_eq!(
        sample(WireFormat::OpenAi, body)
            .said()
            .report
            .usage
            .unwrap()
            .output,
        Some(max)
    );
}

#[test]
fn of_two_usages_in_one_text_the_last_wins() {
    let body = r#"{"usage":{"input_tokens":9,"output_tokens":9},"usage":{"input_tokens":1,"output_tokens":2}}"#;
    let usage = sample(WireFormat::Anthropic, body)
        .said()
        .report
        .usage
        .unwrap();
    assert_eq!((usage.input, usage.output), (Some(1), Some(2)));
    let body =
        r#"{"usage":{"input_tokens":9,"cache_read_input_tokens":5},"usage":{"output_tokens":2}}"#;
    let usage = sample(WireFormat::Anthropic, body)
        .said()
        .report
        .usage
        .unwrap();
    assert_eq!(
        (usage.input, usage.cache_read, usage.output),
        (None, None, Some(2))
    );
    let body = r#"{"usage":{"prompt_tokens":9},"usage":{"prompt_tokens":1},"usage":null}"#;
    assert_eq!(
        sample(WireFormat::OpenAi, body)
            .said()
            .report
            .usage
            .unwrap()
            .input,
        Some(1)
    );
}

#[test]
fn a_usage_that_reports_nothing_erases_nothing() {
    let body = r#"{"usage":{"prompt_tokens":9},"usage":{},"usage":{"prompt_tokens":null}}"#;
    let usage = sample(WireFormat::OpenAi, body)
        .said()
        .report
        .usage
        .unwrap();
    assert_eq!(usage.input, Some(9));
}

#[test]
fn lifetimes_of_zero_do_not_erase_lifetimes() {
    let lifetimes = |short: u64| {
        format!(r#"{{"cache_creation":{{"ephemeral_5m_input_tokens":{short}}},"output_tokens":1}}"#)
    };
    let (first, last) = (lifetimes(7), lifetimes(0));
    let body = format!("data: {{\"usage\":{first}}}\n\ndata: {{\"usage\":{last}}}\n\n");
    let usage = sample(WireFormat::Anthropic, body)
        .said()
        .report
        .usage
        .unwrap();
    assert_eq!(usage.cache_write_5m, Some(7));
}

#[test]
fn a_name_that_only_looks_repeated_is_read() {
    let body = r#"{"model":"a\\b","model":"a\b"}"#;
    let said = sample(WireFormat::OpenAi, body).said();
    assert_eq!(said.report.model.as_deref(), Some("a\u{8}"));
}

#[test]
fn names_and_usages_that_are_too_long_are_dropped_and_said_so() {
    let long = "m".repeat(257);
    check_flags(format!(r#"{{"model":"{long}"}}"#), &[Flag::Truncated]);
    let padded = format!(
        r#"{{"usage":{{"prompt_tokens":1,"x":"{}"}}}}"#,
        "x".repeat(VALUE_BYTES_MAX)
    );
    check_flags(padded, &[Flag::Truncated]);
}

#[test]
fn nesting_of_any_depth_takes_no_memory() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    for place in ["x", "usage", "choices", "model", "error"] {
        let body = format!(r#"{{"{place}":{deep},"id":"chatcmpl-1"}}"#);
        let said = sample(WireFormat::OpenAi, body).said();
        assert_eq!(
            said.report.response_id.as_deref(),
            Some("chatcmpl-1"),
            "{place}"
        );
        assert!(said.ended);
    }
    let mut request = RequestScanner::new(WireFormat::OpenAi);
    request.feed("{\"messages\":[".repeat(10_000).as_bytes());
    request.feed(b"\"model\":\"x\"");
    assert_eq!(request.facts().model, None);
}

#[test]
fn a_body_of_any_size_is_passed_over() {
    let mut request = RequestScanner::new(WireFormat::OpenAi);
    request.feed(br#"{"messages":[{"role":"user","content":""#);
    let text = vec![b'x'; 1 << 20];
    for _ in 0..200 {
        request.feed(&text);
    }
    request.feed(br#""}],"model":"gpt-4o"}"#);
    assert_eq!(request.facts().model.as_deref(), Some("gpt-4o"));
}
