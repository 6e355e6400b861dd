//! The errors a mock provider answers with, in each provider's own shape.

use http::{Method, StatusCode};

use super::dice::Dice;
use super::models::Provider;
use super::{anthropic, openai};

/// An answer that is an error; it bills nothing.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// OpenAI's `type` and `code`.
    openai: (&'static str, &'static str),
    /// Anthropic's `type`.
    anthropic: &'static str,
    message: String,
}

impl Refusal {
    /// Providers are busy or broken now and then.
    pub(super) fn by_accident(dice: &mut Dice, per_mille: u32) -> Option<Self> {
        if !dice.chance(per_mille) {
            None
        } else if dice.chance(600) {
            Some(Self {
                status: StatusCode::TOO_MANY_REQUESTS,
                openai: ("requests", "rate_limit_exceeded"),
                anthropic: "rate_limit_error",
                message: "Rate limit reached. Please try again in 1s.".to_owned(),
            })
        } else {
            Some(Self {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                openai: ("server_error", "server_error"),
                anthropic: "api_error",
                message: "The server had an error while processing your request.".to_owned(),
            })
        }
    }

    /// The body, as the provider would write it.
    pub(super) fn body(&self, provider: Provider, request_id: &str) -> String {
        let (kind, code) = self.openai;
        match provider {
            Provider::OpenAi => openai::error(kind, code, &self.message),
            Provider::Anthropic => anthropic::error(self.anthropic, &self.message, request_id),
        }
    }
}

/// What was sent is not a call.
pub(super) fn bad_request(message: String) -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        openai: ("invalid_request_error", "invalid_body"),
        anthropic: "invalid_request_error",
        message,
    }
}

/// No such place.
pub(super) fn not_found(method: &Method, path: &str) -> Refusal {
    Refusal {
        status: StatusCode::NOT_FOUND,
        openai: ("invalid_request_error", "unknown_url"),
        anthropic: "not_found_error",
        message: format!("the mock does not serve {method} {path}"),
    }
}
