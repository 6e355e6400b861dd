//! What a request asks.

use super::*;

#[track_caller]
fn check(format: WireFormat, body: &str, expected: &RequestFacts) {
    let bytes = body.as_bytes();
    for cut in 0..=bytes.len() {
        let mut scanner = RequestScanner::new(format);
        let (head, tail) = bytes.split_at(cut);
        scanner.feed(head);
        scanner.feed(tail);
        assert_eq!(scanner.facts(), expected, "{body} split at {cut}");
    }
}

fn none() -> RequestFacts {
    RequestFacts::default()
}

#[test]
fn model_and_stream_are_read_wherever_they_stand() {
    let expected = RequestFacts {
        model: Some("gpt-4o".into()),
        stream: Some(true),
        include_usage: Some(false),
        ..none()
    };
    check(
        WireFormat::OpenAi,
        r#"{"messages":[{"role":"user","content":"\"model\":\"x\""}],"metadata":{"model":"y"},
            "stream_options":{"include_usage":false},"stream":true,"model":"gpt-4o"}"#,
        &expected,
    );
}

#[test]
fn what_is_not_said_is_absent() {
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "--boundary",
        r#"{"model":null,"stream":null}"#,
    ] {
        check(WireFormat::OpenAi, body, &none());
    }
}

#[test]
fn of_two_same_keys_the_last_wins() {
    let expected = RequestFacts {
        model: Some("b".into()),
        stream: Some(false),
        ..none()
    };
    let body = r#"{"model":"a","stream":true,"\u006dodel":"b","stream":false}"#;
    check(WireFormat::OpenAi, body, &expected);
    let body = format!(r#"{{"model":"a","model":"{}"}}"#, "m".repeat(257));
    check(WireFormat::OpenAi, &body, &none());
    let mut scanner = RequestScanner::new(WireFormat::OpenAi);
    let body = format!(
        r#"{{"model":"a","model":"{}"}}"#,
        "m".repeat(VALUE_BYTES_MAX)
    );
    scanner.feed(body.as_bytes());
    assert_eq!(scanner.facts(), &none());
}

#[test]
fn content_parts_say_what_the_model_must_see_and_hear() {
    let vision = RequestFacts {
        vision: true,
        ..none()
    };
    let audio = RequestFacts {
        audio: true,
        ..none()
    };
    for (format, body, expected) in [
        (
            WireFormat::OpenAi,
            r#"{"messages":[{"content":[{"type":"text"},{"type":"image_url"}]}]}"#,
            &vision,
        ),
        (
            WireFormat::OpenAi,
            r#"{"input":[{"content":[{"type":"input_image"}]}]}"#,
            &vision,
        ),
        (
            WireFormat::OpenAi,
            r#"{"messages":[{"content":[{"type":"input_audio"}]}]}"#,
            &audio,
        ),
        (
            WireFormat::OpenAi,
            r#"{"modalities":["text","audio"],"audio":{"voice":"ash"}}"#,
            &audio,
        ),
        (
            WireFormat::Anthropic,
            r#"{"messages":[{"content":[{"type":"image"}]}]}"#,
            &vision,
        ),
        (
            WireFormat::Anthropic,
            r#"{"messages":[{"content":[{"type":"tool_result","content":[{"type":"image"}]}]}]}"#,
            &vision,
        ),
        (
            WireFormat::OpenAi,
            r#"{"messages":[{"content":"image_url"}],"audio":null}"#,
            &none(),
        ),
    ] {
        check(format, body, expected);
    }
}

#[test]
fn whether_to_think_is_said_in_three_ways() {
    for (format, body, expected) in [
        (
            WireFormat::OpenAi,
            r#"{"enable_thinking":true}"#,
            Some(true),
        ),
        (
            WireFormat::OpenAi,
            r#"{"chat_template_kwargs":{"enable_thinking":false}}"#,
            Some(false),
        ),
        (
            WireFormat::OpenAi,
            r#"{"thinking":{"type":"disabled"}}"#,
            Some(false),
        ),
        (
            WireFormat::Anthropic,
            r#"{"thinking":{"type":"enabled","budget_tokens":1024}}"#,
            Some(true),
        ),
        (WireFormat::OpenAi, r#"{"reasoning_effort":"low"}"#, None),
    ] {
        let thinking = RequestFacts {
            thinking: expected,
            ..none()
        };
        check(format, body, &thinking);
    }
}

#[test]
fn tools_of_the_provider_are_told_from_tools_of_the_client() {
    let hosted = RequestFacts {
        hosted_tools: true,
        ..none()
    };
    for (format, body, expected) in [
        (WireFormat::OpenAi, r#"{"web_search_options":{}}"#, &hosted),
        (
            WireFormat::OpenAi,
            r#"{"tools":[{"type":"file_search"}]}"#,
            &hosted,
        ),
        (
            WireFormat::Anthropic,
            r#"{"tools":[{"name":"a"},{"type":"web_search_20250305"}]}"#,
            &hosted,
        ),
        (
            WireFormat::Anthropic,
            r#"{"mcp_servers":[{"type":"url"}]}"#,
            &hosted,
        ),
        (
            WireFormat::OpenAi,
            r#"{"web_search_options":null}"#,
            &none(),
        ),
        (
            WireFormat::OpenAi,
            r#"{"tools":[{"type":"function"},{"type":"custom"}]}"#,
            &none(),
        ),
        (
            WireFormat::Anthropic,
            r#"{"tools":[{"name":"a"},{"type":"custom"}],"mcp_servers":[]}"#,
            &none(),
        ),
    ] {
        check(format, body, expected);
    }
}

#[test]
fn a_schema_that_must_be_kept_is_seen() {
    let strict = RequestFacts {
        strict_schema: true,
        ..none()
    };
    for (format, body, expected) in [
        (
            WireFormat::OpenAi,
            r#"{"response_format":{"json_schema":{},"type":"json_schema"}}"#,
            &strict,
        ),
        (
            WireFormat::OpenAi,
            r#"{"tools":[{"function":{"strict":true}}]}"#,
            &strict,
        ),
        (
            WireFormat::Anthropic,
            r#"{"tools":[{"strict":true}]}"#,
            &strict,
        ),
        (
            WireFormat::Anthropic,
            r#"{"output_format":{"type":"json_schema"}}"#,
            &strict,
        ),
        (
            WireFormat::Anthropic,
            r#"{"output_config":{"format":{"type":"json_schema"}}}"#,
            &strict,
        ),
        (
            WireFormat::OpenAi,
            r#"{"response_format":{"type":"json_object"}}"#,
            &none(),
        ),
        (
            WireFormat::OpenAi,
            r#"{"tools":[{"function":{"strict":false}}]}"#,
            &none(),
        ),
    ] {
        check(format, body, expected);
    }
}

#[test]
fn what_converse_asks_for_is_read_from_path_and_body() {
    let path = "/model/us.amazon.nova-lite-v1%3A0/converse-stream";
    let asked = endpoint(WireFormat::OpenAi, &Method::POST, path);
    let mut scanner = RequestScanner::of(asked);
    scanner.named_by(asked, path);
    let body = br#"{"messages":[{"role":"user","content":[{"image":{"format":"png","source":{"bytes":"aQ=="}}}]}],
        "toolConfig":{"tools":[{"toolSpec":{"name":"a","strict":true}},{"systemTool":{"name":"nova_grounding"}}]},
        "additionalModelRequestFields":{"thinking":{"type":"enabled"}},"model":"other","stream":false}"#;
    scanner.feed(body);
    let expected = RequestFacts {
        model: Some("us.amazon.nova-lite-v1:0".into()),
        stream: Some(true),
        vision: true,
        strict_schema: true,
        hosted_tools: true,
        thinking: Some(true),
        ..RequestFacts::default()
    };
    assert_eq!(scanner.facts(), &expected);
}

#[test]
fn a_text_that_is_no_word_names_no_tier() {
    let longest = "X".repeat(64);
    for (tier, kept) in [
        (format!("\"{longest}\""), Some(longest.to_ascii_lowercase())),
        (format!("\"{longest}X\""), None),
        ("{\"type\":\"flex\"}".to_owned(), None),
        ("7".to_owned(), None),
        ("\"flex\",\"service_tier\":null".to_owned(), None),
    ] {
        let mut scanner = RequestScanner::new(WireFormat::OpenAi);
        scanner.feed(format!("{{\"service_tier\":{tier}}}").as_bytes());
        assert_eq!(scanner.facts().service.tier, kept, "{tier}");
    }
}

#[test]
fn names_of_formats_are_read_back() {
    for format in WireFormat::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "OpenAI".parse::<WireFormat>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"OpenAI\" is not a wire format, such as openai or ollama"
    );
}

fn posted(path: &str) -> RequestScanner {
    RequestScanner::of(endpoint(WireFormat::OpenAi, &Method::POST, path))
}

#[test]
fn a_form_names_its_model_in_any_pieces() {
    let form = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n\
        RIFF\"model\"\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n\
        gpt-4o-transcribe\r\n--b\r\nContent-Disposition: form-data; name=\"stream\"\r\n\r\n\
        true\r\n--b--\r\n";
    for size in [1, 7, form.len()] {
        let mut scanner = posted("/v1/audio/transcriptions");
        form.chunks(size).for_each(|piece| scanner.feed(piece));
        let facts = scanner.facts();
        assert_eq!(facts.model.as_deref(), Some("gpt-4o-transcribe"));
        assert_eq!(facts.stream, Some(true));
    }
}

#[test]
fn what_is_to_be_spoken_is_counted_in_characters() {
    let count = |body: &str| {
        let mut scanner = posted("/v1/audio/speech");
        scanner.feed(body.as_bytes());
        scanner.facts().spoken_characters
    };
    assert_eq!(
        count(r#"{"model":"tts-1","input":"Gr\u00fc\u00dfe, 世界 \ud83d\ude00"}"#),
        Some(11)
    );
    assert_eq!(count(r#"{"model":"tts-1","input":["a"]}"#), None);
    let chat = r#"{"model":"gpt-4o","input":"hello"}"#;
    let mut scanner = posted("/v1/responses");
    scanner.feed(chat.as_bytes());
    assert_eq!(scanner.facts().spoken_characters, None);
}

#[test]
fn ollama_streams_unless_it_is_told_not_to() {
    let asked = |path, body: &str| {
        let endpoint = endpoint(WireFormat::Ollama, &Method::POST, path);
        let mut scanner = RequestScanner::of(endpoint);
        scanner.feed(body.as_bytes());
        scanner.facts().clone()
    };
    let chat = |body| asked("/api/chat", body).stream;
    assert_eq!(chat(r#"{"model":"m"}"#), Some(true));
    assert_eq!(chat(r#"{"stream":null}"#), Some(true));
    assert_eq!(chat(r#"{"stream":false}"#), Some(false));
    assert_eq!(asked("/api/embed", r#"{"model":"m"}"#).stream, None);
    let facts = asked(
        "/api/chat",
        r#"{"messages":[{"images":["aGk="]}],"format":{"type":"object"},"think":false}"#,
    );
    assert!(facts.vision && facts.strict_schema);
    assert_eq!(facts.thinking, Some(false));
}
