//! Reads an answer on when its client has left, so that what it costs is known.
//!
//! Most providers bill what they generate for a client that has gone, and say how much at the end
//! only. Where an upstream is set to be drained, the call belongs to a task of its own from the
//! start; its client gets the answer from that task, frame by frame, at its own pace. What comes for
//! nobody is bounded in time and bytes.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Core;
use super::body::{BodyError, ResponseBody};
use super::flush_first::FlushFirst;
use super::forward::{Passage, Refusal};
use super::held::RequestBody;
use super::settings::DrainLimits;
use crate::meter::Abandoning;

/// Frames between the two tasks; with none a slow client would not slow its upstream down.
const FRAMES_AHEAD: usize = 1;

type Answered = Result<Response<ResponseBody>, Refusal>;

/// Lets the call travel in a task of its own; `None` if the proxy cut it.
pub(super) async fn travel(
    core: &Arc<Core>,
    passage: Box<Passage>,
    request: Request<RequestBody>,
    limits: DrainLimits,
) -> Option<Answered> {
    let (tell, told) = oneshot::channel();
    let (cut, core_of_task) = (core.cut.child_token(), Arc::clone(core));
    core.tracker.spawn(async move {
        tokio::select! {
            () = carry(&core_of_task, passage, request, limits, tell) => {}
            () = cut.cancelled() => {}
        }
    });
    let answered = told.await.ok()?;
    Some(answered.map(|response| response.map(ResponseBody::of_this_task)))
}

/// The whole call, whether somebody waits for it or not.
async fn carry(
    core: &Core,
    passage: Box<Passage>,
    request: Request<RequestBody>,
    limits: DrainLimits,
    mut tell: oneshot::Sender<Answered>,
) {
    let abandoning = passage.abandoning();
    let mut travelling = pin!(passage.travel(core, request));
    let answered = tokio::select! {
        biased;
        answered = travelling.as_mut() => answered,
        () = tell.closed() => {
            let until = abandon(&abandoning, limits);
            if let Ok(Ok(response)) = tokio::time::timeout_at(until, travelling).await {
                read_on(response.into_body(), until, limits).await;
            }
            return;
        }
    };
    let (head, body) = match answered {
        Ok(response) if !response.body().is_end_stream() => response.into_parts(),
        // Nothing in it comes later.
        other => return drop(tell.send(other)),
    };
    let (frames, carried) = mpsc::channel(FRAMES_AHEAD);
    let carried = Carried {
        left: body.size_hint().exact(),
        frames: carried,
    };
    let response = Response::from_parts(head, ResponseBody::carried(carried));
    // A client that left just now has dropped the other end of the frames too.
    drop(tell.send(Ok(response)));
    if let Some(body) = pass(body, &frames).await {
        let until = abandon(&abandoning, limits);
        read_on(body, until, limits).await;
    }
}

/// Hands frames on as long as somebody takes them; gives the rest of the body back if nobody does.
async fn pass(
    mut body: ResponseBody,
    frames: &mpsc::Sender<Result<Frame<Bytes>, BodyError>>,
) -> Option<ResponseBody> {
    loop {
        let frame = tokio::select! {
            biased;
            () = frames.closed() => return Some(body),
            frame = body.frame() => frame?,
        };
        if frames.send(frame).await.is_err() {
            return Some(body);
        }
    }
}

/// The client has left: says so, and until when is read on.
fn abandon(abandoning: &Abandoning, limits: DrainLimits) -> Instant {
    abandoning.client_left();
    Instant::now() + limits.time
}

/// Reads what is left, within limits. Dropped before its end, the body ends the call.
async fn read_on(mut body: ResponseBody, until: Instant, limits: DrainLimits) {
    let reading = async {
        let mut left = limits.bytes;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(bytes) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // Whether it ran out of time is in the record: the call was not complete.
    let _ = tokio::time::timeout_at(until, reading).await;
}

/// A body that comes from another task.
pub(super) struct Carried {
    frames: mpsc::Receiver<Result<Frame<Bytes>, BodyError>>,
    /// Bytes still to come, where the upstream has said how many.
    left: Option<u64>,
}

impl Body for Carried {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = self.frames.poll_recv(cx);
        if let (Poll::Ready(Some(Ok(frame))), Some(left)) = (&polled, &mut self.left) {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            *left = left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// The error comes one poll after the last bytes, so that these are written.
pub(super) type CarriedBody = FlushFirst<Carried>;

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::tee::IdleTimeout;

    #[test]
    fn a_carried_body_says_what_is_left_and_breaks_behind_its_last_bytes() {
        let (frames, carried) = mpsc::channel(2);
        let data = Frame::data(Bytes::from_static(b"last words"));
        frames.try_send(Ok(data)).unwrap();
        let broken = Err(BodyError::Silent(IdleTimeout));
        frames.try_send(broken).unwrap();
        let mut body = pin!(ResponseBody::carried(Carried {
            frames: carried,
            left: Some(12),
        }));
        assert_eq!(body.size_hint().exact(), Some(12));
        let mut cx = Context::from_waker(Waker::noop());
        let mut poll = || body.as_mut().poll_frame(&mut cx);
        assert!(matches!(poll(), Poll::Ready(Some(Ok(_)))));
        assert!(poll().is_pending(), "the server writes in between");
        assert!(matches!(poll(), Poll::Ready(Some(Err(_)))));
        assert_eq!(body.size_hint().exact(), Some(2));
    }
}
