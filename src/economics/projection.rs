#![expect(
    clippy::float_arithmetic,
    reason = "what is paid either way is added to an estimate"
)]
//! What a projection says: plain results, for metrics, pages and words alike.

use super::band::Deviation;
use super::breakeven::BreakEven;
use super::growth::Growth;
use super::project::Steps;
use super::rival::Rival;
use super::routing::Routing;
use crate::money::{Avoidable, Pico};

/// A trailing window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The name used in labels, such as `14d`.
    pub label: &'static str,
    /// Its length in days.
    pub days: u16,
}

/// The last day.
pub const DAY: Span = Span {
    label: "1d",
    days: 1,
};
/// The last week.
pub const WEEK: Span = Span {
    label: "7d",
    days: 7,
};
/// The last two weeks: what verdicts are made of, whole weeks so that weekdays weigh alike.
pub const FORTNIGHT: Span = Span {
    label: "14d",
    days: 14,
};
/// The last thirty days.
pub const MONTH: Span = Span {
    label: "30d",
    days: 30,
};
/// The windows that are computed, shortest first.
pub const SPANS: [Span; 4] = [DAY, WEEK, FORTNIGHT, MONTH];

impl Span {
    /// Its length in minutes.
    #[must_use]
    pub fn minutes(self) -> i64 {
        i64::from(self.days).saturating_mul(1_440)
    }
}

/// How the uncertain parameters are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// The lower end of the band.
    Pessimistic,
    /// Everything as expected.
    Expected,
    /// The upper end of the band.
    Optimistic,
}

impl Scenario {
    /// All scenarios, worst first.
    pub const ALL: [Self; 3] = [Self::Pessimistic, Self::Expected, Self::Optimistic];

    /// The name used in labels and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pessimistic => "pessimistic",
            Self::Expected => "expected",
            Self::Optimistic => "optimistic",
        }
    }
}

/// A value in each scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread<T> {
    /// At the pessimistic end.
    pub pessimistic: T,
    /// As expected.
    pub expected: T,
    /// At the optimistic end.
    pub optimistic: T,
}

impl<T: Copy> Spread<T> {
    /// The value that `of` gives in each scenario.
    pub fn of(of: impl Fn(Scenario) -> T) -> Self {
        Self {
            pessimistic: of(Scenario::Pessimistic),
            expected: of(Scenario::Expected),
            optimistic: of(Scenario::Optimistic),
        }
    }

    /// The value in one scenario.
    #[must_use]
    pub const fn at(&self, scenario: Scenario) -> T {
        match scenario {
            Scenario::Pessimistic => self.pessimistic,
            Scenario::Expected => self.expected,
            Scenario::Optimistic => self.optimistic,
        }
    }
}

/// The money of a window in one scenario, dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// What the calls would have cost, everything that stays on the API included.
    pub cost_usd: f64,
    /// API cost minus that; negative when the alternative costs more.
    pub savings_usd: f64,
    /// Savings over API cost; absent when the API cost nothing.
    pub savings_ratio: Option<f64>,
}

/// The money of a window with its band, dollars.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Band {
    /// The lower end.
    pub pessimistic: Figures,
    /// In between.
    pub expected: Figures,
    /// The upper end.
    pub optimistic: Figures,
    /// Everything at its pessimistic end at once: the band takes the parameters as independent, this
    /// does not.
    pub all_at_worst: Figures,
    /// What each uncertain parameter does to the savings, the most influential first.
    pub sensitivity: Vec<Deviation>,
}

impl Figures {
    /// The same beside money that is paid either way: it is no saving, and part of all that is paid.
    fn beside(self, committed_usd: f64) -> Self {
        let cost_usd = self.cost_usd + committed_usd;
        let api_usd = cost_usd + self.savings_usd;
        Self {
            cost_usd,
            savings_usd: self.savings_usd,
            savings_ratio: (api_usd > 0.0).then(|| self.savings_usd / api_usd),
        }
    }
}

impl Band {
    /// The same beside money that is paid either way.
    #[must_use]
    pub fn beside(mut self, committed_usd: f64) -> Self {
        let Self {
            pessimistic,
            expected,
            optimistic,
            all_at_worst,
            sensitivity: _,
        } = &mut self;
        for figures in [pessimistic, expected, optimistic, all_at_worst] {
            *figures = figures.beside(committed_usd);
        }
        self
    }

