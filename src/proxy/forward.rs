//! One call: routed, admitted, forwarded, and its answer streamed back.

use std::convert::Infallible;
use std::error::Error;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Version};
use hyper::body::{Body, Incoming};
use hyper::upgrade::OnUpgrade;
use jiff::Timestamp;
use tokio::time::Instant;

use super::admission::InFlight;
use super::body::ResponseBody;
use super::connect::{ConnectTimeout, SendError};
use super::error::{ProxyError, call_id_value};
use super::headers::{self, Passes, Shape};
use super::held::RequestBody;
use super::holding::Room;
use super::link::LinkBody;
use super::patience::{Patience, Spare};
use super::route::Route;
use super::settings::{ClientGone, OnLedgerFailure};
use super::signed::SIGN_BODY_BYTES_MAX;
use super::upload::{Upload, UploadObserver};
use super::upstream::Upstream;
use super::{Core, Live, drain, inject, tunnel};
use crate::call::{CallId, StreamEnd};
use crate::meter::{Abandoning, Arrival, CallMeter, QueueFull};
use crate::wire::{self, WireFormat};

/// Why a call gets an answer of ours, and in whose shape.
pub(super) struct Refusal {
    error: ProxyError,
    api: WireFormat,
}

/// When a call began, by both clocks, and who called.
#[derive(Clone, Copy)]
struct Began {
    at: Timestamp,
    instant: Instant,
    peer: IpAddr,
}

/// A call on its way to its upstream.
pub(super) struct Passage {
    pub(super) call_id: CallId,
    pub(super) upstream: Arc<Upstream>,
    pub(super) meter: Option<CallMeter>,
    pub(super) in_flight: InFlight,
    pub(super) upload: Upload,
    /// With the answer: first with its beginning, then with each silence in it.
    pub(super) patience: Patience,
    /// The client's side of another protocol, if it asked for one.
    pub(super) upgrade: Option<OnUpgrade>,
    /// The room in which the request is held to see what it asks, or to be signed; `None`: it passes.
    pub(super) held: Option<Room>,
    /// Its usage may have to be asked for.
    pub(super) may_lack_question: bool,
}

