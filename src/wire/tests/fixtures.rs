//! The fixtures, written by hand to the documented formats: what each reports.

use crate::call::Flag;
use crate::usage::{SideUsage, TokenUsage, Units};

use super::*;

/// What every whole `OpenAI` fixture has in common, with this usage.
fn openai(usage: &TokenUsage) -> Report {
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
fn anthropic(usage: &TokenUsage) -> Report {
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

fn every_part() -> TokenUsage {
    TokenUsage {
        input: Some(1220),
        cache_read: Some(1024),
        cache_write: Some(100),
        input_audio: Some(7),
        input_image: Some(85),
        output: Some(300),
        reasoning: Some(192),
        output_audio: Some(0),
        output_image: Some(0),
        accepted_prediction: Some(20),
        rejected_prediction: Some(4),
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
    };
    assert_eq!(fixture(name).said(), expected, "{name}");
}

#[test]
fn a_whole_completion_reports_every_part() {
    let report = Report {
        is_stream: false,
        ..openai(&every_part())
    };
    check(
        "openai/unary.json",
        in_tier("priority", None, report),
        true,
        true,
    );
}

#[test]
fn the_last_choice_says_why_the_model_stopped() {
    let report = Report {
        is_stream: false,
        service_tier: None,
        response_id: Some("chatcmpl-2".into()),
        ..openai(&small())
    };
    check("openai/unary_tool_calls.json", report, true, true);
}

#[test]
fn totals_that_do_not_agree_are_flagged_and_kept() {
    let usage = TokenUsage {
        input: Some(10),
        cache_read: Some(8),
        cache_write: Some(8),
        output: Some(5),
        ..TokenUsage::default()
    };
    let report = Report {
        is_stream: false,
        service_tier: None,
        response_id: Some("chatcmpl-3".into()),
        flags: vec![Flag::TotalMismatch, Flag::CacheOverlap],
        ..openai(&usage)
    };
    check("openai/unary_odd_totals.json", report, true, true);
}

#[test]
fn a_refused_call_reports_nothing() {
    check("openai/refused.json", Report::default(), true, false);
    check("anthropic/refused.json", Report::default(), true, false);
}

#[test]
fn a_stream_reports_in_the_chunk_that_was_asked_for() {
    check("openai/stream.sse", openai(&every_part()), true, true);
    check("openai/stream_azure.sse", openai(&small()), true, true);
    let tools = Report {
        finish_reason: Some("tool_calls".into()),
        ..openai(&small())
    };
    check("openai/stream_tool_calls.sse", tools, true, true);
}

#[test]
fn the_usage_chunk_need_not_be_the_last() {
    check(
        "openai/stream_usage_not_last.sse",
        openai(&every_part()),
        true,
        true,
    );
}

#[test]
fn a_stream_that_was_not_asked_reports_no_usage() {
    let report = Report {
        usage: None,
        final_usage: false,
        ..openai(&small())
    };
    check("openai/stream_without_usage.sse", report, true, true);
}

#[test]
fn of_running_totals_the_last_wins() {
    let usage = TokenUsage {
        input: Some(12),
        output: Some(3),
        ..TokenUsage::default()
    };
    let report = Report {
        finish_reason: Some("length".into()),
        ..openai(&usage)
    };
    check("openai/stream_running_totals.sse", report, true, true);
}

#[test]
fn running_totals_are_not_final_before_the_choice_is_finished() {
    let sample = fixture("openai/stream_running_totals.sse");
    let second = sample
        .body
        .windows(2)
        .position(|two| two == b"\n\n")
        .unwrap()
        + 2;
    let said = sample.said_after(&[&sample.body[..second]]);
    assert_eq!(said.report.usage.unwrap().output, Some(1));
    assert!(!said.report.final_usage);
}

#[test]
fn an_error_behind_a_200_is_flagged_in_a_stream() {
    let report = Report {
        usage: None,
        final_usage: false,
        finish_reason: None,
        flags: vec![Flag::ErrorInStream],
        ..openai(&small())
    };
    check("openai/stream_error.sse", report, false, true);
    let report = Report {
        final_usage: false,
        finish_reason: None,
        flags: vec![Flag::ErrorInStream],
        ..anthropic(&cached(3))
    };
    let report = in_tier("standard", Some("global"), report);
    check("anthropic/stream_error.sse", report, false, true);
}

#[test]
fn framing_does_not_change_what_is_reported() {
    let bare = Report {
        service_tier: None,
        finish_reason: None,
        ..openai(&small())
    };
    check("openai/stream_framing.sse", bare, true, true);
    check("openai/stream_bare_cr.sse", openai(&small()), true, true);
    assert_eq!(
        fixture("anthropic/stream_framing.sse").said(),
        fixture("anthropic/stream.sse").said()
    );
}

#[test]
fn an_event_that_is_cut_yields_the_usage_that_was_whole() {
    check("openai/stream_cut.sse", openai(&small()), false, true);
    let report = Report {
        final_usage: false,
        ..anthropic(&cached(3))
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

#[test]
fn a_whole_message_reports_every_part() {
    let usage = TokenUsage {
        input: Some(5437),
        cache_read: Some(2000),
        cache_write: Some(3337),
        cache_write_5m: Some(3000),
        cache_write_1h: Some(337),
        output: Some(250),
        reasoning: Some(120),
        ..TokenUsage::default()
    };
    let report = Report {
        units: Units::from([("web_search".into(), 2), ("web_fetch".into(), 0)]),
        speed: Some("fast".into()),
        is_stream: false,
        ..anthropic(&usage)
    };
    check(
        "anthropic/unary.json",
        in_tier("priority", Some("us"), report),
        true,
        true,
    );
}

#[test]
fn what_a_message_does_not_say_stays_absent() {
    let usage = TokenUsage {
        input: Some(12),
        output: Some(29),
        ..TokenUsage::default()
    };
    let report = Report {
        is_stream: false,
        ..anthropic(&usage)
    };
    check("anthropic/unary_plain.json", report, true, true);
}

#[test]
fn inference_beside_the_message_is_kept_apart() {
    let side = |kind: &str, model: Option<&str>, counts: [Option<u64>; 4]| SideUsage {
        kind: kind.into(),
        model: model.map(str::to_owned),
        input_tokens: counts[0],
        cached_input_tokens: counts[1],
        cache_write_tokens: counts[2],
        output_tokens: counts[3],
    };
    let usage = TokenUsage {
        input: Some(612),
        cache_read: Some(0),
        cache_write: Some(0),
        output: Some(40),
        ..TokenUsage::default()
    };
    let advisor = [Some(2848), Some(100), Some(20), Some(874)];
    let report = Report {
        side: vec![
            side(
                "compaction",
                None,
                [Some(60385), Some(0), Some(0), Some(900)],
            ),
            side("advisor_message", Some("claude-opus-4-7"), advisor),
            side("compaction", None, [Some(7), None, None, Some(1)]),
        ],
        is_stream: false,
        ..anthropic(&usage)
    };
    check("anthropic/unary_side.json", report, true, true);
}

#[test]
fn a_delta_with_output_only_keeps_the_input_of_the_start() {
    let report = in_tier("standard", Some("global"), anthropic(&cached(250)));
    check("anthropic/stream.sse", report, true, true);
}

#[test]
fn the_start_alone_is_not_final() {
    let sample = fixture("anthropic/stream.sse");
    let first = sample
        .body
        .windows(2)
        .position(|two| two == b"\n\n")
        .unwrap()
        + 2;
    let said = sample.said_after(&[&sample.body[..first]]);
    assert_eq!(said.report.usage, Some(cached(3)));
    assert!(!said.report.final_usage && !said.output_started);
}

#[test]
fn server_tools_raise_the_input_of_the_start() {
    let usage = TokenUsage {
        input: Some(7172),
        cache_read: Some(0),
        cache_write: Some(0),
        output: Some(510),
        ..TokenUsage::default()
    };
    let units = Units::from([("web_search".into(), 2), ("web_fetch".into(), 0)]);
    let report = in_tier(
        "standard",
        None,
        Report {
            units,
            ..anthropic(&usage)
        },
    );
    check("anthropic/stream_server_tools.sse", report, true, true);
}

#[test]
fn a_zero_never_erases_and_the_lifetimes_leave_a_remainder() {
    let usage = TokenUsage {
        input: Some(3391),
        cache_read: Some(50),
        cache_write: Some(3337),
        cache_write_5m: Some(3068),
        cache_write_1h: Some(0),
        output: Some(90),
        ..TokenUsage::default()
    };
    let report = Report {
        flags: vec![Flag::TtlRemainder],
        ..anthropic(&usage)
    };
    check("anthropic/stream_ttl_remainder.sse", report, true, true);
}

#[test]
fn of_two_deltas_the_later_totals_win() {
    let usage = TokenUsage {
        input: Some(2650),
        cache_read: Some(2500),
        cache_write: Some(10),
        cache_write_1h: Some(10),
        ..cached(250)
    };
    let report = Report {
        speed: Some("standard".into()),
        ..anthropic(&usage)
    };
    let report = in_tier("standard", Some("global"), report);
    check("anthropic/stream_two_deltas.sse", report, true, true);
}

#[test]
fn thinking_is_reasoning_and_a_tool_call_is_output() {
    let usage = TokenUsage {
        reasoning: Some(33),
        ..cached(80)
    };
    let report = Report {
        finish_reason: Some("tool_use".into()),
        ..anthropic(&usage)
    };
    let report = in_tier("standard", Some("global"), report);
    check("anthropic/stream_tool_use.sse", report, true, true);
}