    /// The figures of one scenario.
    #[must_use]
    pub const fn figures(&self, scenario: Scenario) -> &Figures {
        match scenario {
            Scenario::Pessimistic => &self.pessimistic,
            Scenario::Expected => &self.expected,
            Scenario::Optimistic => &self.optimistic,
        }
    }
}

/// Replicas over a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Replicas {
    /// What the policy would have running in the last minute.
    pub now: f64,
    /// Paid for on average.
    pub mean: f64,
    /// What 99 % of the minutes need at most.
    pub p99: f64,
    /// What the busiest minute needs.
    pub peak: f64,
}

/// What the number of replicas was chosen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenOn {
    /// The window before: an honest test.
    PreviousWindow,
    /// The window itself, for want of an earlier one: better than anyone could have known.
    Hindsight,
    /// Nothing had to be chosen: the number is configured, or follows the demand.
    Nothing,
}

/// What is known about the time per output token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Latency {
    /// The projection holds this limit, seconds per output token.
    Held(f64),
    /// No token can come so fast on these machines: the plan cannot be compared.
    Infeasible(f64),
    /// Nothing is known about the machines' speed of reading weights.
    NotChecked,
}

/// A plan over one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Hosted {
    /// The money.
    pub band: Band,
    /// The replicas.
    pub replicas: Replicas,
    /// For each of the plan's moved defaults, what it adds to the expected savings, dollars.
    pub moved_usd: Vec<f64>,
    /// What their number was chosen on.
    pub chosen_on: ChosenOn,
    /// Work done over replica time paid for.
    pub utilisation: Option<f64>,
    /// The part of minutes in which replicas were short and calls stayed on the API.
    pub short_ratio: f64,
    /// API cost of those calls, dollars.
    pub overflow_usd: f64,
    /// Load of the busiest ten seconds over the mean load; absent without load.
    pub burst_ratio: Option<f64>,
    /// What committed money brings back at falling prices; absent where nothing is committed.
    pub commitment: Option<Commitment>,
    /// Dollars per million hosted tokens, idle time included.
    pub usd_per_mtok: Option<f64>,
}

/// What committed money brings back: paid up front, or owed month by month until a term ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Commitment {
    /// Money up front, dollars; 0 where only the months are owed.
    pub up_front_usd: f64,
    /// Months of the term, in which it must come back.
    pub months: u32,
    /// Savings over these months less the money up front, by how prices decline.
    pub net_usd: Spread<f64>,
    /// Months until it is paid back, if ever.
    pub payback_months: Spread<Option<f64>>,
}

impl Commitment {
    /// Net value not negative at the expected decline, and paid back inside the term.
    #[must_use]
    pub fn pays(&self) -> bool {
        let in_time = |months| months <= f64::from(self.months);
        self.net_usd.expected >= 0.0 && self.payback_months.expected.is_some_and(in_time)
    }
}

/// How volume moves, and when hosting wins if it and prices go on so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Complete days in a row that were looked at, up to the last one.
    pub days: usize,
    /// The trend of daily tokens; absent with too few days, or with one without calls.
    pub trend: Option<Trend>,
}

/// A trend of volume, and the day on which hosting wins by it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// The trend.
    pub growth: Growth,
    /// Days from the end of the window until hosting beats every other way, if it does within ten
    /// years: pessimistic is slow growth and a fast fall of API prices.
    pub breakeven_days: Spread<Option<f64>>,
}

/// A way of serving the calls of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlternativeKind {
    /// Everything stays on the API.
    Stay,
    /// A per-token endpoint takes what it may.
    Endpoint,
    /// The same provider is paid less: another model, tier or cache.
    Optimised,
    /// Own replicas take what they may.
    Selfhost,
    /// Hosting that runs is left for the API, or for an endpoint.
    Api,
}

impl AlternativeKind {
    /// The name used in labels.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Stay => "stay",
            Self::Endpoint => "endpoint",
            Self::Optimised => "optimised",
            Self::Selfhost => "selfhost",
            Self::Api => "api",
        }
    }
}

