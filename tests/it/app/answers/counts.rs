//! Counts that are none, or do not fit together: nothing negative is billed, nothing breaks, and the
//! rows say so.

use serde_json::{Value, json};

use super::{EVENTS, JSON, Stage};
use crate::support::house::check_row;

/// One operation: where it is, what it asks, and how its answer spells a usage. `@i` and `@o` stand
/// for what was read and written, `@p` for each part of them.
struct Said {
    path: &'static str,
    asked: &'static str,
    labels: &'static str,
    answer: &'static str,
}

const CHAT: Said = Said {
    path: "/v1/chat/completions",
    asked: r#"{"model":"gpt-4o"}"#,
    labels: JSON,
    answer: r#"{"model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":@i,"completion_tokens":@o,"prompt_tokens_details":{"cached_tokens":@p},"completion_tokens_details":{"reasoning_tokens":@p}}}"#,
};

const MESSAGE: Said = Said {
    path: "/v1/messages",
    asked: r#"{"model":"claude-sonnet-4-5"}"#,
    labels: JSON,
    answer: r#"{"type":"message","model":"claude-sonnet-4-5-20250929","content":[],"usage":{"input_tokens":@i,"cache_read_input_tokens":@p,"cache_creation_input_tokens":@p,"cache_creation":{"ephemeral_5m_input_tokens":@p,"ephemeral_1h_input_tokens":@p},"output_tokens":@o,"output_tokens_details":{"thinking_tokens":@p},"server_tool_use":{"web_search_requests":@p}}}"#,
};

const ALL: [Said; 10] = [
    CHAT,
    Said {
        path: "/v1/chat/completions",
        asked: r#"{"model":"gpt-4o","stream":true}"#,
        labels: EVENTS,
        answer: "data: {\"model\":\"gpt-4o-2024-08-06\",\"choices\":[],\"usage\":{\"prompt_tokens\":@i,\"completion_tokens\":@o,\"completion_tokens_details\":{\"reasoning_tokens\":@p}}}\n\ndata: [DONE]\n\n",
    },
    Said {
        path: "/v1/completions",
        asked: r#"{"model":"gpt-4o"}"#,
        ..CHAT
    },
    Said {
        path: "/v1/embeddings",
        asked: r#"{"model":"text-embedding-3-small"}"#,
        labels: JSON,
        answer: r#"{"model":"text-embedding-3-small","data":[],"usage":{"prompt_tokens":@i,"total_tokens":@o,"completion_tokens":@o,"prompt_tokens_details":{"cached_tokens":@p}}}"#,
    },
    Said {
        path: "/v1/responses",
        asked: r#"{"model":"gpt-4o"}"#,
        labels: JSON,
        answer: r#"{"id":"resp_1","model":"gpt-4o-2024-08-06","status":"completed","usage":{"input_tokens":@i,"input_tokens_details":{"cached_tokens":@p,"cache_write_tokens":@p,"cache_write_tokens_details":{"ttl_30m_tokens":@p,"ttl_12h_tokens":@p}},"output_tokens":@o,"output_tokens_details":{"reasoning_tokens":@p}},"tool_usage":{"web_search":{"num_requests":@p}}}"#,
    },
    Said {
        path: "/v1/images/generations",
        asked: r#"{"model":"gpt-image-1"}"#,
        labels: JSON,
        answer: r#"{"data":[{}],"usage":{"input_tokens":@i,"input_tokens_details":{"text_tokens":@p,"image_tokens":@p},"output_tokens":@o},"svg_usage":{"model":"gpt-4o","input_tokens":@p,"output_tokens":@p}}"#,
    },
    Said {
        path: "/v1/audio/transcriptions",
        asked: r#"{"model":"gpt-4o-transcribe"}"#,
        labels: JSON,
        answer: r#"{"text":"","usage":{"type":"tokens","input_tokens":@i,"input_token_details":{"audio_tokens":@p},"output_tokens":@o}}"#,
    },
    Said {
        path: "/v1/audio/transcriptions",
        asked: r#"{"model":"whisper-1"}"#,
        labels: JSON,
        answer: r#"{"text":"","usage":{"type":"duration","seconds":@i,"input_tokens":@p,"output_tokens":@o}}"#,
    },
    MESSAGE,
    Said {
        path: "/v1/messages",
        asked: r#"{"model":"claude-sonnet-4-5","stream":true}"#,
        labels: EVENTS,
        answer: "data: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":@i,\"cache_read_input_tokens\":@p,\"output_tokens\":@p}}}\n\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":@o,\"output_tokens_details\":{\"thinking_tokens\":@p},\"iterations\":[{\"type\":\"compaction\",\"input_tokens\":@p,\"output_tokens\":@p}]}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
    },
];

