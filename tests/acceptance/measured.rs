//! Servers of one's own, asked about themselves: what they counted beside what was metered, over
//! restarts of either side, and whatever else they may answer.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::{Client, post};
use crate::support::http1::Request;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Step, Then, Upstream};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const TEXT: &[(&str, &str)] = &[("content-type", "text/plain; version=0.0.4")];
/// Past it a test says what it saw instead of waiting on.
const PATIENCE: Duration = Duration::from_mins(5);

/// What a vLLM has counted.
#[derive(Clone, Copy, Default)]
struct Counted {
    began: u64,
    input: u64,
    output: u64,
}

impl Counted {
    /// A call of 100 tokens in, 40 of them from its cache, and 50 out.
    fn call(&mut self) {
        self.input += 100;
        self.output += 50;
    }

    /// As version 0.10 writes it, of two engines and with the old names beside the new.
    fn page(self) -> String {
        let mut page = String::new();
        let cached = self.input * 2 / 5;
        for (name, zero, one) in [
            ("prompt_tokens_total", self.input, 1_000),
            ("generation_tokens_total", self.output, 500),
            ("prefix_cache_queries_total", self.input, 0),
            ("prefix_cache_hits_total", cached, 0),
            ("gpu_prefix_cache_queries_total", self.input, 0),
            ("gpu_prefix_cache_hits_total", cached, 0),
            ("num_requests_running", 2, 1),
            ("num_requests_waiting", 1, 0),
        ] {
            for (engine, value) in [(0, zero), (1, one)] {
                let labels = format!("engine=\"{engine}\",model_name=\"m\"");
                let _ = writeln!(
                    page,
                    "# TYPE vllm:{name} counter\nvllm:{name}{{{labels}}} {value}.0"
                );
            }
        }
        let began = self.began;
        page + &format!(
            "vllm:kv_cache_usage_perc{{engine=\"0\"}} 0.5\nprocess_start_time_seconds {began}.25\n"
        )
    }
}

/// A vLLM that answers calls, and shows its page.
async fn vllm(counted: &Arc<Mutex<Counted>>) -> Upstream {
    let counted = Arc::clone(counted);
    Upstream::start(move |request| {
        let mut counted = counted.lock().unwrap();
        if request.target == "/metrics" {
            return Script::unary(200, TEXT, counted.page().as_bytes());
        }
        counted.call();
        let answer = json!({
            "id": "c", "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "a"}}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
        });
        Script::unary(200, JSON, answer.to_string().as_bytes())
    })
    .await
}

/// An upstream of one's own and what measures it.
fn own(name: &str, url: &str, measured_by: &str) -> String {
    format!(
        "[upstreams.{name}]\nformat = \"openai\"\nbase_url = \"{url}\"\nrole = \"own\"\n\
         [upstreams.{name}.measured_by]\nevery = \"1s\"\ntimeout = \"1s\"\n{measured_by}\n"
    )
}

async fn measured(tollgate: &Tollgate) -> Value {
    let answer = tollgate.ask_admin("/api/v1/breakeven").await.unwrap();
    let mut answer: Value = serde_json::from_str(&answer.text()).unwrap();
    answer["measured"].take()
}

