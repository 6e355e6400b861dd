//! What a body gives that has something taken out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use http::HeaderMap;

use super::*;

const TEXT: &str = "data: {\"choices\":[{\"delta\":{}}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3}}\n\n";

/// A body of these frames; it says how much is left where it `is_sized`.
struct Scripted {
    frames: VecDeque<Result<Frame<Bytes>, &'static str>>,
    is_sized: bool,
}

impl Scripted {
    fn new(pieces: &[&'static str]) -> Self {
        let frame = |piece: &&'static str| Ok(Frame::data(Bytes::from_static(piece.as_bytes())));
        Self {
            frames: pieces.iter().map(frame).collect(),
            is_sized: false,
        }
    }

    fn left(&self) -> u64 {
        let data = self.frames.iter().flatten().filter_map(Frame::data_ref);
        data.map(|data| u64::try_from(data.len()).unwrap()).sum()
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.frames.pop_front())
    }

    fn is_end_stream(&self) -> bool {
        self.is_sized && self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_sized {
            SizeHint::with_exact(self.left())
        } else {
            SizeHint::default()
        }
    }
}

/// Reads a body as a server does: not once more after it says that it is over. Data is shown as it
/// is, trailers as `T`, an error as `E`.
fn read(inner: Scripted) -> Vec<String> {
    let mut body = std::pin::pin!(StripBody::new(inner, Box::new(|| {})));
    let mut cx = Context::from_waker(Waker::noop());
    let mut read = Vec::new();
    while !body.is_end_stream() {
        let hint = body.size_hint();
        let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) else {
            break;
        };
        let shown = match frame.map(Frame::into_data) {
            Ok(Ok(data)) => String::from_utf8(data.to_vec()).unwrap(),
            Ok(Err(_)) => "T".to_owned(),
            Err(_) => "E".to_owned(),
        };
        assert_eq!(hint.lower(), 0, "no byte is promised");
        let upper = hint.upper().unwrap_or(u64::MAX);
        assert!(u64::try_from(shown.len()).unwrap() <= upper, "{shown}");
        read.push(shown);
    }
    read
}

#[track_caller]
fn check(pieces: &[&'static str], expected: &[&str]) {
    assert_eq!(read(Scripted::new(pieces)), expected);
    let sized = Scripted {
        is_sized: true,
        ..Scripted::new(pieces)
    };
    assert_eq!(read(sized), expected, "of known length");
}

#[test]
fn a_report_is_taken_out_and_frames_stay_frames() {
    check(
        &[TEXT, USAGE, "data: [DONE]\n\n"],
        &[TEXT, "data: [DONE]\n\n"],
    );
    check(&[TEXT, USAGE], &[TEXT]);
    check(&[], &[]);
}

#[test]
fn what_is_held_at_the_end_is_given_out() {
    let (head, _) = USAGE.split_at(20);
    check(&[TEXT, head], &[TEXT, head]);
    check(&[head], &[head]);
}

#[test]
fn a_break_and_trailers_come_behind_what_is_held() {
    let (head, _) = USAGE.split_at(20);
    for (last, shown) in [
        (Ok(Frame::trailers(HeaderMap::new())), "T"),
        (Err("broke off"), "E"),
    ] {
        let mut inner = Scripted::new(&[TEXT, head]);
        inner.frames.push_back(last);
        assert_eq!(read(inner), [TEXT, head, shown]);
    }
}

#[test]
fn an_event_too_long_to_hold_is_told() {
    let long = format!("data: {{\"choices\":[],\"x\":\"{}", "x".repeat(70_000));
    let mut inner = Scripted::new(&[]);
    inner.frames.push_back(Ok(Frame::data(long.clone().into())));
    let told = Arc::new(AtomicBool::new(false));
    let hears = Arc::clone(&told);
    let too_long = Box::new(move || hears.store(true, Ordering::Relaxed));
    let mut body = std::pin::pin!(StripBody::new(inner, too_long));
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut cx) else {
        panic!("it is not held");
    };
    assert_eq!(frame.into_data().unwrap(), long);
    assert!(told.load(Ordering::Relaxed));
}
