//! Requests that no API would take: forwarded byte for byte, metered as far as possible.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Frame;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Stage, good_answer};
use crate::support::client::{Body, post};

const PATH: &str = "/v1/chat/completions";
const MIB: usize = 1024 * 1024;
/// 200 MB of one string.
const LONG_PARTS: usize = 200;
/// What a call may add to the process, whatever its size.
const MEMORY_GROWTH_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[track_caller]
fn check(body: impl Into<Bytes>) -> impl Future<Output = ()> {
    let body = body.into();
    async move {
        let stage = Stage::set(|_| good_answer()).await;
        let answer = stage.send(post(PATH, body.clone())).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = stage.upstream.take_seen();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].method, "POST");
        assert_eq!(seen[0].body.bytes, body);
        let row = stage.only_row().await;
        assert_eq!(row["source"], "reported", "{row}");
        assert_eq!(row["input_tokens"], 7, "{row}");
        assert_eq!(row["pricing"], "priced", "{row}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_json_is_forwarded_and_its_answer_metered() {
    check("model=gpt-4o&messages=hello").await;
}

#[tokio::test]
async fn a_request_that_is_not_utf8_is_forwarded_and_its_answer_metered() {
    let mut body = br#"{"model":"gpt-4o","messages":[{"content":""#.to_vec();
    body.extend([0xff, 0xfe, 0x00, 0xc3, 0x28, b'"', b'}', b']', b'}']);
    check(body).await;
}

#[tokio::test]
async fn a_request_whose_json_is_cut_short_is_forwarded_and_its_answer_metered() {
    check(r#"{"model":"gpt-4o","messages":[{"role":"us"#).await;
}

#[tokio::test]
async fn a_request_nested_ten_thousand_deep_is_forwarded_and_its_answer_metered() {
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    check(format!(r#"{{"messages":{open}{close},"model":"gpt-4o"}}"#)).await;
}

#[tokio::test]
async fn a_request_of_200_mb_passes_in_bounded_memory() {
    let stage = Stage::set(|_| good_answer()).await;
    let before = stage.tollgate.memory_peak_bytes();
    let mut digest = Sha256::new();
    LongBody::default().for_each(|part| digest.update(&part));
    let answer = stage.send(long_request()).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let growth = stage.tollgate.memory_peak_bytes() - before;
    let seen = stage.upstream.take_seen();
    assert!(seen[0].body.length > 200_000_000);
    assert_eq!(seen[0].body.sha256, <[u8; 32]>::from(digest.finalize()));
    let row = stage.only_row().await;
    assert_eq!(row["model_requested"], "gpt-4o", "{row}");
    assert_eq!(row["source"], "reported", "{row}");
    println!(
        "{} MB of request, {} KiB more memory",
        LONG_PARTS,
        growth / 1024
    );
    assert!(growth < MEMORY_GROWTH_BYTES_MAX, "{growth} bytes more");
}

#[tokio::test]
async fn a_client_that_stops_in_its_request_leaves_one_row() {
    let stage = Stage::set(|_| good_answer()).await;
    let mut stream = TcpStream::connect(stage.tollgate.traffic).await.unwrap();
    let request =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n{\"mo";
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    stage.until_in_flight(1).await;
    drop(stream);
    let row = stage.only_row().await;
    assert_eq!(row["end"], "client_gone", "{row}");
    assert_eq!(row["complete"], false, "{row}");
}

fn long_request() -> Request<Body> {
    let request = Request::post(PATH).header("content-type", "application/json");
    request.body(LongBody::default().boxed()).unwrap()
}

/// A chat request with one message of 200 MB, made as it is sent.
#[derive(Default)]
struct LongBody {
    sent: usize,
}

impl Iterator for LongBody {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        self.sent += 1;
        match self.sent - 1 {
            0 => Some(Bytes::from_static(
                br#"{"model":"gpt-4o","messages":[{"content":""#,
            )),
            part if part <= LONG_PARTS => Some(Bytes::from(vec![b'a'; MIB])),
            part if part == LONG_PARTS + 1 => Some(Bytes::from_static(br#""}]}"#)),
            _ => None,
        }
    }
}

impl hyper::body::Body for LongBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next().map(|part| Ok(Frame::data(part))))
    }
}
