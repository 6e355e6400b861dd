//! What an answer means: taken, later, or no. Chat services say no inside a 200.

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use jiff::SignedDuration;
use serde_json::Value;

use super::receiver::Format;

/// Codes in an answer that mean "too often" or "busy", by their vendors' lists of codes: Feishu 9499
/// and 11232, `DingTalk` 130101 and -1, `WeCom` 45009 and -1.
const LATER: [i64; 5] = [-1, 9_499, 11_232, 45_009, 130_101];

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The receiver has it.
    Delivered,
    /// It may take it later.
    Later {
        /// Not before so long.
        after: SignedDuration,
        /// What it said; without the address.
        why: String,
    },
    /// It does not want it as it is.
    Refused {
        /// What it said; without the address.
        why: String,
    },
}

impl Answer {
    /// Nobody answered.
    pub(super) fn unreached(why: String) -> Self {
        let after = SignedDuration::ZERO;
        Self::Later { after, why }
    }

    /// What a whole answer means.
    pub(super) fn of(format: Format, status: StatusCode, headers: &HeaderMap, body: &str) -> Self {
        let why = format!("{}: {body}", status.as_u16());
        if status.is_success() {
            return match said(format, body) {
                Some(true) => Self::Delivered,
                Some(false) => Self::Refused { why },
                None => Self::unreached(why),
            };
        }
        let is_passing = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        );
        if status.is_server_error() || is_passing {
            let after = headers.get(RETRY_AFTER).and_then(|at| at.to_str().ok());
            let after = after.and_then(|seconds| seconds.trim().parse().ok());
            let after = after.map_or(SignedDuration::ZERO, SignedDuration::from_secs);
            return Self::Later { after, why };
        }
        Self::Refused { why }
    }
}

/// Whether a 2xx means yes; `None`: not now.
fn said(format: Format, body: &str) -> Option<bool> {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let number = |names: &[&str]| names.iter().find_map(|name| json.get(name)?.as_i64());
    let code = match format {
        Format::Json => return Some(true),
        // Slack says `ok`; what speaks its format elsewhere says so in JSON, or nothing.
        Format::Slack => {
            let flag = ["ok", "success"]
                .iter()
                .find_map(|name| json.get(name)?.as_bool());
            return Some(flag.unwrap_or_else(|| matches!(body.trim(), "ok" | "")));
        }
        // Its older answers are `StatusCode`.
        Format::Feishu => number(&["code", "StatusCode"]),
        Format::DingTalk | Format::WeCom => number(&["errcode"]),
    };
    match code {
        Some(code) if LATER.contains(&code) => None,
        code => Some(code == Some(0)),
    }
}
