#![expect(
    clippy::float_arithmetic,
    reason = "what servers say is compared with what is computed"
)]
//! What the servers of hosting that runs say of themselves, beside what is computed of its calls.
//!
//! The verdict uses what is computed. What servers say only decides whether it may be believed: calls
//! that pass tollgate by would make hosting look idle.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::economics::HostPlan;
use crate::economics::hosting::{Ran, busy};
use crate::economics::price::ratio;
use crate::economics::work::TokenSums;
use crate::verdict::evidence::Lack;

/// Of a window's time, the servers must have been compared in this much before leaving is decided.
pub const COMPARED_RATIO_MIN: f64 = 0.95;
/// Seconds in an hour.
const HOUR_SECONDS: f64 = 3_600.0;

/// What servers said over some time; nothing where none was asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Servers {
    /// The part of the time in which all of them could be compared with what was metered, 0 to 1.
    pub compared_ratio: Option<f64>,
    /// Tokens that were metered over tokens that they counted; absent where they are too few to say.
    pub capture_ratio: Option<f64>,
    /// What they counted a second, cached tokens among the input.
    pub tokens: Option<TokenRates>,
    /// How many answered, on average.
    pub replicas: Option<f64>,
    /// What the cluster's cost service says they cost, dollars an hour.
    pub usd_per_hour: Option<f64>,
}

/// Tokens a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenRates {
    /// Input, cached or not.
    pub input: f64,
    /// Of it, found in a prefix cache; absent where no server says.
    pub cached: Option<f64>,
    /// Output.
    pub output: f64,
}

/// The servers of one plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServersOf {
    /// The plan's configured name.
    pub plan: String,
    /// Over the trailing windows, by their labels.
    pub windows: Vec<(&'static str, Servers)>,
    /// Over the fortnight that ends with a UTC day, by days since 1970.
    pub days: BTreeMap<i64, Servers>,
}

/// One figure both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pair {
    /// As it is computed from calls, plan and configuration.
    pub modelled: Option<f64>,
    /// As the servers or their cluster say.
    pub measured: Option<f64>,
}

impl Pair {
    /// The second over the first.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        ratio(self.measured?, self.modelled?)
    }
}

/// What is computed of hosting that runs, beside what its servers say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beside {
    /// What the servers say, whole.
    pub servers: Servers,
    /// Replicas that are busy, on average: work of the metered calls, and of the counted tokens.
    pub load: Pair,
    /// Replicas that are paid, and servers that answered.
    pub replicas: Pair,
    /// Dollars an hour: by the plan, people among it, and by the cluster, which knows none.
    pub usd_per_hour: Pair,
}

impl Servers {
    /// What they say is missing before leaving may be decided.
    #[must_use]
    pub(in crate::verdict) fn lacks(&self, capture_ratio_min: f64) -> Vec<Lack> {
        let below = |seen: Option<f64>, least| seen.filter(|seen| *seen < least);
        let compared = below(self.compared_ratio, COMPARED_RATIO_MIN);
        let captured = below(self.capture_ratio, capture_ratio_min);
        let compared = compared.map(|seen| Lack::NotCompared {
            seen,
            asked: COMPARED_RATIO_MIN,
        });
        let captured = captured.map(|seen| Lack::PassedBy {
            seen,
            asked: capture_ratio_min,
        });
        let most = capture_ratio_min.recip();
        let beyond = self.capture_ratio.filter(|seen| *seen > most);
        let beyond = beyond.map(|seen| Lack::NotListed { seen, most });
        [compared, captured, beyond].into_iter().flatten().collect()
    }
}

impl Beside {
    /// What ran and was metered in some time and cost so many dollars, beside what servers say of it.
    pub(super) fn of(
        plan: &HostPlan,
        (metered, cost_usd): (&TokenSums, f64),
        ran: &Ran,
        servers: Servers,
    ) -> Self {
        let replicas = ratio(ran.replica_hours, ran.hours);
        let load = |sums: &TokenSums| Some(busy(plan, sums, ran)? * replicas?);
        let counted = servers
            .tokens
            .and_then(|rates| counted(metered, ran, rates));
        Self {
            load: Pair {
                modelled: load(metered),
                measured: counted.as_ref().and_then(load),
            },
            replicas: Pair {
                modelled: replicas,
                measured: servers.replicas,
            },
            usd_per_hour: Pair {
                modelled: ratio(cost_usd, ran.hours),
                measured: servers.usd_per_hour,
            },
            servers,
        }
    }
}

