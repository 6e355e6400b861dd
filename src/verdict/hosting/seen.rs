//! What is said of hosting that runs: plain results for metrics, the page, the API and words.

use super::servers::Beside;
use crate::economics::hosting::{Owed, Ran};
use crate::economics::projection::{Band, Evidence};
use crate::economics::rival::Rival;
use crate::money::Pico;

/// One plan that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct HostingReport {
    /// The configured name of the plan.
    pub plan: String,
    /// The upstreams that run on it, each with the API call that its calls are held against.
    pub upstreams: Vec<(String, String)>,
    /// Replicas that run now.
    pub replicas: u32,
    /// What an hour costs now, dollars, calls or no calls.
    pub usd_per_hour: f64,
    /// The trailing windows, then today and this month in the reporting time zone.
    pub windows: Vec<HostingWindow>,
}

/// One plan that runs, over one window.
#[derive(Clone, Debug, PartialEq)]
pub struct HostingWindow {
    /// `1d`, `7d`, `14d`, `30d`, `today` or `month`.
    pub window: &'static str,
    /// How well the window is known.
    pub evidence: Evidence,
    /// What ran in the minutes that were observed.
    pub ran: Ran,
    /// What that cost, dollars, idle hours included.
    pub cost_usd: f64,
    /// What an API would have taken for the same tokens.
    pub api_cost: Pico,
    /// The second minus the first, dollars; negative where hosting costs more, which is normal.
    pub saving_usd: f64,
    /// All tokens served, in and out.
    pub tokens: f64,
    /// Dollars per million tokens, idle time included; absent without tokens.
    pub usd_per_mtok: Option<f64>,
    /// The same if the replicas were full.
    pub full_usd_per_mtok: Option<f64>,
    /// What an API would take for a million of these tokens, dollars.
    pub api_usd_per_mtok: Option<f64>,
    /// Work over the replicas' time, 1 at full load; absent where none ran.
    pub busy: Option<f64>,
    /// The same as its servers say, where they are asked; the verdict does not use it.
    pub beside: Option<Beside>,
    /// What of the cost leaving would not save.
    pub owed: Vec<Owed>,
    /// The endpoints that take the calls for less than the API; without parts it is the API.
    pub rival: Rival,
    /// What leaving would cost and save, what is owed anyway included; ratios are over the cost of the
    /// hosting that runs.
    pub leaving: Band,
}

impl HostingReport {
    /// One window by its label.
    #[must_use]
    pub fn window(&self, label: &str) -> Option<&HostingWindow> {
        self.windows.iter().find(|window| window.window == label)
    }
}
