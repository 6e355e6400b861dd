//! Servers that answer as `OpenAI` does, each with what it calls or places otherwise; the vendors' own
//! references stand where a usage is read.

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::*;

const CHAT: &str = "/v1/chat/completions";
const GEMINI: &str = "/v1beta/openai/chat/completions";

/// Bytes of a stream that ends as `OpenAI`'s do.
fn stream(chunks: &[&str]) -> String {
    let events = chunks.iter().map(|chunk| format!("data: {chunk}\n\n"));
    events.chain(["data: [DONE]\n\n".to_owned()]).collect()
}

fn read(path: &str, body: &str) -> Said {
    let is_stream = body.starts_with("data:");
    let kind = if is_stream {
        "text/event-stream"
    } else {
        "application/json"
    };
    let sample = Sample {
        name: "compatible".into(),
        format: WireFormat::OpenAi,
        path: path.into(),
        content_type: Some(kind.into()),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    };
    bytewise::check_every_split(&sample, 100_000);
    bytewise::check_every_cut(&sample, 100_000);
    sample.said()
}

#[track_caller]
fn check_at(path: &str, body: &str, expected: &TokenUsage) {
    let said = read(path, body);
    assert_eq!(said.report.usage, Some(*expected));
    assert!(said.report.final_usage && said.ended, "{said:?}");
    assert_eq!(said.report.flags, []);
}

#[track_caller]
fn check(body: &str, expected: &TokenUsage) {
    check_at(CHAT, body, expected);
}

/// The usage of a whole body.
fn whole(usage: &str) -> String {
    format!(
        r#"{{"id":"1","model":"m","choices":[{{"index":0,"finish_reason":"stop"}}],"usage":{usage}}}"#
    )
}

fn counts(input: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input: Some(input),
        output: Some(output),
        ..TokenUsage::default()
    }
}

fn cached(input: u64, cache_read: u64, output: u64) -> TokenUsage {
    TokenUsage {
        cache_read: Some(cache_read),
        ..counts(input, output)
    }
}

#[test]
fn cached_input_is_read_under_each_of_its_names() {
    for named in [
        r#""prompt_tokens_details":{"cached_tokens":60}"#,
        r#""prompt_token_details":{"cached_tokens":60}"#,
        r#""cached_tokens":60"#,
        r#""num_cached_tokens":60,"prompt_tokens_details":null"#,
        r#""prompt_cache_hit_tokens":60,"prompt_cache_miss_tokens":40"#,
        r#""cache_read_input_tokens":60"#,
    ] {
        let usage =
            format!(r#"{{"prompt_tokens":100,"completion_tokens":7,"total_tokens":107,{named}}}"#);
        check(&whole(&usage), &cached(100, 60, 7));
    }
}

#[test]
fn what_two_names_say_is_counted_once() {
    // DeepSeek's.
    let usage = r#"{"prompt_tokens":339,"completion_tokens":83,"total_tokens":422,
        "prompt_tokens_details":{"cached_tokens":320},"prompt_cache_hit_tokens":320,
        "prompt_cache_miss_tokens":19}"#;
    check(&whole(usage), &cached(339, 320, 83));
}

#[test]
fn what_a_cache_wrote_is_read_under_each_of_its_names() {
    for named in [
        r#""prompt_tokens_details":{"cache_write_tokens":60}"#,
        r#""prompt_tokens_details":{"cache_creation_input_tokens":60}"#,
        r#""prompt_tokens_details":{"cache_creation_tokens":60}"#,
        r#""cache_creation_input_tokens":60"#,
    ] {
        let usage =
            format!(r#"{{"prompt_tokens":100,"completion_tokens":7,"total_tokens":107,{named}}}"#);
        let expected = TokenUsage {
            cache_write: Some(60),
            ..counts(100, 7)
        };
        check(&whole(&usage), &expected);
    }
}

#[test]
fn groq_says_it_in_two_places_and_it_is_counted_once() {
    let finish = r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25}}}"#;
    let report = r#"{"id":"1","model":"m","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25}}"#;
    check(&stream(&[finish]), &counts(20, 5));
    check(&stream(&[finish, report]), &counts(20, 5));
    check(&stream(&[report, finish]), &counts(20, 5));
}

#[test]
fn a_choice_of_moonshots_has_the_usage() {
    let finish = r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"cached_tokens":16}}]}"#;
    check(&stream(&[finish]), &cached(20, 16, 5));
}

#[test]
fn thoughts_beside_the_completion_are_output() {
    // xAI's.
    let usage = r#"{"prompt_tokens":12,"completion_tokens":1,"total_tokens":241,
        "prompt_tokens_details":{"cached_tokens":0},
        "completion_tokens_details":{"reasoning_tokens":228}}"#;
    let expected = TokenUsage {
        reasoning: Some(228),
        ..cached(12, 0, 229)
    };
    check(&whole(usage), &expected);
    // SGLang's, inside.
    let usage =
        r#"{"prompt_tokens":12,"completion_tokens":9,"total_tokens":21,"reasoning_tokens":8}"#;
    let expected = TokenUsage {
        reasoning: Some(8),
        ..counts(12, 9)
    };
    check(&whole(usage), &expected);
}

#[test]
fn a_total_that_nothing_explains_is_flagged() {
    let usage = r#"{"prompt_tokens":12,"completion_tokens":1,"total_tokens":241,
        "completion_tokens_details":{"reasoning_tokens":200}}"#;
    let said = read(CHAT, &whole(usage));
    assert_eq!(said.report.usage.unwrap().output, Some(1));
    let flags = [Flag::TotalMismatch, Flag::NegativeClamped];
    assert_eq!(said.report.flags, flags);
    let usage = r#"{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}"#;
    let said = read(CHAT, &whole(usage));
    assert_eq!(said.report.flags, [Flag::TotalMismatch]);
}