/// What servers counted as sums of calls like the metered ones, over the same hours: servers count no
/// products of tokens, so these grow with the output.
fn counted(metered: &TokenSums, ran: &Ran, rates: TokenRates) -> Option<TokenSums> {
    let seconds = ran.hours * HOUR_SECONDS;
    let times = ratio(rates.output * seconds, metered.output)?;
    let input = metered.uncached_input + metered.cached_input;
    let cached = ratio(metered.cached_input, input).unwrap_or_default() * rates.input;
    let cached = rates.cached.unwrap_or(cached).min(rates.input);
    Some(TokenSums {
        uncached_input: (rates.input - cached) * seconds,
        cached_input: cached * seconds,
        ..*metered * times
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economics::examples::{checked, plan_draft};

    fn servers(compared: f64, capture: Option<f64>) -> Servers {
        Servers {
            compared_ratio: Some(compared),
            capture_ratio: capture,
            ..Servers::default()
        }
    }

    #[test]
    fn leaving_waits_until_servers_were_compared_and_nothing_passes_by() {
        let labels = |servers: Servers| -> Vec<&str> {
            servers.lacks(0.95).iter().map(Lack::label).collect()
        };
        assert_eq!(labels(Servers::default()), [""; 0]);
        assert_eq!(labels(servers(0.95, None)), [""; 0]);
        assert_eq!(labels(servers(0.949, Some(0.95))), ["servers_not_compared"]);
        assert_eq!(labels(servers(1.0, Some(0.949))), ["calls_pass_by"]);
        assert_eq!(labels(servers(1.0, Some(1.05))), [""; 0]);
        assert_eq!(labels(servers(1.0, Some(1.06))), ["servers_not_listed"]);
        let said: Vec<String> = servers(0.5, Some(0.5))
            .lacks(0.95)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            said,
            [
                "its servers could be compared in 50 % of the time, 95 % are needed",
                "50 % of the tokens that its servers counted were metered, 95 % are needed: the others pass \
                 tollgate by",
            ]
        );
        assert_eq!(
            servers(1.0, Some(2.0)).lacks(0.95)[0].to_string(),
            "200 % of the tokens that its servers counted were metered, 105.2 % are allowed: a server is missing \
             in measured_by"
        );
    }

    /// Two replicas through ten hours, on 720,000 tokens in and 180,000 out.
    fn beside(rates: Option<TokenRates>) -> Beside {
        let plan = checked(plan_draft("llama-70b-2xh100")).unwrap();
        let metered = TokenSums {
            calls: 360.0,
            uncached_input: 720_000.0,
            output: 180_000.0,
            output_by_input: 360.0 * 2_000.0 * 500.0,
            output_squared: 360.0 * 500.0 * 500.0,
            ..TokenSums::default()
        };
        let ran = Ran {
            hours: 10.0,
            replica_hours: 20.0,
            calls: 360.0,
        };
        let servers = Servers {
            tokens: rates,
            replicas: Some(1.5),
            usd_per_hour: Some(12.0),
            ..Servers::default()
        };
        Beside::of(&plan, (&metered, 100.0), &ran, servers)
    }

    #[test]
    fn what_servers_counted_is_a_load_as_that_of_the_metered_calls() {
        let rates = |times: f64| TokenRates {
            input: 20.0 * times,
            cached: None,
            output: 5.0 * times,
        };
        let same = beside(Some(rates(1.0)));
        let is = |seen: Option<f64>, expected: f64| {
            assert!((seen.unwrap() - expected).abs() < 1e-9, "{seen:?}");
        };
        is(same.load.ratio(), 1.0);
        is(beside(Some(rates(2.0))).load.ratio(), 2.0);
        // What a prefix cache had is less work.
        let cached = TokenRates {
            cached: Some(10.0),
            ..rates(1.0)
        };
        assert!(beside(Some(cached)).load.ratio().unwrap() < 1.0);
        assert_eq!(beside(None).load.measured, None);
        is(same.replicas.ratio(), 0.75);
        is(same.usd_per_hour.ratio(), 1.2);
    }
}
