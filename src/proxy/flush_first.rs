//! Lets what came before a break go out before the break does.
//!
//! hyper closes a connection as soon as a body fails, with whatever of it is not written yet still in
//! its buffer. Bytes and the upstream's end often arrive together; the client must get the bytes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A body whose error comes one poll after it happened: in between, the server writes.
    ///
    /// A client whose socket takes nothing at that moment still loses what is in the buffer.
    pub(super) struct FlushFirst<B: Body> {
        #[pin]
        inner: B,
        failed: Option<B::Error>,
    }
}

impl<B: Body> FlushFirst<B> {
    pub(super) const fn new(inner: B) -> Self {
        Self {
            inner,
            failed: None,
        }
    }
}

impl<B: Body<Data = Bytes>> Body for FlushFirst<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        if let Some(error) = this.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        match this.inner.poll_frame(cx) {
            Poll::Ready(Some(Err(error))) => {
                *this.failed = Some(error);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            polled @ (Poll::Ready(Some(Ok(_)) | None) | Poll::Pending) => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.failed.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// One frame and then an error, both there at once.
    struct Broken(u8);

    impl Body for Broken {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            self.0 += 1;
            Poll::Ready(match self.0 {
                1 => Some(Ok(Frame::data(Bytes::from_static(b"last words")))),
                2 => Some(Err("broken off")),
                _ => None,
            })
        }
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn between_the_last_bytes_and_the_break_the_server_may_write() {
        let woken = Arc::<Woken>::default();
        let waker = Arc::clone(&woken).into();
        let mut cx = Context::from_waker(&waker);
        let mut body = pin!(FlushFirst::new(Broken(0)));
        let mut poll = || body.as_mut().poll_frame(&mut cx);
        assert!(matches!(poll(), Poll::Ready(Some(Ok(_)))));
        assert!(poll().is_pending());
        assert_eq!(
            woken.0.load(Ordering::SeqCst),
            1,
            "it asks to be polled again"
        );
        assert!(matches!(poll(), Poll::Ready(Some(Err("broken off")))));
        assert!(matches!(poll(), Poll::Ready(None)));
    }
}
