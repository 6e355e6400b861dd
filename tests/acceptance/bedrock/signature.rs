//! A signature as a client makes it and as Amazon checks it, by the AWS SDK's own code.

use std::fmt::Write;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{self, SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;
use http::{HeaderValue, Request};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::support::client::{Body, whole};
use crate::support::http1;

/// Whose signature, and for what.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
    pub(super) region: &'static str,
}

impl Key {
    pub(super) fn new(id: &str, token: Option<&str>) -> Self {
        Self {
            id: id.to_owned(),
            secret: format!("secret-of-{id}"),
            token: token.map(str::to_owned),
            region: "eu-central-1",
        }
    }

    /// The headers that sign such a request.
    fn headers(
        &self,
        (method, url): (&str, &str),
        headers: &[(&str, &str)],
        sha256: &[u8],
        at: Timestamp,
    ) -> Vec<(String, String)> {
        let (id, secret, token) = (&self.id, &self.secret, self.token.clone());
        let identity = Credentials::new(id, secret, token, None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("bedrock")
            .time(SystemTime::from(at))
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let body = SignableBody::Precomputed(hex(sha256));
        let request = SignableRequest::new(method, url, headers.iter().copied(), body).unwrap();
        let signed = http_request::sign(request, &params.into()).unwrap();
        let (instructions, _) = signed.into_parts();
        let headers = instructions.headers();
        headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// A POST to `path` at tollgate, signed for another URL.
    pub(super) fn signed(&self, url: &str, path: &str, body: &str) -> Request<Body> {
        let json = ("content-type", "application/json");
        let hash = Sha256::digest(body);
        let mut request = Request::post(path).header(json.0, json.1);
        for (name, value) in self.headers(("POST", url), &[json], &hash, now()) {
            request = request.header(name, HeaderValue::try_from(value).unwrap());
        }
        request.body(whole(body.to_owned())).unwrap()
    }

    /// Why this request, as it came, is not signed with the key; `None`: it is.
    pub(super) fn fault(&self, request: &http1::Request) -> Option<String> {
        let claimed = request.header("authorization").unwrap_or("none");
        let host = request.header("host").unwrap();
        let url = format!("http://{host}{}", request.target);
        let signed = claimed.split_once("SignedHeaders=")?.1.split_once(',')?.0;
        let theirs = request.headers.iter().filter(|(name, _)| {
            let is_added = matches!(name.as_str(), "x-amz-date" | "x-amz-security-token");
            signed.split(';').any(|it| it == name) && !is_added
        });
        let theirs: Vec<_> = theirs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let date = request.header("x-amz-date").unwrap_or_default();
        let at = DateTime::strptime("%Y%m%dT%H%M%SZ", date).unwrap();
        let at = at.to_zoned(TimeZone::UTC).unwrap().timestamp();
        let ours = self.headers((&request.method, &url), &theirs, &request.body.sha256, at);
        let ours = ours
            .iter()
            .find(|(name, _)| name == "authorization")
            .unwrap();
        let token = request.header("x-amz-security-token");
        (ours.1 != claimed || token != self.token.as_deref())
            .then(|| format!("expected {}\nfound    {claimed}\nand {token:?}", ours.1))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock that the binary goes by"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
