//! What the proxy itself refuses or fails at, and how it says so.
//!
//! An answer of ours has the shape of the API that was called, so that SDKs show its message; it
//! says what to do, and `x-tollgate-error` tells it from an answer of the upstream.

use std::error::Error;

use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;

use super::body::ResponseBody;
use super::headers::{CALL_ID, ERROR};
use crate::call::{CallId, StreamEnd};
use crate::sign::SignError;
use crate::wire::WireFormat;

/// What kept a call from its upstream's answer.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The client's: the request target names no path.
    #[error("the request target {target:?} names no path; send a path such as /v1/models")]
    BadTarget {
        /// What was sent.
        target: String,
    },
    /// The client's: it takes us for a forward proxy.
    #[error(
        "tollgate is a reverse proxy and refuses CONNECT; set the client's base URL to tollgate \
         instead of its HTTP proxy"
    )]
    ConnectRefused,
    /// The client's: no upstream is configured for the path.
    #[error("no upstream serves {path}; begin the path with the name of one: {known}")]
    NoRoute {
        /// The path that was called.
        path: String,
        /// The names that can be called.
        known: String,
    },
    /// The client's: it broke off within its request.
    #[error("the request body broke off; send it again")]
    ClientBody,
    /// The client's: tollgate does not sign for it.
    #[error(
        "tollgate signs the calls of upstream {upstream} for callers it admits, and this is none; call \
         with a key of a tenant that sign_for names, or add this caller's network to its sign_for"
    )]
    NotAdmitted {
        /// Which one.
        upstream: String,
    },
    /// The client's: its request is too long to be held for a signature.
    #[error("a request that tollgate signs may have {limit} bytes and no trailers; send less")]
    TooLongToSign {
        /// The limit.
        limit: usize,
    },
    /// Ours: too much is held for signatures already.
    #[error("too many long requests are held to be signed; retry in a second")]
    NoRoom,
    /// Ours: the request got no signature.
    #[error(
        "tollgate cannot sign for upstream {upstream}: {source}; retry, and look at tollgate's log"
    )]
    Unsigned {
        /// Which one.
        upstream: String,
        /// Why.
        #[source]
        source: SignError,
    },
    /// Ours: `calls_in_flight_max` is reached.
    #[error("{limit} calls are in flight; retry in a second, or raise calls_in_flight_max")]
    Busy {
        /// The limit.
        limit: usize,
    },
    /// Ours: the ledger is behind, and the configuration says to refuse then.
    #[error(
        "the ledger is behind and on_ledger_failure = \"refuse\"; retry in a second, and look at \
         tollgate's disk"
    )]
    LedgerBehind,
    /// The upstream's: no connection.
    #[error(
        "upstream {upstream} cannot be reached ({}); check its base_url and the network", root(&**source)
    )]
    Unreachable {
        /// Which one.
        upstream: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The upstream's: no connection in time.
    #[error(
        "no connection to upstream {upstream} within its connect_timeout; check its base_url and \
         the network"
    )]
    ConnectTimeout {
        /// Which one.
        upstream: String,
    },
    /// The upstream's: it broke off before its answer began.
    #[error("upstream {upstream} broke off before its answer ({}); retry", root(&**source))]
    BrokenOff {
        /// Which one.
        upstream: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The upstream's: its answer did not begin in time.
    #[error(
        "upstream {upstream} did not begin to answer within its response_header_timeout; retry, or \
         raise the timeout"
    )]
    HeadersTimeout {
        /// Which one.
        upstream: String,
    },
}

