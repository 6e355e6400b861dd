//! The bodies that pass: what the client gets, and the upstream's silence within it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use pin_project_lite::pin_project;

use super::admission::InFlight;
use super::drain::{Carried, CarriedBody};
use super::flush_first::FlushFirst;
use super::link::LinkBody;
use super::patience::Patience;
use super::stall::Handover;
use super::upload::UploadObserver;
use crate::meter::ResponseObserver;
use crate::tee::{IdleTimeout, TeeBody};

/// What the upstream gets; hyper and its pool move it often, so it is one pointer.
pub(super) type RequestBody = Pin<Box<TeeBody<Incoming, UploadObserver>>>;

/// Why a body broke off.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// The upstream broke off or broke the protocol.
    #[error("the upstream broke off within its answer")]
    Upstream(#[source] hyper::Error),
    /// The upstream was silent for too long.
    #[error("the upstream fell silent within its answer")]
    Silent(#[source] IdleTimeout),
}

/// The upstream's body on its way to the client.
type PassedBody = TeeBody<FlushFirst<IdleLimited>, Option<ResponseObserver>>;

/// What the client gets: the upstream's body as it comes, or an answer of ours.
pub(super) enum ResponseBody {
    /// From the upstream.
    Passed {
        /// With the meter in it, it is far too large to be moved about by value.
        body: Pin<Box<PassedBody>>,
        handover: Option<Arc<Handover>>,
        /// Dropped with the body: until then the call is in flight.
        _in_flight: InFlight,
    },
    /// From the upstream, by way of another task.
    Carried {
        body: CarriedBody,
        handover: Option<Arc<Handover>>,
    },
    /// From us.
    Own(Full<Bytes>),
}

impl ResponseBody {
    /// The upstream's body, with what has to live as long.
    pub(super) fn passed(
        body: LinkBody,
        idle: Patience,
        observer: Option<ResponseObserver>,
        in_flight: InFlight,
    ) -> Self {
        let body = IdleLimited {
            inner: body,
            patience: idle,
        };
        Self::Passed {
            body: Box::pin(TeeBody::new(FlushFirst::new(body), observer)),
            handover: Handover::of_this_task(),
            _in_flight: in_flight,
        }
    }

    /// What another task reads from the upstream.
    pub(super) fn carried(carried: Carried) -> Self {
        Self::Carried {
            body: FlushFirst::new(carried),
            handover: None,
        }
    }

    /// The same body, to be read by the task that calls this.
    pub(super) fn of_this_task(self) -> Self {
        match self {
            Self::Carried { body, .. } => Self::Carried {
                body,
                handover: Handover::of_this_task(),
            },
            other @ (Self::Passed { .. } | Self::Own(_)) => other,
        }
    }

    /// An answer of ours.
    pub(super) fn own(text: String) -> Self {
        Self::Own(Full::from(text))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Passed { body, handover, .. } => {
                let polled = body.as_mut().poll_frame(cx);
                if let Some(handover) = handover {
                    handover.polled(&polled);
                }
                polled
            }
            Self::Carried { body, handover } => {
                let polled = Pin::new(body).poll_frame(cx);
                if let Some(handover) = handover {
                    handover.polled(&polled);
                }
                polled
            }
            Self::Own(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never: Infallible| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Passed { body, .. } => body.is_end_stream(),
            Self::Carried { body, .. } => body.is_end_stream(),
            Self::Own(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Passed { body, .. } => body.size_hint(),
            Self::Carried { body, .. } => body.size_hint(),
            Self::Own(body) => body.size_hint(),
        }
    }
}

pin_project! {
    /// A body that fails when nothing comes for too long while somebody waits for it.
    ///
    /// A reader that does not read is not the upstream's silence: only waits count.
    pub(super) struct IdleLimited {
        #[pin]
        inner: LinkBody,
        patience: Patience,
    }
}

impl Body for IdleLimited {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.project();
        match this.inner.poll_frame(cx) {
            Poll::Ready(frame) => {
                this.patience.progressed();
                Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Upstream)))
            }
            Poll::Pending => this
                .patience
                .poll_exhausted(cx)
                .map(|()| Some(Err(BodyError::Silent(IdleTimeout)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
