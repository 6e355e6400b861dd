//! A small house for tests: forwards to the mock providers, and answers as the admin address does.
//!
//! It meters nothing: its records are made from the providers' own bill, in pages of three.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::call::CallRecord;
use crate::cli::{
    Addresses, Checked, DemoPlan, Failure, House, Known, Options, Range, Running, Settings,
    TotalsQuery,
};
use crate::config::Config;
use crate::demo::{STATS_PATH, Stats, Tokens};

/// Records on one page.
const PAGE: usize = 3;

/// The token its admin address wants.
pub(crate) const TOKEN: &str = "open sesame";

pub(crate) struct SmallHouse {
    /// Where the commands that only ask look for a running tollgate.
    pub(crate) admin: SocketAddr,
}

pub(crate) struct Rooms {
    addresses: Addresses,
    /// Dropped, they end.
    _servers: JoinSet<()>,
}

impl Running for Rooms {
    fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    fn cut(&self) -> Box<dyn Fn() + Send> {
        Box::new(|| {})
    }

    fn waits_for(&self) -> watch::Receiver<&'static str> {
        watch::Sender::new("nothing").subscribe()
    }

    async fn stop(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl House for SmallHouse {
    type Running = Rooms;

    async fn serve(&self, _: &Options) -> Result<Rooms, Failure> {
        Err(Failure::work("port 4141 is in use"))
    }

    async fn demo(&self, plan: DemoPlan) -> Result<Rooms, Failure> {
        Ok(furnish(plan).await)
    }

    fn check(&self, _: &Options) -> Result<Checked, Failure> {
        Err(Failure::use_or_config(
            "config/tollgate.toml: line 3: no such key",
        ))
    }

    fn settings(&self, _: &Options) -> Result<Settings, Failure> {
        Ok(Settings {
            admin: self.admin,
            admin_token: Some(TOKEN.into()),
            data_dir: "data".into(),
            timezone: jiff::tz::TimeZone::UTC,
        })
    }

    fn known(&self, _: &Options, plans: Option<&std::path::Path>) -> Result<Known, Failure> {
        crate::cli::Tollgate.known(&Options::default(), plans)
    }

    fn totals(&self, _: &Options, _: &TotalsQuery) -> Result<Value, Failure> {
        Err(Failure::work("read from the directory"))
    }

    fn calls(
        &self,
        _: &Options,
        _: Range,
        _: &mut dyn FnMut(&CallRecord) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        Err(Failure::work("read from the directory"))
    }

    fn reprice(
        &self,
        _: &Options,
        _: &str,
        _: &mut dyn FnMut(crate::ledger::Progress),
    ) -> Result<Value, Failure> {
        Err(Failure::work("priced again in the directory"))
    }

    fn audit(&self, _: &Options) -> Result<Value, Failure> {
        Err(Failure::work("audited from the directory"))
    }

    fn what_if(&self, _: &Options, query: &str) -> Result<Value, Failure> {
        Ok(serde_json::json!({"words": query}))
    }

    fn verdicts(&self, _: &Options) -> Result<Value, Failure> {
        Ok(json!({ "records": [] }))
    }

    fn past(&self, _: &Options, query: &str) -> Result<Value, Failure> {
        Ok(serde_json::json!({"words": query, "months": []}))
    }

    fn breakeven(&self, _: &Options) -> Result<Value, Failure> {
        Err(Failure::work("read from the directory"))
    }

    fn config(&self, options: &Options) -> Result<Config, Failure> {
        let overrides = crate::config::Overrides::default();
        let loaded = crate::config::load(options.config.as_deref(), &overrides);
        loaded.map_err(|problems| Failure::use_or_config(problems.to_string()))
    }
}

type Body = Either<Full<Bytes>, Incoming>;

struct Shared {
    plan: DemoPlan,
    http: Client<HttpConnector, Incoming>,
    bills: Client<HttpConnector, Full<Bytes>>,
}

/// Starts both listeners for a plan.
pub(crate) async fn furnish(plan: DemoPlan) -> Rooms {
    let shared = Arc::new(Shared {
        plan,
        http: Client::builder(TokioExecutor::new()).build_http(),
        bills: Client::builder(TokioExecutor::new()).build_http(),
    });
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (traffic, admin) = (free().await.unwrap(), free().await.unwrap());
    let addresses = Addresses {
        listen: traffic.local_addr().unwrap(),
        admin: admin.local_addr().unwrap(),
        data_dir: "/tmp/small".into(),
        admin_token: Some(TOKEN.into()),
    };
    let mut servers = JoinSet::new();
    servers.spawn(listen(traffic, Arc::clone(&shared), false));
    servers.spawn(listen(admin, shared, true));
    Rooms {
        addresses,
        _servers: servers,
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>, admin: bool) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move {
                let answer = if admin {
                    shared.admin(request).await
                } else {
                    shared.forward(request).await
                };
                Ok::<_, Infallible>(answer)
            }
        });
        connections.spawn(async move {
            let builder = auto::Builder::new(TokioExecutor::new());
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(body))));
    *response.status_mut() = status;
    response
}

