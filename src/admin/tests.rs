//! The listener on a real port, over a made source.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::call::{CallRecord, LineKind, Role, Settled, tests::full};
use crate::ledger::{Grain, Group, Origin, Period, Rollup, Totals};
use crate::money::{Currency, Pico};
use crate::pricing::{self, Layer, PriceBook, PriceEntry, Since, Terms};

/// Five calls, four roll-ups, and a reload that can be told to fail.
#[derive(Default)]
struct Made {
    problems: Mutex<Vec<String>>,
    missing: Mutex<Option<String>>,
    asked: Mutex<Option<CallsQuery>>,
    /// Calls are answered once the other end is gone.
    hangs: Mutex<Option<mpsc::Receiver<()>>>,
    /// Hosting cannot be told.
    hosting_waits: bool,
}

fn daily(day: &str, upstream: &str, role: Role, model: Option<&str>, pico: i128) -> Rollup {
    Rollup {
        period: Period::Day(day.parse().unwrap()),
        group: Group {
            origin: Origin::Imported,
            role,
            settled: Settled::Invoice,
            currency: None,
            upstream: Some(upstream.into()),
            model: model.map(Arc::from),
            tenant: None,
            dimensions: Vec::new(),
        },
        totals: Totals {
            calls: 1,
            input_tokens: 10,
            cost_usd: Pico(pico),
            ..Totals::default()
        },
    }
}

fn dated(seen: &str, cache_read: &str) -> PriceEntry {
    let rate = (LineKind::CacheRead, cache_read.parse().unwrap());
    PriceEntry {
        layer: Layer::Catalogue,
        list: "openai".into(),
        names: vec!["gpt-5.6-sol".into()],
        asked: false,
        since: Since::Seen(seen.parse().unwrap()),
        read: None,
        conditions: pricing::Conditions::default(),
        currency: Currency::USD,
        terms: Terms::Rates([rate].into_iter().collect()),
        free_units: vec![],
        settlement: None,
        avoidable: crate::money::Avoidable::Now,
        source: "page".into(),
    }
}

impl Source for Made {
    fn now(&self) -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }
    fn timezone(&self) -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }
    fn metrics(&self, format: Format) -> String {
        format!("{format:?}\n")
    }
    fn ready(&self) -> Result<(), String> {
        self.missing.lock().unwrap().clone().map_or(Ok(()), Err)
    }
    fn reload(&self) -> Result<(), Vec<String>> {
        let problems = self.problems.lock().unwrap().clone();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
    fn dimensions(&self) -> BTreeSet<String> {
        BTreeSet::from(["team".to_owned()])
    }
    fn sums(&self, asked: &TotalsQuery) -> Result<Vec<Rollup>, SourceError> {
        if asked.grain != Grain::Day {
            let from = "2026-11-22T04:00:00Z".parse().unwrap();
            let refusal = Refusal::forgotten(asked.grain, from, &self.timezone());
            return Err(SourceError::Refused(refusal));
        }
        Ok(vec![
            daily("2026-11-21", "openai", Role::Provider, Some("gpt-4o"), 1),
            daily(
                "2026-11-22",
                "openai",
                Role::Provider,
                Some("gpt-4o"),
                10_i128.pow(27),
            ),
            daily("2026-11-22", "openai", Role::Provider, None, 0),
            daily("2026-11-22", "litellm", Role::Gateway, Some("gpt-4o"), 5),
        ])
    }
    fn reserved(&self, _: &TotalsQuery) -> Result<Vec<Reserved>, SourceError> {
        Ok(Vec::new())
    }
    fn hosting(&self, _: &TotalsQuery) -> Result<Vec<Hosting>, SourceError> {
        if !self.hosting_waits {
            return Ok(Vec::new());
        }
        let (what, why) = ("ledger", "a write takes 7 s".to_owned());
        Err(SourceError::Waits { what, why })
    }
    fn calls(&self, query: &CallsQuery) -> Result<CallsPage, SourceError> {
        *self.asked.lock().unwrap() = Some(*query);
        let hangs = self.hangs.lock().unwrap().take();
        if let Some(hangs) = hangs {
            hangs.recv().unwrap_err();
        }
        let first = query.after.unwrap_or(0);
        let last = 5.min(first.saturating_add(u64::try_from(query.limit).unwrap()));
        let numbered = |seq: u64| CallRecord {
            duration_ms: seq,
            ..full()
        };
        let calls = (first + 1..=last).map(numbered).collect();
        Ok(CallsPage {
            calls,
            next: (last < 5).then_some(last),
        })
    }
    fn missing_rows(&self, since: Option<Timestamp>, _: Option<Timestamp>) -> Vec<String> {
        let gap = || vec!["frames 3 to 4 are gone".to_owned(), "dåy".to_owned()];
        since.map(|_| gap()).unwrap_or_default()
    }
    fn reprice(&self, asked: &RepriceQuery) -> Result<Value, SourceError> {
        Err(SourceError::Refused(Refusal::repricing(&asked.words)))
    }
    fn repricing(&self) -> Value {
        json!({"state": "idle"})
    }
    fn what_if(&self, edits: &crate::economics::edits::Edits) -> Result<Value, SourceError> {
        Ok(json!({"edits": edits.written}))
    }

    fn verdicts(&self) -> Result<Value, SourceError> {
        Ok(json!({ "records": [] }))
    }

    fn past(&self, asked: &PastQuery) -> Result<Value, SourceError> {
        asked.check_plan(&["llama"]).map_err(SourceError::Refused)?;
        Ok(json!({"since": asked.since, "until": asked.until, "plan": asked.plan}))
    }

    fn breakeven(&self) -> Result<Value, SourceError> {
        let source = std::io::Error::other("secret path").into();
        Err(SourceError::Unreadable {
            what: "projection",
            source,
        })
    }
    fn unknown(&self) -> Value {
        serde_json::json!({"unknown": []})
    }
    fn audit(&self) -> Value {
        json!({"rows": [{"model": "gpt-4o"}]})
    }
    fn prices(&self) -> Arc<PriceBook> {
        let prices = vec![dated("2026-08-02", "0.5"), dated("2026-09-12", "0.4")];
        let settings = pricing::Settings { prices, fx: vec![] };
        Arc::new(PriceBook::new(settings).unwrap())
    }
    fn hangs(&self) -> Option<String> {
        Some("a write has not ended for 7 s".to_owned())
    }
}

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

