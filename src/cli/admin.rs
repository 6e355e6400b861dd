//! Asks the running tollgate at its admin address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;

use super::house::{House, Options, Range, Settings, TotalsQuery};
use super::{Failure, output};

/// Long enough for a page over a year's totals, short enough to be noticed.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// Something on loopback answers at once or not at all.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// Records asked for at a time: a few megabytes.
const PAGE_CALLS: usize = 2_000;

/// A page of records.
pub(super) struct Page {
    /// One line of JSON each.
    pub(super) lines: String,
    /// The cursor of the next page.
    pub(super) next: Option<String>,
    /// What is missing among all of them, in words.
    pub(super) missing: Vec<String>,
}

/// The admin address of a tollgate that may or may not run.
#[derive(Clone, Debug)]
pub(super) struct Admin {
    http: Client,
    base: String,
    token: Option<String>,
}

impl Admin {
    /// The one that the settings name.
    pub(super) fn of(settings: &Settings) -> Result<Self, Failure> {
        Self::at(settings.admin, settings.admin_token.clone())
    }

    /// The one at an address. It speaks plain HTTP: no certificates are loaded.
    pub(super) fn at(address: SocketAddr, token: Option<String>) -> Result<Self, Failure> {
        // A second install is refused, which is as good: some provider is there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_WAIT)
            .timeout(ANSWER_WAIT)
            .tls_certs_only([])
            .build()
            .map_err(|error| Failure::work("cannot make an HTTP client").because(error))?;
        Ok(Self {
            http,
            base: format!("http://{}", reachable(address)),
            token,
        })
    }

    /// Where it is asked.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The answer to a path, or nothing if nobody listens there.
    pub(super) async fn get(&self, path: &str) -> Result<Option<Response>, Failure> {
        self.ask(Method::GET, path).await
    }

    /// JSON of what a path was told to begin, or nothing if nobody listens there.
    pub(super) async fn post(&self, path: &str) -> Result<Option<Value>, Failure> {
        let response = self.ask(Method::POST, path).await?;
        self.read(path, response).await
    }

    async fn ask(&self, method: Method, path: &str) -> Result<Option<Response>, Failure> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(Some(response)),
            Ok(response) => Err(self.refused(response).await),
            Err(error) if error.is_connect() => Ok(None),
            Err(error) => {
                Err(Failure::work(format!("{} does not answer", self.base)).because(error))
            }
        }
    }

    /// JSON from a path, or nothing if nobody listens there.
    pub(super) async fn json(&self, path: &str) -> Result<Option<Value>, Failure> {
        let response = self.get(path).await?;
        self.read(path, response).await
    }

    async fn read(&self, path: &str, response: Option<Response>) -> Result<Option<Value>, Failure> {
        let Some(response) = response else {
            return Ok(None);
        };
        let answer = response.json().await;
        answer
            .map(Some)
            .map_err(|error| Failure::work(format!("{}{path} broke off", self.base)).because(error))
    }

    /// Totals.
    pub(super) async fn totals(&self, query: &TotalsQuery) -> Result<Option<Value>, Failure> {
        self.json(&format!("/api/v1/totals?{query}")).await
    }

    /// A page of records.
    pub(super) async fn calls(
        &self,
        range: Range,
        after: Option<String>,
    ) -> Result<Option<Page>, Failure> {
        let Range { since, until } = range;
        let range = [("since", since), ("until", until)];
        let range = range.map(|(name, moment)| parameter(name, moment)).concat();
        let after = parameter("after", after);
        let path = format!("/api/v1/calls?limit={PAGE_CALLS}{range}{after}");
        let Some(response) = self.get(&path).await? else {
            return Ok(None);
        };
        let said = |name| {
            let values = response.headers().get_all(name).into_iter();
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let next = said("x-next-cursor").next();
        let missing = said("x-missing-rows").collect();
        let lines = response.text().await;
        let lines = lines.map_err(|error| Failure::work("the calls broke off").because(error))?;
        Ok(Some(Page {
            lines,
            next,
            missing,
        }))
    }

    /// What the other side said against it.
    async fn refused(&self, response: Response) -> Failure {
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            return Failure::work(format!("{} wants its admin token", self.base))
                .remedy("name the configuration that has server.admin_token with -c");
        }
        let body: Value = response.json().await.unwrap_or_default();
        let said = |at: &str| body.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let message = said("/error/message").unwrap_or_else(|| format!("status {status}"));
        let refused = format!("{} refused: {message}", self.base);
        let failure = if status == StatusCode::BAD_REQUEST {
            Failure::use_or_config(refused)
        } else {
            Failure::work(refused)
        };
        match said("/error/remedy") {
            Some(remedy) => failure.remedy(remedy),
            None => failure,
        }
    }
}

/// A further parameter of a query, if it has a value. No value here needs an escape.
fn parameter(name: &str, value: Option<impl fmt::Display>) -> String {
    value.map_or_else(String::new, |value| format!("&{name}={value}"))
}

/// Listening everywhere is reached on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        named @ (IpAddr::V4(_) | IpAddr::V6(_)) => named,
    };
    SocketAddr::new(ip, address.port())
}

/// Asks whether the running tollgate is ready.
pub(super) async fn healthcheck<H: House>(house: &H, options: &Options) -> Result<(), Failure> {
    let admin = Admin::of(&house.settings(options)?)?;
    match admin.get("/readyz").await? {
        Some(_) => output::print("ready\n"),
        None => Err(Failure::work(format!("nothing runs at {}", admin.base()))
            .remedy("start it with `tollgate serve`, or name its address with --admin")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_everywhere_is_asked_on_loopback() {
        let at = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(at("0.0.0.0:4142"), "127.0.0.1:4142");
        assert_eq!(at("[::]:4142"), "[::1]:4142");
        assert_eq!(at("10.0.0.7:1"), "10.0.0.7:1");
    }
}