/// Answers a request: with what the upstream says, or with why it cannot.
///
/// `spare` is the connection's timer. The way is chosen at once, and what waits is boxed: hyper moves it
/// from hand to hand.
pub(super) fn call(
    core: Arc<Core>,
    spare: Spare,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Pin<Box<impl Future<Output = Result<Response<ResponseBody>, Infallible>>>> {
    let began = Began {
        at: (core.clock)(),
        instant: Instant::now(),
        peer,
    };
    let call_id = new_call_id(began.at);
    let departed = depart(&core, call_id, began, spare, request);
    if departed.is_ok() {
        core.counters.handed_on(began.instant.elapsed());
    }
    Box::pin(async move {
        let answered = match departed {
            Ok((passage, request)) => start(&core, passage, request).await,
            Err(refusal) => Err(refusal),
        };
        Ok(answered.unwrap_or_else(|Refusal { error, api }| {
            core.counters.answered_by_us(error.reason());
            error.answer(api, call_id)
        }))
    })
}

/// Lets a call go in this task, which ends with its client, or in one of its own.
async fn start(
    core: &Arc<Core>,
    passage: Box<Passage>,
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, Refusal> {
    let limits = match passage.upstream.client_gone() {
        ClientGone::Cancel => return passage.travel(core, request).await,
        ClientGone::Drain(limits) => limits,
    };
    let api = passage.api();
    let upstream = passage.upstream.name().to_owned();
    let travelled = drain::travel(core, passage, request, limits).await;
    travelled.unwrap_or_else(|| {
        let source = "tollgate is ending".into();
        let error = ProxyError::BrokenOff { upstream, source };
        Err(Refusal { error, api })
    })
}

/// Everything that is decided before a byte is forwarded, by one reading of the settings.
fn depart(
    core: &Core,
    call_id: CallId,
    began: Began,
    spare: Spare,
    mut request: Request<Incoming>,
) -> Result<(Box<Passage>, Request<RequestBody>), Refusal> {
    let live = core.live.load();
    let Route { upstream, path } = live
        .routes
        .resolve(request.method(), request.uri())
        .map_err(|error| Refusal {
            error,
            api: live.routes.api_of(request.uri()),
        })?;
    let refuse = |error| Refusal {
        error,
        api: wire::endpoint(upstream.facts().format, request.method(), path.path()).format,
    };
    if let Some(admits) = upstream.admits()
        && !admits.admits(began.peer, request.headers(), &live.attribution)
    {
        let upstream = upstream.name().to_owned();
        return Err(refuse(ProxyError::NotAdmitted { upstream }));
    }
    let in_flight = core
        .gate
        .enter(&upstream, live.calls_in_flight_max)
        .map_err(refuse)?;
    let arrival = Arrival {
        call_id,
        started_at: began.at,
        upstream: Arc::clone(upstream.facts()),
        method: request.method().clone(),
        path: path.path().to_owned(),
        tenant: if upstream.signer().is_some() {
            live.attribution.tenant_of_signed(request.headers())
        } else {
            live.attribution.tenant(request.headers())
        },
        dimensions: live.attribution.dimensions(request.headers()),
    };
    let admitted = core.meter.begin(arrival);
    let meter = begin(admitted, live.on_ledger_failure, &in_flight).map_err(refuse)?;
    if let Some(meter) = &meter {
        meter.head(request.headers());
    }
    let upgrade = headers::wants_upgrade(&request).then(|| hyper::upgrade::on(&mut request));
    let may_be_held = meter.is_some() && upgrade.is_none();
    let may_lack_question = may_be_held
        && inject::may_need_it(&upstream, request.method(), path.path(), request.headers());
    let signs = upstream.signer().map(|_| SIGN_BODY_BYTES_MAX);
    let bytes_max = signs.or(may_lack_question.then_some(live.inject_body_bytes_max));
    let passage = Box::new(Passage {
        call_id,
        patience: Patience::with_spare(upstream.response_header_timeout(), spare),
        upstream,
        meter,
        in_flight,
        upload: Upload::begin(began.instant),
        upgrade,
        held: bytes_max.map(|most| core.holding.take(&request.body().size_hint(), most)),
        may_lack_question,
    });
    let request = passage.outgoing(request, path, &live);
    Ok((passage, request))
}

/// What becomes of a call that may have a place in the ledger; `None` passes unmetered.
pub(super) fn begin(
    admitted: Result<CallMeter, QueueFull>,
    on_ledger_failure: OnLedgerFailure,
    in_flight: &InFlight,
) -> Result<Option<CallMeter>, ProxyError> {
    match (admitted, on_ledger_failure) {
        (Ok(meter), _) => Ok(Some(meter)),
        (Err(_), OnLedgerFailure::Refuse) => Err(ProxyError::LedgerBehind),
        (Err(_), OnLedgerFailure::Pass) => {
            in_flight.counters().unmetered();
            Ok(None)
        }
    }
}

impl Passage {
    /// In whose words its client speaks.
    fn api(&self) -> WireFormat {
        let asked = self.meter.as_ref().and_then(CallMeter::format);
        asked.unwrap_or(self.upstream.facts().format)
    }

    /// The request as the upstream gets it.
    fn outgoing(
        &self,
        request: Request<Incoming>,
        path: PathAndQuery,
        live: &Live,
    ) -> Request<RequestBody> {
        let (mut parts, body) = request.into_parts();
        let shape = Shape {
            upgrade: self.upgrade.is_some(),
            unsized_body: !body.is_end_stream() && body.size_hint().exact().is_none(),
        };
        parts.headers = headers::to_upstream(&mut parts, shape, &self.upstream, &live.attribution);
        parts.uri = self.upstream.url(path);
        // What the client speaks is its own affair; HTTP/1.0 would end the upstream's connection.
        parts.version = Version::HTTP_11;
        let observer = UploadObserver {
            upload: self.upload.clone(),
            meter: self.meter.as_ref().map(CallMeter::request_observer),
        };
        Request::from_parts(parts, RequestBody::passing(body, observer))
    }

    /// For who goes on without the client.
    pub(super) fn abandoning(&self) -> Abandoning {
        self.meter
            .as_ref()
            .map(CallMeter::abandoning)
            .unwrap_or_default()
    }

    pub(super) async fn travel(
        self: Box<Self>,
        core: &Core,
        request: Request<RequestBody>,
    ) -> Result<Response<ResponseBody>, Refusal> {
        let held = self.held.as_ref().filter(|_| self.may_lack_question);
        match held.map(|held| held.bytes_max) {
            None => self.go(core, request).await,
            // Boxed: it is large, and most calls of other APIs have no use for it.
            Some(bytes) => Box::pin(inject::travel(self, core, request, bytes)).await,
        }
    }

    /// Sends a request as it is.
    pub(super) async fn go(
        mut self: Box<Self>,
        core: &Core,
        request: Request<RequestBody>,
    ) -> Result<Response<ResponseBody>, Refusal> {
        let response = self.send(request).await;
        self.answer(core, response)
    }

    /// Waits for the head of the answer.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<LinkBody>, ProxyError> {
        let request = match self.upstream.signer().cloned() {
            None => request,
            Some(signer) => Box::pin(self.signed(&signer, request)).await?,
        };
        let upgrade = self.upgrade.is_some();
        let client = self.upstream.client();
        let sent = pin!(client.request(request, upgrade, || self.upload.has_ended()));
        match self.upload.answered(&mut self.patience, sent).await {
            Some(Ok(response)) => Ok(response),
            Some(Err(error)) => Err(failure(self.upstream.name(), error)),
            None => Err(self.headers_timeout()),
        }
    }

    pub(super) fn headers_timeout(&self) -> ProxyError {
        ProxyError::HeadersTimeout {
            upstream: self.upstream.name().to_owned(),
        }
    }

    /// What the client gets for what came.
    pub(super) fn answer(
        self,
        core: &Core,
        response: Result<Response<LinkBody>, ProxyError>,
    ) -> Result<Response<ResponseBody>, Refusal> {
        match response {
            Ok(response) => self.arrive(core, response, false),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// The answer as the client gets it; `stripped` of the usage that it did not ask for.
    pub(super) fn arrive(
        self,
        core: &Core,
        mut response: Response<LinkBody>,
        stripped: bool,
    ) -> Result<Response<ResponseBody>, Refusal> {
        let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if upgraded && self.upgrade.is_none() {
            let upstream = self.upstream.name().to_owned();
            let source = "it switched protocols unasked".into();
            return Err(self.fail(ProxyError::BrokenOff { upstream, source }));
        }
        let upstream_side = upgraded.then(|| hyper::upgrade::on(&mut response));
        self.look_at_signed(&response);
        let (mut parts, body) = response.into_parts();
        let observer = self
            .meter
            .map(|meter| meter.respond(parts.status, &parts.headers));
        parts.version = Version::HTTP_11;
        let stripped = stripped && !body.is_end_stream();
        let passes = Passes { upgraded, stripped };
        parts.headers = headers::to_client(parts.headers, passes, call_id_value(self.call_id));
        let idle = self.upstream.idle_timeout();
        let body = match (self.upgrade, upstream_side) {
            (Some(client), Some(upstream)) => {
                let ends = tunnel::Ends { client, upstream };
                tunnel::open(core, ends, idle, observer, self.in_flight);
                ResponseBody::own(String::new())
            }
            (Some(_), None) | (None, _) => ResponseBody::passed(
                body,
                self.patience.limited_to(idle),
                observer,
                self.in_flight,
                stripped,
            ),
        };
        Ok(Response::from_parts(parts, body))
    }

    /// No answer came.
    pub(super) fn fail(self, error: ProxyError) -> Refusal {
        let api = self.api();
        match (self.meter, error.end()) {
            // Dropped unanswered, a meter says by itself that the client left.
            (None, _) => {}
            (Some(_), StreamEnd::ClientGone) if error.was_sent() => {}
            (Some(meter), end) => meter.fail(end, error.was_sent()),
        }
        if error.end() != StreamEnd::ClientGone {
            let source = error.source().map(tracing::field::display);
            tracing::warn!(upstream = self.upstream.name(), %error, source, "upstream failed");
        }
        Refusal { error, api }
    }
}

/// What a client's failure means.
fn failure(upstream: &str, error: SendError) -> ProxyError {
    let upstream = upstream.to_owned();
    let (source, connected) = match error {
        SendError::Connect(source) => (source, false),
        SendError::Broken(source) => (source, true),
    };
    let any = |is: fn(&(dyn Error + 'static)) -> bool| {
        let outermost: &(dyn Error + 'static) = &*source;
        std::iter::successors(Some(outermost), |&cause| cause.source()).any(is)
    };
    if any(<dyn Error>::is::<ConnectTimeout>) {
        return ProxyError::ConnectTimeout { upstream };
    }
    // hyper calls the body that it was given the user's: here, the client's.
    if any(|cause| cause.downcast_ref().is_some_and(hyper::Error::is_user)) {
        return ProxyError::ClientBody;
    }
    if connected {
        ProxyError::BrokenOff { upstream, source }
    } else {
        ProxyError::Unreachable { upstream, source }
    }
}

/// Call ids sort by the millisecond in which their call began.
pub(super) fn new_call_id(at: Timestamp) -> CallId {
    let mut random = [0; 10];
    fastrand::fill(&mut random);
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    CallId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}
