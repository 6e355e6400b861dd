//! Two steps to the end: drain, then cut.

use std::time::Duration;

use http::Request;
use tokio::net::TcpStream;
use tollgate::proxy::Settings;

use crate::support::wire::{Wire, header};
use crate::support::{Call, Running, Upstream, h2, settings};

const GET: &str = "GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n";

/// A call whose answer has begun, and an idle connection beside it.
async fn busy(upstream: &Upstream, proxy: &Running) -> (Wire, Wire) {
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let mut server = upstream.accept().await;
    server.head().await;
    server
        .send("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\none")
        .await;
    client.head().await;
    client.expect("one").await;
    (client, server)
}

#[tokio::test]
async fn the_first_signal_lets_calls_end() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = busy(&upstream, &proxy).await;
    let mut idle = proxy.connect().await;
    idle.send("GET /nowhere HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
        .await;
    let addr = proxy.addr();

    proxy.shutdown.signal();
    server.send("two").await;
    client.expect("two").await;
    client.closed().await;
    drop((upstream, server));
    idle.rest().await;
    assert_eq!(proxy.stopped().await, 0);
    assert!(TcpStream::connect(addr).await.is_err(), "it still listens");
}

#[tokio::test]
async fn an_idle_connection_does_not_delay_the_end() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut silent = proxy.connect().await;
    let (mut client, mut server) = busy(&upstream, &proxy).await;
    server.send("two").await;
    client.expect("two").await;
    proxy.shutdown.signal();
    silent.closed().await;
    client.closed().await;
    assert_eq!(proxy.stopped().await, 0);
}

#[tokio::test]
async fn a_second_signal_cuts() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let (mut client, mut server) = busy(&upstream, &proxy).await;
    proxy.shutdown.signal();
    proxy.shutdown.signal();
    assert_eq!(proxy.stopped().await, 1);
    client.closed().await;
    server.closed().await;
}

#[tokio::test]
async fn the_drain_limit_cuts_too() {
    let upstream = Upstream::bind().await;
    let drain = Duration::from_millis(50);
    let proxy = Running::start(Settings {
        drain,
        ..settings(&upstream.url())
    })
    .await;
    let (mut client, mut server) = busy(&upstream, &proxy).await;
    proxy.shutdown.signal();
    assert_eq!(proxy.stopped().await, 1);
    client.closed().await;
    server.closed().await;
}

#[tokio::test]
async fn a_cut_ends_the_streams_of_http2_with_their_connection() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = h2::client(proxy.connect_tcp().await).await;
    let answer = client.send_request(Request::get("http://x/v1/x").body(h2::nothing()).unwrap());
    let mut server = upstream.accept().await;
    server.head().await;
    let in_flight = proxy.counts.clone();
    proxy.shutdown.signal();
    proxy.shutdown.signal();
    assert_eq!(proxy.stopped().await, 1);
    assert_eq!(in_flight.in_flight.now(), 0, "a stream outlived the cut");
    assert!(answer.await.is_err());
    server.closed().await;
}

#[tokio::test]
async fn draining_tells_clients_to_come_back_elsewhere() {
    let mut call = Call::begin(GET).await;
    call.proxy.shutdown.signal();
    // The signal has to have reached the connection before the answer does.
    while TcpStream::connect(call.proxy.addr()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    call.server
        .send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .await;
    assert_eq!(
        header(&call.client.head().await, "connection"),
        Some("close")
    );
    call.client.closed().await;
    assert_eq!(call.proxy.stopped().await, 0);
}
