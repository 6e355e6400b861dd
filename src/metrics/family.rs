//! The table of all metrics: every name, type, label and help text, and nothing else.
//!
//! A sum over all labels of one family always means something, so subsets have names of their own.
//! Units are base units and stand in the name.

/// What a family's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// Goes up and down; absent where there is no value.
    Gauge,
    /// Observations in buckets, with their count and sum.
    Histogram,
}

impl Kind {
    /// The word of the text format.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One metric family as users see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The full name, with its unit.
    pub name: &'static str,
    /// What its numbers are.
    pub kind: Kind,
    /// The label names, in the order values are given in.
    pub labels: &'static [&'static str],
    /// A full sentence.
    pub help: &'static str,
}

/// Declares each family once: as a constant and as an entry of [`ALL`].
macro_rules! families {
    ($($ident:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(
            pub(super) const $ident: Family = Family {
                name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help,
            };
        )*
        /// Every family this process can show, process metrics apart.
        pub const ALL: &[Family] = &[$($ident),*];
    };
}

families! {
    // Calls.
    CALLS = Counter "tollgate_calls_total" ["upstream", "model", "tenant", "operation", "code"]
        "Calls finished, by HTTP status, or by how the call ended where no answer came.";
    CALL_ENDS = Counter "tollgate_call_ends_total" ["upstream", "end"]
        "Calls finished, by how their bytes ended.";
    CALL_FLAGS = Counter "tollgate_flagged_calls_total" ["upstream", "flag"]
        "Oddities seen in calls; one call can have several.";
    CALL_DURATION = Histogram "tollgate_call_duration_seconds" ["upstream", "model", "stream"]
        "Time from the request line to the last byte of the answer.";
    TTFT = Histogram "tollgate_time_to_first_token_seconds" ["upstream", "model"]
        "Time from the request line to the first generated token, streams only.";
    TPOT = Histogram "tollgate_time_per_output_token_seconds" ["upstream", "model"]
        "Mean time between output tokens after the first, complete streams only.";
    OVERHEAD = Histogram "tollgate_overhead_seconds" ["stage"]
        "Time added to a call by the proxy itself.";
    IN_FLIGHT = Gauge "tollgate_calls_in_flight" ["upstream"]
        "Calls that have begun and not ended.";

    // Tokens.
    INPUT_TOKENS = Counter "tollgate_input_tokens_total" ["upstream", "model", "tenant"]
        "Input tokens of calls, cached ones included; of gateways and own hosting too, which have no API \
         cost.";
    OUTPUT_TOKENS = Counter "tollgate_output_tokens_total" ["upstream", "model", "tenant"]
        "Output tokens of calls, reasoning included; of gateways and own hosting too, which have no API \
         cost.";
    CACHE_READ_TOKENS = Counter "tollgate_cache_read_input_tokens_total"
        ["upstream", "model", "tenant"]
        "Input tokens read from the provider's prompt cache; a part of the input tokens.";
    CACHE_WRITE_TOKENS = Counter "tollgate_cache_write_input_tokens_total"
        ["upstream", "model", "tenant"]
        "Input tokens written to the provider's prompt cache; a part of the input tokens.";
    REASONING_TOKENS = Counter "tollgate_reasoning_output_tokens_total"
        ["upstream", "model", "tenant"]
        "Output tokens that were thought and not shown; a part of the output tokens.";
    CALL_INPUT_TOKENS = Histogram "tollgate_call_input_tokens" ["model"]
        "Input tokens of one call; for percentiles, never for bills.";
    CALL_OUTPUT_TOKENS = Histogram "tollgate_call_output_tokens" ["model"]
        "Output tokens of one call; for percentiles, never for bills.";
    USAGE_SOURCE = Counter "tollgate_usage_source_total" ["upstream", "model", "source"]
        "Billable calls, by how their tokens are known.";

    // Money.
    API_COST = Counter "tollgate_api_cost_usd_total" ["upstream", "model", "tenant", "kind"]
        "Cost of calls in dollars, by kind of line; the kinds are disjoint and sum to the bill. Where no \
         invoice bills a call, this is what it is worth.";
    SETTLED_COST = Counter "tollgate_settled_cost_usd_total" ["upstream", "settled"]
        "Part of the cost of calls in dollars that no invoice bills: paid from a free quota, from a \
         prepaid pack, or by reserved hours.";
    GATEWAY_COST = Counter "tollgate_gateway_cost_usd_total" ["upstream", "model", "tenant"]
        "Cost of calls to gateways in dollars: the bill of their providers seen a second time.";
    UNPRICED = Counter "tollgate_unpriced_calls_total" ["upstream", "model"]
        "Calls that cost money for which no price is known; their cost is in no other metric. Calls of \
         unknown tokens are not among them.";
    SPEND_TODAY = Gauge "tollgate_spend_today_usd" ["upstream", "model", "tenant"]
        "Exact spend on calls in the ledger in dollars since midnight in the reporting time zone; free \
         quotas and calls that reserved hours serve are not in it.";
    SPEND_YESTERDAY = Gauge "tollgate_spend_yesterday_usd" ["upstream", "model", "tenant"]
        "Exact spend on calls in the ledger in dollars of the last complete day in the reporting time \
         zone; free quotas and calls that reserved hours serve are not in it.";
    SPEND_MONTH = Gauge "tollgate_spend_month_usd" ["upstream", "model", "tenant"]
        "Exact spend on calls in the ledger in dollars since the first of the month in the reporting \
         time zone; free quotas and calls that reserved hours serve are not in it.";
    SPEND_ALL_TIME = Gauge "tollgate_spend_all_time_usd" ["upstream", "model", "tenant"]
        "Exact spend on calls in the ledger in dollars since it was begun; free quotas and calls that \
         reserved hours serve are not in it.";
    MONTH_ELAPSED = Gauge "tollgate_month_elapsed_ratio" []
        "Part of the calendar month that is over in the reporting time zone.";
    BUDGET_MONTH = Gauge "tollgate_budget_month_usd" ["tenant"]
        "What a tenant is meant to spend in a calendar month in dollars, as the configuration says; nobody \
         is stopped by it.";
    RESERVED_TODAY = Gauge "tollgate_reserved_today_usd" ["reservation"]
        "Cost in dollars of reserved throughput since midnight in the reporting time zone, calls or no \
         calls.";
    RESERVED_YESTERDAY = Gauge "tollgate_reserved_yesterday_usd" ["reservation"]
        "Cost in dollars of reserved throughput of the last complete day in the reporting time zone.";
    RESERVED_MONTH = Gauge "tollgate_reserved_month_usd" ["reservation"]
        "Cost in dollars of reserved throughput since the first of the month in the reporting time zone.";
    RESERVED_ALL_TIME = Gauge "tollgate_reserved_all_time_usd" ["reservation"]
        "Cost in dollars of reserved throughput since it began.";
    RESERVED_WORTH = Gauge "tollgate_reserved_worth_month_usd" ["reservation"]
        "What the calls that reserved throughput served are worth in dollars by the price list, since the \
         first of the month in the reporting time zone.";
    PRICE_AGE = Gauge "tollgate_price_age_seconds" ["kind", "name"]
        "Time since a price or throughput in use was read at its source, or came into force where \
         only that is known.";

    // What the meter could not do.
    UNMETERED = Counter "tollgate_unmetered_calls_total" ["upstream", "reason"]
        "Calls that passed without being metered; their cost is in no other metric.";
    LATE_END = Counter "tollgate_late_end_total" ["upstream", "reason"]
        "Answers whose last bytes went on before the ledger had confirmed the call.";
    USAGE_INJECTED = Counter "tollgate_usage_injected_total" ["upstream", "outcome"]
        "Streams whose client did not ask for their usage, by what came of asking in its place.";
    OVERLONG_EVENTS = Counter "tollgate_overlong_events_total" ["upstream"]
        "Events that went on to the client because they were too long to be looked at for usage.";
    OWN_ANSWERS = Counter "tollgate_own_answers_total" ["reason"]
        "Calls that tollgate answered by itself with an error, by the reason in x-tollgate-error.";
    TEXT_HELD = Gauge "tollgate_text_held_bytes" []
        "Text that calls keep in memory until their usage is reported or counted.";
    TEXT_DROPPED = Counter "tollgate_text_dropped_total" []
        "Texts that were dropped for want of room; their calls can only be reported or unknown.";
    COUNT_FAILURES = Counter "tollgate_count_failures_total" []
        "Calls that could not be counted because counting failed; their tokens are unknown.";
    USAGE_DRIFT = Gauge "tollgate_usage_drift_ratio" ["upstream", "model", "class"]
        "Tokens of a second count over the tokens the provider reported, of the calls that were audited.";
    LABEL_OVERFLOW = Counter "tollgate_label_overflow_total" ["label"]
        "Calls counted under the value other because a label had too many values.";

    // The ledger.
    LEDGER_PENDING = Gauge "tollgate_ledger_pending_records" []
        "Finished calls not yet applied to the ledger's totals.";
    LEDGER_SIZE = Gauge "tollgate_ledger_size_bytes" []
        "Space the ledger and its journal take on disk.";
    LEDGER_ERRORS = Counter "tollgate_ledger_errors_total" []
        "Writes to the ledger or its journal that failed.";
    LEDGER_DAMAGE = Counter "tollgate_ledger_damage_total" ["part"]
        "Damage found in the data directory since the start, by the part it was in.";
    LEDGER_CLOSE_OK = Gauge "tollgate_ledger_last_close_successful" []
        "Whether the days that are over could be written into their files at the last try.";
    LEDGER_FLUSH = Histogram "tollgate_ledger_flush_duration_seconds" []
        "Time to write a batch of calls to the ledger and make it durable.";

    // The verdict.
    SAVINGS = Gauge "tollgate_selfhost_savings_usd" ["plan", "window", "scenario"]
        "API cost of the window's qualifying calls minus their cost on the plan, in dollars; negative: \
         the API is cheaper. A hosted endpoint may save more.";
    SAVINGS_RATIO = Gauge "tollgate_selfhost_savings_ratio" ["plan", "window", "scenario"]
        "Savings of the window over its API cost.";
    WINDOW_COST = Gauge "tollgate_selfhost_window_cost_usd" ["plan", "window", "scenario"]
        "What the window's qualifying calls would have cost on the plan, in dollars, idle hours included.";
    WINDOW_API_COST = Gauge "tollgate_selfhost_window_api_cost_usd" ["plan", "window"]
        "What the window's qualifying calls really cost at the API, in dollars.";
    UTILIZATION = Gauge "tollgate_selfhost_utilization_ratio" ["plan", "window"]
        "Work that the plan's replicas would have done over the time they are paid for; absent without \
         replicas.";
    SHORT = Gauge "tollgate_selfhost_short_ratio" ["plan", "window"]
        "Part of the minutes in which the plan's replicas would have been short, so that calls stayed on \
         the API.";
    BURST = Gauge "tollgate_selfhost_burst_ratio" ["plan", "window"]
        "Load of the window's busiest ten seconds over its mean load; absent without load.";
    OWN_PER_MTOK = Gauge "tollgate_selfhost_cost_usd_per_million_tokens" ["plan", "window"]
        "What a million hosted tokens would have cost in dollars, idle hours and people included; absent \
         where none is hosted.";
    API_PER_MTOK = Gauge "tollgate_api_cost_usd_per_million_tokens" ["plan", "window"]
        "What a million tokens of the window's qualifying calls really cost at the API, in dollars; \
         absent without tokens.";
    QUALIFYING_TOTAL = Counter "tollgate_selfhost_qualifying_cost_usd_total" ["plan"]
        "What the plan's qualifying calls really cost at the API in dollars, a closed minute at a time.";
    COST_TOTAL = Counter "tollgate_selfhost_cost_usd_total" ["plan", "scenario"]
        "What the plan's qualifying calls would have cost on it in dollars, idle replicas and what stays \
         on the API included, a closed minute at a time; scenarios are apart, their sum is nothing.";
    WORK_TOTAL = Counter "tollgate_selfhost_work_replica_seconds_total" ["plan"]
        "Work that the plan's replicas would have done, in seconds of a fully busy one.";
    REPLICA_TOTAL = Counter "tollgate_selfhost_replica_seconds_total" ["plan"]
        "Time that the plan's replicas would have been paid for, in seconds of one.";
    OVERFLOW_TOTAL = Counter "tollgate_selfhost_overflow_cost_usd_total" ["plan"]
        "API cost in dollars of qualifying calls for which the plan's replicas would have been short.";
    REPLICAS = Gauge "tollgate_selfhost_replicas" ["plan", "stat"]
        "Replicas of the plan that the traffic needs.";
    COVERAGE = Gauge "tollgate_selfhost_window_coverage_ratio" ["plan", "window"]
        "Measured minutes of the window over all its minutes.";
    CHEAPER = Gauge "tollgate_selfhost_cheaper" ["plan"]
        "Whether hosting is cheaper than every alternative: 1 yes, 0 no; decided with hysteresis.";
    VERDICT = Gauge "tollgate_selfhost_verdict_info" ["plan", "verdict"]
        "The verdict on a plan in words; always 1, for the one verdict that holds.";
    LACKS = Gauge "tollgate_selfhost_verdict_lacks_info" ["plan", "reason"]
        "What evidence the verdict on a plan still lacks; always 1, absent when nothing is missing.";
    CHEAPER_SINCE = Gauge "tollgate_selfhost_cheaper_since_timestamp_seconds" ["plan"]
        "When hosting became cheaper; absent while it is not.";
    GROWTH = Gauge "tollgate_selfhost_growth_per_day_ratio" ["plan", "bound"]
        "Growth of the plan's daily tokens, of their logarithm a day, with its 80 % range; absent without \
         a trend.";
    BREAKEVEN_AT = Gauge "tollgate_selfhost_breakeven_timestamp_seconds" ["plan", "scenario"]
        "When hosting would beat every other way if volume and prices went on as assumed; absent where \
         it never does within ten years.";
    PAYBACK = Gauge "tollgate_selfhost_payback_seconds" ["plan", "scenario"]
        "How long savings take to pay the money up front back; absent without such money, and where they \
         never do.";
    BREAKEVEN_CALLS = Gauge "tollgate_selfhost_breakeven_calls_per_day" ["plan", "bound"]
        "Calls a day at which hosting first beats every other way, and from which on it always does; \
         absent where it never does at up to 100 times the volume.";
    BREAKEVEN_TOKENS = Gauge "tollgate_selfhost_breakeven_tokens_per_day" ["plan", "bound"]
        "Tokens a day at which hosting first beats every other way, and from which on it always does; \
         absent where it never does at up to 100 times the volume.";
    SENSITIVITY = Gauge "tollgate_selfhost_sensitivity_usd" ["plan", "parameter", "bound"]
        "What a parameter at its low or high end does to the expected savings of 14 days, in dollars; the \
         low end is the pessimistic one.";
    PLAN_INFO = Gauge "tollgate_selfhost_plan_info"
        ["plan", "model", "gpu", "gpus", "precision", "policy", "throughput_source"]
        "What a plan is made of; always 1.";
    ALTERNATIVE_COST = Gauge "tollgate_alternative_cost_usd" ["alternative", "kind", "window"]
        "What all calls of the window cost or would have cost in dollars with each alternative; what \
         it does not take stays on the API.";
    HOSTING_COST = Counter "tollgate_hosting_cost_usd_total" ["plan"]
        "What hosting that runs has cost in dollars, used or idle; advances with each closed minute.";
    HOSTING_AVOIDED = Counter "tollgate_hosting_avoided_usd_total" ["plan"]
        "What an API would have taken in dollars for the calls that hosting served; advances with each \
         closed minute.";
    HOSTING_REPLICAS = Gauge "tollgate_hosting_replicas" ["plan"]
        "Replicas that run, as the configuration says.";
    HOSTING_HOUR = Gauge "tollgate_hosting_cost_usd_per_hour" ["plan"]
        "What an hour of hosting that runs costs in dollars, people included, used or idle.";
    HOSTING_WINDOW_COST = Gauge "tollgate_hosting_window_cost_usd" ["plan", "window"]
        "What hosting has cost in the observed minutes of the window in dollars, used or idle.";
    HOSTING_WOULD_COST = Gauge "tollgate_hosting_window_api_cost_usd" ["plan", "window"]
        "What an API would have taken in dollars for the tokens that hosting served in the window.";
    HOSTING_SAVINGS = Gauge "tollgate_hosting_savings_usd" ["plan", "window"]
        "What hosting saved in the window in dollars: what an API would have taken less what it cost.";
    HOSTING_LEAVING = Gauge "tollgate_hosting_leaving_savings_usd" ["plan", "window"]
        "What the window would have cost less in dollars on the API or the best endpoint, with what is \
         owed anyway still paid.";
    HOSTING_MTOK = Gauge "tollgate_hosting_cost_usd_per_million_tokens" ["plan", "window"]
        "Cost of hosting in dollars per million tokens served, idle time included.";
    HOSTING_BUSY = Gauge "tollgate_hosting_utilization_ratio" ["plan", "window"]
        "Work that hosting did over what its replicas could have done at full load.";
    HOSTING_API_CHEAPER = Gauge "tollgate_hosting_api_cheaper" ["plan"]
        "Whether an API or endpoint is cheaper than hosting that runs: 1 yes, 0 no; decided with hysteresis.";
    ALERT_ENABLED = Gauge "tollgate_alternative_alert_enabled" ["alternative", "kind"]
        "Whether the verdict may ever call a plan or an endpoint cheaper: 1 yes, 0 an example.";

    // What servers that run say of themselves.
    MEASURED_SERVERS = Gauge "tollgate_hosting_measured_servers" ["upstream"]
        "Servers of an upstream that answered the last time they were asked about themselves.";
    MEASURED_RUNNING = Gauge "tollgate_hosting_measured_running_calls" ["upstream"]
        "Calls that these servers say they work on.";
    MEASURED_WAITING = Gauge "tollgate_hosting_measured_waiting_calls" ["upstream"]
        "Calls that wait for these servers, as they say.";
    MEASURED_CACHE_USE = Gauge "tollgate_hosting_measured_kv_cache_usage_ratio" ["upstream"]
        "Part of their KV caches that is taken, as these servers say.";
    MEASURED_COVERAGE = Gauge "tollgate_hosting_measured_coverage_ratio" ["upstream", "window"]
        "Part of the window in which all servers of an upstream could be compared with what was metered.";
    MEASURED_CAPTURE = Gauge "tollgate_hosting_measured_capture_ratio" ["upstream", "window"]
        "Tokens that were metered over tokens that the servers counted in the same time; below 1 calls \
         pass tollgate by.";
    MEASURED_CACHE_HITS = Gauge "tollgate_hosting_measured_prefix_cache_hit_ratio"
        ["upstream", "window"]
        "Part of the input tokens that the servers found in their prefix caches.";
    MEASURED_COST = Gauge "tollgate_hosting_measured_cost_usd_per_hour" ["upstream", "window"]
        "Cost of an hour of the servers in dollars, as the cluster's cost service says.";

    // Messages to people.
    ALERTS_SENT = Counter "tollgate_alerts_sent_total" ["name", "outcome"]
        "Attempts to deliver an alert to a receiver of [[alerts]], and alerts given up or dropped, by \
         outcome.";
    ALERTS_PENDING = Gauge "tollgate_alerts_pending" []
        "Alerts to receivers of [[alerts]] that wait to be delivered.";

    // The process.
    RELOAD_OK = Gauge "tollgate_config_last_reload_successful" []
        "Whether the last reload of the configuration succeeded: 1 yes, 0 no.";
    RELOAD_TIME = Gauge "tollgate_config_last_reload_success_timestamp_seconds" []
        "When the configuration in use was loaded.";
    BUILD_INFO = Gauge "tollgate_build_info" ["version", "revision"]
        "What was built; always 1.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_prometheus_and_openmetrics() {
        let names: Vec<&str> = ALL.iter().map(|family| family.name).collect();
        for family in ALL {
            let total = family.name.strip_suffix("_total");
            assert_eq!(
                total.is_some(),
                family.kind == Kind::Counter,
                "{}",
                family.name
            );
            assert!(family.name.starts_with("tollgate_"), "{}", family.name);
            assert!(
                family.help.ends_with('.') && family.help.len() > 20,
                "{}",
                family.name
            );
            // A gauge named like a counter without `_total` is refused by OpenMetrics parsers.
            assert!(
                total.is_none_or(|base| !names.contains(&base)),
                "{}",
                family.name
            );
            assert_eq!(names.iter().filter(|name| **name == family.name).count(), 1);
        }
    }
}
