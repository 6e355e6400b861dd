//! A model's own `tokenizer.json`: what its server does not report is counted by it, and a file that
//! is broken later takes nothing down.
//!
//! The numbers are those of Python's `tokenizers` (0.23.3), as in `src/tokens/tests/files.rs`.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::{Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Upstream};

const WAIT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);
const TINY: &str = include_str!("../fixtures/tokenizers/tiny.json");
const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];
const SAID: [&str; 4] = ["The number is", " right, and says", " how it is kno", "wn."];
/// What that comes to, whole.
const SAID_TOKENS: u64 = 20;
const DONE: &str = "data: [DONE]\n\n";

/// What vLLM sends where nobody asks for usage, or cannot.
fn events() -> Vec<String> {
    let delta = |said: &str| {
        let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "model": "ours/tiny-7b",
            "choices": [{"index": 0, "delta": {"content": said}}]});
        format!("data: {chunk}\n\n")
    };
    let events = SAID.iter().map(|said| delta(said));
    events.chain([DONE.to_owned()]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_does_not_report_is_counted_by_the_models_own_tokenizer() {
    let stage = Stage::set().await;
    stage.call().await;

    // Broken while it runs: the old one goes on.
    fs::write(stage.file("tiny.json"), "{\"version\":\"1.0\"}").unwrap();
    stage.until("configuration refused", 1).await;
    let place = "line 7: tokenizers.tiny.file: \\\"tiny.json\\\" is not a tokenizer.json";
    stage.tollgate.says(place).await;
    stage.call().await;
    let check = stage.home.run(&["check"]);
    assert_eq!(check.status.code(), Some(2), "{check:?}");

    // Without it the yardstick is back.
    let config = fs::read_to_string(stage.home.config()).unwrap();
    let (before, _) = config.split_once("[tokenizers.tiny]").unwrap();
    stage.home.write_config(before);
    stage.until("configuration taken over", 1).await;
    stage.call().await;

    let rows = Rows::settled(&stage.home, &stage.tollgate, 3).await;
    let of = |column: &str| -> Vec<Value> { rows.iter().map(|row| row[column].clone()).collect() };
    assert_eq!(of("tokenizer"), ["tiny", "tiny", "o200k_base"]);
    assert_eq!(of("source"), ["counted"; 3]);
    let output = of("output_tokens");
    assert_eq!(output[..2], [SAID_TOKENS, SAID_TOKENS]);
    assert_ne!(output[2], SAID_TOKENS);
    // A message is 3 and its role, a request 3: `user` is two of these tokens.
    assert_eq!(of("input_tokens")[..2], [3 + 2 + 9 + 3, 3 + 2 + 9 + 3]);
}

struct Stage {
    home: Home,
    tollgate: Tollgate,
    _upstream: Upstream,
}

impl Stage {
    async fn set() -> Self {
        let upstream = Upstream::start(|_| {
            let events = events();
            let frames: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
            Script::chunked(200, SSE, &frames)
        });
        let upstream = upstream.await;
        let home = Home::new(&format!(
            "[upstreams.vllm]\nformat = \"openai\"\nbase_url = \"{}\"\n\
             inject_usage = \"never\"\n[tokenizers.tiny]\nmatch = \"ours/*\"\nfile = \"tiny.json\"\n",
            upstream.base_url()
        ));
        fs::write(home.config().with_file_name("tiny.json"), TINY).unwrap();
        Self {
            tollgate: home.serve().await,
            home,
            _upstream: upstream,
        }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.home.config().with_file_name(name)
    }

    async fn call(&self) {
        let asked = json!({"model": "ours/tiny-7b", "stream": true,
            "messages": [{"role": "user", "content": "Hello, world!"}]});
        let mut client = Client::new(self.tollgate.traffic);
        let answer = client.send(post("/v1/chat/completions", asked.to_string()));
        assert_eq!(answer.await.unwrap().text(), events().concat());
    }

    /// Waits until the log has said it so often.
    async fn until(&self, words: &str, times: usize) {
        let began = Instant::now();
        while self.tollgate.said().matches(words).count() < times {
            assert!(began.elapsed() < WAIT, "{}", self.tollgate.said());
            tokio::time::sleep(POLL).await;
        }
    }
}
