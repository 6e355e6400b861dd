//! What is billed by number, beside the tokens.

use serde_json::{Value, json};

use super::Case;

/// Units at their own price; one without a price is named, and makes its call unpriced.
pub(super) fn by_number() -> Vec<Case> {
    let case = |path, answer: Value, row: Value| Case {
        path,
        headers: &[],
        asked: json!({"model": answer["model"]}),
        answer,
        row,
    };
    let chat = |told: Value, row: Value| {
        let mut usage = json!({"prompt_tokens": 1_000_000, "completion_tokens": 0});
        let told = told.as_object().unwrap().clone();
        usage.as_object_mut().unwrap().extend(told);
        let answer = json!({"model": "m", "choices": [], "usage": usage});
        case("/v1/chat/completions", answer, row)
    };
    let response = |tools: Value, row: Value| {
        let all: u64 = tools
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_u64)
            .sum();
        let usage = json!({"input_tokens": 1_000_000, "output_tokens": 0, "num_sources_used": 0,
            "num_server_side_tools_used": all, "server_side_tool_usage_details": tools});
        let output = json!([{"type": "web_search_call", "action": {"type": "search"}}]);
        let answer = json!({"model": "m", "status": "completed", "output": output, "usage": usage});
        case("/v1/responses", answer, row)
    };
    let unpriced = |units: Value| json!({"units": units, "pricing": "unpriced", "cost_usd": null, "flags": ["no_rate"]});
    vec![
        chat(
            json!({"service_tier": "flex"}),
            json!({"service_tier": "flex", "service_tier_origin": "response", "cost_usd": "0.5"}),
        ),
        chat(
            json!({"num_search_queries": 3}),
            unpriced(json!({"web_search": 3})),
        ),
        chat(
            json!({"num_sources_used": 7}),
            unpriced(json!({"sources": 7})),
        ),
        response(
            json!({"web_search_calls": 0, "x_search_calls": 3, "mcp_calls": 2}),
            json!({"units": {"web_search": 0, "x_search": 3}, "cost_usd": "1.015", "flags": []}),
        ),
        response(
            json!({"x_search_calls": 0, "code_interpreter_calls": 1}),
            unpriced(json!({"x_search": 0, "code_interpreter": 1})),
        ),
        case(
            "/v1/audio/transcriptions",
            json!({"model": "heard", "text": "Yes.", "usage": {"prompt_audio_seconds": 203,
                "prompt_tokens": 4, "completion_tokens": 635, "total_tokens": 3264}}),
            json!({"units": {"audio_seconds": 203}, "cost_usd": "2.03", "source": "reported"}),
        ),
    ]
}
