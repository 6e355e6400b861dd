//! Calls whose path says where they are served: of Gemini and Vertex AI, of Bedrock.

use serde_json::{Value, json};

use super::Case;

const GEMINI: &str = "/v1beta/models/m:generateContent";
const VERTEX: &str =
    "/v1/projects/p/locations/europe-west4/publishers/google/models/m:generateContent";
const GLOBAL: &str = "/v1/projects/p/locations/global/publishers/google/models/m:generateContent";
const US: &str = "/v1/projects/p/locations/us/publishers/google/models/m:generateContent";
const FLEX: &[(&str, &str)] = &[("x-vertex-ai-llm-shared-request-type", "flex")];
const CONVERSE: &str = "/model/eu.anthropic.m/converse";
const INVOKE: &str = "/model/anthropic.m/invoke";
const ARN: &str = "/model/arn:aws:bedrock:eu-west-1:1:foundation-model%2Fanthropic.m/converse";
const INVOKED_FLEX: &[(&str, &str)] = &[("x-amzn-bedrock-service-tier", "flex")];

pub(super) fn google() -> Vec<Case> {
    let generate = |path, headers, asked: Value, told: Value, row: Value| {
        let mut usage = json!({"promptTokenCount": 1_000_000, "totalTokenCount": 1_000_000});
        let told = told.as_object().unwrap().clone();
        usage.as_object_mut().unwrap().extend(told);
        Case {
            path,
            headers,
            asked,
            answer: json!({"modelVersion": "m", "usageMetadata": usage}),
            row,
        }
    };
    vec![
        generate(
            GEMINI,
            &[],
            json!({"serviceTier": "FLEX"}),
            json!({}),
            json!({"service_tier": "flex", "service_tier_origin": "request", "cost_usd": "0.5",
                "region": null, "flags": ["tier_assumed"]}),
        ),
        generate(
            GEMINI,
            &[],
            json!({"service_tier": "flex"}),
            json!({"serviceTier": "standard"}),
            json!({"service_tier": "standard", "service_tier_origin": "response", "cost_usd": "1"}),
        ),
        // Numbers in place of names, for clients that ask for them.
        generate(
            GLOBAL,
            FLEX,
            json!({}),
            json!({"trafficType": 4}),
            json!({"service_tier": "flex", "service_tier_origin": "response",
                "region": "global", "region_origin": "path", "cost_usd": "0.5", "flags": []}),
        ),
        generate(
            GLOBAL,
            FLEX,
            json!({}),
            json!({}),
            json!({"service_tier": "flex", "service_tier_origin": "request", "cost_usd": "0.5"}),
        ),
        // A location with a price apart, and one that is priced as any.
        generate(
            US,
            &[],
            json!({}),
            json!({"trafficType": "ON_DEMAND"}),
            json!({"service_tier": "on_demand", "region": "us", "region_origin": "path",
                "cost_usd": "1.1", "flags": []}),
        ),
        generate(
            VERTEX,
            &[],
            json!({}),
            json!({"trafficType": "ON_DEMAND"}),
            json!({"region": "europe-west4", "region_origin": "path",
                "cost_usd": "1", "flags": ["region_assumed"]}),
        ),
    ]
}

pub(super) fn bedrock() -> Vec<Case> {
    let usage = json!({"inputTokens": 1_000_000, "outputTokens": 0, "totalTokens": 1_000_000});
    let case = |path, headers, asked: Value, told: Value, row: Value| {
        let mut answer = json!({"usage": usage, "stopReason": "end_turn"});
        answer
            .as_object_mut()
            .unwrap()
            .extend(told.as_object().unwrap().clone());
        Case {
            path,
            headers,
            asked,
            answer,
            row,
        }
    };
    vec![
        case(
            CONVERSE,
            &[],
            json!({"serviceTier": {"type": "flex"}, "performanceConfig": {"latency": "standard"}}),
            json!({}),
            json!({"service_tier": "flex", "service_tier_origin": "request", "speed": "standard",
                "speed_origin": "request", "region": "eu", "region_origin": "path",
                "cost_usd": "0.5", "flags": ["region_assumed", "tier_assumed"]}),
        ),
        case(
            CONVERSE,
            &[],
            json!({"serviceTier": {"type": "flex"}}),
            json!({"serviceTier": {"type": "default"}}),
            json!({"service_tier": "default", "service_tier_origin": "response", "cost_usd": "1"}),
        ),
        case(
            INVOKE,
            INVOKED_FLEX,
            json!({}),
            json!({}),
            json!({"service_tier": "flex", "service_tier_origin": "request", "cost_usd": "0.5",
                "region": null, "region_origin": "default"}),
        ),
        case(
            ARN,
            &[],
            json!({}),
            json!({}),
            json!({"region": "eu-west-1", "region_origin": "path", "cost_usd": "1",
                "flags": ["region_assumed"]}),
        ),
    ]
}
