//! The second listener: metrics, health, totals, calls, the verdict and reload.
//!
//! It is apart from the traffic port, so that none of this is ever reachable where clients are.
//! About ten routes need no framework: one `match`. Request bodies are never read. What is shown
//! comes through [`Source`], so nothing here knows a ledger or a projection.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, HeaderName, HeaderValue, LINK};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::json;
use tokio::sync::Semaphore;

mod access;
mod answer;
mod by;
mod hosting;
mod past;
mod prices;
mod query;
mod reprice;
mod reserved;
mod serve;
mod source;
mod totals;
mod what_if;
mod when;

pub use access::{Access, MetricsAccess, Token};
pub use answer::Refusal;
pub use by::{By, TotalsQuery};
pub use hosting::{Hosting, with_hosting};
pub use past::PastQuery;
pub use prices::{PricesQuery, layer, prices};
pub use reprice::RepriceQuery;
pub use reserved::{Part, Reserved};
pub use source::{CallsPage, CallsQuery, Source, SourceError};
pub use totals::{begin, totals};
pub use what_if::{refused_edits, what_if_query};
pub use when::Clock;

use crate::metrics::Format;
use answer::Answer;

/// The header that says what is missing among the rows that are asked for; once for each gap.
const MISSING_ROWS: &str = "x-missing-rows";

/// The listener's work: clones share everything.
#[derive(Clone)]
pub struct Admin {
    access: Arc<arc_swap::ArcSwap<Access>>,
    source: Arc<dyn Source>,
    shows: Arc<Semaphore>,
    reads: Arc<Semaphore>,
    reloads: Arc<Semaphore>,
    patience: Duration,
}

/// Answers that are made at one time, of those that show what is in memory, of those that read the
/// ledger, and of reloads: calls have the cores first, and who reads without end waits for its own
/// kind. A scrape never waits for the disk: what hangs there is what it has to tell.
const AT_ONE_TIME_MAX: usize = 1;
/// An answer that takes longer, its turn included, is refused: a disk may hang for ever. The command
/// line waits longer than this, to hear why.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);
/// What can be done about a disk that hangs.
const DISK_REMEDY: &str =
    "look after the disk of the data directory; /metrics and /api/v1/breakeven do not wait for it";

/// What is asked for, by path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Health,
    Ready,
    Metrics,
    Reload,
    Totals,
    Calls,
    BreakEven,
    WhatIf,
    Verdicts,
    Past,
    Unknown,
    Audit,
    Prices,
    Reprice,
}

/// Every path that answers, as an unknown one is told.
const PATHS: [(&str, Route); 14] = [
    ("/healthz", Route::Health),
    ("/readyz", Route::Ready),
    ("/metrics", Route::Metrics),
    ("/-/reload", Route::Reload),
    ("/api/v1/totals", Route::Totals),
    ("/api/v1/calls", Route::Calls),
    ("/api/v1/breakeven", Route::BreakEven),
    ("/api/v1/whatif", Route::WhatIf),
    ("/api/v1/verdicts", Route::Verdicts),
    ("/api/v1/verdict/past", Route::Past),
    ("/api/v1/unknown", Route::Unknown),
    ("/api/v1/audit", Route::Audit),
    ("/api/v1/prices", Route::Prices),
    ("/api/v1/reprice", Route::Reprice),
];

impl Admin {
    /// A listener's work over a source.
    #[must_use]
    pub fn new(access: Access, source: Arc<dyn Source>) -> Self {
        Self {
            access: Arc::new(arc_swap::ArcSwap::from_pointee(access)),
            source,
            shows: Arc::new(Semaphore::new(AT_ONE_TIME_MAX)),
            reads: Arc::new(Semaphore::new(AT_ONE_TIME_MAX)),
            reloads: Arc::new(Semaphore::new(AT_ONE_TIME_MAX)),
            patience: ANSWER_WAIT_MAX,
        }
    }

    /// Changes who may ask, from the next request on.
    pub fn set_access(&self, access: Access) {
        self.access.store(Arc::new(access));
    }

    /// Answers one request. The body is not read, whatever its length.
    async fn answer<B>(&self, request: &Request<B>) -> Answer {
        self.routed(request).await.unwrap_or_else(Refusal::answer)
    }

