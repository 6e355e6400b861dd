//! Asks for the usage of streams whose clients did not ask, so that they are metered exactly.
//!
//! Only here is a request held and a byte of it changed. The answer loses the event that was asked
//! for (`strip`). An upstream that refuses the question gets the call again without, as an attempt of
//! its own.

mod question;
mod signed;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, request};

use super::Core;
use super::body::ResponseBody;
use super::error::ProxyError;
use super::forward::{Passage, Refusal, begin, new_call_id};
use super::held::{Came, RequestBody};
use super::link::LinkBody;
use super::patience::Patience;
use super::peeked::Peeked;
use super::settings::InjectUsage;
use super::upload::Upload;
use super::upstream::Upstream;
use crate::meter::{Again, CallMeter};
use crate::metrics::UsageAsked;
use crate::tee::Observer;
use crate::wire::{Coding, Edit, UsageRequest, may_lack_usage_request};
use question::Question;
use signed::is_signed;

/// What a refusal names that is about our question and nothing of the client's.
const REFUSED_KEY: &str = "stream_options";

type Answered = Result<Response<ResponseBody>, Refusal>;

/// Whether a request has to be read before it goes on. What is no JSON is none of ours.
pub(super) fn may_need_it(
    upstream: &Upstream,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> bool {
    upstream.inject_usage() != InjectUsage::Never
        && may_lack_usage_request(method, path)
        && is_json(headers)
        && !is_encoded(headers)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let kind = kind.and_then(|kind| kind.split(|byte| *byte == b';').next());
    kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"application/json"))
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let coding = headers.get(CONTENT_ENCODING);
    coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The call that has its request held, up to so many bytes.
pub(super) async fn travel(
    mut passage: Box<Passage>,
    core: &Core,
    request: Request<RequestBody>,
    body_bytes_max: usize,
) -> Answered {
    if is_signed(request.headers()) {
        if passage.upstream.signer().is_none() {
            passage.held = None;
        }
        return passage.unasked(core, request, UsageAsked::Signed).await;
    }
    let (mut head, body) = request.into_parts();
    let body = match passage.hold(body, body_bytes_max).await {
        Ok(Came::Whole(body)) => body,
        Ok(Came::Partly(body)) => {
            let request = Request::from_parts(head, body);
            return passage.unasked(core, request, UsageAsked::TooLarge).await;
        }
        Err(error) => return Err(passage.fail(error)),
    };
    let Some(edit) = passage.edit(&body) else {
        let request = Request::from_parts(head, RequestBody::whole(body));
        return passage.go(core, request).await;
    };
    let plain = Plain {
        head: head.clone(),
        body: body.clone(),
    };
    ask(&mut head, &body, &edit);
    let request = Request::from_parts(head, RequestBody::edited(&body, &edit));
    let question = Question::new(passage.in_flight.counters());
    match passage.send(request).await {
        Ok(response) => passage.asked(core, response, question, plain).await,
        Err(error) => Err(passage.fail(error)),
    }
}

/// The request as the client sent it, for the attempt without our question.
struct Plain {
    head: request::Parts,
    body: Bytes,
}

/// Fits the head to the question: another length, and an answer in which the usage can be found.
fn ask(head: &mut request::Parts, body: &Bytes, edit: &Edit) {
    let identity = HeaderValue::from_static("identity");
    head.headers.insert(ACCEPT_ENCODING, identity);
    if head.headers.contains_key(CONTENT_LENGTH) {
        let Edit { replaced, text } = edit;
        let length = body.len() - replaced.len() + text.len();
        head.headers.insert(CONTENT_LENGTH, length.into());
    }
}

impl Passage {
    /// Waits for the whole request as long as one may take, which is as for one that passes.
    pub(super) async fn hold(
        &mut self,
        body: RequestBody,
        limit: usize,
    ) -> Result<Came, ProxyError> {
        self.is_held(true);
        let holding = body.hold(limit);
        let came = self.upload.answered(&mut self.patience, holding).await;
        let came = came.ok_or_else(|| self.headers_timeout())?;
        let came = came.map_err(|_| ProxyError::ClientBody)?;
        self.is_held(false);
        Ok(came)
    }

    pub(super) fn is_held(&mut self, is_held: bool) {
        if let Some(meter) = &mut self.meter {
            meter.holds(is_held);
        }
    }

    /// Sends a request that may lack the question as it is, and says why it was left so.
    async fn unasked(
        mut self: Box<Self>,
        core: &Core,
        request: Request<RequestBody>,
        why: UsageAsked,
    ) -> Answered {
        let response = self.send(request).await;
        // Only now is all of it known.
        if self.lacks_usage_request() {
            self.count(why);
        }
        self.answer(core, response)
    }

    /// Whether the client asks for a stream, and not for its usage.
    fn lacks_usage_request(&self) -> bool {
        let meter = self.meter.as_ref();
        let lacks = meter.and_then(|meter| {
            meter.asked(|asked| asked.stream == Some(true) && asked.include_usage != Some(true))
        });
        lacks.unwrap_or(false)
    }

