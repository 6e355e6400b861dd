//! Connections to upstreams: TCP without delay, TLS by rustls and ring, one limit for all of it.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tower_service::Service;

use super::egress::Way;
use super::held::RequestBody;
use super::link::{LinkBody, Links};
use super::settings::{Http2Mode, UpstreamSettings};

/// What is read of an answer over HTTP/1.1 at once, and its longest head. Unless it is told, hyper reads up to 408 KiB
/// of a long event, and each stream keeps that room.
pub(super) const READ_BYTES_MAX: usize = 128 * 1024;

/// Idle connections kept to one upstream.
pub(super) const IDLE_CONNECTIONS_MAX: usize = 4_096;

/// How long an idle connection is kept. Below the idle limits of common servers and load balancers
/// (60 s and more), so that a call rarely meets a connection that is just being closed.
pub(super) const IDLE_CONNECTION_KEPT: Duration = Duration::from_secs(55);

/// How often TCP asks whether an idle peer is still there.
const TCP_KEEPALIVE: Duration = Duration::from_mins(1);

/// How often HTTP/2 asks the same while calls are in flight, and how long it waits for an answer.
const HTTP2_PING: Duration = Duration::from_secs(20);

/// Flow-control windows of HTTP/2 from an upstream: of a stream as hyper has it, for
/// the connection enough for many streams at once.
const HTTP2_CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// Makes connections, TLS included.
pub(super) type Connector = TimeLimited<HttpsConnector<Way>>;

/// Why a call got no answer.
#[derive(Debug)]
pub(super) enum SendError {
    /// There is no connection.
    Connect(Box<dyn Error + Send + Sync>),
    /// The connection broke, or the client's body did.
    Broken(Box<dyn Error + Send + Sync>),
}

/// Sends the calls of one upstream, by connections of its own. Clones share them.
#[derive(Clone)]
pub(super) struct UpstreamClient {
    /// Where every connection speaks HTTP/1.1.
    links: Option<Links>,
    /// Speaks whatever the upstream does, and can let go of a connection that is to be upgraded.
    client: Client<Connector, RequestBody>,
}

impl UpstreamClient {
    /// Sends a request, whose target is the whole URL, and waits for the head of its answer.
    /// `uploaded` says whether all of its body has been sent.
    pub(super) async fn request(
        &self,
        request: Request<RequestBody>,
        upgrade: bool,
        uploaded: impl Fn() -> bool,
    ) -> Result<Response<LinkBody>, SendError> {
        match &self.links {
            Some(links) if !upgrade => links.request(request, uploaded).await,
            Some(_) | None => match self.client.request(request).await {
                Ok(answer) => Ok(answer.map(LinkBody::driven)),
                Err(error) if error.is_connect() => Err(SendError::Connect(error.into())),
                Err(error) => Err(SendError::Broken(error.into())),
            },
        }
    }
}

/// A client with its own pool of connections.
pub(super) fn client(settings: &UpstreamSettings) -> Result<UpstreamClient, rustls::Error> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(TCP_KEEPALIVE));
    let way = Way::new(tcp, settings.egress.clone());
    let tls = HttpsConnectorBuilder::new()
        .with_tls_config(tls_config(&settings.extra_roots)?)
        .https_or_http();
    let connector = match settings.http2 {
        Http2Mode::Auto => tls.enable_all_versions().wrap_connector(way),
        Http2Mode::Never => tls.enable_http1().wrap_connector(way),
        Http2Mode::Always => tls.enable_http2().wrap_connector(way),
    };
    let connector = TimeLimited {
        inner: connector,
        limit: settings.connect_timeout,
    };
    let links = settings
        .http1_only()
        .then(|| Links::new(connector.clone(), settings.base_url.clone()));
    let client = Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_CONNECTION_KEPT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .set_host(false)
        .http1_preserve_header_case(true)
        .http1_max_buf_size(READ_BYTES_MAX)
        .http2_only(settings.http2 == Http2Mode::Always)
        .http2_initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
        .http2_keep_alive_interval(HTTP2_PING)
        .build(connector);
    Ok(UpstreamClient { links, client })
}

/// The certificates in a PEM file, for [`UpstreamSettings::extra_roots`].
pub fn roots_from_pem(
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, rustls_pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}

fn tls_config(extra: &[CertificateDer<'static>]) -> Result<ClientConfig, rustls::Error> {
    let mut roots = system_roots().clone();
    for root in extra {
        roots.add(root.clone())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// The system's trust store, read once. A store that cannot be read is an empty one: every HTTPS
/// upstream without an extra root then fails by name, which says more than not starting.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a system certificate cannot be read");
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            tracing::warn!("the system trusts no certificate authority: only ca_file is left");
        }
        roots
    })
}

/// A connector whose connections are made in time, TLS included, or not at all.
#[derive(Clone)]
pub(super) struct TimeLimited<C> {
    inner: C,
    limit: Option<Duration>,
}

/// No connection within `connect_timeout`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectTimeout;

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection within connect_timeout")
    }
}

impl Error for ConnectTimeout {}

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, Box<dyn Error + Send + Sync>>> + Send>>;

impl<C> Service<Uri> for TimeLimited<C>
where
    C: Service<Uri>,
    C::Error: Into<Box<dyn Error + Send + Sync>>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Connecting<C::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let limit = self.limit;
        Box::pin(async move {
            let connected = super::within(limit, connecting).await;
            connected.map_err(|_| ConnectTimeout)?.map_err(Into::into)
        })
    }
}