    async fn routed<B>(&self, request: &Request<B>) -> Result<Answer, Refusal> {
        let route = route(request.uri().path())?;
        self.admit(route, request.headers())?;
        check_method(request.method(), request.uri().path(), route)?;
        let source = Arc::clone(&self.source);
        let query = request.uri().query().map(str::to_owned);
        let format = accepted(request.headers());
        let is_post = request.method() == Method::POST;
        // Held by the work, which goes on when the client leaves.
        let turns = match route {
            Route::Health | Route::Ready => None,
            Route::Reload => Some(&self.reloads),
            Route::Metrics
            | Route::BreakEven
            | Route::Unknown
            | Route::Audit
            | Route::Prices
            | Route::Reprice => Some(&self.shows),
            Route::Totals | Route::Calls | Route::WhatIf | Route::Verdicts | Route::Past => {
                Some(&self.reads)
            }
        };
        let work = async {
            let turn = match turns {
                Some(turns) => Arc::clone(turns).acquire_owned().await.ok(),
                None => None,
            };
            // A source may read the disk: never on a thread that other connections wait for.
            let work = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                if is_post && route == Route::Reprice {
                    reprice(source.as_ref(), query.as_deref())
                } else {
                    respond(route, source.as_ref(), query.as_deref(), format)
                }
            });
            work.await
                .unwrap_or_else(|_| Err(unavailable("the answer could not be made")))
        };
        match tokio::time::timeout(self.patience, work).await {
            Ok(answer) => answer,
            Err(_) => Err(self.late(route)),
        }
    }

    /// What is said when an answer takes too long. What was begun goes on.
    fn late(&self, route: Route) -> Refusal {
        let seconds = self.patience.as_secs();
        let (why, remedy) = match self.source.hangs() {
            Some(hangs) => (hangs, DISK_REMEDY),
            None => (
                format!("the answer takes more than {seconds} s"),
                "ask for less, or again: other answers may be made first",
            ),
        };
        tracing::warn!(?route, why, "an admin request was not waited for");
        match route {
            Route::Reload => Refusal::waits(
                format!("the configuration is not taken over yet: {why}"),
                "what was begun is taken over when the disk answers, as the log says; or reload again then",
            ),
            Route::Health
            | Route::Ready
            | Route::Metrics
            | Route::Totals
            | Route::Calls
            | Route::BreakEven
            | Route::WhatIf
            | Route::Verdicts
            | Route::Past
            | Route::Unknown
            | Route::Audit
            | Route::Prices
            | Route::Reprice => Refusal::waits(format!("this cannot be read now: {why}"), remedy),
        }
    }

    fn admit(&self, route: Route, headers: &HeaderMap) -> Result<(), Refusal> {
        let access = self.access.load();
        match route {
            Route::Health | Route::Ready => Ok(()),
            Route::Metrics => access.metrics(headers),
            Route::Reload
            | Route::Totals
            | Route::Calls
            | Route::BreakEven
            | Route::WhatIf
            | Route::Verdicts
            | Route::Past
            | Route::Unknown
            | Route::Audit
            | Route::Prices
            | Route::Reprice => access.admin(headers),
        }
    }
}

fn route(path: &str) -> Result<Route, Refusal> {
    let found = PATHS.iter().find(|(known, _)| *known == path);
    found.map(|(_, route)| *route).ok_or_else(|| {
        let known: Vec<&str> = PATHS.iter().map(|(path, _)| *path).collect();
        let remedy = format!(
            "ask for one of {}; model calls go to the other port",
            known.join(" ")
        );
        Refusal::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("{path} is not here"),
            remedy,
        )
    })
}

fn check_method(method: &Method, path: &str, route: Route) -> Result<(), Refusal> {
    match (route, method) {
        (Route::Reload, &Method::POST)
        | (Route::Reprice, &Method::POST | &Method::GET | &Method::HEAD) => Ok(()),
        (Route::Reload, _) => Err(Refusal::method(path, "POST")),
        (Route::Reprice, _) => Err(Refusal::method(path, "GET, HEAD, POST")),
        (_, &Method::GET | &Method::HEAD) => Ok(()),
        (_, _) => Err(Refusal::method(path, "GET, HEAD")),
    }
}

/// The format a scraper accepts.
fn accepted(headers: &HeaderMap) -> Format {
    Format::negotiate(headers.get(ACCEPT).and_then(|value| value.to_str().ok()))
}

fn respond(
    route: Route,
    source: &dyn Source,
    query: Option<&str>,
    format: Format,
) -> Result<Answer, Refusal> {
    match route {
        Route::Health => Ok(answer::json(StatusCode::OK, &json!({"status": "alive"}))),
        Route::Ready => ready(source),
        Route::Metrics => {
            let text = source.metrics(format).into_bytes();
            Ok(answer::bytes(StatusCode::OK, format.content_type(), text))
        }
        Route::Reload => Ok(reload(source)),
        Route::Totals => totals_of(source, query),
        Route::Calls => calls(source, query),
        Route::BreakEven => {
            query::none(query)?;
            let value = source.breakeven().map_err(failed)?;
            Ok(answer::json(StatusCode::OK, &value))
        }
        Route::WhatIf => {
            let edits = what_if_query(query)?;
            let value = source.what_if(&edits).map_err(failed)?;
            Ok(answer::json(StatusCode::OK, &value))
        }
        Route::Verdicts => {
            query::none(query)?;
            let value = source.verdicts().map_err(failed)?;
            Ok(answer::json(StatusCode::OK, &value))
        }
        Route::Past => {
            let asked = PastQuery::read(query)?;
            let value = source.past(&asked).map_err(failed)?;
            Ok(answer::json(StatusCode::OK, &value))
        }
        Route::Unknown => {
            query::none(query)?;
            Ok(answer::json(StatusCode::OK, &source.unknown()))
        }
        Route::Audit => {
            query::none(query)?;
            Ok(answer::json(StatusCode::OK, &source.audit()))
        }
        Route::Reprice => {
            query::none(query)?;
            Ok(answer::json(StatusCode::OK, &source.repricing()))
        }
        Route::Prices => {
            let book = source.prices();
            let asked = query::prices(query, source.now(), &book.lists())?;
            let answer = prices(&book, &asked);
            Ok(answer::json(StatusCode::OK, &answer))
        }
    }
}

