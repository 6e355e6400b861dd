//! How a mock provider answers: routes, calls, and the accidents of real ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;

use super::dice::Dice;
use super::mock::MockSettings;
use super::models::{Provider, snapshot};
use super::pace::PacedBody;
use super::refusal::{self, Refusal};
use super::reply::{Answer, Asked};
use super::tally::{Bill, Tally};
use super::zip::Zip;
use super::{anthropic, openai};

/// Where a mock provider shows what it billed, as JSON of [`super::Stats`].
pub const STATS_PATH: &str = "/__stats";

/// The longest request a mock provider reads; longer ones are refused as the real ones do.
const REQUEST_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A response of any kind.
pub(super) type Reply = Response<Either<Full<Bytes>, PacedBody>>;

/// What stands behind one listener: one provider, or both.
pub(super) struct Served {
    settings: MockSettings,
    calls: AtomicU64,
    tally: Arc<Tally>,
}

impl Served {
    pub(super) fn new(settings: MockSettings, tally: Arc<Tally>) -> Self {
        Self {
            settings,
            calls: AtomicU64::new(0),
            tally,
        }
    }

    /// One request, whatever it is.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Reply {
        let has = |provider| self.settings.serves.has(provider);
        let anthropic = has(Provider::Anthropic)
            && (!has(Provider::OpenAi) || request.headers().contains_key("anthropic-version"));
        match (request.method(), request.uri().path()) {
            (&Method::GET, STATS_PATH) => json(
                StatusCode::OK,
                serde_json::to_string(&self.tally.stats()).unwrap_or_default(),
            ),
            (&Method::GET, "/v1/models") if anthropic => json(StatusCode::OK, anthropic::models()),
            (&Method::GET, "/v1/models") => json(StatusCode::OK, openai::models()),
            (&Method::POST, "/v1/chat/completions") if has(Provider::OpenAi) => {
                self.call(Provider::OpenAi, request).await
            }
            (&Method::POST, "/v1/messages") if has(Provider::Anthropic) => {
                self.call(Provider::Anthropic, request).await
            }
            (&Method::POST, "/v1/messages/count_tokens") if has(Provider::Anthropic) => {
                count_tokens(request).await
            }
            (method, path) => {
                let refused = refusal::not_found(method, path);
                let provider = if anthropic {
                    Provider::Anthropic
                } else {
                    Provider::OpenAi
                };
                refuse(provider, &refused, "req_none")
            }
        }
    }

    /// One billed call.
    async fn call(&self, provider: Provider, request: Request<Incoming>) -> Reply {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let zip = Zip::asked(request.headers());
        let mut dice = Dice::new(self.settings.seed, number);
        let request_id = format!("req_{}", dice.hex(32));
        let asked = match read(request).await {
            Ok(asked) => asked,
            Err(refused) => return refuse(provider, &refused, &request_id),
        };
        if let Some(refused) = Refusal::by_accident(&mut dice, self.settings.refused_per_mille) {
            self.tally.refuse(snapshot(&asked.model));
            return refuse(provider, &refused, &request_id);
        }
        let speed = self.settings.speed.max(1);
        let created = (self.settings.now)().as_second();
        let answer = Answer::decide(provider, &asked, &mut dice, speed, created);
        let body = if asked.stream {
            self.stream(provider, &asked, &answer)
        } else {
            self.whole(provider, &answer).await
        };
        let mut reply = reply(&asked, body, zip);
        name(provider, &mut reply, &request_id, &answer);
        reply
    }

    /// A stream is billed by what was made when the client leaves.
    fn stream(&self, provider: Provider, asked: &Asked, answer: &Answer) -> PacedBody {
        let bill = Bill::open(
            Arc::clone(&self.tally),
            answer.model.clone(),
            answer.tokens,
            0,
        );
        let script = match provider {
            Provider::OpenAi => openai::stream(answer, asked.include_usage),
            Provider::Anthropic => anthropic::stream(answer),
        };
        PacedBody::stream(script, bill)
    }

    /// A whole answer is made to the end and billed in full, whether the client waits or not.
    async fn whole(&self, provider: Provider, answer: &Answer) -> PacedBody {
        let made = answer.tokens.output;
        let bill = Bill::open(
            Arc::clone(&self.tally),
            answer.model.clone(),
            answer.tokens,
            made,
        );
        tokio::time::sleep(answer.duration()).await;
        let body = match provider {
            Provider::OpenAi => openai::completion(answer),
            Provider::Anthropic => anthropic::message(answer),
        };
        PacedBody::whole(body, bill)
    }
}

/// An answer as a response.
fn reply(asked: &Asked, body: PacedBody, zip: Option<Zip>) -> Reply {
    let is_zipped = zip.is_some();
    let mut reply = Response::new(Either::Right(body.zipped(zip)));
    let kind = if asked.stream {
        "text/event-stream; charset=utf-8"
    } else {
        "application/json"
    };
    put(&mut reply, "content-type", kind);
    if is_zipped {
        put(&mut reply, "content-encoding", "gzip");
    }
    reply
}

async fn read(request: Request<Incoming>) -> Result<Asked, Refusal> {
    let body = Limited::new(request.into_body(), REQUEST_BYTES_MAX)
        .collect()
        .await;
    let body =
        body.map_err(|error| refusal::bad_request(format!("the body cannot be read: {error}")))?;
    Asked::read(&body.to_bytes())
        .map_err(|error| refusal::bad_request(format!("the body is not a call: {error}")))
}

async fn count_tokens(request: Request<Incoming>) -> Reply {
    match read(request).await {
        Ok(asked) => json(StatusCode::OK, anthropic::count(asked.input)),
        Err(refused) => refuse(Provider::Anthropic, &refused, "req_none"),
    }
}

/// An error as a response.
fn refuse(provider: Provider, refused: &Refusal, request_id: &str) -> Reply {
    let body = refused.body(provider, request_id);
    let mut reply = json(refused.status, body);
    if refused.status == StatusCode::TOO_MANY_REQUESTS {
        reply
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    put(&mut reply, request_id_header(provider), request_id);
    reply
}

fn json(status: StatusCode, body: String) -> Reply {
    let mut reply = Response::new(Either::Left(Full::new(Bytes::from(body))));
    *reply.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply
}

/// The headers by which each provider names a call.
fn name(provider: Provider, reply: &mut Reply, request_id: &str, answer: &Answer) {
    put(reply, request_id_header(provider), request_id);
    match provider {
        Provider::OpenAi => {
            put(
                reply,
                "openai-processing-ms",
                &answer.ttft.as_millis().to_string(),
            );
            put(reply, "openai-version", "2020-10-01");
        }
        Provider::Anthropic => put(reply, "anthropic-ratelimit-requests-limit", "4000"),
    }
}

fn request_id_header(provider: Provider) -> &'static str {
    match provider {
        Provider::OpenAi => "x-request-id",
        Provider::Anthropic => "request-id",
    }
}

fn put(reply: &mut Reply, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}