impl ProxyError {
    /// A label for metrics, logs and `x-tollgate-error`: few values, stable across releases.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::BadTarget { .. } => "bad_target",
            Self::ConnectRefused => "connect_refused",
            Self::NoRoute { .. } => "no_route",
            Self::ClientBody => "client_body",
            Self::NotAdmitted { .. } => "not_admitted",
            Self::TooLongToSign { .. } => "too_long_to_sign",
            Self::NoRoom => "no_room",
            Self::Unsigned { .. } => "unsigned",
            Self::Busy { .. } => "busy",
            Self::LedgerBehind => "ledger_behind",
            Self::Unreachable { .. } => "upstream_unreachable",
            Self::ConnectTimeout { .. } => "upstream_connect_timeout",
            Self::BrokenOff { .. } => "upstream_broke_off",
            Self::HeadersTimeout { .. } => "upstream_headers_timeout",
        }
    }

    /// The status the client gets.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BadTarget { .. } | Self::ClientBody => StatusCode::BAD_REQUEST,
            Self::ConnectRefused => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAdmitted { .. } => StatusCode::FORBIDDEN,
            Self::NoRoute { .. } => StatusCode::NOT_FOUND,
            Self::TooLongToSign { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy { .. } | Self::LedgerBehind | Self::NoRoom | Self::Unsigned { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Unreachable { .. } | Self::BrokenOff { .. } => StatusCode::BAD_GATEWAY,
            Self::ConnectTimeout { .. } | Self::HeadersTimeout { .. } => {
                StatusCode::GATEWAY_TIMEOUT
            }
        }
    }

    /// How a call ended that failed so.
    pub(super) const fn end(&self) -> StreamEnd {
        match self {
            Self::BadTarget { .. }
            | Self::ConnectRefused
            | Self::NoRoute { .. }
            | Self::NotAdmitted { .. }
            | Self::ClientBody
            | Self::TooLongToSign { .. }
            | Self::NoRoom
            | Self::Busy { .. }
            | Self::LedgerBehind => StreamEnd::ClientGone,
            Self::Unreachable { .. } | Self::BrokenOff { .. } | Self::Unsigned { .. } => {
                StreamEnd::UpstreamFailed
            }
            Self::ConnectTimeout { .. } | Self::HeadersTimeout { .. } => StreamEnd::Timeout,
        }
    }

    /// Whether the upstream may have seen the request, and bill it.
    pub(super) const fn was_sent(&self) -> bool {
        !matches!(
            self,
            Self::Unreachable { .. }
                | Self::ConnectTimeout { .. }
                | Self::TooLongToSign { .. }
                | Self::NoRoom
                | Self::Unsigned { .. }
        )
    }

    /// The answer, in the shape of the API that was called.
    pub(super) fn answer(&self, api: WireFormat, call_id: CallId) -> Response<ResponseBody> {
        let mut response = Response::new(ResponseBody::own(self.json(api)));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(ERROR, HeaderValue::from_static(self.reason()));
        headers.insert(CALL_ID, call_id_value(call_id));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status() == StatusCode::METHOD_NOT_ALLOWED {
            let allowed = [Method::GET, Method::POST]
                .map(|method| method.to_string())
                .join(", ");
            headers.extend(
                HeaderValue::try_from(allowed)
                    .ok()
                    .map(|allow| (header::ALLOW, allow)),
            );
        }
        response
    }

    fn json(&self, api: WireFormat) -> String {
        let message = format!("tollgate: {self}");
        match api {
            WireFormat::OpenAi => json!({"error": {
                "message": message,
                "type": self.openai_type(),
                "param": null,
                "code": self.reason(),
            }}),
            WireFormat::Anthropic => json!({
                "type": "error",
                "error": {"type": self.anthropic_type(), "message": message},
            }),
            WireFormat::Ollama | WireFormat::Served => json!({"error": message}),
            WireFormat::Cohere => json!({"message": message}),
            WireFormat::Bedrock => json!({"__type": self.bedrock_type(), "message": message}),
            WireFormat::Gemini => json!({"error": {
                "code": self.status().as_u16(),
                "message": message,
                "status": self.google_status(),
            }}),
            WireFormat::DashScope => json!({"code": self.reason(), "message": message}),
            WireFormat::Voyage => json!({"detail": message}),
        }
        .to_string()
    }

    const fn openai_type(&self) -> &'static str {
        if self.status().as_u16() < 500 {
            "invalid_request_error"
        } else {
            "server_error"
        }
    }

    const fn bedrock_type(&self) -> &'static str {
        match self.status().as_u16() {
            403 => "AccessDeniedException",
            404 => "ResourceNotFoundException",
            400..500 => "ValidationException",
            503 => "ServiceUnavailableException",
            504 => "ModelTimeoutException",
            _ => "InternalServerException",
        }
    }

    /// A name of `google.rpc.Code`.
    const fn google_status(&self) -> &'static str {
        match self.status().as_u16() {
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            400..500 => "INVALID_ARGUMENT",
            504 => "DEADLINE_EXCEEDED",
            502 | 503 => "UNAVAILABLE",
            _ => "INTERNAL",
        }
    }

    const fn anthropic_type(&self) -> &'static str {
        match self.status().as_u16() {
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            400..500 => "invalid_request_error",
            503 => "overloaded_error",
            504 => "timeout_error",
            _ => "api_error",
        }
    }
}

/// A call's id as a header.
pub(super) fn call_id_value(call_id: CallId) -> HeaderValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text: &str = call_id.0.hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// The cause at the bottom of a chain: what a person can act on.
pub(super) fn root(error: &(dyn Error + Send + Sync)) -> String {
    let mut root: &dyn Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}
