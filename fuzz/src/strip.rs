//! A stream loses whole events that report usage and nothing else, and no other byte: in one frame
//! as in two.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame};
use serde_json::value::RawValue;
use tollgate::strip::StripBody;
use tollgate::wire::{HELD_BYTES_MAX, Piece, SseDecoder};

use super::cut::in_two;

struct Frames(VecDeque<Bytes>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Frame::data).map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a client gets that reads until the body says that it is over.
fn stripped(pieces: [&[u8]; 2]) -> Vec<u8> {
    let frames = pieces.map(Bytes::copy_from_slice).into();
    let mut body = pin!(StripBody::new(Frames(frames), Box::new(|| {})));
    let mut cx = Context::from_waker(Waker::noop());
    let mut all = Vec::new();
    while !body.is_end_stream() {
        let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut cx) else {
            break;
        };
        all.extend_from_slice(frame.data_ref().unwrap());
    }
    all
}

/// The line at the beginning, with its end.
fn line(stream: &[u8]) -> &[u8] {
    let Some(at) = stream.iter().position(|byte| b"\r\n".contains(byte)) else {
        return stream;
    };
    let both = stream[at..].starts_with(b"\r\n");
    &stream[..at + 1 + usize::from(both)]
}

/// What a stream is made of: events with the blank lines that end them, and lines between events.
fn parts(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while !stream.is_empty() {
        let mut len = line(stream).len();
        if !b"\r\n:".contains(&stream[0]) {
            let mut is_over = false;
            while !is_over && len < stream.len() {
                is_over = b"\r\n".contains(&stream[len]);
                len += line(&stream[len..]).len();
            }
        }
        let (part, rest) = stream.split_at(len);
        parts.push(part);
        stream = rest;
    }
    parts
}

fn data(part: &[u8]) -> String {
    let mut data = Vec::new();
    SseDecoder::default().feed(part, &mut |found| {
        if let Piece::Data(piece) = found {
            data.extend_from_slice(piece);
        }
    });
    String::from_utf8_lossy(&data).into_owned()
}

fn is_report(data: &str) -> bool {
    let read: Option<BTreeMap<String, &RawValue>> = serde_json::from_str(data).ok();
    read.is_some_and(|read| {
        let is = |key, test: fn(&str) -> bool| read.get(key).is_some_and(|it| test(it.get()));
        is("choices", |it| {
            it.split_ascii_whitespace().collect::<String>() == "[]"
        }) && is("usage", |it| it.starts_with('{'))
            && !is("error", |it| it != "null")
    })
}

/// Whether there is one way only to read it.
fn is_plain(data: &str) -> bool {
    let once = |key| data.matches(key).count() == 1;
    once("choices")
        && once("usage")
        && !data.contains("error")
        && !data.contains(['\\', '\u{fffd}'])
}

/// Panics where it does not hold.
pub fn holds((cut, stream): (u16, &[u8])) {
    // A longer event is taken out where it comes in one frame, and goes on where it does not.
    if stream.len() > HELD_BYTES_MAX {
        return;
    }
    let at_once = stripped([stream, b""]);
    assert_eq!(stripped(in_two(cut, stream)), at_once);
    let mut left = &*at_once;
    for part in parts(stream) {
        let data = data(part);
        if let Some(rest) = left.strip_prefix(part) {
            assert!(!is_report(&data) || !is_plain(&data), "a report is left");
            left = rest;
        } else {
            assert!(is_report(&data), "something else is gone");
        }
    }
    assert!(left.is_empty());
}
