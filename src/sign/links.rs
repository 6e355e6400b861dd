//! How whoever gives credentials is reached: by tollgate's own client, with its own TLS.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Proxy};

use super::{Egress, Settings};

/// For one answer, unless the SDK waits less; it asks again by itself.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// What the SDK asks by.
#[derive(Clone, Debug)]
pub(super) struct Links(Client);

/// The same, for as long as the SDK waits: a machine that is none of the cloud's says nothing.
#[derive(Debug)]
struct Link {
    client: Client,
    time_max: Duration,
}

impl Links {
    pub(super) fn new(settings: &Settings) -> reqwest::Result<Self> {
        // A second install is refused, which is as good: some provider is there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roots = settings.extra_roots.iter();
        let roots: reqwest::Result<Vec<_>> = roots.map(|der| Certificate::from_der(der)).collect();
        let builder = Client::builder()
            // No proxy of the environment: whoever it is would see the credentials' way.
            .no_proxy()
            .redirect(Policy::none())
            .timeout(ANSWER_TIME_MAX)
            .tls_certs_merge(roots?);
        match &settings.egress {
            Some(egress) => builder.proxy(proxy(egress)?),
            None => builder,
        }
        .build()
        .map(Self)
    }
}

fn proxy(egress: &Egress) -> reqwest::Result<Proxy> {
    let proxy = Proxy::https(&egress.address)?;
    Ok(match &egress.credentials {
        Some((user, password)) => proxy.basic_auth(user, password),
        None => proxy,
    })
}

impl HttpClient for Links {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let times = [settings.connect_timeout(), settings.read_timeout()];
        let time_max = times.into_iter().flatten().reduce(|both, one| both + one);
        SharedHttpConnector::new(Link {
            client: self.0.clone(),
            time_max: time_max.map_or(ANSWER_TIME_MAX, |time| time.min(ANSWER_TIME_MAX)),
        })
    }
}

impl HttpConnector for Link {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, time_max) = (self.client.clone(), self.time_max);
        HttpConnectorFuture::new(async move { ask(&client, request, time_max).await })
    }
}

async fn ask(
    client: &Client,
    request: HttpRequest,
    time_max: Duration,
) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    // What asks for credentials is a few bytes, and here whole.
    let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
    let mut request =
        reqwest::Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))?;
    *request.timeout_mut() = Some(time_max);
    let response = client.execute(request).await.map_err(failed)?;
    let mut answer = http::Response::new(());
    *answer.status_mut() = response.status();
    answer.headers_mut().clone_from(response.headers());
    let body = response.bytes().await.map_err(failed)?;
    HttpResponse::try_from(answer.map(|()| SdkBody::from(body)))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

/// By its kind the SDK knows whether to ask again.
fn failed(error: reqwest::Error) -> ConnectorError {
    let is_timeout = error.is_timeout();
    // A container's address is all that its role needs.
    let error = error.without_url().into();
    if is_timeout {
        ConnectorError::timeout(error)
    } else {
        ConnectorError::io(error)
    }
}
