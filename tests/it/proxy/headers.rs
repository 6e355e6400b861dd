//! Headers pass in order and with their case, except those of one connection and ours.

use http::HeaderName;
use tollgate::proxy::{Attribution, Settings};

use crate::support::wire::header;
use crate::support::{Call, Running, Upstream, settings, upstream_of};
use tollgate::wire::WireFormat;

/// Sends a request's head and gives what the upstream got.
async fn sent(upstream: &Upstream, proxy: &Running, head: &str) -> String {
    let mut client = proxy.connect().await;
    client.send(format!("{head}\r\n\r\n")).await;
    upstream.accept().await.head().await
}

#[track_caller]
fn assert_head(found: &str, expected: &[&str]) {
    assert_eq!(found.split("\r\n").collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_request_keeps_order_case_and_repeated_headers() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let head = "GET /v1/x HTTP/1.1\r\nX-First: 1\r\nHost: proxy\r\nConnection: keep-alive, X-Hop\r\n\
                AUTHORIZATION: Bearer k\r\nx-hop: 1\r\nX-Many: a\r\nX-Many: b\r\nKeep-Alive: 5\r\n\
                Proxy-Connection: x\r\nUpgrade: h2c\r\nX-Tollgate-Tenant: t\r\nX-Last: z";
    let host = format!("Host: {}", upstream.addr());
    assert_head(
        &sent(&upstream, &proxy, head).await,
        &[
            "GET /v1/x HTTP/1.1",
            "X-First: 1",
            &host,
            "AUTHORIZATION: Bearer k",
            "X-Many: a",
            "X-Many: b",
            "X-Last: z",
        ],
    );
}

#[tokio::test]
async fn an_answer_keeps_order_and_case_and_gains_an_id_and_a_date() {
    let mut call = Call::begin("GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n").await;
    call.server.send(
            "HTTP/1.1 429 Slow Down Please\r\nX-Request-ID: r\r\nConnection: x-hop\r\nx-hop: 1\r\n\
             Set-Cookie: a=1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: b=2\r\nProxy-Authenticate: x\r\n\
             Content-Length: 2\r\nX-Last: z\r\n\r\nno",
        )
        .await;
    let head = call.client.head().await;
    let lines: Vec<_> = head.split("\r\n").collect();
    let (ours, theirs): (Vec<_>, Vec<_>) = lines
        .into_iter()
        .partition(|line| line.starts_with("x-tollgate-call-id: ") || line.starts_with("date: "));
    assert_eq!(
        theirs,
        [
            "HTTP/1.1 429 Slow Down Please",
            "X-Request-ID: r",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
            "Content-Length: 2",
            "X-Last: z",
        ]
    );
    assert_eq!(ours.len(), 2, "{ours:?}");
    let id: uuid::Uuid = header(&head, "x-tollgate-call-id")
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(id.get_version_num(), 7);
}

#[tokio::test]
async fn a_date_of_the_upstream_stays() {
    let mut call = Call::begin("GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n").await;
    call.server
        .send("HTTP/1.1 200 OK\r\nDate: then\r\ncontent-length: 0\r\n\r\n")
        .await;
    let head = call.client.head().await;
    assert_eq!(header(&head, "Date"), Some("then"));
    assert_eq!(head.to_lowercase().matches("\r\ndate: ").count(), 1);
}

#[tokio::test]
async fn configured_headers_of_ours_stay_here() {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(Settings {
        attribution: Attribution {
            tenant_headers: vec![HeaderName::from_static("x-tenant")],
            dimensions: vec![("team".into(), HeaderName::from_static("x-team"))],
            ..Attribution::default()
        },
        ..settings(&upstream.url())
    })
    .await;
    let head =
        "GET /v1/x HTTP/1.1\r\nhost: p\r\nx-tenant: a\r\nx-team: b\r\nx-other: c\r\napi-key: k";
    let host = format!("host: {}", upstream.addr());
    assert_head(
        &sent(&upstream, &proxy, head).await,
        &["GET /v1/x HTTP/1.1", &host, "x-other: c", "api-key: k"],
    );
}

/// A request target, and what the upstream with the base path gets.
async fn check_target(base_path: &str, target: &str, expected: &str) {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(settings(&format!("{}{base_path}", upstream.url()))).await;
    let head = sent(
        &upstream,
        &proxy,
        &format!("GET {target} HTTP/1.1\r\nhost: p"),
    )
    .await;
    let line = head.lines().next().unwrap();
    assert_eq!(
        line,
        format!("GET {expected} HTTP/1.1"),
        "for {target} after {base_path:?}"
    );
}

#[tokio::test]
async fn a_path_passes_byte_for_byte() {
    check_target(
        "",
        "/v1/a%2Fb//c/../d?x=%20+&y=/a%zz&",
        "/v1/a%2Fb//c/../d?x=%20+&y=/a%zz&",
    )
    .await;
    check_target("", "//v1/x", "//v1/x").await;
    check_target("", "/up//v1/x%2f", "//v1/x%2f").await;
    check_target("", "/up/v1/x?q", "/v1/x?q").await;
    check_target("", "/up?q", "/?q").await;
    check_target("", "/up", "/").await;
    check_target("", "/upper/v1", "/upper/v1").await;
    check_target("", "http://somewhere.else/v1/x?q", "/v1/x?q").await;
    check_target("/api/", "/v1/x?q", "/api/v1/x?q").await;
    check_target("/api", "/up/v1/x?q", "/api/v1/x?q").await;
    check_target("/api", "/up?q", "/api?q").await;
}

#[tokio::test]
async fn bare_paths_of_a_vendor_go_to_its_upstream() {
    let openai = Upstream::bind().await;
    let (anthropic, google) = (Upstream::bind().await, Upstream::bind().await);
    let mut settings = settings(&openai.url());
    for (format, name, at) in [
        (WireFormat::Anthropic, "claude", &anthropic),
        (WireFormat::Gemini, "gemini", &google),
    ] {
        let upstream = upstream_of(format, name, &at.url());
        settings.upstreams.push(upstream);
    }
    let proxy = Running::start(settings).await;
    for (path, at) in [
        ("/v1/messages", &anthropic),
        ("/v1/messages/count_tokens?beta=true", &anthropic),
        ("/v1/complete", &anthropic),
        ("/v1beta/models/gemini-2.5-flash:generateContent", &google),
        ("/v1/publishers/google/models/m:predict", &google),
    ] {
        let head = sent(at, &proxy, &format!("POST {path} HTTP/1.1\r\nhost: p")).await;
        assert!(head.starts_with(&format!("POST {path} ")), "{head}");
    }
    for path in ["/v1/chat/completions", "/v1/messagesx", "/v1/completions"] {
        let head = sent(&openai, &proxy, &format!("POST {path} HTTP/1.1\r\nhost: p")).await;
        assert!(head.starts_with(&format!("POST {path} ")), "{head}");
    }
}

#[tokio::test]
async fn a_bare_path_of_bedrock_goes_to_its_only_upstream() {
    const CONVERSE: &str = "POST /model/anthropic.claude-v2%3A1/converse HTTP/1.1";
    let (openai, bedrock) = (Upstream::bind().await, Upstream::bind().await);
    let mut settings = settings(&openai.url());
    let upstream = upstream_of(WireFormat::Bedrock, "bedrock", &bedrock.url());
    settings.upstreams.push(upstream);
    let proxy = Running::start(settings.clone()).await;
    for (line, at) in [
        (CONVERSE, &bedrock),
        ("POST /model/m/invoke?x=y HTTP/1.1", &bedrock),
        // A gateway's own.
        ("GET /model/info HTTP/1.1", &openai),
        ("POST /model/new HTTP/1.1", &openai),
    ] {
        let head = sent(at, &proxy, &format!("{line}\r\nhost: p")).await;
        assert!(head.starts_with(line), "{head}");
    }
    // Of two regions none is guessed.
    let other = upstream_of(WireFormat::Bedrock, "bedrock-eu", &bedrock.url());
    settings.upstreams.push(other);
    let proxy = Running::start(settings).await;
    let mut client = proxy.connect().await;
    client.send(format!("{CONVERSE}\r\nhost: p\r\n\r\n")).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let named = format!("{CONVERSE}\r\nhost: p").replace("/model", "/bedrock-eu/model");
    let head = sent(&bedrock, &proxy, &named).await;
    assert!(head.starts_with(CONVERSE), "{head}");
}

#[tokio::test]
async fn any_method_passes() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    for method in ["OPTIONS", "PATCH", "DELETE", "PUT", "PROPFIND", "TRACE"] {
        let head = sent(
            &upstream,
            &proxy,
            &format!("{method} /v1/x HTTP/1.1\r\nhost: p"),
        )
        .await;
        assert!(
            head.starts_with(&format!("{method} /v1/x HTTP/1.1\r\n")),
            "{head}"
        );
    }
}

