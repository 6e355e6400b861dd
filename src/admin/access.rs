//! Who may ask: tokens, and what holds where none is set.
//!
//! Health is open to all. Everything else asks for the admin token as soon as there is one or the
//! listener is not bound to loopback. Without a token only a page of this machine may ask: a name
//! other than the loopback's in `Host` is how a foreign web page reaches a local port.

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use super::answer::Refusal;

/// A token, kept only as a hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// The token that `text` is.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether the given text is this token, in time that does not depend on where they differ.
    fn admits(self, given: &str) -> bool {
        let Self(given) = Self::new(given);
        let difference = self
            .0
            .iter()
            .zip(given)
            .fold(0, |seen, (a, b)| seen | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Who may read `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsAccess {
    /// The same as everything else.
    #[default]
    AsAdmin,
    /// Everybody who reaches the listener.
    Open,
    /// Who has this token, or the admin token.
    Token(Token),
}

/// What configuration says about access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whether the listener is bound to a loopback address.
    pub is_loopback: bool,
    /// The token for everything but health.
    pub admin_token: Option<Token>,
    /// Who may read `/metrics`.
    pub metrics: MetricsAccess,
}

impl Access {
    /// Whether these headers open what the admin token guards.
    pub(super) fn admin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match self.admin_token {
            Some(token) => check(&[token], headers),
            None if !self.is_loopback => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "closed",
                "this listener is not on loopback and has no token",
                "set server.admin_token in the configuration",
            )),
            None if names_loopback(headers) => Ok(()),
            None => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "foreign_host",
                "the Host header does not name this machine's loopback",
                "ask for 127.0.0.1 or localhost, or set server.admin_token",
            )),
        }
    }

    /// Whether these headers open `/metrics`.
    pub(super) fn metrics(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match (self.metrics, self.admin_token) {
            (MetricsAccess::Open, _) => Ok(()),
            (MetricsAccess::AsAdmin, _) => self.admin(headers),
            (MetricsAccess::Token(own), Some(admin)) => check(&[own, admin], headers),
            (MetricsAccess::Token(own), None) => check(&[own], headers),
        }
    }
}

/// Whether the bearer token is one of these.
fn check(tokens: &[Token], headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = given.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    if bearer.is_some_and(|given| tokens.iter().any(|token| token.admits(given))) {
        return Ok(());
    }
    let message = if bearer.is_some() {
        "the token is wrong"
    } else {
        "a token is needed"
    };
    Err(Refusal::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        message,
        "send the header `authorization: Bearer TOKEN` with the configured token",
    ))
}

/// Whether `Host` is an address or name of the loopback; HTTP/1.0 may leave it out.
fn names_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else {
        return true;
    };
    let Ok(authority) = host
        .to_str()
        .unwrap_or_default()
        .parse::<http::uri::Authority>()
    else {
        return false;
    };
    let name = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(is_loopback: bool, token: Option<&str>, metrics: MetricsAccess) -> Access {
        Access {
            is_loopback,
            admin_token: token.map(Token::new),
            metrics,
        }
    }

    /// Status of the admin part and of `/metrics`; 200 where they open.
    #[track_caller]
    fn check(access: Access, header: Option<(http::HeaderName, &str)>, expected: (u16, u16)) {
        let pair = header.map(|(name, value)| (name, value.parse().unwrap()));
        let headers: HeaderMap = pair.into_iter().collect();
        let status =
            |refused: Result<(), Refusal>| refused.map_or_else(|r| r.status.as_u16(), |()| 200);
        assert_eq!(
            (
                status(access.admin(&headers)),
                status(access.metrics(&headers))
            ),
            expected
        );
    }

    #[test]
    fn loopback_without_a_token_is_open_to_this_machine_only() {
        let open = access(true, None, MetricsAccess::AsAdmin);
        check(open, None, (200, 200));
        for host in ["127.0.0.1:4142", "localhost", "[::1]:4142", "LOCALHOST:1"] {
            check(open, Some((HOST, host)), (200, 200));
        }
        for host in [
            "evil.example:4142",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "a b",
        ] {
            check(open, Some((HOST, host)), (403, 403));
        }
    }

    #[test]
    fn a_public_listener_without_a_token_is_closed() {
        check(
            access(false, None, MetricsAccess::AsAdmin),
            None,
            (403, 403),
        );
        check(access(false, None, MetricsAccess::Open), None, (403, 200));
    }

    #[test]
    fn a_token_is_asked_for_wherever_one_is_set() {
        for is_loopback in [true, false] {
            let guarded = access(is_loopback, Some("right"), MetricsAccess::AsAdmin);
            check(guarded, None, (401, 401));
            check(guarded, Some((AUTHORIZATION, "Bearer wrong")), (401, 401));
            check(guarded, Some((AUTHORIZATION, "Basic right")), (401, 401));
            check(guarded, Some((AUTHORIZATION, "bearer right")), (200, 200));
        }
    }

    #[test]
    fn the_scraper_may_have_a_token_of_its_own() {
        let own = MetricsAccess::Token(Token::new("scrape"));
        let guarded = access(false, Some("admin"), own);
        check(guarded, Some((AUTHORIZATION, "Bearer scrape")), (401, 200));
        check(guarded, Some((AUTHORIZATION, "Bearer admin")), (200, 200));
        check(guarded, None, (401, 401));
    }

    #[test]
    fn a_token_is_never_printed() {
        assert_eq!(format!("{:?}", Token::new("secret")), "Token(…)");
    }
}
