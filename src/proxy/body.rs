//! The bodies that pass: what the client gets, and the upstream's silence within it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

use super::admission::InFlight;
use super::drain::{Carried, CarriedBody};
use super::flush_first::FlushFirst;
use super::link::LinkBody;
use super::patience::Patience;
use super::peeked::Peeked;
use super::stall::Handover;
use crate::meter::ResponseObserver;
use crate::strip::StripBody;
use crate::tee::{IdleTimeout, TeeBody};

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

/// The upstream's body on its way to the client: with the meter in it, it is far too large to be
/// moved about by value.
type PassedBody = Pin<Box<dyn Body<Data = Bytes, Error = BodyError> + Send>>;

/// What the client gets: the upstream's body as it comes, or an answer of ours.
pub(super) enum ResponseBody {
    /// From the upstream.
    Passed {
        body: PassedBody,
        handover: Option<Arc<Handover>>,
        /// Dropped with the body: until then the call is in flight.
        _in_flight: InFlight,
    },
    /// From the upstream, by way of another task.
    Carried {
        body: CarriedBody,
        handover: Option<Arc<Handover>>,
    },
    /// From the upstream, and some of it has been read.
    Peeked(Box<FlushFirst<Peeked>>),
    /// From us.
    Own(Full<Bytes>),
}

impl ResponseBody {
    /// The upstream's body, with what has to live as long; without the reports of usage where it is
    /// to be `stripped`.
    pub(super) fn passed(
        body: LinkBody,
        idle: Patience,
        observer: Option<ResponseObserver>,
        in_flight: InFlight,
        stripped: bool,
    ) -> Self {
        let body = IdleLimited {
            inner: body,
            patience: idle,
        };
        let watched = TeeBody::new(FlushFirst::new(body), observer);
        let body: PassedBody = if stripped {
            let counters = Arc::clone(in_flight.counters());
            let too_long = Box::new(move || counters.overlong_event());
            Box::pin(FlushFirst::new(StripBody::new(watched, too_long)))
        } else {
            Box::pin(watched)
        };
        Self::Passed {
            body,
            handover: Handover::of_this_task(),
            _in_flight: in_flight,
        }
    }

    /// A body of which some has been read.
    pub(super) fn peeked(peeked: Peeked) -> Self {
        Self::Peeked(Box::new(FlushFirst::new(peeked)))
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
            other @ (Self::Passed { .. } | Self::Peeked(_) | Self::Own(_)) => other,
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
            Self::Peeked(body) => Pin::new(body).poll_frame(cx),
            Self::Own(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never: Infallible| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Passed { body, .. } => body.is_end_stream(),
            Self::Carried { body, .. } => body.is_end_stream(),
            Self::Peeked(body) => body.is_end_stream(),
            Self::Own(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Passed { body, .. } => body.size_hint(),
            Self::Carried { body, .. } => body.size_hint(),
            Self::Peeked(body) => body.size_hint(),
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