/// What one way would have cost, what it does not take included at API cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// The configured name; `stay` for staying.
    pub name: String,
    /// Which way.
    pub kind: AlternativeKind,
    /// Dollars.
    pub cost_usd: f64,
}

/// Money of a window that moving its calls would not save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// How much, dollars.
    pub cost: Pico,
    /// From when on it can be avoided.
    pub avoidable: Avoidable,
}

/// How much was seen of a window, and how much of it is understood.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Minutes observed over minutes in the window.
    pub coverage: f64,
    /// Calls with known tokens and cost.
    pub calls: f64,
    /// Days of the window since the first minute ever observed; a day missed later is `coverage`'s.
    pub days_observed: u32,
    /// Part of the estimated money that is unpriced or of unknown tokens.
    pub doubtful_share: f64,
    /// Calls that are made history.
    pub imported_calls: f64,
    /// Metered money over invoiced money; absent where no invoice was reconciled.
    pub capture_ratio: Option<f64>,
}

/// One alternative over one window of the streams that it covers.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// The configured name of the plan.
    pub plan: String,
    /// The window.
    pub window: Span,
    /// What the covered calls really cost on the API.
    pub api_cost: Pico,
    /// What of it is paid whether they are moved or not, soonest to end first.
    pub committed: Vec<Committed>,
    /// How well the window is known.
    pub evidence: Evidence,
    /// The limit on the time per output token.
    pub latency: Latency,
    /// What hosting would have meant; absent if the plan cannot hold the latency limit.
    pub hosted: Option<Hosted>,
    /// The best per-token endpoint for the same calls, if one takes any of them.
    pub best_endpoint: Option<Alternative>,
    /// The best way to pay today's provider less for the same calls, if one takes any of them.
    pub best_optimised: Option<Alternative>,
    /// What hosting must beat: all of these together, each pool of the calls by the best one for it.
    pub rival: Rival,
    /// How the figure comes about; absent without calls, or if the plan cannot hold the limit.
    pub steps: Option<Steps>,
    /// The volume at which hosting beats every other way; scales of what the window saw.
    pub breakeven: Option<BreakEven>,
    /// How volume moves and when hosting wins; looked for where the volume is.
    pub outlook: Option<Outlook>,
    /// Calls a day in the window.
    pub calls_per_day: f64,
    /// Their tokens, in and out, a day.
    pub tokens_per_day: f64,
    /// All tokens of the covered calls in the window.
    pub tokens: f64,
}

impl Projection {
    /// Calls and tokens a day at a multiple of the window's volume; `None` beyond all numbers.
    #[must_use]
    pub fn volume_at(&self, scale: f64) -> Option<(f64, f64)> {
        let volume = (self.calls_per_day * scale, self.tokens_per_day * scale);
        (volume.0.is_finite() && volume.1.is_finite()).then_some(volume)
    }

    /// What the covered calls cost on the API, dollars for a million tokens; `None` without tokens.
    #[must_use]
    pub fn api_usd_per_mtok(&self) -> Option<f64> {
        (self.tokens > 0.0).then(|| self.api_cost.to_f64() / self.tokens * 1e6)
    }
}

/// An endpoint over one window of the streams that it covers.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointProjection {
    /// The configured name of the endpoint.
    pub endpoint: String,
    /// The window.
    pub window: Span,
    /// What the covered calls really cost on the API.
    pub api_cost: Pico,
    /// What of it is paid whether they are moved or not, soonest to end first.
    pub committed: Vec<Committed>,
    /// How well the window is known.
    pub evidence: Evidence,
    /// The money.
    pub band: Band,
    /// For each of the arm's moved defaults, what it adds to the expected savings, dollars.
    pub moved_usd: Vec<f64>,
}

/// A way to pay today's provider less, over one window of the streams that it covers.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimisedProjection {
    /// The configured name.
    pub optimised: String,
    /// The window.
    pub window: Span,
    /// What the covered calls really cost.
    pub api_cost: Pico,
    /// What of it is paid whether they are moved or not, soonest to end first.
    pub committed: Vec<Committed>,
    /// How well the window is known.
    pub evidence: Evidence,
    /// The money.
    pub band: Band,
    /// The costs of a call on either side; absent without a second model or without calls.
    pub routing: Option<Routing>,
}
