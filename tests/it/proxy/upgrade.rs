//! Another protocol after a 101 passes blind, both ways.

use std::time::Duration;

use crate::support::wire::{Wire, header};
use crate::support::{Call, Running, Upstream, settings};

const UPGRADE: &str = "GET /v1/realtime HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n\
                       Upgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                      Upgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n";

async fn switched(upstream: &Upstream, proxy: &Running) -> (Wire, Wire) {
    let mut client = proxy.connect().await;
    client.send(UPGRADE).await;
    let mut server = upstream.accept().await;
    let head = server.head().await;
    assert_eq!(header(&head, "Connection"), Some("upgrade"));
    assert_eq!(header(&head, "Upgrade"), Some("websocket"));
    assert_eq!(header(&head, "Sec-WebSocket-Key"), Some("k"));
    server.send(SWITCH).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(header(&head, "Connection"), Some("upgrade"));
    assert_eq!(header(&head, "Upgrade"), Some("websocket"));
    assert_eq!(header(&head, "Sec-WebSocket-Accept"), Some("a"));
    (client, server)
}

#[tokio::test]
async fn bytes_pass_blind_both_ways() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = switched(&upstream, &proxy).await;
    for _ in 0..3 {
        client.send("\x01ping\r\n\r\n").await;
        server.expect("\x01ping\r\n\r\n").await;
        server.send("\x02pong").await;
        client.expect("\x02pong").await;
    }
    assert_eq!(proxy.counts.in_flight.now(), 1);
    drop(client);
    server.closed().await;
}

#[tokio::test]
async fn a_silent_tunnel_is_closed() {
    let upstream = Upstream::bind().await;
    let mut settings = settings(&upstream.url());
    settings.upstreams[0].idle_timeout = Some(Duration::from_millis(50));
    let proxy = Running::start(settings).await;
    let (mut client, mut server) = switched(&upstream, &proxy).await;
    client.closed().await;
    server.closed().await;
}

#[tokio::test]
async fn a_cut_ends_tunnels() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = switched(&upstream, &proxy).await;
    proxy.shutdown.signal();
    client.send("still").await;
    server.expect("still").await;
    proxy.shutdown.signal();
    assert_eq!(proxy.stopped().await, 1);
    client.closed().await;
    server.closed().await;
}

#[tokio::test]
async fn an_upstream_may_refuse_to_switch() {
    let mut call = Call::begin(UPGRADE).await;
    call.server
        .send("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
        .await;
    assert!(call.client.head().await.starts_with("HTTP/1.1 403 "));
    call.client.expect("no").await;
}

#[tokio::test]
async fn an_upstream_that_switches_unasked_is_a_502() {
    let mut call = Call::begin("GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n").await;
    call.server.send(SWITCH).await;
    assert!(call.client.head().await.starts_with("HTTP/1.1 502 "));
}

#[tokio::test]
async fn an_upgrade_to_h2c_is_not_passed_on() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = proxy.connect().await;
    let head = "GET /v1/x HTTP/1.1\r\nhost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n\
                Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
    client.send(head).await;
    let head = upstream.accept().await.head().await;
    assert_eq!(
        header(&head, "Upgrade"),
        None,
        "calls would pass inside it unmetered"
    );
    assert_eq!(header(&head, "HTTP2-Settings"), None);
    assert_eq!(header(&head, "Connection"), None);
}
