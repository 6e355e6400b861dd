use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use http::HeaderMap;
use http_body_util::{BodyExt, Empty, Full};
use tokio::sync::oneshot;

use super::*;

/// What an observer saw, in order.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Data(Vec<u8>),
    End(StreamEnd),
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Seen>>>);

impl Log {
    fn add(&self, seen: Seen) {
        self.0.lock().unwrap().push(seen);
    }

    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Notes what it sees; hands out the holds it was given, the first with data, the second at the end.
#[derive(Default)]
struct Noting {
    log: Log,
    on_data: Option<oneshot::Receiver<()>>,
    on_end: Option<oneshot::Receiver<()>>,
}

impl Noting {
    fn new(log: &Log) -> Self {
        Self {
            log: log.clone(),
            ..Self::default()
        }
    }
}

fn hold(receiver: oneshot::Receiver<()>) -> Hold {
    Box::pin(async move { receiver.await.unwrap_or(()) })
}

impl Observer for Noting {
    fn on_data(&mut self, data: &Bytes) -> Option<Hold> {
        self.log.add(Seen::Data(data.to_vec()));
        self.on_data.take().map(hold)
    }

    fn on_end(mut self, end: StreamEnd) -> Option<Hold> {
        self.log.add(Seen::End(end));
        self.on_end.take().map(hold)
    }
}

#[derive(Debug)]
struct Broken(Option<IdleTimeout>);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0
            .as_ref()
            .map(|timeout| -> &(dyn Error + 'static) { timeout })
    }
}

/// Frames as scripted. With `exact` it knows its length, so its last frame is its end.
struct Script {
    frames: VecDeque<Result<Frame<Bytes>, Broken>>,
    exact: bool,
}

impl Body for Script {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Poll::Ready(self.frames.pop_front())
    }

    fn is_end_stream(&self) -> bool {
        self.exact && self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let left: usize = self
            .frames
            .iter()
            .flatten()
            .filter_map(Frame::data_ref)
            .map(Bytes::len)
            .sum();
        if self.exact {
            SizeHint::with_exact(left.try_into().unwrap())
        } else {
            SizeHint::new()
        }
    }
}

fn script(frames: impl IntoIterator<Item = Result<Frame<Bytes>, Broken>>, exact: bool) -> Script {
    Script {
        frames: frames.into_iter().collect(),
        exact,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "scripts mix it with errors")]