impl Said {
    async fn play(&self, stage: &mut Stage, [input, output, part]: [&str; 3]) {
        let answer = self.answer.replace("@i", input).replace("@o", output);
        let answer = answer.replace("@p", part);
        let Self {
            path,
            asked,
            labels,
            answer: _,
        } = self;
        stage.pass(path, asked, labels, answer.as_bytes()).await;
    }
}

const MAX: &str = "18446744073709551615";

/// What is no count, as JSON may write it.
const NONE: [&str; 9] = [
    "-1",
    "1.5",
    "\"7\"",
    "true",
    "[]",
    "{}",
    "18446744073709551616",
    "1e30",
    "1e400",
];

/// The lines are no less than nothing and sum to the cost; an unpriced call has neither.
#[track_caller]
fn check_bill(row: &Value) {
    let pico = |value: &Value| {
        let text = value.as_str().unwrap();
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{part:0<12}").parse::<u128>().unwrap()
    };
    let lines = row["cost_lines"].as_array().unwrap();
    let sum: u128 = lines.iter().map(|line| pico(&line["cost_usd"])).sum();
    let cost = &row["cost_usd"];
    if cost.is_null() {
        assert!(lines.is_empty(), "{row}");
    } else {
        assert_eq!(pico(cost), sum, "{row}");
    }
    assert!(lines.iter().all(|line| line["quantity"].is_u64()), "{row}");
}

fn flags(row: &Value) -> Vec<&str> {
    let flags = row["flags"].as_array().unwrap();
    flags.iter().map(|flag| flag.as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_no_count_is_absent_flagged_and_never_billed() {
    let mut stage = Stage::set().await;
    for said in &ALL {
        for none in NONE {
            for counts in [[none, "5", "1"], ["10", none, "1"], ["10", "5", none]] {
                said.play(&mut stage, counts).await;
            }
        }
    }
    for row in stage.rows().await {
        check_bill(&row);
        // Of a second that has begun a part is a whole, and beside seconds nothing else is read.
        let seconds = row["units"]["audio_seconds"].is_u64();
        assert!(seconds || flags(&row).contains(&"malformed"), "{row}");
    }
}

/// The tokens of a call's lines, all kinds together.
fn billed(row: &Value) -> u64 {
    let lines = row["cost_lines"].as_array().unwrap();
    let tokens = lines.iter().filter(|line| line["kind"] != "web_search");
    tokens.map(|line| line["quantity"].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn a_part_larger_than_its_whole_is_cut_to_it_and_flagged() {
    let mut stage = Stage::set().await;
    for said in &ALL {
        said.play(&mut stage, ["10", "5", "1000"]).await;
    }
    let rows = stage.rows().await;
    for row in &rows {
        check_bill(row);
        let flags = flags(row);
        let is_said = flags.contains(&"negative_clamped") || flags.contains(&"cache_overlap");
        let seconds = row["units"]["audio_seconds"].is_u64();
        assert!(is_said || seconds, "{row}");
    }
    let (chat, message) = (&rows[0], &rows[8]);
    check_row(
        "chat",
        chat,
        &json!({"pricing": "priced", "input_tokens": 10}),
    );
    assert_eq!(billed(chat), 15, "{chat}");
    // Anthropic's caches are beside its input, so they are no parts of it that could be too large.
    check_row(
        "message",
        message,
        &json!({"pricing": "priced", "input_tokens": 2010}),
    );
    assert_eq!(billed(message), 2015, "{message}");
}

#[tokio::test]
async fn the_largest_counts_there_are_break_nothing() {
    let mut stage = Stage::set().await;
    for said in ALL.iter().chain(&ALL) {
        said.play(&mut stage, [MAX, MAX, MAX]).await;
        said.play(&mut stage, [MAX, "0", MAX]).await;
        said.play(&mut stage, ["0", "0", MAX]).await;
    }
    CHAT.play(&mut stage, ["10", "5", "1"]).await;
    let rows = stage.rows().await;
    for row in &rows {
        check_bill(row);
    }
    check_row(
        "largest",
        &rows[0],
        &json!({"input_tokens": u64::MAX, "output_tokens": u64::MAX}),
    );
    let last = json!({"pricing": "priced", "input_tokens": 10, "output_tokens": 5, "flags": []});
    check_row("the next one", rows.last().unwrap(), &last);
    for asked in ["/metrics", "/api/v1/totals?by=hour", "/api/v1/breakeven"] {
        assert!(!stage.tollgate.ask(asked).await.contains("NaN"), "{asked}");
    }
}