const OPEN: Access = Access {
    is_loopback: true,
    admin_token: None,
    metrics: MetricsAccess::AsAdmin,
};

async fn serve(access: Access, source: Arc<Made>) -> Served {
    served(Admin::new(access, source)).await
}

async fn served(admin: Admin) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    tasks.spawn(admin.serve(listener, stop.clone(), tasks.clone()));
    Served {
        address,
        stop,
        tasks,
    }
}

/// Sends raw bytes and returns the head and the body of the answer.
async fn exchange(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}

/// Asks for a target and expects a status and parts of the head or body.
async fn check(target: &str, status: u16, parts: &[&str]) -> (String, String) {
    check_on(&serve(OPEN, Arc::default()).await, target, status, parts).await
}

async fn check_on(served: &Served, target: &str, status: u16, parts: &[&str]) -> (String, String) {
    let (method, target) = target.split_once(' ').unwrap();
    let request =
        format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let (head, body) = exchange(served.address, &request).await;
    assert!(
        head.starts_with(&format!("HTTP/1.1 {status} ")),
        "{head}\n{body}"
    );
    for part in parts {
        assert!(
            head.contains(part) || body.contains(part),
            "no {part} in\n{head}\n{body}"
        );
    }
    (head, body)
}

#[tokio::test]
async fn health_is_open_and_readiness_says_what_is_missing() {
    let closed = Access {
        is_loopback: false,
        ..OPEN
    };
    let source = Arc::new(Made::default());
    let served = serve(closed, Arc::clone(&source)).await;
    check_on(&served, "GET /healthz", 200, &["alive"]).await;
    check_on(&served, "GET /readyz", 200, &["ready"]).await;
    *source.missing.lock().unwrap() = Some("the ledger is not open".into());
    check_on(&served, "GET /readyz", 503, &["the ledger is not open"]).await;
    check_on(
        &served,
        "GET /api/v1/totals",
        403,
        &["set server.admin_token"],
    )
    .await;
}