fn data(text: &'static str) -> Result<Frame<Bytes>, Broken> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

type Polled = Poll<Option<Result<Frame<Bytes>, Broken>>>;

fn poll<O: Observer>(body: &mut Pin<Box<TeeBody<Script, O>>>) -> Polled {
    body.as_mut()
        .poll_frame(&mut Context::from_waker(Waker::noop()))
}

/// Polls to the end or the first error and gives what the observer saw.
#[track_caller]
fn check(body: Script, expected: &[Seen]) {
    let log = Log::default();
    let mut body = Box::pin(TeeBody::new(body, Noting::new(&log)));
    while let Poll::Ready(Some(Ok(_))) = poll(&mut body) {}
    drop(body);
    assert_eq!(log.take(), expected);
}

#[test]
fn frames_are_seen_in_order_and_the_end_once() {
    check(
        script([data("a"), data("bc")], false),
        &[
            Seen::Data(b"a".to_vec()),
            Seen::Data(b"bc".to_vec()),
            Seen::End(StreamEnd::Complete),
        ],
    );
}

#[test]
fn an_error_is_the_upstreams_and_an_idle_timeout_is_ours() {
    check(
        script([Err(Broken(None))], false),
        &[Seen::End(StreamEnd::UpstreamFailed)],
    );
    check(
        script([Err(Broken(Some(IdleTimeout)))], false),
        &[Seen::End(StreamEnd::Timeout)],
    );
}

#[test]
fn an_error_of_a_clients_body_means_that_the_client_left() {
    let log = Log::default();
    let body = script([Err(Broken(None))], false);
    let mut body = Box::pin(TeeBody::from_client(body, Noting::new(&log)));
    assert!(matches!(poll(&mut body), Poll::Ready(Some(Err(_)))));
    drop(body);
    assert_eq!(log.take(), [Seen::End(StreamEnd::ClientGone)]);
}

#[test]
fn a_body_of_exact_length_ends_with_its_last_frame() {
    let log = Log::default();
    let mut body = Box::pin(TeeBody::new(script([data("a")], true), Noting::new(&log)));
    assert!(poll(&mut body).is_ready());
    assert_eq!(
        log.take(),
        [Seen::Data(b"a".to_vec()), Seen::End(StreamEnd::Complete)]
    );
    assert!(body.is_end_stream());
}

#[test]
fn trailers_pass_and_can_be_the_end() {
    let trailers = Ok(Frame::trailers(HeaderMap::new()));
    let log = Log::default();
    let mut body = Box::pin(TeeBody::new(
        script([data("a"), trailers], true),
        Noting::new(&log),
    ));
    assert!(poll(&mut body).is_ready());
    assert_eq!(log.take(), [Seen::Data(b"a".to_vec())]);
    assert!(matches!(poll(&mut body), Poll::Ready(Some(Ok(frame))) if frame.is_trailers()));
    assert_eq!(log.take(), [Seen::End(StreamEnd::Complete)]);
}

#[test]
fn a_body_empty_at_birth_ends_before_it_is_polled() {
    let log = Log::default();
    let body = TeeBody::new(
        Empty::<Bytes>::new().map_err(|_| Broken(None)),
        Noting::new(&log),
    );
    assert_eq!(log.take(), [Seen::End(StreamEnd::Complete)]);
    drop(body);
    assert_eq!(log.take(), []);
}

#[test]
fn a_drop_before_the_end_means_that_the_client_left() {
    let log = Log::default();
    let mut body = Box::pin(TeeBody::new(
        script([data("a"), data("b")], false),
        Noting::new(&log),
    ));
    assert!(poll(&mut body).is_ready());
    drop(body);
    assert_eq!(
        log.take(),
        [Seen::Data(b"a".to_vec()), Seen::End(StreamEnd::ClientGone)]
    );
}

#[test]
fn the_frame_that_carries_the_end_waits_for_its_hold() {
    let log = Log::default();
    let (release, held) = oneshot::channel();
    let observer = Noting {
        on_data: Some(held),
        ..Noting::new(&log)
    };
    let mut body = Box::pin(TeeBody::new(
        script([data("end"), data("more")], true),
        observer,
    ));

    assert!(poll(&mut body).is_pending());
    assert_eq!(log.take(), [Seen::Data(b"end".to_vec())]);
    assert_eq!(
        body.size_hint().exact(),
        Some(7),
        "the held frame is still to come"
    );
    assert!(poll(&mut body).is_pending());

    release.send(()).unwrap();
    let Poll::Ready(Some(Ok(frame))) = poll(&mut body) else {
        panic!("released")
    };
    assert_eq!(frame.into_data().unwrap(), "end");
    assert_eq!(log.take(), [], "a held frame is seen once");
}

#[test]
fn both_holds_of_a_last_frame_are_waited_for() {
    let (release_data, on_data) = oneshot::channel();
    let (release_end, on_end) = oneshot::channel();
    let observer = Noting {
        on_data: Some(on_data),
        on_end: Some(on_end),
        ..Noting::new(&Log::default())
    };
    let mut body = Box::pin(TeeBody::new(script([data("end")], true), observer));
    assert!(poll(&mut body).is_pending());
    assert!(!body.is_end_stream(), "its last frame is not out yet");
    release_data.send(()).unwrap();
    assert!(poll(&mut body).is_pending());
    release_end.send(()).unwrap();
    assert!(matches!(poll(&mut body), Poll::Ready(Some(Ok(_)))));
    assert!(body.is_end_stream());
}

#[test]
fn the_closing_none_waits_too() {
    let (release, on_end) = oneshot::channel();
    let observer = Noting {
        on_end: Some(on_end),
        ..Noting::new(&Log::default())
    };
    let mut body = Box::pin(TeeBody::new(script([], false), observer));
    assert!(poll(&mut body).is_pending());
    release.send(()).unwrap();
    assert!(matches!(poll(&mut body), Poll::Ready(None)));
}

#[test]
fn a_drop_while_a_frame_is_held_ends_once() {
    let log = Log::default();
    let (_release, held) = oneshot::channel();
    let observer = Noting {
        on_data: Some(held),
        ..Noting::new(&log)
    };
    let mut body = Box::pin(TeeBody::new(
        script([data("a"), data("b")], false),
        observer,
    ));
    assert!(poll(&mut body).is_pending());
    drop(body);
    assert_eq!(
        log.take(),
        [Seen::Data(b"a".to_vec()), Seen::End(StreamEnd::ClientGone)]
    );
}

#[test]
fn the_size_is_the_inner_bodys() {
    let log = Log::default();
    let body = Full::new(Bytes::from_static(b"12345")).map_err(|_| Broken(None));
    let body = TeeBody::new(body, Some(Noting::new(&log)));
    assert_eq!(body.size_hint().exact(), Some(5));
    assert!(!body.is_end_stream());
    assert_eq!(
        TeeBody::new(script([data("a")], false), None::<Noting>)
            .size_hint()
            .upper(),
        None
    );
}

#[tokio::test]
async fn a_body_without_an_observer_passes() {
    let body = TeeBody::new(script([data("a"), data("b")], false), None::<Noting>);
    assert_eq!(body.collect().await.unwrap().to_bytes(), "ab");
}
