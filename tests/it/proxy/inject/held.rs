//! A request that may have to ask is held, and passes whatever its client does meanwhile.

use serde_json::json;

use super::{ASKS_NOTHING, ASKS_NOTHING_ASKED, DONE, TEXT, post, records, streamed};
use crate::support::house::check_row;
use crate::support::wire::header;
use crate::support::{Call, Running, Upstream, settings};

const HEAD: &str = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json; charset=utf-8\r\n";

#[tokio::test]
async fn an_upload_in_pieces_is_asked_when_it_is_whole() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = proxy.connect().await;
    client
        .send(format!("{HEAD}transfer-encoding: chunked\r\n\r\n"))
        .await;
    for piece in ASKS_NOTHING.as_bytes().chunks(5) {
        client.send_chunk(std::str::from_utf8(piece).unwrap()).await;
    }
    client.send("0\r\n\r\n").await;
    let mut server = upstream.accept().await;
    let head = server.head().await;
    let length = ASKS_NOTHING_ASKED.len().to_string();
    assert_eq!(header(&head, "content-length"), Some(&*length));
    assert_eq!(header(&head, "transfer-encoding"), None);
    server.expect(ASKS_NOTHING_ASKED).await;
    let mut call = Call {
        client,
        server,
        head,
        upstream,
        proxy,
    };
    assert_eq!(streamed(&mut call, true).await, format!("{TEXT}{DONE}"));
}

#[tokio::test]
async fn a_client_that_waits_to_be_told_is_told_to_go_on() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = proxy.connect().await;
    let length = ASKS_NOTHING.len();
    client
        .send(format!(
            "{HEAD}expect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        ))
        .await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue");
    client.send(ASKS_NOTHING).await;
    let mut server = upstream.accept().await;
    assert_eq!(header(&server.head().await, "expect"), None);
    server.expect(ASKS_NOTHING_ASKED).await;
}

#[tokio::test]
async fn a_body_longer_than_may_be_held_passes_whole_and_is_counted() {
    let filler = "x".repeat(300_000);
    let body = format!(r#"{{"stream":true,"model":"{filler}"}}"#);
    let length = body.len();
    let sized = format!("{HEAD}content-length: {length}\r\n\r\n{body}");
    let chunked =
        format!("{HEAD}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n");
    for (request, is_sized) in [(sized, true), (chunked, false)] {
        let limit = |settings: &mut _| {
            let tollgate::proxy::Settings {
                inject_body_bytes_max,
                ..
            } = settings;
            *inject_body_bytes_max = 100_000;
        };
        let mut call = Call::within(limit, request).await;
        let got = if is_sized {
            call.server.exactly(length).await
        } else {
            call.server.chunked().await
        };
        assert_eq!(got, body.as_bytes(), "sized: {is_sized}");
        assert_eq!(streamed(&mut call, false).await, format!("{TEXT}{DONE}"));
        assert_eq!(call.proxy.counts.in_flight.asked(), ["too_large"]);
    }
}

#[tokio::test]
async fn no_more_is_held_of_all_requests_together_than_256_mib() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let begun = format!("{HEAD}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n");
    let mut waiting = Vec::new();
    for held in 1..=64 {
        let mut client = proxy.connect().await;
        client.send(&begun).await;
        while proxy.counts.in_flight.now() < held {
            tokio::task::yield_now().await;
        }
        waiting.push(client);
    }
    let mut client = proxy.connect().await;
    let request = post(ASKS_NOTHING);
    client.send(&request).await;
    let mut server = upstream.accept().await;
    let head = server.head().await;
    server.expect(ASKS_NOTHING).await;
    let mut call = Call {
        client,
        server,
        head,
        upstream,
        proxy,
    };
    assert_eq!(streamed(&mut call, false).await, format!("{TEXT}{DONE}"));
    assert_eq!(call.proxy.counts.in_flight.asked(), ["too_large"]);
    drop(waiting.pop());
    while call.proxy.counts.in_flight.now() > 63 {
        tokio::task::yield_now().await;
    }
    call.client.send(&request).await;
    call.server.head().await;
    call.server.expect(ASKS_NOTHING_ASKED).await;
}

#[tokio::test]
async fn a_client_that_leaves_while_its_request_is_held_is_not_billed() {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(settings(&upstream.url())).await;
    let request = post(ASKS_NOTHING);
    for leaves_by_reset in [false, true] {
        let mut client = proxy.connect().await;
        client.send(&request[..request.len() - 3]).await;
        while proxy.counts.in_flight.now() == 0 {
            tokio::task::yield_now().await;
        }
        if leaves_by_reset {
            client.reset();
        } else {
            client.leave().await;
        }
        while proxy.counts.in_flight.now() > 0 {
            tokio::task::yield_now().await;
        }
    }
    // A call of somebody else carries their records to the disk, and is the first the upstream sees.
    let mut client = proxy.connect().await;
    client.send(post(ASKS_NOTHING)).await;
    let mut server = upstream.accept().await;
    let head = server.head().await;
    server.expect(ASKS_NOTHING_ASKED).await;
    let mut call = Call {
        client,
        server,
        head,
        upstream,
        proxy,
    };
    streamed(&mut call, true).await;
    let records = records(&call.proxy);
    assert_eq!(records.len(), 3);
    let unsent = json!({"source": null, "pricing": "free", "end": "client_gone", "flags": null});
    for left in &records[..2] {
        check_row("left", left, &unsent);
    }
}
