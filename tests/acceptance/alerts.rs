//! News by webhook, through the real binary: kept over a stop, sent again after a no, once; and over
//! a disk that takes nothing, also where nobody calls who would find that there is room again.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::client::{Client, post};
use crate::support::http1::Request;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Upstream};

/// Two busy cores take their time; a minute may have to end.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(20);
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const CHAT: &str = r#"{"model":"brand-new","messages":[{"role":"user","content":"hunter2"}]}"#;
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"brand-new","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yes"}}],"usage":{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11}}"#;

/// A home whose receiver of alerts is at an address.
fn home(upstream: &Upstream, receiver: &Upstream) -> Home {
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{}\"\n\
         [[alerts]]\nname = \"ops\"\nwebhook = \"file:hook\"\nformat = \"json\"\n",
        upstream.base_url()
    ));
    let hook = format!("{}/hooks/s3cret-part", receiver.base_url());
    fs::write(home.config().with_file_name("hook"), hook).unwrap();
    home
}

/// Says no once, then yes.
async fn grudging() -> Upstream {
    let asked = AtomicUsize::new(0);
    Upstream::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Script::unary(503, JSON, b"not now"),
        _ => Script::unary(200, JSON, b"{}"),
    })
    .await
}

/// What came, once so many requests have.
async fn came(receiver: &Upstream, many: usize) -> Vec<Request> {
    let began = Instant::now();
    let mut seen = Vec::new();
    while seen.len() < many {
        assert!(began.elapsed() < WAIT, "only {seen:?}");
        tokio::time::sleep(POLL).await;
        seen.extend(receiver.take_seen());
    }
    seen
}

async fn delivered(tollgate: &Tollgate) {
    let line = "tollgate_alerts_sent_total{name=\"ops\",outcome=\"delivered\"} 1";
    let began = Instant::now();
    loop {
        let metrics = tollgate.ask_admin("/metrics").await.unwrap().text();
        if metrics.contains(line) {
            return assert!(metrics.contains("tollgate_alerts_pending 0"));
        }
        assert!(began.elapsed() < WAIT, "{metrics}");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_without_a_price_is_told_once_over_stops_and_a_receiver_that_is_down() {
    let upstream = Upstream::start(|_| Script::unary(200, JSON, ANSWER.as_bytes())).await;
    let receiver = grudging().await;
    let home = home(&upstream, &receiver);
    let tollgate = home.serve().await;
    let call = post("/v1/chat/completions", CHAT);
    Client::new(tollgate.traffic).send(call).await.unwrap();
    assert_eq!(tollgate.terminate().code(), Some(0));

    // What the last minute of the first process did not tell, the first look of the next does.
    let tollgate = home.serve().await;
    let seen = came(&receiver, 2).await;
    delivered(&tollgate).await;
    let ids: Vec<_> = seen
        .iter()
        .map(|at| at.header("x-tollgate-alert-id"))
        .collect();
    assert!(ids[0].is_some() && ids[0] == ids[1], "{ids:?}");
    let body: Value = serde_json::from_slice(&seen[1].body.bytes).unwrap();
    assert_eq!(
        (&body["topic"], &body["data"]["model"]),
        (&"unpriced".into(), &"brand-new".into())
    );
    assert!(!body.to_string().contains("hunter2"), "{body}");
    assert!(
        !tollgate.said().contains("s3cret-part"),
        "{}",
        tollgate.said()
    );
    assert_eq!(tollgate.terminate().code(), Some(0));

    let tollgate = home.serve().await;
    let metrics = tollgate.ask_admin("/metrics").await.unwrap().text();
    assert!(metrics.contains("tollgate_alerts_pending 0"), "{metrics}");
    assert_eq!(tollgate.terminate().code(), Some(0));
    assert!(receiver.take_seen().is_empty(), "told again");
}

/// Waits until something is so.
async fn until(tollgate: &Tollgate, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < WAIT, "{}", tollgate.said());
        tokio::time::sleep(POLL).await;
    }
}

async fn call(tollgate: &Tollgate) {
    let call = post("/v1/chat/completions", CHAT);
    let answer = Client::new(tollgate.traffic).send(call).await.unwrap();
    assert_eq!(answer.status, 200);
}

async fn all_counted(tollgate: &Tollgate) {
    until(tollgate, async || {
        tollgate.metric("tollgate_ledger_pending_records").await == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_neither_loses_nor_repeats_an_alert_nor_stops_the_meter() {
    let upstream = Upstream::start(|_| Script::unary(200, JSON, ANSWER.as_bytes())).await;
    let receiver = Upstream::start(|_| Script::unary(200, JSON, b"{}")).await;
    let home = home(&upstream, &receiver);
    let tollgate = home.serve_limited().await;
    call(&tollgate).await;
    all_counted(&tollgate).await;
    tollgate.limit_files(Some(0));
    // A minute that ended just before has told it, and then it is not to be told again.
    let mut seen = Vec::new();
    until(&tollgate, async || {
        seen.extend(receiver.take_seen());
        tollgate.said().contains("alerts could not be kept") || !seen.is_empty()
    })
    .await;
    let ready = async || tollgate.ask_admin("/readyz").await.unwrap().status.as_u16();
    until(&tollgate, async || ready().await == 503).await;
    tollgate.limit_files(None);
    until(&tollgate, async || ready().await == 200).await;
    seen.extend(came(&receiver, 1 - seen.len()).await);
    delivered(&tollgate).await;

    tollgate.limit_files(Some(0));
    for _ in 0..3 {
        call(&tollgate).await;
    }
    tollgate.limit_files(None);
    all_counted(&tollgate).await;
    assert_eq!(tollgate.metric("tollgate_calls_total").await, 4);
    assert_eq!(tollgate.metric("tollgate_unmetered_calls_total").await, 0);
    assert_eq!(tollgate.terminate().code(), Some(0));

    let tollgate = home.serve().await;
    assert_eq!(tollgate.metric("tollgate_alerts_pending").await, 0);
    assert_eq!(tollgate.terminate().code(), Some(0));
    assert!(receiver.take_seen().is_empty(), "told again");
    assert_eq!(seen.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_message_says_what_the_receiver_says() {
    let upstream = Upstream::start(|_| Script::unary(200, JSON, b"{}")).await;
    let receiver = Upstream::start(|request| match request.header("x-tollgate-alert-id") {
        Some(_) => Script::unary(404, JSON, b"no /hooks/s3cret-part here"),
        None => Script::unary(500, JSON, b""),
    })
    .await;
    let refused = home(&upstream, &receiver).run(&["alerts", "test"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stdout).unwrap();
    assert_eq!(said, "ops: refused: 404 no /hooks/… here\n");
    assert!(!String::from_utf8_lossy(&refused.stderr).contains("s3cret-part"));

    let taken = home(&upstream, &upstream).run(&["alerts", "test", "ops"]);
    assert_eq!(taken.status.code(), Some(0), "{taken:?}");
    assert_eq!(
        String::from_utf8(taken.stdout).unwrap(),
        "ops: delivered: 200 {}\n"
    );
    let nobody = home(&upstream, &upstream).run(&["alerts", "test", "else"]);
    assert_eq!(nobody.status.code(), Some(2));
}
