//! The fixtures, written by hand to the documented formats: what each reports.

use crate::call::Flag;
use crate::usage::TokenUsage;

use super::*;

mod anthropic;
mod batches;
mod bedrock;
mod cohere;
mod dashscope;
mod gemini;
mod ollama;
mod openai;
mod operations;
mod served;

/// What every whole `OpenAI` fixture has in common, with this usage.
fn completion(usage: &TokenUsage) -> Report {
    Report {
        usage: Some(*usage),
        final_usage: true,
        model: Some("gpt-4o-2024-08-06".into()),
        response_id: Some("chatcmpl-1".into()),
        service_tier: Some("default".into()),
        finish_reason: Some("stop".into()),
        is_stream: true,
        ..Report::default()
    }
}

/// The same for Anthropic.
fn message(usage: &TokenUsage) -> Report {
    Report {
        usage: Some(*usage),
        final_usage: true,
        model: Some("claude-sonnet-4-5-20250929".into()),
        response_id: Some("msg_1".into()),
        finish_reason: Some("end_turn".into()),
        is_stream: true,
        ..Report::default()
    }
}

fn small() -> TokenUsage {
    TokenUsage {
        input: Some(12),
        output: Some(5),
        ..TokenUsage::default()
    }
}

/// The usage of a stream that starts with a cache read of 2000.
fn cached(output: u64) -> TokenUsage {
    TokenUsage {
        input: Some(2100),
        cache_read: Some(2000),
        cache_write: Some(0),
        cache_write_5m: Some(0),
        cache_write_1h: Some(0),
        output: Some(output),
        ..TokenUsage::default()
    }
}

fn in_tier(tier: &str, region: Option<&str>, report: Report) -> Report {
    let region = region.map(str::to_owned);
    Report {
        service_tier: Some(tier.into()),
        region,
        ..report
    }
}

/// Compares all a fixture says; `ended` and `started` as the reader says them.
#[track_caller]
fn check(name: &str, expected: Report, ended: bool, started: bool) {
    let expected = Said {
        report: expected,
        ended,
        output_started: started,
        results: Vec::new(),
    };
    assert_eq!(fixture(name).said(), expected, "{name}");
}

#[test]
fn an_error_behind_a_200_is_flagged_in_a_stream() {
    let report = Report {
        usage: None,
        final_usage: false,
        finish_reason: None,
        flags: vec![Flag::ErrorInStream],
        ..completion(&small())
    };
    check("openai/stream_error.sse", report, false, true);
    let report = Report {
        final_usage: false,
        finish_reason: None,
        flags: vec![Flag::ErrorInStream],
        ..message(&cached(3))
    };
    let report = in_tier("standard", Some("global"), report);
    check("anthropic/stream_error.sse", report, false, true);
}

#[test]
fn framing_does_not_change_what_is_reported() {
    let bare = Report {
        service_tier: None,
        finish_reason: None,
        ..completion(&small())
    };
    check("openai/stream_framing.sse", bare, true, true);
    check(
        "openai/stream_bare_cr.sse",
        completion(&small()),
        true,
        true,
    );
    assert_eq!(
        fixture("anthropic/stream_framing.sse").said(),
        fixture("anthropic/stream.sse").said()
    );
}

#[test]
fn an_event_that_is_cut_yields_the_usage_that_was_whole() {
    check("openai/stream_cut.sse", completion(&small()), false, true);
    let report = Report {
        final_usage: false,
        ..message(&cached(3))
    };
    let report = in_tier("standard", Some("global"), report);
    check("anthropic/stream_cut.sse", report, false, true);
}

#[test]
fn the_label_does_not_decide_what_a_body_is() {
    for sample in all_fixtures() {
        let expected = sample.said();
        for content_type in [None, Some("application/json"), Some("text/event-stream")] {
            let content_type = content_type.map(str::to_owned);
            let relabelled = Sample {
                content_type,
                ..sample.clone()
            };
            assert_eq!(relabelled.said(), expected, "{}", sample.name);
        }
    }
}