impl Shared {
    async fn forward(&self, mut request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path();
        let base = if path.starts_with("/v1/messages") {
            &self.plan.anthropic
        } else {
            &self.plan.openai
        };
        *request.uri_mut() = format!("{base}{path}").parse().unwrap();
        match self.http.request(request).await {
            Ok(response) => response.map(Either::Right),
            Err(error) => answer(StatusCode::BAD_GATEWAY, error.to_string()),
        }
    }

    async fn bill(&self) -> Stats {
        let mut sum = Stats::default();
        for base in [&self.plan.openai, &self.plan.anthropic] {
            let uri: Uri = format!("{base}{STATS_PATH}").parse().unwrap();
            let body = self
                .bills
                .get(uri)
                .await
                .unwrap()
                .into_body()
                .collect()
                .await
                .unwrap();
            sum = sum.and(serde_json::from_slice(&body.to_bytes()).unwrap());
        }
        sum
    }

    async fn admin(&self, request: Request<Incoming>) -> Response<Body> {
        let token = request
            .headers()
            .get("authorization")
            .and_then(|token| token.to_str().ok());
        let query = request.uri().query().unwrap_or_default();
        match request.uri().path() {
            "/readyz" => answer(StatusCode::OK, "{}".into()),
            _ if token != Some(&format!("Bearer {TOKEN}")) => {
                answer(StatusCode::UNAUTHORIZED, String::new())
            }
            "/api/v1/totals" if query.contains("by=model") => {
                answer(StatusCode::OK, totals(&self.bill().await).to_string())
            }
            "/api/v1/totals" => answer(
                StatusCode::BAD_REQUEST,
                json!({"error": {"message": "by: not kept", "remedy": "use model"}}).to_string(),
            ),
            "/api/v1/calls" => page(&records(&self.bill().await), query),
            _ => answer(StatusCode::OK, json!({"words": "Stay."}).to_string()),
        }
    }
}

fn totals(bill: &Stats) -> Value {
    let imported = 1_000;
    let row = |calls| json!({"calls": calls, "cost_usd": "1.5"});
    let rows = bill.models.iter().map(|(name, tally)| {
        let mut row = row(tally.calls());
        row["model"] = json!(name);
        row
    });
    json!({"currency": "USD", "timezone": "UTC", "by": ["model"],
        "total": row(imported + bill.total().calls()), "rows": rows.collect::<Vec<_>>()})
}

/// One record a call; the first of each kind carries all its tokens.
fn records(bill: &Stats) -> Vec<Value> {
    let mut records = Vec::new();
    for tally in bill.models.values() {
        let mut add = |status: u16, source: &str, tokens: Tokens| {
            for n in 0..tokens.calls {
                let Tokens {
                    input,
                    cache_read,
                    cache_write,
                    output,
                    ..
                } = if n == 0 { tokens } else { Tokens::default() };
                records.push(
                    json!({"status": status, "source": source, "complete": source == "reported",
                    "input_tokens": input, "cache_read_tokens": cache_read,
                    "cache_write_tokens": cache_write, "output_tokens": output}),
                );
            }
        };
        add(200, "reported", tally.told);
        add(200, "partial", tally.cut);
        add(200, "unknown", tally.untold);
        add(
            429,
            "free",
            Tokens {
                calls: tally.refused,
                ..Tokens::default()
            },
        );
    }
    records
}

fn page(records: &[Value], query: &str) -> Response<Body> {
    let after = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("after="));
    let begin: usize = after.map_or(0, |after| after.parse().unwrap());
    let end = records.len().min(begin + PAGE);
    let lines: Vec<String> = records[begin..end]
        .iter()
        .map(|record| format!("{record}\n"))
        .collect();
    let mut response = answer(StatusCode::OK, lines.concat());
    if end < records.len() {
        response.headers_mut().insert("x-next-cursor", end.into());
    }
    response
}
