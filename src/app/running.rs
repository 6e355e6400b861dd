//! Hosting that runs: from the configuration to the verdict's settings, and from its report to gauges.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::demand::{DEMAND_KEPT, MINUTE};
use crate::config::{Config, ReplicasFrom, Upstream};
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::hosting::Step;
use crate::economics::projection::AlternativeKind;
use crate::economics::{HostPlan, Stream};
use crate::ledger::{Ledger, LedgerError};
use crate::metrics::{HostingGauges, HostingWindowGauges};
use crate::usage::Capability;
use crate::verdict::{
    HostingReport, HostingWindow, Report, RunningPlan, RunningUpstream, UNNAMED_MODEL, Verdict,
};

/// Every plan that an upstream runs on, once, in the order of the plans.
pub(super) fn running(config: &Config) -> Vec<RunningPlan> {
    let plans = config.plans.plans.iter();
    let all = plans.map(|plan| {
        let on = |upstream: &&Upstream| {
            let runs_on = upstream.runs_on.as_ref();
            runs_on.is_some_and(|it| it.plan == plan.name)
        };
        let upstreams: Vec<&Upstream> = config.upstreams.iter().filter(on).collect();
        RunningPlan {
            plan: plan.clone(),
            steps: steps(plan, &upstreams),
            upstreams: upstreams.iter().filter_map(|it| named(it)).collect(),
        }
    });
    all.filter(|running| !running.upstreams.is_empty())
        .collect()
}

fn named(upstream: &Upstream) -> Option<RunningUpstream> {
    let instead = upstream.would_cost_as.as_ref()?;
    Some(RunningUpstream {
        name: upstream.name.clone(),
        list: instead.list.clone(),
        model: instead.model.clone(),
        since_minute: None,
    })
}

/// As written at one of its upstreams, else what the plan always has.
fn steps(plan: &HostPlan, upstreams: &[&Upstream]) -> Vec<Step> {
    let runs_on = upstreams.iter().filter_map(|it| it.runs_on.as_ref());
    let mut written = runs_on.map(|it| &it.replicas).filter(|all| !all.is_empty());
    let always = Step {
        from_minute: i64::MIN,
        day: None,
        replicas: plan.replicas_at_least(),
    };
    written.next().map_or_else(
        || vec![always],
        |written| written.iter().map(step).collect(),
    )
}

fn step(written: &ReplicasFrom) -> Step {
    let ReplicasFrom { from, replicas } = *written;
    let is_always = from == jiff::Timestamp::MIN;
    Step {
        from_minute: from.as_second().div_euclid(BUCKET_SECONDS),
        day: (!is_always).then(|| from.to_zoned(TimeZone::UTC).date()),
        replicas,
    }
}

/// Takes the kept minutes of own hosting; without a plan that runs there is nothing to take them for.
pub(super) fn load(verdict: &Verdict, ledger: &Ledger, now: Timestamp) -> Result<(), LedgerError> {
    if verdict.settings().running.is_empty() {
        return Ok(());
    }
    let until = now.saturating_add(MINUTE).unwrap_or(Timestamp::MAX);
    let range = until.saturating_sub(DEMAND_KEPT).unwrap_or(Timestamp::MIN)..until;
    for minute in ledger.demand(range)? {
        let minute = minute?;
        if minute.own {
            let stream = Stream {
                upstream: minute.upstream.to_string(),
                model: minute.model.as_deref().unwrap_or(UNNAMED_MODEL).to_owned(),
                // As live: an unreadable class asks for everything.
                capability: minute.capability.parse().unwrap_or(Capability::MOST),
            };
            verdict.load_hosted(&stream, i64::from(minute.minute), &minute.demand);
        }
    }
    verdict.load([], []);
    Ok(())
}

/// What a report says of hosting that runs, and what was counted, as gauges.
pub(super) fn gauges(verdict: &Verdict, report: &Report) -> Vec<HostingGauges> {
    let counted = verdict.counted();
    let plans = report.settings.running.iter();
    plans
        .map(|running| {
            let plan = &running.plan.name;
            let counted = counted.get(plan).copied().unwrap_or_default();
            let seen = report.hosting.iter().find(|it| it.plan == *plan);
            let mut states = report.states.iter();
            let state = states.find(|it| it.kind == AlternativeKind::Api && it.name == *plan);
            HostingGauges {
                plan: plan.clone(),
                cost_usd: counted.cost_usd,
                avoided_usd: counted.avoided_usd,
                replicas: seen.map(|it| it.replicas),
                usd_per_hour: seen.map(|it| it.usd_per_hour),
                api_cheaper: state.map(|it| it.cheaper),
                windows: seen.map(windows).unwrap_or_default(),
            }
        })
        .collect()
}

fn windows(seen: &HostingReport) -> Vec<HostingWindowGauges> {
    let gauge = |at: &HostingWindow| HostingWindowGauges {
        window: at.window,
        cost_usd: at.cost_usd,
        would_cost_usd: at.api_cost.to_f64(),
        leaving_usd: at.leaving.expected.savings_usd,
        usd_per_mtok: at.usd_per_mtok,
        busy: at.busy,
    };
    seen.windows.iter().map(gauge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::anew::tests::house;
    use crate::verdict::{Settings, States};

    #[test]
    fn replicas_and_their_hour_are_absent_before_the_first_look() {
        let dir = tempfile::tempdir().unwrap();
        let (config, _) = house(dir.path());
        let running = RunningPlan {
            plan: config.plans.plans[0].clone(),
            steps: vec![Step {
                from_minute: i64::MIN,
                day: None,
                replicas: 2,
            }],
            upstreams: Vec::new(),
        };
        let settings = Settings {
            running: vec![running],
            ..Settings::default()
        };
        let verdict = Verdict::new(settings, States::default());
        let shown = || {
            let [gauges] = gauges(&verdict, &verdict.report()).try_into().unwrap();
            (gauges.replicas, gauges.usd_per_hour.is_some())
        };
        assert_eq!(shown(), (None, false));
        verdict.tick(super::super::now());
        assert_eq!(shown(), (Some(2), true));
    }
}
