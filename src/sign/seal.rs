//! One signature, over what every way to Amazon leaves as it is.

use std::fmt::Write;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    self, SignableBody, SignableRequest, SigningParams, SigningSettings,
};
use aws_sigv4::sign::v4;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{Settings, SignError};

/// Signs method, target, host, the headers that Amazon wants to be signed, and the body.
pub(super) fn sign(
    head: &mut Parts,
    body_sha256: &[u8; 32],
    credentials: Credentials,
    settings: &Settings,
    at: Timestamp,
) -> Result<(), SignError> {
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&settings.region)
        .name(&settings.service)
        .time(SystemTime::from(at))
        .settings(SigningSettings::default())
        .build()
        .map_err(unsignable)?;
    let wanted = |name: &HeaderName| *name == CONTENT_TYPE || name.as_str().starts_with("x-amz");
    let headers = head.headers.iter().filter(|(name, _)| wanted(name));
    let headers: Result<Vec<_>, _> = headers
        .map(|(name, value)| Ok((name.as_str(), value.to_str()?)))
        .collect();
    let headers = headers.map_err(|error: http::header::ToStrError| unsignable(error))?;
    let request = SignableRequest::new(
        head.method.as_str(),
        head.uri.to_string(),
        headers.into_iter(),
        SignableBody::Precomputed(hex(body_sha256)),
    )
    .map_err(unsignable)?;
    let params = SigningParams::V4(params);
    let signed = http_request::sign(request, &params).map_err(unsignable)?;
    let (instructions, _) = signed.into_parts();
    for (name, value) in instructions.headers() {
        let name: HeaderName = name.parse().map_err(unsignable)?;
        let mut value = HeaderValue::from_str(value).map_err(unsignable)?;
        value.set_sensitive(true);
        head.headers.insert(name, value);
    }
    Ok(())
}

fn unsignable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SignError {
    SignError::Unsignable(error.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A text takes whatever is written to it.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
