//! One answer from a server that is somebody else's: bounded in bytes and time, followed nowhere.

use std::time::Duration;

use reqwest::{Client, Url};

use super::Token;

/// A page of a server with hundreds of adapters is below 1 MiB.
const PAGE_BYTES_MAX: usize = 8 << 20;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// Not reached, broken off, or too slow.
    #[error("{}", said(.0))]
    Unreached(reqwest::Error),
    /// It asks who it is.
    #[error("it answered {status}: {key} is {so}")]
    Refused {
        /// 401 or 403.
        status: u16,
        /// Where the token is configured.
        key: &'static str,
        /// `missing` or `refused`.
        so: &'static str,
    },
    /// There is no such page.
    #[error("it answered 404")]
    NoPage,
    /// Another status than 200.
    #[error("it answered {0}")]
    Status(u16),
    /// It is not asked for, so it is not read.
    #[error("it answered in the coding {0}, which was not asked for")]
    Coded(String),
    /// It does not end.
    #[error("it answered more than {} MiB", PAGE_BYTES_MAX >> 20)]
    TooLong,
}

/// What a server is asked with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bearer<'t> {
    /// Where it is configured, of `measured_by`.
    pub(super) key: &'static str,
    /// It, if it is.
    pub(super) token: Option<&'t Token>,
}

/// A way to one upstream's servers.
///
/// # Errors
/// A certificate that is none.
pub(super) fn client(extra_roots: &[Vec<u8>], timeout: Duration) -> reqwest::Result<Client> {
    // A second install is refused, which is as good: some provider is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = extra_roots
        .iter()
        .map(|der| reqwest::Certificate::from_der(der));
    let certificates: reqwest::Result<Vec<_>> = certificates.collect();
    Client::builder()
        // A server of our own is reached without the proxy of the environment.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(timeout)
        .user_agent(concat!("tollgate/", env!("CARGO_PKG_VERSION")))
        .tls_certs_merge(certificates?)
        .build()
}

/// The whole body of a GET.
pub(super) async fn get(
    client: &Client,
    url: Url,
    Bearer { key, token }: Bearer<'_>,
    timeout: Duration,
) -> Result<Vec<u8>, FetchError> {
    let mut request = client.get(url).timeout(timeout);
    if let Some(token) = token {
        request = request.bearer_auth(&token.0);
    }
    let unreached = |error: reqwest::Error| FetchError::Unreached(error.without_url());
    let mut response = request.send().await.map_err(unreached)?;
    match response.status().as_u16() {
        200 => {}
        404 => return Err(FetchError::NoPage),
        status @ (401 | 403) => {
            let so = token.map_or("missing", |_| "refused");
            return Err(FetchError::Refused { status, key, so });
        }
        status => return Err(FetchError::Status(status)),
    }
    let coding = response.headers().get(reqwest::header::CONTENT_ENCODING);
    if let Some(coding) = coding.filter(|coding| *coding != "identity") {
        let plain = coding.to_str().unwrap_or("?").chars().take(16);
        return Err(FetchError::Coded(plain.collect()));
    }
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(unreached)? {
        if body.len().saturating_add(part.len()) > PAGE_BYTES_MAX {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// An error with its causes: the last says what really happened.
fn said(error: &reqwest::Error) -> String {
    let mut said = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}
