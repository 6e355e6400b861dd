//! `kill -9` while calls wait to be counted: each is one row, with the end that it had.
//!
//! Verified by breaking it: a call that is handed on without a mark is there only once it is counted.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::{Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::totals::Totals;
use crate::support::upstream::{Script, Upstream};

const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(2);
const CALLS: usize = 8;
/// One run of letters takes as long to count as any text does.
const ASKED_BYTES: usize = 3_000_000;
const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];
const DELTA: &[u8] = b"data: {\"id\":\"c1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"}}]}\n\n";
const DONE: &[u8] = b"data: [DONE]\n\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_that_waits_for_its_count_is_one_row_after_a_crash() {
    let upstream = Upstream::start(|_| Script::chunked(200, SSE, &[DELTA, DONE])).await;
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{}\"\n\
         inject_usage = \"never\"\n",
        upstream.base_url()
    ));
    let tollgate = home.serve().await;
    let mut client = Client::new(tollgate.traffic);
    let asked = json!({"model": "gpt-4o", "stream": true,
        "messages": [{"role": "user", "content": "a".repeat(ASKED_BYTES)}]});
    for _ in 0..CALLS {
        let body = asked.to_string();
        let answer = client
            .send(post("/v1/chat/completions", body))
            .await
            .unwrap();
        // The last frame does not wait for a count.
        assert_eq!(answer.body, [DELTA, DONE].concat());
        assert_eq!(answer.broken, None);
    }
    let began = Instant::now();
    while home.journal().matches("\"end\":\"complete\"").count() < CALLS {
        assert!(began.elapsed() < WAIT, "{}", tollgate.said());
        tokio::time::sleep(POLL).await;
    }
    tollgate.kill();

    let tollgate = home.serve().await;
    let rows = Rows::settled(&home, &tollgate, CALLS).await;
    assert_eq!(Totals::of_ledger(&tollgate).await, Totals::of_rows(&rows));
    let mut counted = 0;
    for row in rows.iter() {
        assert_eq!(row["end"], "complete", "{row}");
        assert_eq!(row["complete"], true, "{row}");
        let is_counted = row["source"] == "counted";
        assert!(is_counted || row["source"] == "unknown", "{row}");
        assert_eq!(row["output_tokens"].is_null(), !is_counted, "{row}");
        counted += usize::from(is_counted);
    }
    assert!(counted < CALLS, "none waited for its count any more");
    println!("{counted} of {CALLS} had been counted");
}
