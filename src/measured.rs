//! What servers that run say of themselves: tokens, load and cost, beside what tollgate metered.
//!
//! Reading a page is pure and apart from fetching it. Everything fetched is a stranger's: bounded in
//! bytes, time and number, and never on a client's path. No figure of a verdict is made of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;

mod allocation;
mod costs;
mod exposition;
mod fetch;
mod hours;
mod look;
mod reading;
mod round;
mod seen;
mod watch;
mod words;

pub use allocation::{Cost, NoCost, Workload};
pub use hours::{DAYS_KEPT, Hours, Sums};
pub use look::Round;
pub use reading::{Cache, Engine, Missing, Reading};
pub use round::{Metered, Rounds};
pub use seen::{CAPTURE_RATIO_MIN, CostsSeen, Now, Seen, ServerSeen, WINDOWS, Window};
pub use words::words;

use watch::Watch;

/// Servers of one upstream at most: each is asked in every round.
pub const SERVERS_MAX: usize = 64;

/// What configuration says about measuring the servers of one upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The upstream that names them.
    pub upstream: String,
    /// The upstreams whose calls these servers work on, it among them.
    pub upstreams: Vec<String>,
    /// The servers' pages, one a replica: a balancer in between would answer for another each time.
    pub pages: Vec<Page>,
    /// From one round to the next.
    pub every: Duration,
    /// For one page, from the connection to its last byte.
    pub timeout: Duration,
    /// What the pages want to be asked with.
    pub token: Option<Token>,
    /// Where the cost is asked for.
    pub costs: Option<Costs>,
    /// More certificates to trust, in DER, beside the system's.
    pub extra_roots: Vec<Vec<u8>>,
}

/// A server's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whose it is.
    pub engine: Engine,
    /// Where it is.
    pub url: Url,
}

/// A cost service and what of it is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Its allocation endpoint.
    pub url: Url,
    /// What it wants to be asked with.
    pub token: Option<Token>,
    /// What selects the servers' workload.
    pub workload: Workload,
}

/// A bearer token that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Why servers cannot be measured.
#[derive(Debug, thiserror::Error)]
#[error("the servers of {upstream} cannot be asked")]
pub struct MeasuredError {
    upstream: String,
    #[source]
    source: reqwest::Error,
}

/// All upstreams that are measured.
#[derive(Debug, Default)]
pub struct Measured {
    watches: Mutex<Vec<Watch>>,
}

/// New settings that can no longer fail.
#[derive(Debug)]
pub struct Prepared(Vec<Watch>);

impl Measured {
    /// Makes ready to measure by other settings. `kept` gives the text that was kept under a name.
    ///
    /// # Errors
    /// A certificate that is none.
    pub fn prepare(
        settings: &[Settings],
        kept: impl Fn(&str) -> Option<String>,
    ) -> Result<Prepared, MeasuredError> {
        let watch = |settings: &Settings| {
            Watch::new(settings.clone(), &kept).map_err(|source| MeasuredError {
                upstream: settings.upstream.clone(),
                source,
            })
        };
        let watches: Result<Vec<_>, _> = settings.iter().map(watch).collect();
        watches.map(Prepared)
    }

    /// Measures by these from the next round on; what did not change goes on as it was.
    pub fn take(&self, prepared: Prepared) {
        let mut watches = self.watches();
        let mut before: BTreeMap<String, Watch> = BTreeMap::new();
        before.extend(watches.drain(..).map(|it| (it.upstream().to_owned(), it)));
        let next = prepared.0.into_iter();
        *watches = next
            .map(|watch| match before.remove(watch.upstream()) {
                Some(known) => watch.instead_of(known),
                None => watch,
            })
            .collect();
    }

    /// What is known of every upstream.
    #[must_use]
    pub fn seen(&self, now: Timestamp) -> Vec<Seen> {
        self.watches().iter().map(|watch| watch.seen(now)).collect()
    }

    /// What is known of an upstream over the fortnight before a moment, which is 14 days of whole hours.
    #[must_use]
    pub fn fortnight(&self, upstream: &str, end: Timestamp) -> Option<Window> {
        let watches = self.watches();
        let watch = watches.iter().find(|it| it.upstream() == upstream)?;
        Some(Window::before(&watch.hours, end))
    }

    /// What is to be kept by now, as names and texts: each upstream at most once a minute.
    #[must_use]
    pub fn take_due(&self, now: Timestamp) -> Vec<(String, String)> {
        let mut watches = self.watches();
        let texts = watches.iter_mut().flat_map(|watch| watch.take_due(now));
        texts.collect()
    }

    /// The same at a stop: all that is not kept.
    #[must_use]
    pub fn take_unkept(&self, now: Timestamp) -> Vec<(String, String)> {
        let mut watches = self.watches();
        let texts = watches.iter_mut().flat_map(|watch| watch.take_unkept(now));
        texts.collect()
    }

    /// What is behind the lock is whole whatever happened to the thread that held it.
    fn watches(&self) -> MutexGuard<'_, Vec<Watch>> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