#[tokio::test]
async fn trailers_pass_to_a_client_that_takes_them() {
    let mut call =
        Call::begin("GET /v1/x HTTP/1.1\r\nhost: p\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
            .await;
    assert_eq!(header(&call.head, "TE"), Some("trailers"));
    assert_eq!(header(&call.head, "Connection"), Some("te"));
    call.server
        .send("HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        .await;
    call.server.send("0\r\nx-sum: 7\r\n\r\n").await;
    let head = call.client.head().await;
    assert_eq!(header(&head, "Trailer"), Some("x-sum"));
    assert_eq!(call.client.chunk().await, b"a");
    assert_eq!(call.client.chunk().await, b"");
    assert_eq!(call.client.head().await, "x-sum: 7");
}

#[tokio::test]
async fn trailers_of_a_request_pass_too() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = proxy.connect().await;
    let head = "POST /v1/x HTTP/1.1\r\nhost: p\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked";
    client
        .send(format!("{head}\r\n\r\n1\r\na\r\n0\r\nx-sum: 7\r\n\r\n"))
        .await;
    let mut server = upstream.accept().await;
    server.head().await;
    assert_eq!(server.chunk().await, b"a");
    assert_eq!(server.chunk().await, b"");
    assert_eq!(server.head().await, "x-sum: 7");
}
