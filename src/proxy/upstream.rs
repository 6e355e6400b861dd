//! One upstream, with all that need not be worked out again for each call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, InvalidUri, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};

use super::Clock;
use super::admission::{Counters, UpstreamCounters};
use super::admits::Admits;
use super::connect::{self, UpstreamClient};
use super::refusers::Refusers;
use super::settings::{ClientGone, Http2Mode, InjectUsage, UpstreamSettings};
use crate::meter::UpstreamFacts;
use crate::sign::Signer;

/// Why settings cannot be used. `config` has checked them, so each is a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The base URL is not absolute.
    #[error("upstream {upstream}: base_url is not an http or https URL with a host")]
    BaseUrl {
        /// Which one.
        upstream: String,
    },
    /// TLS cannot be set up, or an extra root is not a certificate.
    #[error("upstream {upstream}: TLS cannot be set up")]
    Tls {
        /// Which one.
        upstream: String,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// Whoever gives credentials to sign with cannot be asked.
    #[error("upstream {upstream}: the way to its AWS credentials cannot be set up")]
    Sign {
        /// Which one.
        upstream: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// A default names an upstream that is not there.
    #[error("there is no upstream {name}")]
    UnknownUpstream {
        /// The name.
        name: String,
    },
}

/// Where calls go.
pub(super) struct Upstream {
    settings: UpstreamSettings,
    client: UpstreamClient,
    scheme: Scheme,
    authority: Authority,
    host: HeaderValue,
    /// Put before each call's path; without a slash at its end, so mostly empty.
    base_path: String,
    counters: Arc<dyn UpstreamCounters>,
    /// Models that were asked for their usage in vain since the settings were loaded.
    refusers: Refusers,
    /// Signs its requests, where tollgate does.
    signer: Option<Signer>,
}

impl Upstream {
    /// Works out what calls need; keeps the connections of `old` where they serve as well.
    pub(super) fn new(
        settings: UpstreamSettings,
        old: Option<&Self>,
        counters: &dyn Counters,
        clock: &Clock,
    ) -> Result<Self, SettingsError> {
        let name = || settings.facts.name.clone();
        let no_base_url = || SettingsError::BaseUrl { upstream: name() };
        let scheme = settings
            .base_url
            .scheme()
            .cloned()
            .ok_or_else(no_base_url)?;
        let authority = authority(&settings.base_url, &scheme).ok_or_else(no_base_url)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| no_base_url())?;
        let client = match old.filter(|old| old.settings.connects_like(&settings)) {
            Some(old) => old.client.clone(),
            None => connect::client(&settings).map_err(|source| SettingsError::Tls {
                upstream: name(),
                source,
            })?,
        };
        let signer = signer(&settings, old, clock).map_err(|source| SettingsError::Sign {
            upstream: name(),
            source,
        })?;
        Ok(Self {
            client,
            scheme,
            authority,
            host,
            base_path: settings.base_url.path().trim_end_matches('/').to_owned(),
            counters: counters.upstream(&settings.facts.name),
            refusers: Refusers::default(),
            signer,
            settings,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.settings.facts.name
    }

    pub(super) fn facts(&self) -> &Arc<UpstreamFacts> {
        &self.settings.facts
    }

    pub(super) fn client(&self) -> &UpstreamClient {
        &self.client
    }

    pub(super) fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// Who signs its requests, where tollgate does.
    pub(super) const fn signer(&self) -> Option<&Signer> {
        self.signer.as_ref()
    }

    /// For whom they are signed; none where its clients come with what is theirs.
    pub(super) fn admits(&self) -> Option<&Admits> {
        Some(&self.settings.sign.as_ref()?.admits)
    }

    pub(super) fn counters(&self) -> &Arc<dyn UpstreamCounters> {
        &self.counters
    }

    pub(super) fn response_header_timeout(&self) -> Option<Duration> {
        self.settings.response_header_timeout
    }

    pub(super) fn idle_timeout(&self) -> Option<Duration> {
        self.settings.idle_timeout
    }

    pub(super) fn client_gone(&self) -> ClientGone {
        self.settings.client_gone
    }

    pub(super) fn inject_usage(&self) -> InjectUsage {
        self.settings.inject_usage
    }

    pub(super) fn refusers(&self) -> &Refusers {
        &self.refusers
    }

    /// Whether every connection speaks HTTP/2; with TLS and `Auto`, only ALPN decides.
    pub(super) fn http2_only(&self) -> bool {
        self.settings.http2 == Http2Mode::Always
    }

    /// Whether every connection speaks HTTP/1.1.
    pub(super) fn http1_only(&self) -> bool {
        self.settings.http1_only()
    }

    /// The path of a bare call.
    pub(super) fn path(&self, whole: &PathAndQuery) -> Result<PathAndQuery, InvalidUri> {
        if self.base_path.is_empty() {
            return Ok(whole.clone());
        }
        self.path_of_rest(whole.as_str())
    }

    /// The path of a call whose first segment named this upstream: `rest` is what follows it.
    pub(super) fn path_of_rest(&self, rest: &str) -> Result<PathAndQuery, InvalidUri> {
        let mut path = String::with_capacity(self.base_path.len() + rest.len() + 1);
        path.push_str(&self.base_path);
        if path.is_empty() && !rest.starts_with('/') {
            path.push('/');
        }
        path.push_str(rest);
        PathAndQuery::from_maybe_shared(Bytes::from(path))
    }

    /// The whole URL of a call.
    pub(super) fn url(&self, path: PathAndQuery) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        // Fails only if one of the three is missing; an empty path would be answered 404.
        Uri::from_parts(parts).unwrap_or_default()
    }
}

/// Who signs the requests; the one there was, with its credentials, where nothing has changed.
fn signer(
    settings: &UpstreamSettings,
    old: Option<&Upstream>,
    clock: &Clock,
) -> reqwest::Result<Option<Signer>> {
    let Some(sign) = &settings.sign else {
        return Ok(None);
    };
    let old = old.and_then(Upstream::signer);
    match old.filter(|old| old.is_as(&sign.by)) {
        Some(old) => Ok(Some(old.clone())),
        None => Signer::start(sign.by.clone(), Arc::clone(clock)).map(Some),
    }
}

/// Host and port as `Host` and `:authority` say them: no user, no default port.
fn authority(url: &Uri, scheme: &Scheme) -> Option<Authority> {
    let default_port = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let host = url.host().filter(|host| !host.is_empty())?;
    match url.port_u16().filter(|port| *port != default_port) {
        Some(port) => format!("{host}:{port}").parse().ok(),
        None => host.parse().ok(),
    }
}
