//! One upstream serves the APIs of several vendors: each call is read by its path.

use super::{JSON, Stage};

const MESSAGE: &[u8] = br#"{"id":"msg_1","type":"message","model":"claude-haiku-4-5","content":[],
    "stop_reason":"end_turn","usage":{"input_tokens":7,"cache_read_input_tokens":90,
    "output_tokens":3}}"#;
const COMPLETION: &[u8] = br#"{"id":"chatcmpl-1","model":"claude-haiku-4-5","choices":[],
    "usage":{"prompt_tokens":97,"completion_tokens":3,"total_tokens":100,
    "prompt_tokens_details":{"cached_tokens":90}}}"#;

#[tokio::test]
async fn each_api_of_an_upstream_is_read_in_its_own_words() {
    let mut stage = Stage::set().await;
    for (path, answer, format) in [
        ("/openai/anthropic/v1/messages", MESSAGE, "anthropic"),
        ("/anthropic/v1/chat/completions", COMPLETION, "openai"),
    ] {
        let row = stage.play(path, "{}", JSON, answer).await;
        assert_eq!(row["format"], format, "{path}");
        assert_eq!(row["source"], "reported", "{path}");
        assert_eq!(row["input_tokens"], 97, "{path}");
        assert_eq!(row["cache_read_tokens"], 90, "{path}");
        assert_eq!(row["output_tokens"], 3, "{path}");
    }
}