#[test]
fn where_google_answers_so_the_total_has_the_thoughts() {
    let usage = r#"{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}"#;
    check_at(GEMINI, &whole(usage), &counts(35, 74));
    let chunk = |finish: &str, completion: u64| {
        let total = completion + 102;
        format!(
            r#"{{"id":"1","model":"gemini-3-flash-preview","choices":[{{"index":0,"delta":{{"content":"1"}}{finish}}}],"usage":{{"completion_tokens":{completion},"prompt_tokens":9,"total_tokens":{total}}}}}"#
        )
    };
    let (first, last) = (chunk("", 1), chunk(r#","finish_reason":"stop""#, 3));
    check_at(GEMINI, &stream(&[&first, &last]), &counts(9, 96));
    // Without thoughts the two agree.
    let usage = r#"{"prompt_tokens":35,"completion_tokens":12,"total_tokens":47}"#;
    check_at(GEMINI, &whole(usage), &counts(35, 12));
}

#[test]
fn running_totals_are_not_added_up() {
    // Perplexity, `continuous_usage_stats` of vLLM and SGLang, `chunk_include_usage` of Ark.
    let chunk = |finish: &str, output: u64| {
        let total = 11 + output;
        format!(
            r#"{{"id":"1","model":"sonar","choices":[{{"index":0,"delta":{{"content":"a"}},"finish_reason":{finish}}}],"usage":{{"prompt_tokens":11,"completion_tokens":{output},"total_tokens":{total}}}}}"#
        )
    };
    let chunks = [chunk("null", 1), chunk("null", 2), chunk(r#""stop""#, 3)];
    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    check(&stream(&chunks), &counts(11, 3));
    let cut = stream(&chunks[..2]).replace("data: [DONE]\n\n", "");
    let said = read(CHAT, &cut);
    assert_eq!(said.report.usage, Some(counts(11, 2)));
    assert!(!said.report.final_usage);
}

#[test]
fn llama_cpp_measures_what_nobody_asked_for() {
    let timings = r#""timings":{"cache_n":18,"prompt_n":2,"prompt_ms":7.5,"predicted_n":5,"predicted_ms":91.25}"#;
    let finish = format!(
        r#"{{"id":"1","model":"m","choices":[{{"index":0,"delta":{{}},"finish_reason":"stop"}}],{timings}}}"#
    );
    check(&stream(&[&finish]), &cached(20, 18, 5));
    // Asked for, the usage is what is believed.
    let report = format!(
        r#"{{"id":"1","model":"m","choices":[],"usage":{{"prompt_tokens":20,"completion_tokens":6,"total_tokens":26}},{timings}}}"#
    );
    check(&stream(&[&report]), &counts(20, 6));
    check(&stream(&[&finish, &report]), &counts(20, 6));
}

#[test]
fn an_older_llama_cpp_measures_its_output_alone() {
    let finish = r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"timings":{"prompt_n":2,"predicted_n":5}}"#;
    let said = read(CHAT, &stream(&[finish]));
    let usage = said.report.usage.unwrap();
    assert_eq!((usage.input, usage.output), (None, Some(5)));
    assert!(said.ended && !said.report.final_usage, "{said:?}");
}

#[test]
fn what_perplexity_thinks_and_cites_beside_its_totals_is_billed_apart() {
    let usage = r#"{"prompt_tokens":33,"completion_tokens":11395,"total_tokens":11428,
        "citation_tokens":19028,"num_search_queries":21,"reasoning_tokens":193947}"#;
    let said = read(CHAT, &whole(usage));
    assert_eq!(said.report.usage, Some(counts(33, 11395)));
    assert_eq!(said.report.flags, []);
    let units: Vec<_> = said.report.units.iter().collect();
    let units: Vec<_> = units
        .iter()
        .map(|(unit, count)| (unit.as_str(), **count))
        .collect();
    let expected = [
        ("citation_tokens", 19028),
        ("reasoning_tokens", 193_947),
        ("web_search", 21),
    ];
    assert_eq!(units, expected);
}

#[test]
fn a_cache_that_reads_what_it_writes_is_flagged() {
    // OpenRouter's, of Gemini: <https://openrouter.ai/docs/features/prompt-caching>.
    let usage = r#"{"prompt_tokens":2168,"completion_tokens":5,"total_tokens":2173,
        "prompt_tokens_details":{"cached_tokens":2161,"cache_write_tokens":2161,"video_tokens":0}}"#;
    let said = read(CHAT, &whole(usage));
    assert_eq!(said.report.flags, [Flag::CacheOverlap]);
    let expected = TokenUsage {
        cache_write: Some(2161),
        input_video: Some(0),
        ..cached(2168, 2161, 5)
    };
    assert_eq!(said.report.usage, Some(expected));
}

#[test]
fn other_events_may_come_behind_the_usage() {
    // Azure's first has no choices either; with moderation another follows the report.
    let first = r#"{"id":"","model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#;
    let finish =
        r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let report = r#"{"id":"1","model":"m","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":6,"total_tokens":26}}"#;
    let moderation = r#"{"id":"1","model":"m","choices":[],"moderation":{"flagged":false}}"#;
    check(
        &stream(&[first, finish, report, moderation]),
        &counts(20, 6),
    );
    // OpenRouter's comments while it waits.
    let body = format!(": OPENROUTER PROCESSING\n\n{}", stream(&[finish, report]));
    let said = read(CHAT, &body);
    assert_eq!(said.report.usage, Some(counts(20, 6)));
}
