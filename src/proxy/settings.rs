//! What the proxy needs to know: checked values, filled by `config`.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use rustls_pki_types::CertificateDer;

use super::admits::Admits;
use super::attribution::Attribution;
use super::egress::EgressProxy;
use crate::meter::UpstreamFacts;
use crate::sign;

/// Twice the longest prompt without pictures that any model takes: a million tokens.
pub const INJECT_BODY_BYTES_MAX: usize = 4 << 20;

/// Everything that can be changed while the proxy runs, and the limits that are read at its start.
#[derive(Clone)]
pub struct Settings {
    /// Calls at one time; one more is answered 503.
    pub calls_in_flight_max: usize,
    /// What happens to a call that the ledger has no room for.
    pub on_ledger_failure: OnLedgerFailure,
    /// How long a client may not read what is there for it. `None`: for ever.
    pub client_stall: Option<Duration>,
    /// How long a client may take for the head of a request; also how long an idle connection is
    /// kept. `None`: for ever.
    pub header_read_timeout: Option<Duration>,
    /// The longest head of a request that is read.
    pub header_bytes_max: usize,
    /// How long calls in flight may go on after the first signal.
    pub drain: Duration,
    /// The longest body, in bytes, that is held to ask for the usage of its stream.
    pub inject_body_bytes_max: usize,
    /// Where calls can go. Names are unique and non-empty.
    pub upstreams: Vec<UpstreamSettings>,
    /// The upstream of a bare path, by name; of one that only one format has, the first of that format
    /// before it. Of Bedrock's there may be only one: its regions are not the same.
    pub default_upstream: Option<String>,
    /// Who a call is for.
    pub attribution: Attribution,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            calls_in_flight_max: 20_000,
            on_ledger_failure: OnLedgerFailure::Pass,
            client_stall: Some(Duration::from_mins(5)),
            // Above the idle limits of common client pools (5 to 60 s): it is the client who closes.
            header_read_timeout: Some(Duration::from_secs(75)),
            header_bytes_max: 128 * 1024,
            drain: Duration::from_secs(30),
            inject_body_bytes_max: INJECT_BODY_BYTES_MAX,
            upstreams: Vec::new(),
            default_upstream: None,
            attribution: Attribution::default(),
        }
    }
}

/// What happens to a call that the ledger has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLedgerFailure {
    /// It passes unmetered, and is counted as such.
    #[default]
    Pass,
    /// It is answered 503.
    Refuse,
}

impl OnLedgerFailure {
    /// The name used in configuration.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Refuse => "refuse",
        }
    }
}

/// One upstream.
#[derive(Clone)]
pub struct UpstreamSettings {
    /// What the meter says about it; its name is the first segment of a path.
    pub facts: Arc<UpstreamFacts>,
    /// Scheme `http` or `https`, an authority, and a path that is put before each call's own.
    pub base_url: Uri,
    /// How long a connection may take: name, TCP, tunnel and TLS together. `None`: for ever.
    pub connect_timeout: Option<Duration>,
    /// How long the upstream may take to begin its answer, from the last bytes of the request on.
    /// `None`: for ever.
    pub response_header_timeout: Option<Duration>,
    /// How long the upstream may be silent within its answer. `None`: for ever.
    pub idle_timeout: Option<Duration>,
    /// What becomes of a call whose client has left.
    pub client_gone: ClientGone,
    /// Certificate authorities trusted beside those of the system.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Which versions of HTTP are spoken.
    pub http2: Http2Mode,
    /// Whether it is asked for the usage of streams whose clients did not ask.
    pub inject_usage: InjectUsage,
    /// The forward proxy that stands between.
    pub egress: Option<EgressProxy>,
    /// Whether tollgate signs its requests, and for whom.
    pub sign: Option<Sign>,
}

/// Signing with credentials of tollgate's own.
#[derive(Clone)]
pub struct Sign {
    /// With whose credentials, and for which service.
    pub by: sign::Settings,
    /// For whom.
    pub admits: Admits,
}

impl UpstreamSettings {
    /// An upstream with the default limits.
    #[must_use]
    pub fn new(facts: Arc<UpstreamFacts>, base_url: Uri) -> Self {
        Self {
            facts,
            base_url,
            connect_timeout: Some(Duration::from_secs(10)),
            response_header_timeout: Some(Duration::from_mins(15)),
            idle_timeout: Some(Duration::from_mins(15)),
            client_gone: ClientGone::Cancel,
            extra_roots: Vec::new(),
            http2: Http2Mode::default(),
            inject_usage: InjectUsage::default(),
            egress: None,
            sign: None,
        }
    }

    /// Whether every connection speaks HTTP/1.1.
    pub(super) fn http1_only(&self) -> bool {
        match self.http2 {
            Http2Mode::Never => true,
            Http2Mode::Always => false,
            Http2Mode::Auto => self.base_url.scheme() == Some(&Scheme::HTTP),
        }
    }

    /// Whether connections made for `other` serve this one too.
    pub(super) fn connects_like(&self, other: &Self) -> bool {
        self.base_url == other.base_url
            && self.connect_timeout == other.connect_timeout
            && self.extra_roots == other.extra_roots
            && self.http2 == other.http2
            && self.egress == other.egress
    }
}

/// What becomes of a call whose client has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientGone {
    /// It is cancelled: its connection is closed.
    #[default]
    Cancel,
    /// Its answer is read on, so that its usage is known.
    Drain(DrainLimits),
}

/// How much is read for a client that has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainLimits {
    /// From the moment it left on.
    pub time: Duration,
    /// Bytes of the body.
    pub bytes: usize,
}

/// Which versions of HTTP an upstream is spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http2Mode {
    /// HTTP/2 where TLS agrees on it (ALPN), else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 always.
    Never,
    /// HTTP/2 always, without asking; also over plain TCP.
    Always,
}

impl Http2Mode {
    /// The name used in configuration.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Never => "never",
            Self::Always => "prior_knowledge",
        }
    }
}

/// Whether an upstream with `OpenAI`'s API is asked for the usage of streams whose clients did not
/// ask; what it reports then, they do not see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InjectUsage {
    /// It is asked until it refuses the question, which is then left out for that model.
    #[default]
    Auto,
    /// It is asked always.
    Always,
    /// It is never asked: requests pass unread.
    Never,
}

impl InjectUsage {
    /// The name used in configuration.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}
