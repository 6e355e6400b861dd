//! The results of a batch: what a download brings is billed once, result by result.

use serde_json::{Value, json};

use crate::support::house::{House, Running, check_row};
use crate::support::{Upstream, soon};

const FILE: &str = "GET /v1/files/file_1/content";
const RESULTS: &str = "GET /v1/messages/batches/msgbatch_1/results";

/// Half of the list price.
const BATCH_PRICES: &str = "
[[prices]]
list = \"openai\"
match = [\"gpt-4o\"]
service_tier = \"batch\"
from = 2024-01-01
input_usd_per_mtok = 1.25
cache_read_usd_per_mtok = 0.625
output_usd_per_mtok = 5
source = \"contract\"

[[prices]]
list = \"openai\"
match = [\"gpt-4o\"]
service_tier = \"batch\"
above_input_tokens = 2000
from = 2024-01-01
input_usd_per_mtok = 10
output_usd_per_mtok = 20
source = \"contract\"

[[prices]]
list = \"anthropic\"
match = [\"claude-sonnet-4-5\"]
service_tier = \"batch\"
from = 2024-01-01
input_usd_per_mtok = 1.5
cache_read_usd_per_mtok = 0.15
cache_write_5m_usd_per_mtok = 1.875
cache_write_1h_usd_per_mtok = 3
output_usd_per_mtok = 7.5
web_search_usd_per_1k = 10
free_units = [\"web_fetch\"]
source = \"contract\"

[[prices]]
list = \"anthropic\"
match = [\"claude-haiku-4-5\"]
service_tier = \"batch\"
from = 2024-01-01
input_usd_per_mtok = 0.5
output_usd_per_mtok = 2.5
source = \"contract\"
";

struct Stage {
    upstream: Upstream,
    house: House,
}

impl Stage {
    async fn set(format: &str, prices: &str) -> Self {
        let upstream = Upstream::bind().await;
        let url = upstream.url();
        let house = House::new(&format!(
            "[upstreams.{format}]\nformat = \"{format}\"\nprices = \"{format}\"\n\
             base_url = \"{url}\"\n{prices}"
        ));
        Self { upstream, house }
    }

    async fn load(&self, tollgate: &Running, asked: &str, download: Download<'_>) {
        let Download {
            status,
            length,
            sent,
        } = download;
        let mut client = tollgate.connect().await;
        client
            .send(format!(
                "{asked} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            ))
            .await;
        let mut server = self.upstream.accept().await;
        server.head().await;
        server
            .send(format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/octet-stream\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n{sent}"
            ))
            .await;
        drop(server);
        soon(client.rest()).await;
    }

    async fn whole(&self, tollgate: &Running, asked: &str, file: &str) {
        let download = Download {
            status: "200 OK",
            length: file.len(),
            sent: file,
        };
        self.load(tollgate, asked, download).await;
    }
}

/// What the provider sends; it is cut where it promises more than that.
struct Download<'a> {
    status: &'a str,
    length: usize,
    sent: &'a str,
}

/// The file of a batch of chat completions, of so many tokens each, and one that was refused.
fn output(calls: &[(u64, u64)]) -> String {
    let calls = calls.iter().enumerate();
    let answers = calls.map(|(at, (input, output))| {
        let body = json!({"model": "gpt-4o-2024-08-06", "service_tier": "default",
            "choices": [{"message": {"content": "yes"}}],
            "usage": {"prompt_tokens": input, "completion_tokens": output}});
        json!({"custom_id": at.to_string(), "response": {"status_code": 200, "body": body}})
    });
    let refused = json!({"custom_id": "x", "response": {"status_code": 400, "body": {}}});
    let lines = answers.chain([refused]);
    let lines: Vec<_> = lines.map(|line| line.to_string()).collect();
    lines.join("\n")
}

fn free() -> Value {
    json!({"source": null, "pricing": "free", "cost_usd": null, "input_tokens": null,
        "operation": "batches", "flags": [], "units": {}})
}

#[tokio::test]
async fn the_results_of_a_batch_are_billed_once_each_at_its_own_length() {
    let stage = Stage::set("openai", BATCH_PRICES).await;
    let tollgate = stage.house.start().await.unwrap();
    // Their sum is long, and only the second is.
    let file = output(&[(1_000, 100), (3_000, 50), (1_500, 10)]);
    for _ in 0..2 {
        stage.whole(&tollgate, FILE, &file).await;
    }
    let rows = tollgate.rows_once(2).await;
    let billed = json!({"source": "reported", "complete": true, "pricing": "priced",
        "operation": "batches", "model": "gpt-4o-2024-08-06", "service_tier": "batch",
        "response_id": "file_1", "input_tokens": 5_500, "output_tokens": 160, "capability": "8k",
        "cost_usd": "0.034675", "flags": ["background"], "side": null, "units": {"results": 4},
        "price_id": "openai/gpt-4o@2024-01-01+batch"});
    check_row("first", &rows[0], &billed);
    let lines = rows[0]["cost_lines"].as_array().unwrap();
    let parts: Vec<_> = lines
        .iter()
        .map(|line| (line["kind"].as_str().unwrap(), &line["quantity"]))
        .collect();
    assert_eq!(
        parts,
        [
            ("input", &json!(2_500)),
            ("output", &json!(110)),
            ("input", &json!(3_000)),
            ("output", &json!(50))
        ]
    );
    check_row("second", &rows[1], &free());
    tollgate.0.stop().await.unwrap();
    let tollgate = stage.house.start().await.unwrap();
    stage.whole(&tollgate, FILE, &file).await;
    check_row("restarted", &tollgate.rows_once(3).await[2], &free());
    tollgate.0.stop().await.unwrap();
}

#[tokio::test]
async fn a_download_that_breaks_off_is_billed_as_far_as_it_came() {
    let stage = Stage::set("openai", BATCH_PRICES).await;
    let tollgate = stage.house.start().await.unwrap();
    let file = output(&[(1_000, 100), (1_100, 10), (1_500, 10)]);
    let second_line_open = file.find('\n').unwrap() + 50;
    let (sent, _) = file.split_at(second_line_open);
    let cut = Download {
        status: "200 OK",
        length: file.len(),
        sent,
    };
    stage.load(&tollgate, FILE, cut).await;
    // It says nothing of which results it has.
    let range = Download {
        status: "206 Partial Content",
        length: file.len(),
        sent: &file,
    };
    stage.load(&tollgate, FILE, range).await;
    tollgate.0.stop().await.unwrap();
    let tollgate = stage.house.start().await.unwrap();
    for _ in 0..2 {
        stage.whole(&tollgate, FILE, &file).await;
    }
    let rows = tollgate.rows_once(4).await;
    let part = json!({"source": "partial", "complete": false, "end": "upstream_failed",
        "pricing": "priced", "input_tokens": 1_000, "output_tokens": 100,
        "units": {"results": 1}, "flags": ["aborted", "background"]});
    check_row("broken off", &rows[0], &part);
    let mut ranged = free();
    ranged["flags"] = json!(["billed_later"]);
    check_row("a range", &rows[1], &ranged);
    let rest = json!({"source": "reported", "pricing": "priced", "input_tokens": 2_600,
        "output_tokens": 20, "units": {"results": 3}, "flags": ["background"]});
    check_row("the rest", &rows[2], &rest);
    check_row("again", &rows[3], &free());
    tollgate.0.stop().await.unwrap();
}

#[tokio::test]
async fn a_batch_of_two_models_is_one_record_whose_lines_name_them() {
    let stage = Stage::set("anthropic", BATCH_PRICES).await;
    let tollgate = stage.house.start().await.unwrap();
    let file = include_str!("../../fixtures/anthropic/batch_results.jsonl");
    stage.whole(&tollgate, RESULTS, file).await;
    stage.whole(&tollgate, RESULTS, file).await;
    let rows = tollgate.rows_once(2).await;
    let side = json!([{"type": "batch", "model": "claude-haiku-4-5-20251001", "input_tokens": 10,
        "cached_input_tokens": null, "cache_write_tokens": null, "output_tokens": 5}]);
    let billed = json!({"source": "reported", "pricing": "priced", "operation": "batches",
        "response_id": "msgbatch_1", "model": "claude-sonnet-4-5-20250929", "input_tokens": 5_100,
        "cache_read_tokens": 2_000, "cache_write_5m_tokens": 1_000, "cache_write_1h_tokens": 2_000,
        "output_tokens": 50, "side": side, "cost_usd": "0.0287175", "service_tier": "batch",
        "units": {"results": 5, "web_fetch": 0, "web_search": 2}, "flags": ["background"]});
    check_row("first", &rows[0], &billed);
    let lines = rows[0]["cost_lines"].as_array().unwrap();
    let haiku = lines.iter().filter(|line| !line["model"].is_null());
    let haiku: Vec<_> = haiku.map(|line| line["model"].as_str().unwrap()).collect();
    assert_eq!(haiku, ["claude-haiku-4-5-20251001"; 2]);
    check_row("second", &rows[1], &free());
    tollgate.0.stop().await.unwrap();
}

#[tokio::test]
async fn a_batch_without_a_price_of_its_tier_is_unpriced() {
    let stage = Stage::set("openai", "").await;
    let tollgate = stage.house.start().await.unwrap();
    let file = output(&[(1_000, 100)]).replace("gpt-4o-2024-08-06", "gpt-oss-120b");
    stage.whole(&tollgate, FILE, &file).await;
    let unpriced = json!({"source": "reported", "pricing": "unpriced", "cost_usd": null,
        "input_tokens": 1_000, "flags": ["background", "no_rate"]});
    check_row("unpriced", &tollgate.rows_once(1).await[0], &unpriced);
    tollgate.0.stop().await.unwrap();
}

#[tokio::test]
async fn another_file_is_free_and_no_batch() {
    let stage = Stage::set("openai", BATCH_PRICES).await;
    let tollgate = stage.house.start().await.unwrap();
    let input = json!({"custom_id": "1", "method": "POST", "body": {"model": "gpt-4o"}});
    for file in [input.to_string(), "%PDF-1.7".into(), String::new()] {
        stage.whole(&tollgate, FILE, &file).await;
    }
    let mut other = free();
    other["operation"] = json!("other");
    for row in tollgate.rows_once(3).await {
        check_row("a file", &row, &other);
    }
    tollgate.0.stop().await.unwrap();
}