/// Waits until what is measured is as expected.
async fn until(tollgate: &Tollgate, is: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let seen = measured(tollgate).await;
        if is(&seen) {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "{seen:#}\n{}", tollgate.said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Tokens of the servers and metered ones, both in and out, over the last day.
fn tokens(seen: &Value) -> [u64; 4] {
    let day = &seen[0]["windows"][0];
    [
        "server_input",
        "server_output",
        "metered_input",
        "metered_output",
    ]
    .map(|name| day[format!("{name}_tokens")].as_u64().unwrap())
}

async fn calls(tollgate: &Tollgate, many: usize) {
    calls_by("own", tollgate, many).await;
}

async fn calls_by(upstream: &str, tollgate: &Tollgate, many: usize) {
    let mut client = Client::new(tollgate.traffic);
    for _ in 0..many {
        let body = json!({"model": "m", "messages": []}).to_string();
        let answer = client
            .send(post(&format!("/{upstream}/v1/chat/completions"), body))
            .await;
        assert_eq!(answer.unwrap().status.as_u16(), 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_servers_counted_stands_beside_what_was_metered_over_restarts_of_either_side() {
    let counted = Arc::new(Mutex::new(Counted {
        began: 1_000,
        input: 7_000,
        output: 70,
    }));
    let server = vllm(&counted).await;
    let url = server.base_url();
    let home = Home::new(&own("own", &url, &format!("vllm = \"{url}\"")));
    let tollgate = home.serve().await;
    until(&tollgate, |seen| seen[0]["servers"][0]["up"] == true).await;

    // Four calls pass tollgate, and one passes it by.
    calls(&tollgate, 4).await;
    counted.lock().unwrap().call();
    let seen = until(&tollgate, |seen| tokens(seen) == [500, 250, 400, 200]).await;
    let day = &seen[0]["windows"][0];
    assert_eq!(
        (&day["capture_ratio"], &day["prefix_cache_hit_ratio"]),
        (&json!(0.8), &json!(0.4))
    );
    assert_eq!(
        (&day["running_calls"], &day["waiting_calls"]),
        (&json!(3.0), &json!(1.0))
    );
    assert_eq!(
        (&day["restarts"], &day["passes_by"]),
        (&json!(0), &json!(false))
    );
    let scraped = tollgate.ask_admin("/metrics").await.unwrap().text();
    for line in [
        r#"tollgate_hosting_measured_capture_ratio{upstream="own",window="14d"} 0.8"#,
        r#"tollgate_hosting_measured_prefix_cache_hit_ratio{upstream="own",window="1d"} 0.4"#,
        r#"tollgate_hosting_measured_servers{upstream="own"} 1"#,
        r#"tollgate_hosting_measured_running_calls{upstream="own"} 3"#,
        r#"tollgate_hosting_measured_kv_cache_usage_ratio{upstream="own"} 0.5"#,
    ] {
        assert!(
            scraped.lines().any(|seen| seen == line),
            "{line}:\n{scraped}"
        );
    }

    // The server begins anew, and what it had counted since it was last asked is gone.
    *counted.lock().unwrap() = Counted {
        began: 2_000,
        input: 60_000,
        output: 0,
    };
    until(&tollgate, |seen| seen[0]["windows"][0]["restarts"] == 1).await;
    assert_eq!(tokens(&measured(&tollgate).await), [500, 250, 400, 200]);
    counted.lock().unwrap().call();
    until(&tollgate, |seen| tokens(seen) == [600, 300, 400, 200]).await;

    // So does tollgate: what it has seen is kept, and the time between is not compared.
    assert!(tollgate.terminate().success());
    let said = home.run(&["breakeven"]);
    let said = String::from_utf8(said.stdout).unwrap();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("they counted 600 tokens in and 300 out; tollgate metered 400 and 200, 66.7 % of theirs."),
        "{said}"
    );
    counted.lock().unwrap().call();
    let tollgate = home.serve().await;
    until(&tollgate, |seen| seen[0]["servers"][0]["up"] == true).await;
    assert_eq!(tokens(&measured(&tollgate).await), [600, 300, 400, 200]);
    calls(&tollgate, 1).await;
    until(&tollgate, |seen| tokens(seen) == [700, 350, 500, 250]).await;
}

/// What a server may answer instead of its page, and what is said of it.
fn play(request: &Request) -> Script {
    match request.target.as_str() {
        "/late" => Script {
            steps: vec![Step::Wait(Duration::from_mins(2))],
            then: Then::Close,
        },
        "/endless" => {
            let part = vec![b'#'; 1 << 20];
            let parts = vec![part.as_slice(); 100];
            Script::chunked(200, TEXT, &parts)
        }
        "/garbage" => Script::unary(200, TEXT, &[0, 255, b'{', b'"', 10, 128, b' ', b'1']),
        "/html" => Script::unary(200, &[("content-type", "text/html")], b"<html>busy</html>"),
        "/gzip" => Script::unary(200, &[("content-encoding", "gzip")], b"\x1f\x8b\x08"),
        "/away" => Script::unary(302, &[("location", "/metrics")], b""),
        "/cut" => Script::unended(200, TEXT, &[b"vllm:prompt_tokens_total 1\n"]).then(Then::Close),
        "/none" => Script::unary(404, TEXT, b""),
        "/asks" => Script::unary(401, TEXT, b""),
        _ => Script::unary(503, TEXT, b""),
    }
}

const LACKS: &str = "the page does not have vllm:prompt_tokens_total and vllm:generation_tokens_total: a vLLM has it";

/// What each of these answers is said to be.
const SAID: [(&str, &str); 10] = [
    ("late", "timed out"),
    ("endless", "it answered more than 8 MiB"),
    ("garbage", LACKS),
    ("html", LACKS),
    (
        "gzip",
        "it answered in the coding gzip, which was not asked for",
    ),
    ("away", "it answered 302"),
    ("cut", "unexpected EOF"),
    ("down", "it answered 503"),
    (
        "none",
        "it answered 404: a vLLM has it at /metrics, unless it was started with --disable-log-stats",
    ),
    ("asks", "it answered 401: token is missing"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_a_server_answers_is_said_and_hurts_nobody() {
    let hostile = Upstream::start(play).await;
    let counted = Arc::new(Mutex::new(Counted::default()));
    let server = vllm(&counted).await;
    let url = server.base_url();
    let mut config = String::new();
    for (name, _) in SAID {
        let page = format!(
            "vllm = [\"{}/{name}\", \"{url}/metrics\"]",
            hostile.base_url()
        );
        config.push_str(&own(name, &url, &page));
    }
    let page = format!("vllm = \"{url}/metrics\"");
    let home = Home::new(&format!("{config}{}", own("own", &url, &page)));
    let tollgate = home.serve().await;
    let all = |seen: &Value| {
        let all = seen
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["upstream"] != "own");
        all.clone().count() == SAID.len()
            && all
                .clone()
                .all(|it| it["servers"][0]["failure"].is_string())
    };
    let seen = until(&tollgate, all).await;
    for (name, why) in SAID {
        let seen = seen.as_array().unwrap();
        let of = seen.iter().find(|it| it["upstream"] == name).unwrap();
        let failure = of["servers"][0]["failure"].as_str().unwrap();
        assert!(failure.contains(why), "{name}: {failure}");
        assert_eq!(
            of["windows"][0]["coverage"], 0.0,
            "{name}: nothing whole was seen"
        );
    }
    // Who is well is measured all the same, and calls pass.
    calls(&tollgate, 2).await;
    until(&tollgate, |seen| {
        let own = seen
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["upstream"] == "own");
        own.unwrap()["windows"][0]["capture_ratio"] == 1.0
    })
    .await;
    let limit = 300 << 20;
    assert!(
        tollgate.memory_peak_bytes() < limit,
        "{}",
        tollgate.memory_peak_bytes()
    );
}

/// An `OpenCost` in whose cluster the workload runs and something else too.
async fn opencost() -> Upstream {
    Upstream::start(|_| {
        let row = |total: f64, gpu: f64| {
            json!({"name": "n", "minutes": 60, "gpuCost": gpu,
            "cpuCost": 0.25, "ramCost": 0.25, "totalCost": total})
        };
        let answer = json!({"code": 200, "data": [{
            "llm/deployment:vllm": row(10.5, 10.0), "llm/deployment:web": row(1.0, 0.0), "__idle__": row(3.0, 2.0),
        }]});
        Script::unary(200, JSON, answer.to_string().as_bytes())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_servers_say_stands_beside_what_is_computed_of_their_plan() {
    let server = vllm(&Arc::default()).await;
    let url = server.base_url();
    let runs_on = "would_cost_as = \"openai/gpt-4o\"\nplan = \"ours\"\nreplicas = 2\n\
                   [upstreams.own.measured_by]";
    let upstream = own("own", &url, &format!("vllm = \"{url}\""));
    let upstream = upstream.replace("[upstreams.own.measured_by]", runs_on);
    // Another one on the same servers.
    let batch = format!(
        "[upstreams.batch]\nformat = \"openai\"\nbase_url = \"{url}\"\nrole = \"own\"\n\
         would_cost_as = \"openai/gpt-4o\"\nplan = \"ours\"\n"
    );
    let plan = "[plans.ours]\nreplaces = [\"nothing\"]\nmodel = \"llama-3.3-70b\"\n\
                gpu = \"H100-SXM\"\ngpus = 2\nprecision = \"fp8\"\ngpu_usd_per_hour = 3\n\
                throughput = { source = \"published\" }\nprice_as_of = 2026-11-01\n\
                price_source = \"bill\"\nserves = \"32k\"\npolicy = \"fixed\"\nreplicas = 1\n\
                ops_usd_per_month = 17520\n";
    let home = Home::new(&format!("{batch}{upstream}{plan}"));
    let tollgate = home.serve().await;
    until(&tollgate, |seen| seen[0]["servers"][0]["up"] == true).await;
    calls_by("own", &tollgate, 3).await;
    calls_by("batch", &tollgate, 1).await;
    until(&tollgate, |seen| tokens(seen) == [400, 200, 400, 200]).await;
    // The verdict looks once a minute.
    let began = Instant::now();
    let answer = loop {
        let answer = tollgate.ask_admin("/api/v1/breakeven").await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text()).unwrap();
        let servers = &answer["hosting"][0]["windows"][0]["servers"];
        if servers["busy_replicas"]["measured"].is_f64() {
            break answer;
        }
        assert!(began.elapsed() < PATIENCE * 3, "{answer:#}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let hosting = &answer["hosting"][0];
    let servers = &hosting["windows"][0]["servers"];
    assert_eq!(servers["verdict_uses"], "modelled");
    assert_eq!(
        servers["replicas"],
        json!({"modelled": 2.0, "measured": 1.0, "ratio": 0.5})
    );
    assert!(servers["busy_replicas"]["ratio"].is_f64());
    assert_eq!(servers["usd_per_hour"]["measured"], Value::Null);
    let lacks = hosting["api_cheaper"]["not_enough_evidence"].to_string();
    assert!(
        lacks.contains("its servers could be compared in 0"),
        "{lacks}"
    );
    let words = answer["words"].as_str().unwrap();
    assert!(
        words.contains("1.00 replicas measured against 2.00 computed (0.50 times)"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_corrected_workload_leaves_nothing_of_the_old_ones_cost() {
    let costs = opencost().await;
    let of = |controller: &str| {
        let url = costs.base_url();
        let asked =
            format!("opencost = \"{url}\"\nnamespace = \"llm\"\ncontroller = \"{controller}\"");
        own("own", "http://127.0.0.1:9", &asked)
    };
    let costs_so = |usd: f64| {
        move |seen: &Value| {
            let month = &seen[0]["windows"][3];
            month["cost_usd_per_hour"] == usd && month["cost_hours"].as_u64() >= Some(2)
        }
    };
    let home = Home::new(&of("web"));
    let tollgate = home.serve().await;
    until(&tollgate, costs_so(1.0)).await;
    home.write_config(&of("vllm"));
    tollgate.signal("HUP");
    until(&tollgate, costs_so(10.5)).await;
    assert!(tollgate.terminate().success());
    // Nor does what was kept of it come back with another process.
    home.write_config(&of("web"));
    let tollgate = home.serve().await;
    until(&tollgate, costs_so(1.0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_servers_cost_an_hour_is_asked_of_the_cluster() {
    let costs = opencost().await;
    let measured_by = format!(
        "opencost = \"{0}\"\nopencost_token = \"env:COST_TOKEN\"\nnamespace = \"llm\"\n\
         controller = \"vllm\"\nvllm = \"{0}\"\ntoken = \"env:PAGE_TOKEN\"",
        costs.base_url()
    );
    let home = Home::new(&own("own", "http://127.0.0.1:9", &measured_by));
    let tokens = [
        ("COST_TOKEN", "t0ken".as_ref()),
        ("PAGE_TOKEN", "s3cret".as_ref()),
    ];
    let tollgate = home.serve_in(&tokens).await;
    let seen = until(&tollgate, |seen| {
        seen[0]["windows"][0]["cost_hours"].as_u64() >= Some(2)
    })
    .await;
    let day = &seen[0]["windows"][0];
    assert_eq!(
        (&day["cost_usd_per_hour"], &day["gpu_usd_per_hour"]),
        (&json!(10.5), &json!(10.0))
    );
    assert_eq!(day["capture_ratio"], Value::Null);
    let seen_there = costs.take_seen().into_iter();
    let (pages, asked): (Vec<_>, Vec<_>) = seen_there.partition(|it| it.target == "/metrics");
    let page = pages.first().unwrap();
    assert_eq!(page.header("authorization"), Some("Bearer s3cret"));
    let first = asked.first().unwrap();
    assert_eq!(first.header("authorization"), Some("Bearer t0ken"));
    let (path, query) = first.target.split_once('?').unwrap();
    assert_eq!(path, "/allocation/compute");
    assert!(
        query.contains("aggregate=namespace%2Ccontroller&accumulate=true"),
        "{query}"
    );
    let mut windows: Vec<_> = asked.iter().map(|it| it.target.clone()).collect();
    windows.dedup();
    assert_eq!(windows.len(), asked.len(), "no hour is asked for twice");
    let scraped = tollgate.ask_admin("/metrics").await.unwrap().text();
    let line = r#"tollgate_hosting_measured_cost_usd_per_hour{upstream="own",window="30d"} 10.5"#;
    assert!(scraped.lines().any(|seen| seen == line), "{scraped}");
    for secret in ["t0ken", "s3cret"] {
        assert!(!tollgate.said().contains(secret) && !seen.to_string().contains(secret));
    }
}