    /// What to do to this body; nothing for most.
    fn edit(&self, body: &Bytes) -> Option<Edit> {
        if !self.lacks_usage_request() {
            return None;
        }
        match UsageRequest::of(body) {
            UsageRequest::Needless => None,
            UsageRequest::InDoubt => {
                self.count(UsageAsked::InDoubt);
                None
            }
            UsageRequest::Missing(_) if self.has_refused() => {
                self.count(UsageAsked::Remembered);
                None
            }
            UsageRequest::Missing(edit) => Some(edit),
        }
    }

    fn is_auto(&self) -> bool {
        self.upstream.inject_usage() == InjectUsage::Auto
    }

    fn has_refused(&self) -> bool {
        self.is_auto() && self.upstream.refusers().has(&self.model())
    }

    /// The model as the client names it. On Azure that is the deployment in the path.
    fn model(&self) -> String {
        let model = self.meter.as_ref().and_then(CallMeter::model_requested);
        model.unwrap_or_default()
    }

    fn count(&self, outcome: UsageAsked) {
        self.in_flight.counters().usage_asked(outcome);
    }

    /// The answer to a request that asked for what its client did not.
    async fn asked(
        self: Box<Self>,
        core: &Core,
        response: Response<LinkBody>,
        question: Question,
        plain: Plain,
    ) -> Answered {
        let encoded = is_encoded(response.headers());
        if self.is_auto() && is_refusal(response.status()) {
            return self.refused(core, response, question, plain).await;
        }
        if !response.status().is_success() {
            question.came_to(UsageAsked::Injected);
            return self.arrive(core, response, false);
        }
        if encoded {
            // Nothing is taken out of what would have to be decoded and encoded again: this client
            // sees the usage, and the next one is not brought into that.
            question.came_to(UsageAsked::Compressed);
            if self.is_auto() {
                self.upstream.refusers().remember(&self.model());
            }
            return self.arrive(core, response, false);
        }
        question.came_to(UsageAsked::Injected);
        self.arrive(core, response, true)
    }

    /// An answer that may be a refusal of our question: then the call goes again without.
    async fn refused(
        mut self: Box<Self>,
        core: &Core,
        response: Response<LinkBody>,
        question: Question,
        plain: Plain,
    ) -> Answered {
        // What is to go again is held until it has.
        let _room = self.held.take();
        let again = self.meter.as_ref().and_then(CallMeter::again);
        let (upstream, model) = (Arc::clone(&self.upstream), self.model());
        let first = self.abandoning();
        let response = self.arrive(core, response, false)?;
        let (head, body) = response.into_parts();
        let peeked = Peeked::read(body).await;
        let codings = head.headers.get_all(CONTENT_ENCODING).iter();
        let coding = Coding::of(codings.map(HeaderValue::as_bytes));
        let again =
            again.filter(|again| peeked.names(REFUSED_KEY, coding) && !again.is_for_nobody());
        let second = again.and_then(|again| second(core, &upstream, again, &plain.body));
        let Some(mut second) = second else {
            question.came_to(UsageAsked::Injected);
            return Ok(Response::from_parts(head, ResponseBody::peeked(peeked)));
        };
        first.laid_aside();
        drop(peeked);
        question.came_to(UsageAsked::Refused);
        let request = Request::from_parts(plain.head, RequestBody::whole(plain.body));
        let response = second.send(request).await;
        // A call that is refused without the question too was not refused for it.
        if response.as_ref().is_ok_and(|it| it.status().is_success()) {
            upstream.refusers().remember(&model);
        }
        second.answer(core, response)
    }
}

/// What strict upstreams answer to a key that they do not know: 400, or 422 where their framework
/// checks the body (Mistral, `FastAPI`).
fn is_refusal(status: StatusCode) -> bool {
    status == StatusCode::BAD_REQUEST || status == StatusCode::UNPROCESSABLE_ENTITY
}

/// Another attempt at the call; none where the ledger has no room for it and must have.
fn second(
    core: &Core,
    upstream: &Arc<Upstream>,
    again: Again,
    body: &Bytes,
) -> Option<Box<Passage>> {
    let at = (core.clock)();
    let call_id = new_call_id(at);
    // The call was let in before; this is no further one.
    let in_flight = core.gate.enter(upstream, usize::MAX).ok()?;
    let on_ledger_failure = core.live.load().on_ledger_failure;
    let admitted = again.begin(call_id, at);
    let meter = begin(admitted, on_ledger_failure, &in_flight).ok()?;
    if let Some(meter) = &meter {
        drop(meter.request_observer().on_data(body));
    }
    Some(Box::new(Passage {
        call_id,
        patience: Patience::new(upstream.response_header_timeout()),
        upstream: Arc::clone(upstream),
        meter,
        in_flight,
        upload: Upload::whole(tokio::time::Instant::now()),
        upgrade: None,
        held: None,
        may_lack_question: false,
    }))
}
