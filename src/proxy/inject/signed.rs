//! Requests whose headers vouch for their body: changed, they would be refused.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Digests of the body (RFC 9530, and RFC 3230 and RFC 1864 before it), and signatures that may
/// cover one (RFC 9421).
const NAMES: [&str; 6] = [
    "content-digest",
    "repr-digest",
    "digest",
    "content-md5",
    "signature",
    "signature-input",
];

/// What clouds put a body's hash in: `x-amz-`, `x-ms-`, `x-acs-`, `x-content-sha256`.
const HASH_ENDING: &str = "content-sha256";

/// In the scheme of an `Authorization` that is made from the body's hash, with or without a header
/// for that: `AWS4-HMAC-SHA256`, `TC3-HMAC-SHA256`, `HMAC-SHA256`.
const HASHED_SCHEME: &[u8] = b"SHA256";

/// Whether the body has to reach the upstream as the client sent it.
///
/// Where a header says that the body is not covered (`UNSIGNED-PAYLOAD`), it is left all the same.
pub(super) fn is_signed(headers: &HeaderMap) -> bool {
    let vouches = |name: &HeaderName| {
        let name = name.as_str();
        NAMES.contains(&name) || name.ends_with(HASH_ENDING)
    };
    headers.keys().any(vouches) || headers.get_all(AUTHORIZATION).iter().any(is_from_hash)
}

fn is_from_hash(authorization: &HeaderValue) -> bool {
    let scheme = authorization.as_bytes().split(|byte| *byte == b' ').next();
    let scheme = scheme.unwrap_or_default().to_ascii_uppercase();
    scheme.ends_with(HASHED_SCHEME)
}
