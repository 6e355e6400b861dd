#![expect(clippy::float_arithmetic, reason = "ratios and means that are shown")]
//! What is known of one upstream's servers, as it is shown.

use std::time::Duration;

use jiff::Timestamp;

use super::hours::{Hours, Sums};
use super::reading::{Engine, Reading};

/// The windows of the verdict, in days.
pub const WINDOWS: [(&str, i64); 4] = [("1d", 1), ("7d", 7), ("14d", 14), ("30d", 30)];
/// The one that a closed day decides on.
const FORTNIGHT: (&str, i64) = ("14d", 14);
/// Of what servers worked on, tollgate must have seen this much before anything is said of it all.
pub const CAPTURE_RATIO_MIN: f64 = 0.95;
/// Fewer tokens are the calls that were under way when the servers were asked.
const COMPARED_TOKENS_MIN: u64 = 10_000;
const DAY_SECONDS: f64 = 86_400.0;

/// The servers that one upstream names.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its configured name.
    pub upstream: String,
    /// The upstreams whose calls they work on, it among them.
    pub upstreams: Vec<String>,
    /// They, in the order of the configuration.
    pub servers: Vec<ServerSeen>,
    /// What the servers that answered last were at.
    pub now: Now,
    /// What is asked of the cost service, if one is configured.
    pub costs: Option<CostsSeen>,
    /// In the order of [`WINDOWS`].
    pub windows: Vec<Window>,
}

/// One server.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerSeen {
    /// Whose page it has.
    pub engine: Engine,
    /// Where its page is.
    pub url: String,
    /// When it was read last.
    pub read_at: Option<Timestamp>,
    /// Why it could not be read the last time; nothing if it could.
    pub failure: Option<String>,
}

impl ServerSeen {
    /// Whether it answered the last time it was asked.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.failure.is_none() && self.read_at.is_some()
    }
}

/// The asking for cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostsSeen {
    /// What is asked for.
    pub workload: String,
    /// Why it was not answered the last time; nothing if it was.
    pub failure: Option<String>,
}

/// The servers that answered last, together; nothing where none says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Now {
    /// Calls they work on.
    pub running: Option<f64>,
    /// Calls that wait for them.
    pub waiting: Option<f64>,
    /// How full their KV caches are, 0 to 1, on average.
    pub cache_use: Option<f64>,
}

impl Now {
    pub(super) fn of(readings: &[Reading]) -> Self {
        let sum = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>());
        let full: Vec<f64> = readings.iter().filter_map(|it| it.cache_use).collect();
        let servers = u64::try_from(full.len()).unwrap_or(u64::MAX);
        Self {
            running: sum(readings.iter().filter_map(|it| it.running).collect()),
            waiting: sum(readings.iter().filter_map(|it| it.waiting).collect()),
            cache_use: ratio(full.iter().sum(), servers),
        }
    }
}

/// What the hours of a window came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Such as `14d`.
    pub label: &'static str,
    /// Its length.
    pub days: i64,
    /// Its sums.
    pub sums: Sums,
}

impl Window {
    pub(super) fn all(hours: &Hours, now: Timestamp) -> Vec<Self> {
        let window = |(label, days)| Self {
            label,
            days,
            sums: hours.window(now, days),
        };
        WINDOWS.into_iter().map(window).collect()
    }

    /// The fortnight before a moment at which an hour begins.
    pub(super) fn before(hours: &Hours, end: Timestamp) -> Self {
        let last = end.saturating_sub(Duration::from_secs(1));
        Self {
            label: FORTNIGHT.0,
            days: FORTNIGHT.1,
            sums: hours.window(last.unwrap_or(end), FORTNIGHT.1),
        }
    }

