//! TLS to upstreams: trusted by the system or by an extra file, and by nothing else.

use http_body_util::BodyExt;
use tollgate::proxy::{Http2Mode, Settings, roots_from_pem};

use crate::support::tls::Authority;
use crate::support::wire::{Wire, header};
use crate::support::{Running, Upstream, h2, settings, soon};

const GET: &str = "GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n";

fn tls_settings(upstream: &Upstream, authority: &Authority) -> Settings {
    let mut settings = settings(&format!("https://localhost:{}", upstream.addr().port()));
    settings.upstreams[0].extra_roots = roots_from_pem(authority.pem().as_bytes()).unwrap();
    settings
}

#[tokio::test]
async fn an_extra_root_is_trusted() {
    let (upstream, authority) = (Upstream::bind().await, Authority::new());
    let proxy = Running::start(tls_settings(&upstream, &authority)).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let stream = authority
        .accept(upstream.accept_tcp().await, &["http/1.1"])
        .await
        .unwrap();
    let mut server = Wire::new(stream);
    let head = server.head().await;
    let host = format!("localhost:{}", upstream.addr().port());
    assert_eq!(header(&head, "host"), Some(&*host));
    server
        .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        .await;
    client.head().await;
    client.expect("ok").await;
}

#[tokio::test]
async fn an_unknown_root_is_not() {
    let (upstream, authority) = (Upstream::bind().await, Authority::new());
    let proxy = Running::start(tls_settings(&upstream, &Authority::new())).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    assert!(
        authority
            .accept(upstream.accept_tcp().await, &[])
            .await
            .is_err()
    );
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    assert_eq!(
        header(&head, "x-tollgate-error"),
        Some("upstream_unreachable")
    );
    let len = header(&head, "content-length").unwrap().parse().unwrap();
    let body = String::from_utf8(client.exactly(len).await).unwrap();
    assert!(body.contains("certificate"), "{body}");
}

#[tokio::test]
async fn http2_is_spoken_where_tls_agrees_on_it() {
    let (upstream, authority) = (Upstream::bind().await, Authority::new());
    let proxy = Running::start(tls_settings(&upstream, &authority)).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let stream = authority
        .accept(upstream.accept_tcp().await, &["h2", "http/1.1"])
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let asked = soon(h2::server(stream).recv()).await.unwrap();
    assert_eq!(asked.request.uri().path(), "/v1/x");
    let _ = asked
        .answer
        .send(http::Response::new(h2::whole("over http/2").await));
    client.head().await;
    assert_eq!(client.chunked().await, b"over http/2");
}

#[tokio::test]
async fn http2_is_not_offered_where_it_is_off() {
    let (upstream, authority) = (Upstream::bind().await, Authority::new());
    let mut settings = tls_settings(&upstream, &authority);
    settings.upstreams[0].http2 = Http2Mode::Never;
    let proxy = Running::start(settings).await;
    let mut client = h2::client(proxy.connect_tcp().await).await;
    let request = http::Request::get("http://x/v1/x")
        .body(h2::nothing())
        .unwrap();
    let answer = client.send_request(request);
    let stream = authority
        .accept(upstream.accept_tcp().await, &["h2", "http/1.1"])
        .await
        .unwrap();
    let mut server = Wire::new(stream);
    assert!(server.head().await.starts_with("GET /v1/x HTTP/1.1\r\n"));
    server
        .send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        .await;
    let body = soon(answer).await.unwrap().into_body().collect();
    assert_eq!(soon(body).await.unwrap().to_bytes(), "ok");
}
