//! A real Prometheus scrapes the binary under traffic: every query of every dashboard has data, the
//! exposition has no complaint, and the alert rules pass their own tests.
//!
//! Verified by breaking it: without the series of `tollgate_input_tokens_total`, the panel that asks
//! for it is named.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::header::HeaderValue;

use crate::support::client::{Client, post};
use crate::support::prometheus::{NOBODY, Prometheus, are_installed, in_repository};
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Upstream};

use dashboard::{Query, queries};

mod dashboard;

/// The verdict runs over closed minutes, so the last query has data after the first one.
const DATA_WAIT: Duration = Duration::from_mins(5);
const PACE: Duration = Duration::from_millis(250);
const CHAT_BODY: &str = r#"{"id":"c1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yes"}}],"usage":{"prompt_tokens":700,"completion_tokens":100,"total_tokens":800,"prompt_tokens_details":{"cached_tokens":200}}}"#;
const STREAM: [&[u8]; 3] = [
    b"data: {\"id\":\"c1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"}}],\"usage\":null}\n\n",
    b"data: {\"id\":\"c1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[],\"usage\":{\"prompt_tokens\":700,\"completion_tokens\":100,\"total_tokens\":800}}\n\n",
    b"data: [DONE]\n\n",
];

/// Absent where there is no such day, or volume: it takes a trend, and so weeks of calls.
const MAY_BE_ABSENT: [&str; 2] = [
    "tollgate_selfhost_breakeven_timestamp_seconds",
    "tollgate_selfhost_breakeven_tokens_per_day",
];

/// What a server of one's own says the n-th time it is asked; it has worked in between.
fn page(asked: u64) -> String {
    let (input, output, cached) = (1_000 * asked, 100 * asked, 300 * asked);
    format!(
        "vllm:prompt_tokens_total {input}\nvllm:generation_tokens_total {output}
vllm:prefix_cache_queries_total {input}\nvllm:prefix_cache_hits_total {cached}
vllm:num_requests_running 2\nvllm:num_requests_waiting 1\nvllm:kv_cache_usage_perc 0.5\n"
    )
}

/// What its cluster says that it costs.
const COST: &str = r#"{"code":200,"data":[{"llm":{"minutes":60,"gpuCost":10.0,"cpuCost":0.25,"ramCost":0.25,"totalCost":10.5}}]}"#;

fn is_installed() -> bool {
    are_installed(&["prometheus", "promtool"])
}

/// The files of a folder whose name ends with `ending`.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(in_repository(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.to_str().is_some_and(|path| path.ends_with(ending)))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no *{ending} in {folder}");
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_of_every_dashboard_has_data() {
    if !is_installed() {
        return;
    }
    let (_upstream, _home, tollgate) = stage().await;
    let prometheus = Prometheus::start(tollgate.admin, NOBODY).await;
    let mut waiting: Vec<Query> = files("dashboards", ".json")
        .iter()
        .flat_map(queries)
        .collect();
    let all = waiting.len();
    let began = Instant::now();
    while !waiting.is_empty() && began.elapsed() < DATA_WAIT {
        traffic(&tollgate).await;
        let mut empty = Vec::new();
        for query in waiting {
            let series = prometheus.query(&query.expression).await;
            let may_be = |name: &&str| query.expression.contains(*name);
            if series.is_empty() && !MAY_BE_ABSENT.iter().any(may_be) {
                empty.push(query);
            }
        }
        waiting = empty;
        tokio::time::sleep(PACE).await;
    }
    println!(
        "{all} queries; the last had data after {:.0?}",
        began.elapsed()
    );
    let waiting: Vec<String> = waiting.iter().map(ToString::to_string).collect();
    assert!(waiting.is_empty(), "no data for:\n{}", waiting.join("\n"));
    assert_eq!(prometheus.faulty_rules().await, Vec::<String>::new());
    check_exposition(&tollgate).await;
}

#[test]
fn the_alert_rules_pass_their_tests() {
    if !is_installed() {
        return;
    }
    let tests = files("config/alerts/tests", ".test.yml");
    let output = Command::new("promtool")
        .args(["test", "rules"])
        .args(tests)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}{said}",
        String::from_utf8_lossy(&output.stdout)
    );
}

async fn stage() -> (Upstream, Home, Tollgate) {
    let asked = AtomicU64::new(0);
    let upstream = Upstream::start(move |request| {
        if request.target == "/metrics" {
            let page = page(asked.fetch_add(1, Ordering::Relaxed));
            return Script::unary(200, &[("content-type", "text/plain")], page.as_bytes());
        }
        if request.target.starts_with("/allocation/") {
            return Script::unary(
                200,
                &[("content-type", "application/json")],
                COST.as_bytes(),
            );
        }
        if String::from_utf8_lossy(&request.body.bytes).contains("\"stream\":true") {
            let beat = Duration::from_millis(5);
            return Script::chunked(200, &[("content-type", "text/event-stream")], &STREAM)
                .paced(beat);
        }
        Script::unary(
            200,
            &[("content-type", "application/json")],
            CHAT_BODY.as_bytes(),
        )
    })
    .await;
    let home = Home::new(&config(&upstream.base_url()));
    let tollgate = home.serve().await;
    (upstream, home, tollgate)
}

/// Everything that a dashboard asks for: own hosting, a budget, and a second count of each call.
fn config(url: &str) -> String {
    format!(
        "[upstreams.openai]
format = \"openai\"
base_url = \"{url}\"
[upstreams.own]
format = \"openai\"
base_url = \"{url}\"
role = \"own\"
plan = \"llama-70b-2xh100\"
replicas = 1
would_cost_as = \"openai/gpt-4o-mini\"
[upstreams.own.measured_by]
vllm = \"{url}/metrics\"
opencost = \"{url}\"
namespace = \"llm\"
every = \"1s\"
[tenants.search]
monthly_budget_usd = 2000
[meter]
audit_share = 1
"
    )
}

async fn traffic(tollgate: &Tollgate) {
    let mut client = Client::new(tollgate.traffic);
    for (upstream, stream) in [("openai", true), ("openai", false), ("own", false)] {
        let body = format!(
            "{{\"model\":\"gpt-4o\",\"stream\":{stream},\"messages\":[{{\"role\":\"user\",\"content\":\"is it\"}}]}}"
        );
        let mut call = post(&format!("/{upstream}/v1/chat/completions"), body);
        let tenant = HeaderValue::from_static("search");
        call.headers_mut().insert("x-tollgate-tenant", tenant);
        let answer = client.send(call).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// `promtool check metrics` reads what Prometheus reads and knows the naming rules.
async fn check_exposition(tollgate: &Tollgate) {
    let text = tollgate.ask_admin("/metrics").await.unwrap().body;
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &text).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let output = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::from(file))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(String::from_utf8_lossy(&said), "");
    assert!(output.status.success());
}
