//! The way out through a forward proxy, played by the test: what it is asked, and what it may do.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate::proxy::{EgressProxy, Settings, roots_from_pem};

use crate::support::tls::Authority;
use crate::support::wire::header;
use crate::support::{Running, Upstream, h2, settings, soon};

const GET: &str = "GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n";
const OPENED: &str = "HTTP/1.1 200 Connection established\r\nvia: 1.1 p\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// `us:hunter2` as the header has it.
const BASIC: &str = "Basic dXM6aHVudGVyMg==";

/// An upstream whose name only the proxy could know.
fn through(proxy: &Upstream, base_url: &str, credentials: Option<&str>) -> Settings {
    let mut settings = settings(base_url);
    let address = proxy.url().parse().unwrap();
    settings.upstreams[0].egress = Some(EgressProxy::new(address, credentials));
    settings
}

/// The head of a request, and no byte more.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_plain_upstream_is_tunnelled_too_and_its_tunnel_is_used_again() {
    let forward = Upstream::bind().await;
    let settings = through(&forward, "http://up.invalid:81", Some("us:hunter2"));
    let proxy = Running::start(settings).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let mut server = forward.accept().await;
    let asked = server.head().await;
    let first = "CONNECT up.invalid:81 HTTP/1.1\r\nHost: up.invalid:81\r\n";
    assert!(asked.starts_with(first), "{asked}");
    assert_eq!(header(&asked, "Proxy-Authorization"), Some(BASIC));
    server.send(OPENED).await;
    for _ in 0..2 {
        let call = server.head().await;
        assert!(call.starts_with("GET /v1/x HTTP/1.1\r\n"), "{call}");
        assert_eq!(header(&call, "host"), Some("up.invalid:81"));
        assert!(!call.to_lowercase().contains("proxy-"), "{call}");
        server.send(OK).await;
        client.head().await;
        client.expect("ok").await;
        client.send(GET).await;
    }
}

#[tokio::test]
async fn tls_and_http2_are_agreed_on_within_the_tunnel() {
    let (forward, authority) = (Upstream::bind().await, Authority::new());
    let mut settings = through(&forward, "https://localhost", None);
    settings.upstreams[0].extra_roots = roots_from_pem(authority.pem().as_bytes()).unwrap();
    let proxy = Running::start(settings).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let mut stream = forward.accept_tcp().await;
    let asked = head(&mut stream).await;
    assert!(asked.starts_with("CONNECT localhost:443 HTTP/1.1\r\n"));
    assert_eq!(header(&asked, "Proxy-Authorization"), None);
    stream.write_all(OPENED.as_bytes()).await.unwrap();
    let stream = authority.accept(stream, &["h2"]).await.unwrap();
    let asked = soon(h2::server(stream).recv()).await.unwrap();
    assert_eq!(asked.request.uri().path(), "/v1/x");
    let _ = asked
        .answer
        .send(http::Response::new(h2::whole("through").await));
    client.head().await;
    assert_eq!(client.chunked().await, b"through");
}

#[tokio::test]
async fn other_credentials_make_other_connections() {
    let forward = Upstream::bind().await;
    let with = |credentials| through(&forward, "http://up.invalid", Some(credentials));
    let proxy = Running::start(with("us:old")).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let mut old = forward.accept().await;
    old.head().await;
    old.send(OPENED).await;
    old.head().await;
    old.send(OK).await;
    client.head().await;
    client.expect("ok").await;
    proxy.proxy.reload(with("us:hunter2")).unwrap();
    client.send(GET).await;
    let asked = forward.accept().await.head().await;
    assert_eq!(header(&asked, "Proxy-Authorization"), Some(BASIC));
}

/// What the client is told when the proxy answers so and sends nothing more.
async fn refused(reply: &[u8]) -> (String, String) {
    let forward = Upstream::bind().await;
    let settings = through(&forward, "http://up.invalid", Some("us:hunter2"));
    let proxy = Running::start(settings).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let mut stream = forward.accept_tcp().await;
    head(&mut stream).await;
    // We may have had enough before all of it was sent.
    let _ = stream.write_all(reply).await;
    let _ = stream.shutdown().await;
    let head = client.head().await;
    let length = header(&head, "content-length").unwrap().parse().unwrap();
    let body = String::from_utf8(client.exactly(length).await).unwrap();
    for secret in ["hunter2", "dXM6"] {
        assert!(!body.contains(secret) && !head.contains(secret), "{body}");
    }
    (head, body)
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel_is_named_with_what_it_said() {
    let giant = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(64 * 1024));
    let cases: [(&[u8], &str); 7] = [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "answered 407: ",
        ),
        (
            b"HTTP/1.0 502 Bad Gateway\r\ncontent-length: 3\r\n\r\nno!",
            "answered 502 ",
        ),
        (b"HTTP/1.1 2xx\r\n\r\n", "not HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"", "closed the connection"),
        (b"HTTP/1.1 200 OK\r\nvia", "closed the connection"),
        (giant.as_bytes(), "more than 8192 bytes"),
    ];
    for (reply, expected) in cases {
        let (head, body) = refused(reply).await;
        assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
        let reason = header(&head, "x-tollgate-error");
        assert_eq!(reason, Some("upstream_unreachable"), "{head}");
        let named = body.contains("upstream up ") && body.contains("egress proxy 127.0.0.1:");
        assert!(named && body.contains(expected), "{expected}: {body}");
    }
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_a_connect_timeout() {
    let forward = Upstream::bind().await;
    let mut settings = through(&forward, "http://up.invalid", None);
    settings.upstreams[0].connect_timeout = Some(Duration::from_millis(1));
    let proxy = Running::start(settings).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let head = client.head().await;
    let reason = header(&head, "x-tollgate-error");
    assert_eq!(reason, Some("upstream_connect_timeout"), "{head}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let forward = Upstream::bind().await;
    let settings = through(&forward, "http://up.invalid", None);
    drop(forward);
    let proxy = Running::start(settings).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let head = client.head().await;
    let length = header(&head, "content-length").unwrap().parse().unwrap();
    let body = String::from_utf8(client.exactly(length).await).unwrap();
    assert!(
        body.contains("egress proxy 127.0.0.1:") && body.contains("refused"),
        "{body}"
    );
}
