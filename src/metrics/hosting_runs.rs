//! Hosting that runs: what it costs, idle or not, and what an API would have taken.

use super::exposition::Exposition;
use super::family as f;

/// One plan that runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostingGauges {
    /// The configured name of the plan.
    pub plan: String,
    /// What the minutes cost that have closed since the process began, dollars.
    pub cost_usd: f64,
    /// What an API would have taken for the calls since then, dollars.
    pub avoided_usd: f64,
    /// Replicas that run now; absent before the first look.
    pub replicas: Option<u32>,
    /// What an hour costs now, dollars; absent as above.
    pub usd_per_hour: Option<f64>,
    /// Whether the API is cheaper; absent while there is no verdict.
    pub api_cheaper: Option<bool>,
    /// The windows that have been computed.
    pub windows: Vec<HostingWindowGauges>,
}

/// One plan that runs, over one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostingWindowGauges {
    /// Such as `14d`, `today` or `month`.
    pub window: &'static str,
    /// What it cost, dollars.
    pub cost_usd: f64,
    /// What an API would have taken, dollars.
    pub would_cost_usd: f64,
    /// What leaving would save as expected, dollars.
    pub leaving_usd: f64,
    /// Dollars per million tokens, idle time included; absent without tokens.
    pub usd_per_mtok: Option<f64>,
    /// Work over the replicas' time; absent where none ran.
    pub busy: Option<f64>,
}

#[expect(
    clippy::float_arithmetic,
    reason = "a saving is the difference of two gauges"
)]
pub(super) fn show(out: &mut Exposition, shown: &[HostingGauges]) {
    for hosting in shown {
        let plan = hosting.plan.as_str();
        out.number(f::HOSTING_COST, &[plan], hosting.cost_usd);
        out.number(f::HOSTING_AVOIDED, &[plan], hosting.avoided_usd);
        if let Some(replicas) = hosting.replicas {
            out.count(f::HOSTING_REPLICAS, &[plan], replicas.into());
        }
        if let Some(usd) = hosting.usd_per_hour {
            out.number(f::HOSTING_HOUR, &[plan], usd);
        }
        if let Some(cheaper) = hosting.api_cheaper {
            out.count(f::HOSTING_API_CHEAPER, &[plan], cheaper.into());
        }
        for window in &hosting.windows {
            let labels = [plan, window.window];
            let saving = window.would_cost_usd - window.cost_usd;
            out.number(f::HOSTING_WINDOW_COST, &labels, window.cost_usd);
            out.number(f::HOSTING_WOULD_COST, &labels, window.would_cost_usd);
            out.number(f::HOSTING_SAVINGS, &labels, saving);
            out.number(f::HOSTING_LEAVING, &labels, window.leaving_usd);
            if let Some(usd) = window.usd_per_mtok {
                out.number(f::HOSTING_MTOK, &labels, usd);
            }
            if let Some(busy) = window.busy {
                out.number(f::HOSTING_BUSY, &labels, busy);
            }
        }
    }
}
