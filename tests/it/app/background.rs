//! A response in the background: begun by one call, looked up by others, billed once.

use serde_json::{Value, json};

use crate::support::house::{House, Running, check_row};
use crate::support::{Upstream, soon};

const POST: &str = "POST /v1/responses";
const GET: &str = "GET /v1/responses/resp_1";

struct Stage {
    upstream: Upstream,
    house: House,
}

impl Stage {
    async fn set() -> Self {
        let upstream = Upstream::bind().await;
        let url = upstream.url();
        let house = House::new(&format!(
            "[upstreams.openai]\nformat = \"openai\"\nprices = \"openai\"\nbase_url = \"{url}\"\n"
        ));
        Self { upstream, house }
    }

    async fn play(&self, tollgate: &Running, asked: &str, kind: &str, answer: &str) {
        let mut client = tollgate.connect().await;
        client
            .send(format!(
                "{asked} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            ))
            .await;
        let mut server = self.upstream.accept().await;
        server.head().await;
        let length = answer.len();
        server
            .send(format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n{answer}"
            ))
            .await;
        soon(client.rest()).await;
    }
}

/// The response as it stands.
fn response(status: &str, background: bool, usage: &Value) -> String {
    json!({"id": "resp_1", "object": "response", "status": status, "background": background,
        "model": "gpt-4o-2024-08-06", "service_tier": "default", "usage": usage})
    .to_string()
}

fn used() -> Value {
    json!({"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100})
}

const JSON: &str = "application/json";

#[tokio::test]
async fn a_response_in_the_background_is_billed_by_the_first_look_up_that_has_its_usage() {
    let stage = Stage::set().await;
    let tollgate = stage.house.start().await.unwrap();
    let waiting = response("queued", true, &Value::Null);
    let ready = response("completed", true, &used());
    for (asked, answer) in [
        (POST, &waiting),
        (GET, &waiting),
        (GET, &ready),
        (GET, &ready),
    ] {
        stage.play(&tollgate, asked, JSON, answer).await;
    }
    let rows = tollgate.rows_once(4).await;
    let free = json!({"source": null, "pricing": "free", "cost_usd": null, "input_tokens": null,
        "response_id": "resp_1", "flags": []});
    let mut begun = free.clone();
    begun["flags"] = json!(["billed_later"]);
    let billed = json!({"source": "reported", "pricing": "priced", "cost_usd": "0.0035",
        "input_tokens": 1000, "output_tokens": 100, "flags": ["background"]});
    check_row("begun", &rows[0], &begun);
    check_row("not ready", &rows[1], &free);
    check_row("first look-up", &rows[2], &billed);
    check_row("second look-up", &rows[3], &free);
    tollgate.0.stop().await.unwrap();
    let tollgate = stage.house.start().await.unwrap();
    stage.play(&tollgate, GET, JSON, &ready).await;
    let rows = tollgate.rows_once(5).await;
    check_row("after a restart", &rows[4], &free);
    tollgate.0.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_response_in_progress_has_used_is_not_yet_its_bill() {
    let stage = Stage::set().await;
    let tollgate = stage.house.start().await.unwrap();
    let some = json!({"input_tokens": 1000, "output_tokens": 1, "total_tokens": 1001});
    let going = response("in_progress", true, &some);
    let ready = response("completed", true, &used());
    for (asked, answer) in [(POST, &going), (GET, &going), (GET, &ready)] {
        stage.play(&tollgate, asked, JSON, answer).await;
    }
    let rows = tollgate.rows_once(3).await;
    let mut free = json!({"source": null, "pricing": "free", "input_tokens": null, "flags": []});
    check_row("in progress", &rows[1], &free);
    free["flags"] = json!(["billed_later"]);
    check_row("begun", &rows[0], &free);
    let billed = json!({"source": "reported", "output_tokens": 100, "flags": ["background"]});
    check_row("completed", &rows[2], &billed);
    tollgate.0.stop().await.unwrap();
}

#[tokio::test]
async fn a_look_up_of_a_response_that_was_billed_when_it_was_made_bills_nothing() {
    let stage = Stage::set().await;
    let tollgate = stage.house.start().await.unwrap();
    let answer = response("completed", false, &used());
    stage.play(&tollgate, POST, JSON, &answer).await;
    stage.play(&tollgate, GET, JSON, &answer).await;
    let rows = tollgate.rows_once(2).await;
    check_row(
        "made",
        &rows[0],
        &json!({"source": "reported", "flags": []}),
    );
    let free = json!({"source": null, "pricing": "free", "output_tokens": null, "flags": []});
    check_row("looked up", &rows[1], &free);
    tollgate.0.stop().await.unwrap();
}

#[tokio::test]
async fn a_response_streamed_from_the_background_is_billed_by_its_stream() {
    let stage = Stage::set().await;
    let tollgate = stage.house.start().await.unwrap();
    let event = |kind: &str, response: &str| {
        format!("data: {{\"type\":\"{kind}\",\"response\":{response}}}\n\n")
    };
    let begun = event("response.created", &response("queued", true, &Value::Null));
    let ready = response("completed", true, &used());
    let whole = format!("{begun}{}", event("response.completed", &ready));
    let stream = "text/event-stream";
    stage.play(&tollgate, POST, stream, &begun).await;
    stage.play(&tollgate, POST, stream, &whole).await;
    stage.play(&tollgate, GET, JSON, &ready).await;
    let rows = tollgate.rows_once(3).await;
    let left = json!({"source": null, "pricing": "free", "flags": ["billed_later"]});
    check_row("left early", &rows[0], &left);
    let billed = json!({"source": "reported", "stream": true, "flags": ["background"]});
    check_row("streamed", &rows[1], &billed);
    check_row("looked up", &rows[2], &json!({"source": null, "flags": []}));
    tollgate.0.stop().await.unwrap();
}

#[tokio::test]
async fn a_run_of_an_assistant_is_billed_once_by_whatever_shows_its_usage_first() {
    let stage = Stage::set().await;
    let tollgate = stage.house.start().await.unwrap();
    let run = |id: &str, status: &str, usage: &Value| {
        json!({"id": id, "object": "thread.run", "status": status, "model": "gpt-4o-2024-08-06",
            "usage": usage})
        .to_string()
    };
    let used = json!({"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100});
    let event = |kind: &str, run: &str| format!("event: {kind}\ndata: {run}\n\n");
    let queued = run("run_1", "queued", &Value::Null);
    let completed = run("run_1", "completed", &used);
    let stream = [
        event("thread.run.created", &run("run_2", "queued", &Value::Null)),
        event("thread.run.completed", &run("run_2", "completed", &used)),
        event("done", "[DONE]"),
    ]
    .concat();
    let events = "text/event-stream";
    for (asked, kind, answer) in [
        ("POST /v1/threads/thread_1/runs", JSON, &queued),
        ("GET /v1/threads/thread_1/runs/run_1", JSON, &queued),
        ("GET /v1/threads/thread_1/runs/run_1", JSON, &completed),
        ("GET /v1/threads/thread_1/runs/run_1", JSON, &completed),
        ("POST /v1/threads/runs", events, &stream),
        (
            "GET /v1/threads/thread_2/runs/run_2",
            JSON,
            &run("run_2", "completed", &used),
        ),
    ] {
        stage.play(&tollgate, asked, kind, answer).await;
    }
    let rows = tollgate.rows_once(6).await;
    let free = json!({"source": null, "pricing": "free", "input_tokens": null, "flags": [],
        "operation": "invoke_agent"});
    let mut begun = free.clone();
    begun["flags"] = json!(["billed_later"]);
    let billed = json!({"source": "reported", "pricing": "priced", "cost_usd": "0.0035",
        "input_tokens": 1000, "output_tokens": 100, "flags": ["background"]});
    for (name, row, expected) in [
        ("begun", 0, &begun),
        ("not over", 1, &free),
        ("over", 2, &billed),
        ("over, again", 3, &free),
        ("streamed", 4, &billed),
        ("streamed, looked up", 5, &free),
    ] {
        check_row(name, &rows[row], expected);
    }
    tollgate.0.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_handed_in_kept_or_listed_is_free() {
    let stage = Stage::set().await;
    let tollgate = stage.house.start().await.unwrap();
    // The batch's own usage is that of its results.
    let batch = json!({"id": "batch_1", "object": "batch", "model": "gpt-4o-2024-08-06",
        "usage": {"input_tokens": 9, "output_tokens": 9, "total_tokens": 18}});
    let asked = [
        "POST /v1/batches",
        "GET /v1/batches/batch_1",
        "GET /v1/batches",
        "POST /v1/batches/batch_1/cancel",
        "POST /v1/files",
        "GET /v1/files/file_1",
        "POST /v1/assistants",
        "POST /v1/threads",
        "POST /v1/threads/thread_1/messages",
        "GET /v1/threads/thread_1/runs",
        "POST /v1/vector_stores",
        "POST /v1/vector_stores/vs_1/search",
    ];
    for asked in asked {
        stage.play(&tollgate, asked, JSON, &batch.to_string()).await;
    }
    let free = json!({"source": null, "pricing": "free", "input_tokens": null, "flags": []});
    for (row, asked) in tollgate.rows_once(asked.len()).await.iter().zip(asked) {
        check_row(asked, row, &free);
    }
    tollgate.0.stop().await.unwrap();
}
