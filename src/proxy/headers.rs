//! Which headers pass: all, in order and with their case, except those of one connection and ours.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};

use super::attribution::Attribution;
use super::upstream::Upstream;

/// The one header that an answer gains.
pub(super) const CALL_ID: HeaderName = HeaderName::from_static("x-tollgate-call-id");

/// Says that an answer is ours, and why.
pub(super) const ERROR: HeaderName = HeaderName::from_static("x-tollgate-error");

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Headers that speak to tollgate, whatever the configuration says.
const OURS: &str = "x-tollgate-";

/// What is known about a request before its headers are changed.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// It asks for another protocol, which then passes blind.
    pub upgrade: bool,
    /// It has a body of unknown length.
    pub unsized_body: bool,
}

/// Whether the client asks for another protocol that may pass blind.
///
/// `h2c` may not: calls would pass inside it unmetered, and a server is free to ignore the wish.
pub(super) fn wants_upgrade<B>(request: &Request<B>) -> bool {
    let Some(protocol) = request.headers().get(UPGRADE) else {
        return false;
    };
    request.version() == Version::HTTP_11
        && !protocol.as_bytes().eq_ignore_ascii_case(b"h2c")
        && connection_options(request.headers())
            .any(|option| option.eq_ignore_ascii_case("upgrade"))
}

/// The headers of a request as the upstream gets them.
pub(super) fn to_upstream(
    parts: &mut Parts,
    shape: Shape,
    upstream: &Upstream,
    attribution: &Attribution,
) -> HeaderMap {
    let inbound = std::mem::take(&mut parts.headers);
    let trailers = accepts_trailers(&inbound);
    let mut headers = without(inbound, shape.upgrade, |name| {
        *name == EXPECT
            || *name == TE
            || *name == PROXY_AUTHORIZATION
            || (*name == HOST && upstream.http2_only())
            || name.as_str().starts_with(OURS)
            || attribution.owns(name)
            || (upstream.signer().is_some() && is_client_auth(name, attribution))
    });
    if !upstream.http2_only() {
        headers.insert(HOST, upstream.host().clone());
    }
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if shape.upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    } else if trailers && upstream.http1_only() {
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    // hyper gives GET and HEAD a body of unknown length only where it is told to.
    if shape.unsized_body && (parts.method == Method::GET || parts.method == Method::HEAD) {
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    headers
}

/// What its client shows to be let in: the upstream is shown what tollgate signs.
fn is_client_auth(name: &HeaderName, attribution: &Attribution) -> bool {
    *name == AUTHORIZATION
        || attribution.holds_key(name)
        || SIGNED_BY_CLIENT.contains(&name.as_str())
}

/// What a client's own signature comes with.
const SIGNED_BY_CLIENT: [&str; 3] = ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];

/// What happens to an answer on its way.
#[derive(Clone, Copy)]
pub(super) struct Passes {
    /// It speaks another protocol from now on.
    pub upgraded: bool,
    /// Its body loses an event, so the length it had says nothing.
    pub stripped: bool,
}

/// The headers of an answer as the client gets them.
pub(super) fn to_client(inbound: HeaderMap, passes: Passes, call_id: HeaderValue) -> HeaderMap {
    let Passes { upgraded, stripped } = passes;
    let mut headers = without(inbound, upgraded, |name| {
        *name == PROXY_AUTHENTICATE || (stripped && *name == CONTENT_LENGTH)
    });
    if upgraded {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
    headers.insert(CALL_ID, call_id);
    headers
}

/// The map without hop-by-hop headers and those to be dropped; what is left keeps its order.
fn without(inbound: HeaderMap, upgrade: bool, drop: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    let named = named_by_connection(&inbound);
    let keep = |name: &HeaderName| {
        let stays = *name == UPGRADE && upgrade;
        stays || !(is_hop_by_hop(name) || drop(name) || named.contains(name))
    };
    if inbound.keys().all(keep) {
        return inbound;
    }
    // Built anew: `HeaderMap::remove` would move the last header into the gap.
    let mut passed = HeaderMap::with_capacity(inbound.len());
    let mut current = None;
    for (name, value) in inbound {
        // Only the first of several values comes with its name.
        if let Some(name) = name {
            current = keep(&name).then_some(name);
        }
        if let Some(name) = &current {
            passed.append(name.clone(), value);
        }
    }
    passed
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == TRANSFER_ENCODING
        || *name == UPGRADE
        || *name == KEEP_ALIVE
        || *name == PROXY_CONNECTION
}

/// Headers that this connection's own `Connection` header names.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    connection_options(headers)
        .filter(|option| {
            !["keep-alive", "close", "upgrade", "te"]
                .iter()
                .any(|known| option.eq_ignore_ascii_case(known))
        })
        .filter_map(|option| HeaderName::from_bytes(option.as_bytes()).ok())
        .collect()
}

fn connection_options(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    list(headers, CONNECTION)
}

fn accepts_trailers(headers: &HeaderMap) -> bool {
    list(headers, TE).any(|coding| coding.eq_ignore_ascii_case("trailers"))
}

/// The members of a header that is a list.
fn list(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}