    /// Time that was seen whole over the window's, at most 1.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        let length = f64::from(i32::try_from(self.days).unwrap_or(i32::MAX)) * DAY_SECONDS;
        (float(self.sums.seen_seconds()) / length).min(1.0)
    }

    /// Tokens that were metered over tokens that the servers counted in the same time. Below 1: calls
    /// pass tollgate by. Above 1: not every server is listed. Nothing if the servers counted none.
    #[must_use]
    pub fn capture_ratio(&self) -> Option<f64> {
        let metered = float(self.metered_tokens());
        ratio(metered, self.server_tokens())
    }

    /// The same, if enough tokens were counted to say it.
    #[must_use]
    pub fn sure_capture_ratio(&self) -> Option<f64> {
        self.capture_ratio()
            .filter(|_| self.server_tokens() >= COMPARED_TOKENS_MIN)
    }

    /// The ratio, if so much passes tollgate by that nothing can be said of all that hosting does: a
    /// lack of evidence of whoever judges it by what was metered.
    #[must_use]
    pub fn passes_by(&self) -> Option<f64> {
        self.sure_capture_ratio()
            .filter(|ratio| *ratio < CAPTURE_RATIO_MIN)
    }

    /// Tokens the servers counted, input and output.
    #[must_use]
    pub const fn server_tokens(&self) -> u64 {
        self.sums
            .server_input
            .saturating_add(self.sums.server_output)
    }

    /// Tokens that were metered, input and output.
    #[must_use]
    pub const fn metered_tokens(&self) -> u64 {
        self.sums
            .metered_input
            .saturating_add(self.sums.metered_output)
    }

    /// Tokens that the servers counted a second, in and out, while they could be compared.
    #[must_use]
    pub fn rates(&self) -> Option<[f64; 2]> {
        let seconds = self.sums.seen_seconds();
        let rate = |tokens: u64| ratio(float(tokens), seconds);
        Some([
            rate(self.sums.server_input)?,
            rate(self.sums.server_output)?,
        ])
    }

    /// Part of the input tokens that the servers had in their prefix caches.
    #[must_use]
    pub fn cache_hit_ratio(&self) -> Option<f64> {
        ratio(float(self.sums.cache_hits), self.sums.cache_lookups)
    }

    /// Part of the metered input that answers called cached, which is what the projection knows of.
    #[must_use]
    pub fn metered_cached_ratio(&self) -> Option<f64> {
        ratio(float(self.sums.metered_cached), self.sums.metered_input)
    }

    /// Calls worked on at one time, on average.
    #[must_use]
    pub fn running(&self) -> Option<f64> {
        ratio(self.sums.running, self.sums.rounds)
    }

    /// Calls that waited at one time, on average.
    #[must_use]
    pub fn waiting(&self) -> Option<f64> {
        ratio(self.sums.waiting, self.sums.rounds)
    }

    /// How full the KV caches were, 0 to 1, on average.
    #[must_use]
    pub fn cache_use(&self) -> Option<f64> {
        ratio(self.sums.cache_use, self.sums.cache_rounds)
    }

    /// Servers that answered, on average over all rounds.
    #[must_use]
    pub fn up(&self) -> Option<f64> {
        ratio(float(self.sums.up), self.sums.rounds_all)
    }

    /// Servers that answered over servers that were configured, over all rounds.
    #[must_use]
    pub fn up_ratio(&self) -> Option<f64> {
        ratio(float(self.sums.up), self.sums.servers)
    }

    /// Dollars an hour, over the hours whose cost is known.
    #[must_use]
    pub fn usd_per_hour(&self) -> Option<f64> {
        ratio(self.sums.cost_usd, self.sums.cost_hours)
    }

    /// Of these, for GPUs.
    #[must_use]
    pub fn gpu_usd_per_hour(&self) -> Option<f64> {
        ratio(self.sums.gpu_usd, self.sums.cost_hours)
    }
}

impl Seen {
    /// The window of a label.
    #[must_use]
    pub fn window(&self, label: &str) -> Option<&Window> {
        self.windows.iter().find(|window| window.label == label)
    }

    /// Servers that answered the last time they were asked.
    #[must_use]
    pub fn up(&self) -> usize {
        self.servers.iter().filter(|server| server.is_up()).count()
    }
}

fn ratio(of: f64, by: u64) -> Option<f64> {
    (by > 0).then(|| of / float(by))
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "sums of tokens stay far below 2^53"
)]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(metered: u64, served: u64) -> Window {
        Window {
            label: "1d",
            days: 1,
            sums: Sums {
                seen_ms: 43_200_000,
                server_input: served,
                metered_output: metered,
                ..Sums::default()
            },
        }
    }

    #[test]
    fn what_passes_by_is_said_of_enough_tokens_only() {
        assert_eq!(window(95_000, 100_000).passes_by(), None);
        assert_eq!(window(94_000, 100_000).passes_by(), Some(0.94));
        assert_eq!(window(0, 9_999).passes_by(), None);
        assert_eq!(window(1, 0).capture_ratio(), None);
    }

    #[test]
    fn coverage_is_of_the_whole_window() {
        assert_eq!(window(1, 1).coverage().to_string(), "0.5");
    }
}