#[tokio::test]
async fn metrics_come_in_the_format_that_is_accepted() {
    let served = serve(OPEN, Arc::default()).await;
    check_on(
        &served,
        "GET /metrics",
        200,
        &["text/plain; version=0.0.4", "Text"],
    )
    .await;
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                   accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n\r\n";
    let (head, body) = exchange(served.address, request).await;
    assert!(
        head.contains("application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert_eq!(body, "OpenMetrics\n");
}

#[tokio::test]
async fn a_scrape_does_not_wait_for_a_reader_of_the_disk() {
    let (release, hangs) = mpsc::sync_channel::<()>(0);
    let source = Arc::new(Made::default());
    *source.hangs.lock().unwrap() = Some(hangs);
    let served = Arc::new(serve(OPEN, Arc::clone(&source)).await);
    let reader = served.tasks.spawn({
        let served = Arc::clone(&served);
        async move { check_on(&served, "GET /api/v1/calls", 200, &[]).await }
    });
    while source.asked.lock().unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    let scrape = check_on(&served, "GET /metrics", 200, &["Text"]);
    let scraped = tokio::time::timeout(Duration::from_secs(30), scrape).await;
    drop(release);
    scraped.unwrap();
    reader.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_hangs_is_refused_with_what_hangs_and_so_is_who_comes_behind_it() {
    let (release, hangs) = mpsc::sync_channel::<()>(0);
    let source = Arc::new(Made::default());
    *source.hangs.lock().unwrap() = Some(hangs);
    let patient = Admin::new(OPEN, Arc::<Made>::clone(&source));
    let late = served(Admin {
        patience: Duration::ZERO,
        ..patient.clone()
    })
    .await;
    for target in ["GET /api/v1/calls", "GET /api/v1/totals"] {
        let said = [
            "retry-after: 5",
            "disk_hangs",
            "cannot be read now: a write has not ended for 7 s",
        ];
        check_on(&late, target, 503, &said).await;
    }
    drop(release);
    // Its turn is free once the disk is back.
    check_on(&served(patient).await, "GET /api/v1/calls", 200, &[]).await;
}

#[tokio::test]
async fn a_reload_that_waits_for_the_disk_says_that_it_goes_on() {
    let admin = Admin {
        patience: Duration::ZERO,
        ..Admin::new(OPEN, Arc::new(Made::default()))
    };
    let turn = Arc::clone(&admin.reloads).acquire_owned().await.unwrap();
    let said = ["retry-after: 5", "not taken over yet: a write has not"];
    check_on(&served(admin).await, "POST /-/reload", 503, &said).await;
    drop(turn);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let (get, body) = check("GET /metrics", 200, &[]).await;
    let (head, none) = check("HEAD /metrics", 200, &[]).await;
    let length = format!("content-length: {}", body.len());
    assert!(
        get.contains(&length) && head.contains(&length),
        "{get}\n{head}"
    );
    assert_eq!(none, "");
}

#[tokio::test]
async fn what_was_deleted_for_its_age_is_refused_with_where_it_begins_and_what_to_ask() {
    check(
        "GET /api/v1/totals?by=minute&since=40h",
        400,
        &[
            "minutes are read",
            "kept from 2026-11-22T12:00+08:00 on",
            "since=2026-11-22T04:00:00Z",
            "by=hour or by=day",
        ],
    )
    .await;
    check(
        "GET /api/v1/totals?by=hour",
        400,
        &["hours are read", "by=day, with days as since and until"],
    )
    .await;
}

#[tokio::test]
async fn what_is_not_here_is_said_with_what_is() {
    check(
        "GET /v1/chat/completions",
        404,
        &["not_found", "/api/v1/totals", "other port"],
    )
    .await;
    check(
        "DELETE /metrics",
        405,
        &["allow: GET, HEAD", "method_not_allowed"],
    )
    .await;
    check("GET /-/reload", 405, &["allow: POST"]).await;
    check(
        "GET /api/v1/calls?limit=0",
        400,
        &["bad_query", "from 1 to 10000"],
    )
    .await;
    check(
        "GET /api/v1/totals?by=colour",
        400,
        &["month, day, hour, minute, upstream, model, tenant, team"],
    )
    .await;
    check(
        "GET /api/v1/breakeven?plan=mine",
        400,
        &["bad_query", "takes none"],
    )
    .await;
}

#[tokio::test]
async fn what_is_asked_of_other_assumptions_is_a_query_with_names_that_exist() {
    check(
        "GET /api/v1/whatif?people=0&volume=2.5",
        200,
        &[r#""people": "0""#, r#""volume": "2.5""#],
    )
    .await;
    for (query, says) in [
        ("peple=0", "did you mean people?"),
        ("gpu_usd_hour=2", "did you mean gpu_usd_per_hour?"),
        ("people=0&people=1", "given twice"),
        (
            "people=zero",
            "ops_usd_per_month: \\\"zero\\\" is not such a number",
        ),
        ("volume=1e999", "no number that can be"),
    ] {
        let request = format!("GET /api/v1/whatif?{query}");
        check(&request, 400, &["bad_query", says]).await;
    }
    check("POST /api/v1/whatif", 405, &["allow: GET, HEAD"]).await;
}

#[tokio::test]
async fn the_past_is_asked_for_by_month_and_plan() {
    check(
        "GET /api/v1/verdict/past?since=2026-01&until=2026-03&plan=llama",
        200,
        &[
            r#""since": "2026-01-01""#,
            r#""until": "2026-03-01""#,
            r#""plan": "llama""#,
        ],
    )
    .await;
    for (query, says) in [
        ("since=2026-1", "such as 2026-01"),
        ("since=2026-13", "is not a month"),
        ("since=2026-01-01", "is not a month"),
        ("until=9999-12", "is not a month"),
        ("since=2026-03&until=2026-03", "until is not after since"),
        ("plan=lama", "did you mean llama?"),
        ("month=2026-01", "known here: since, until, plan"),
    ] {
        let request = format!("GET /api/v1/verdict/past?{query}");
        check(&request, 400, &["bad_query", says]).await;
    }
}

#[tokio::test]
async fn a_reload_is_posted_and_a_refused_one_lists_all_problems() {
    let source = Arc::new(Made::default());
    let served = serve(OPEN, Arc::clone(&source)).await;
    check_on(&served, "POST /-/reload", 200, &["reloaded"]).await;
    *source.problems.lock().unwrap() = vec!["line 3".into(), "line 9".into()];
    check_on(
        &served,
        "POST /-/reload",
        422,
        &["line 3", "line 9", "old one stays"],
    )
    .await;
}

#[tokio::test]
async fn a_body_that_nobody_wants_is_not_read() {
    let served = serve(OPEN, Arc::default()).await;
    let request = "POST /-/reload HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                   content-length: 1000000000000\r\n\r\n";
    let (head, _) = exchange(served.address, request).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

#[tokio::test]
async fn totals_are_told_also_where_hosting_cannot_be() {
    let source = Arc::new(Made {
        hosting_waits: true,
        ..Made::default()
    });
    let served = serve(OPEN, source).await;
    let (_, body) = check_on(&served, "GET /api/v1/totals", 200, &[]).await;
    let totals: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(totals["total"]["calls"], 3);
    assert!(totals["hosting"].is_null());
    let said = "the ledger cannot be read now: a write takes 7 s";
    assert_eq!(totals["hosting_missing"], said);
}

#[tokio::test]
async fn totals_are_exact_and_name_their_currency_and_zone() {
    let (_, body) = check("GET /api/v1/totals", 200, &[]).await;
    let totals: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(totals["currency"], "USD");
    assert_eq!(totals["timezone"], "Asia/Shanghai");
    assert_eq!(totals["total"]["cost_usd"], "1000000000000000.000000000001");
    assert_eq!(totals["total"]["calls"], 3);
    // What nobody was billed for is told apart.
    assert_eq!(totals["total"]["imported_calls"], 3);
    let imported = &totals["total"]["imported_cost_usd"];
    assert_eq!(imported, "1000000000000000.000000000001");
    let models: Vec<&Value> = totals["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["model"])
        .collect();
    assert_eq!(models, [&Value::Null, &Value::from("gpt-4o")]);
    assert_eq!(totals["rows"][1]["cost_usd"], totals["total"]["cost_usd"]);
}

#[tokio::test]
async fn a_gateway_is_shown_by_upstream_and_is_in_no_total() {
    let (_, body) = check("GET /api/v1/totals?by=day,upstream", 200, &[]).await;
    let totals: Value = serde_json::from_str(&body).unwrap();
    let rows = totals["rows"].as_array().unwrap();
    let gateway = rows
        .iter()
        .find(|row| row["upstream"] == "litellm")
        .unwrap();
    assert_eq!(
        (&gateway["in_total"], &gateway["day"]),
        (&false.into(), &"2026-11-22".into())
    );
    assert_eq!(totals["total"]["calls"], 3);
    // What nobody was billed for is told apart.
    assert_eq!(totals["total"]["imported_calls"], 3);
    let imported = &totals["total"]["imported_cost_usd"];
    assert_eq!(imported, "1000000000000000.000000000001");
}

#[tokio::test]
async fn every_call_is_on_exactly_one_page() {
    let served = serve(OPEN, Arc::default()).await;
    let mut seen = Vec::new();
    let mut target = "GET /api/v1/calls?limit=2&since=1d".to_owned();
    loop {
        let (head, body) = check_on(&served, &target, 200, &["application/x-ndjson"]).await;
        for line in body.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            assert_eq!(row.as_object().unwrap().len(), CallRecord::COLUMNS.len());
            seen.push(row["duration_ms"].as_u64().unwrap());
        }
        assert!(head.contains("x-missing-rows: frames 3 to 4 are gone\r\nx-missing-rows: dåy\r\n"));
        let Some(link) = head.lines().find_map(|line| line.strip_prefix("link: <")) else {
            break;
        };
        // The bounds of the first page hold on the next: a relative time does not move on.
        assert!(link.contains("since=2026-11-21T12:00:00Z"), "{link}");
        target = format!("GET {}", link.split('>').next().unwrap());
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_failure_behind_the_listener_does_not_tell_its_inside() {
    let (_, body) = check("GET /api/v1/breakeven", 500, &["could not be read", "log"]).await;
    assert!(!body.contains("secret path"), "{body}");
}

#[tokio::test]
async fn a_token_can_be_set_while_running() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let admin = Admin::new(OPEN, Arc::new(Made::default()));
    tasks.spawn(admin.clone().serve(listener, stop.clone(), tasks.clone()));
    let served = Served {
        address,
        stop,
        tasks,
    };
    check_on(&served, "GET /metrics", 200, &[]).await;
    admin.set_access(Access {
        admin_token: Some(Token::new("t")),
        ..OPEN
    });
    check_on(
        &served,
        "GET /metrics",
        401,
        &["www-authenticate: Bearer", "authorization"],
    )
    .await;
}

#[tokio::test]
async fn shutdown_closes_idle_connections_and_ends() {
    let served = serve(OPEN, Arc::default()).await;
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    served.stop.cancel();
    served.tasks.close();
    // An idle connection is closed at once, long before its own timeout.
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), served.tasks.wait());
    ended.await.unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn prices_are_those_of_a_day_and_of_names_with_a_text_in_them() {
    let of = |query: &str| format!("GET /api/v1/prices?{query}");
    let (_, body) = check(&of("model=GPT-5.6-sol&at=2026-09-11"), 200, &[]).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    let [price] = answer["prices"].as_array().unwrap().as_slice() else {
        panic!("{body}")
    };
    assert_eq!(answer["at"], "2026-09-11T00:00:00Z");
    assert_eq!(
        (&price["since"], &price["since_is"]),
        (&json!("2026-08-02"), &json!("seen"))
    );
    assert_eq!(
        (&price["age_days"], &price["special"]),
        (&json!(40), &json!(0))
    );
    assert_eq!(price["rates"]["cache_read"], "0.5");
    assert_eq!(
        (&price["layer"], &price["times"]),
        (&json!("catalogue"), &Value::Null)
    );
    let (_, body) = check(&of("model=gpt-5.6-sol&at=2026-09-12"), 200, &[]).await;
    assert!(body.contains("\"cache_read\": \"0.4\""), "{body}");
    check(&of("list=openai&model=nobody"), 200, &["\"prices\": []"]).await;
    let near = [
        "no price list \\\"opnai\\\"",
        "there are the lists ",
        "openai",
    ];
    check(&of("list=opnai"), 400, &near).await;
    check(&of("at=soon"), 400, &["is not a time"]).await;
    check(&of("models=gpt"), 400, &["known here: at, list, model"]).await;
}
