//! Answers as bytes: JSON, lines of JSON, text; and refusals that say what to do.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use serde_json::json;

/// What is sent: always held whole, always bounded by what was asked for.
pub(super) type Answer = Response<Full<Bytes>>;

/// When to ask again for what a disk holds up, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// A request that is not served, and what the asker can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(super) status: StatusCode,
    reason: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would do.
    pub remedy: String,
    allow: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(
        status: StatusCode,
        reason: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            status,
            reason,
            message: message.into(),
            remedy: remedy.into(),
            allow: None,
        }
    }

    /// Says what is missing, where that may be why.
    pub(super) fn because(mut self, missing: &[String]) -> Self {
        if !missing.is_empty() {
            self.message = format!("{}: {}", self.message, missing.join("; "));
        }
        self
    }

    /// What the disk holds up; it can be asked for again.
    pub(super) fn waits(message: impl Into<String>, remedy: &str) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "disk_hangs", message, remedy)
    }

    /// A value in the query that cannot be read.
    pub(super) fn query(message: String, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_query", message, remedy)
    }

    /// A method that the path does not have.
    pub(super) fn method(path: &str, allow: &'static str) -> Self {
        let message = format!("{path} does not answer this method");
        let remedy = format!("use {allow}");
        let refusal = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            message,
            remedy,
        );
        Self {
            allow: Some(allow),
            ..refusal
        }
    }

    pub(super) fn answer(self) -> Answer {
        let Self {
            status,
            reason,
            message,
            remedy,
            allow,
        } = self;
        let body = json!({"error": {"reason": reason, "message": message, "remedy": remedy}});
        let mut answer = json(status, &body);
        if let Some(methods) = allow {
            answer
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(methods));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            answer
                .headers_mut()
                .insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        answer
    }
}

/// One JSON value and a line feed, as people read it in a terminal.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    let mut body = serde_json::to_vec_pretty(value).unwrap_or_default();
    body.push(b'\n');
    bytes(status, "application/json", body)
}

/// One JSON value a line.
pub(super) fn lines<T: Serialize>(values: impl Iterator<Item = T>) -> Answer {
    let mut body = Vec::new();
    for value in values {
        // Writing to memory cannot fail, and the values are plain data.
        let _ = serde_json::to_writer(&mut body, &value);
        body.push(b'\n');
    }
    bytes(StatusCode::OK, "application/x-ndjson", body)
}

/// A body of any type.
pub(super) fn bytes(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let nosniff = HeaderName::from_static("x-content-type-options");
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (nosniff, "nosniff"),
    ] {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}
