//! What a call that lasts would leave behind, were the process to die.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tollgate::journal::{Frame, FrameKind};
use tollgate::proxy::Settings;
use tollgate::wire::WireFormat;

use crate::support::house::check_row;
use crate::support::wire::Wire;
use crate::support::{Running, Upstream, settings, soon, upstream_of};

const POST: &str = "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 41\r\n\r\n{\"model\":\"claude-sonnet-4-5\",\"max\":1000}";
const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const START: &str = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
const DELTA: &str = "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"yes\"}}\n\n";
const USAGE: &str = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n";
const STOP: &str = "data: {\"type\":\"message_stop\"}\n\n";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn call(upstream: &Upstream, proxy: &Running) -> (Wire, Wire) {
    let mut client = proxy.connect().await;
    client.send(POST).await;
    let mut server = upstream.accept().await;
    server.head().await;
    server.expect("{\"model\"").await;
    (client, server)
}

/// Lets a piece of the answer pass.
async fn passes(client: &mut Wire, server: &mut Wire, data: &str) {
    server.send_chunk(data).await;
    assert_eq!(client.chunk().await, data.as_bytes());
}

#[track_caller]
fn check(frame: &Frame, kind: FrameKind, expected: &Value) {
    assert_eq!(frame.kind, kind);
    let record: Value = serde_json::from_slice(&frame.body).unwrap();
    check_row(&format!("{kind:?}"), &record, expected);
}

#[tokio::test]
async fn a_call_that_lasts_leaves_what_is_known_of_it() {
    let upstream = Upstream::bind().await;
    let proxy = Running::start(Settings {
        upstreams: vec![upstream_of(WireFormat::Anthropic, "up", &upstream.url())],
        ..settings(&upstream.url())
    })
    .await;
    let before = Instant::now();
    let (mut client, mut server) = call(&upstream, &proxy).await;
    let after = Instant::now();
    let mark = |at| proxy.meter.mark(at);
    mark(before + seconds(4));
    mark(after + seconds(6));
    server.send(HEAD).await;
    client.head().await;
    passes(&mut client, &mut server, START).await;
    passes(&mut client, &mut server, DELTA).await;
    mark(after + seconds(8));
    mark(after + seconds(11));
    passes(&mut client, &mut server, DELTA).await;
    mark(after + seconds(16));
    passes(&mut client, &mut server, USAGE).await;
    mark(after + seconds(21));
    passes(&mut client, &mut server, STOP).await;
    mark(after + seconds(60));
    soon(client.leave()).await;
    // The end of another call carries whatever was left to be written.
    let (mut client, mut server) = call(&upstream, &proxy).await;
    server.send(HEAD).await;
    client.head().await;
    passes(&mut client, &mut server, STOP).await;

    let frames = proxy.frames();
    let [begin, facts, started, counted, end, _, _] = frames.as_slice() else {
        let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
        panic!("{kinds:?}");
    };
    let open = json!({"end": "interrupted", "complete": false});
    check(begin, FrameKind::Begin, &open);
    check(
        facts,
        FrameKind::Facts,
        &json!({"model_requested": "claude-sonnet-4-5", "source": "unknown",
            "flags": ["provider_may_bill", "no_price"], "end": "interrupted"}),
    );
    let partly = json!({"status": 200, "source": "partial", "input_tokens": 25, "output_tokens": 1,
        "model": "claude-sonnet-4-5-20250929", "flags": ["aborted", "no_price"], "end": "interrupted"});
    check(started, FrameKind::Progress, &partly);
    assert!(started.ts_ms >= 11_000, "it is not marked every second");
    check(
        counted,
        FrameKind::Progress,
        &json!({"source": "reported", "input_tokens": 25, "output_tokens": 9, "complete": false}),
    );
    check(
        end,
        FrameKind::End,
        &json!({"end": "complete", "complete": true, "output_tokens": 9}),
    );
}