fn ready(source: &dyn Source) -> Result<Answer, Refusal> {
    match source.ready() {
        Ok(()) => Ok(answer::json(StatusCode::OK, &json!({"status": "ready"}))),
        Err(missing) => Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            missing,
            "wait, and look at the log if it stays",
        )),
    }
}

fn reload(source: &dyn Source) -> Answer {
    let Err(problems) = source.reload() else {
        return answer::json(StatusCode::OK, &json!({"status": "reloaded"}));
    };
    let body = json!({"error": {
        "reason": "refused",
        "message": "the new configuration has problems; the old one stays in force",
        "remedy": "correct the problems and reload again",
        "problems": problems,
    }});
    answer::json(StatusCode::UNPROCESSABLE_ENTITY, &body)
}

/// Begins, and answers with how far it is: the end is asked for.
fn reprice(source: &dyn Source, query: Option<&str>) -> Result<Answer, Refusal> {
    let asked = RepriceQuery::read(query, &clock(source))?;
    let state = source.reprice(&asked).map_err(failed)?;
    Ok(answer::json(StatusCode::ACCEPTED, &state))
}

fn clock(source: &dyn Source) -> Clock {
    Clock {
        now: source.now(),
        zone: source.timezone(),
    }
}

fn totals_of(source: &dyn Source, query: Option<&str>) -> Result<Answer, Refusal> {
    let clock = clock(source);
    let asked = TotalsQuery::read(query, &clock, &source.dimensions())?;
    let read = source.sums(&asked).map_err(failed)?;
    let missing = source.missing_rows(asked.since, asked.until);
    let reserved = source.reserved(&asked).map_err(failed)?;
    // It is in no sum: without it the totals are as good.
    let hosting = source.hosting(&asked);
    let hosting = hosting.map_err(|error| failed(error).message);
    let answer = totals(&asked, &clock.zone, &read, &reserved, &missing);
    let answer = with_hosting(answer, hosting);
    Ok(answer::json(StatusCode::OK, &answer))
}

fn calls(source: &dyn Source, query: Option<&str>) -> Result<Answer, Refusal> {
    let asked = query::calls(query, &clock(source))?;
    let missing = source.missing_rows(asked.since, asked.until);
    let CallsPage { calls, next } = source
        .calls(&asked)
        .map_err(|error| failed(error).because(&missing))?;
    let mut answer = answer::lines(calls.iter().map(crate::call::CallRecord::to_row));
    for gap in missing {
        let header = HeaderName::from_static(MISSING_ROWS);
        if let Ok(value) = HeaderValue::try_from(gap.replace(char::is_control, " ")) {
            answer.headers_mut().append(header, value);
        }
    }
    if let Some(next) = next {
        let link = format!("</api/v1/calls?{}>; rel=\"next\"", asked.next_page(next));
        let cursor = HeaderName::from_static("x-next-cursor");
        for (name, value) in [(cursor, next.to_string()), (LINK, link)] {
            let value = HeaderValue::try_from(value).map_err(|_| unavailable("no next page"))?;
            answer.headers_mut().insert(name, value);
        }
    }
    Ok(answer)
}

/// What is not kept, or waits for the disk, the asker is told; of a failure the log says why, and they
/// learn only that it is not their fault.
fn failed(error: SourceError) -> Refusal {
    let said = error.to_string();
    match error {
        SourceError::Refused(refusal) => refusal,
        SourceError::Unreadable { what, source } => {
            let error = source.to_string();
            tracing::error!(what, error, "an admin request could not be answered");
            unavailable(&said)
        }
        SourceError::Waits { what, why } => {
            tracing::warn!(what, why, "an admin request was not waited for");
            Refusal::waits(said, DISK_REMEDY)
        }
    }
}

fn unavailable(message: &str) -> Refusal {
    let remedy = "look at the log of tollgate";
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "unavailable",
        message,
        remedy,
    )
}

#[cfg(test)]
mod tests;
