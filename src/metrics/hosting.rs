//! The verdict's gauges: what hosting would cost, and against what.

use jiff::Timestamp;

use super::exposition::Exposition;
use super::family as f;
use super::gauges::{PlanGauges, PriceDate, VerdictGauges, WindowGauges};

pub(super) fn show(out: &mut Exposition, shown: &VerdictGauges, now: Timestamp) {
    for plan in &shown.plans {
        of_plan(out, plan);
        for window in &plan.windows {
            of_window(out, &plan.plan, window);
        }
    }
    for cost in &shown.alternatives {
        let labels = [cost.alternative.as_str(), cost.kind, cost.window];
        out.number(f::ALTERNATIVE_COST, &labels, cost.cost_usd);
    }
    for alert in &shown.alerts {
        let labels = [alert.alternative.as_str(), alert.kind];
        out.count(f::ALERT_ENABLED, &labels, u64::from(alert.enabled));
    }
    super::hosting_runs::show(out, &shown.hosting);
    for PriceDate {
        kind,
        name,
        checked_at,
    } in &shown.prices
    {
        let age = now.duration_since(*checked_at).as_secs_f64().max(0.0);
        out.number(f::PRICE_AGE, &[kind, name], age);
    }
}

fn of_plan(out: &mut Exposition, gauges: &PlanGauges) {
    let plan = gauges.plan.as_str();
    let i = &gauges.info;
    let made_of = [
        plan,
        &i.model,
        &i.gpu,
        &i.gpus,
        &i.precision,
        &i.policy,
        &i.throughput_source,
    ];
    out.count(f::PLAN_INFO, &made_of, 1);
    if let Some(verdict) = gauges.verdict {
        out.count(f::VERDICT, &[plan, verdict], 1);
    }
    for reason in &gauges.lacks {
        out.count(f::LACKS, &[plan, reason], 1);
    }
    if let Some(cheaper) = gauges.cheaper {
        out.count(f::CHEAPER, &[plan], u64::from(cheaper));
    }
    if let Some(since) = gauges.cheaper_since {
        out.number(f::CHEAPER_SINCE, &[plan], since.as_duration().as_secs_f64());
    }
    for (stat, replicas) in &gauges.replicas {
        out.number(f::REPLICAS, &[plan, stat], *replicas);
    }
    for (bound, growth) in &gauges.growth {
        out.number(f::GROWTH, &[plan, bound], *growth);
    }
    for (scenario, at) in &gauges.breakeven_at {
        let seconds = at.as_duration().as_secs_f64();
        out.number(f::BREAKEVEN_AT, &[plan, scenario], seconds);
    }
    for (scenario, seconds) in &gauges.payback_seconds {
        out.number(f::PAYBACK, &[plan, scenario], *seconds);
    }
    for (bound, calls, tokens) in &gauges.breakeven_volumes {
        out.number(f::BREAKEVEN_CALLS, &[plan, bound], *calls);
        out.number(f::BREAKEVEN_TOKENS, &[plan, bound], *tokens);
    }
    for (parameter, low, high) in &gauges.sensitivity_usd {
        out.number(f::SENSITIVITY, &[plan, parameter, "low"], *low);
        out.number(f::SENSITIVITY, &[plan, parameter, "high"], *high);
    }
}

fn of_window(out: &mut Exposition, plan: &str, gauges: &WindowGauges) {
    let labels = [plan, gauges.window];
    out.number(f::COVERAGE, &labels, gauges.coverage_ratio);
    out.number(f::WINDOW_API_COST, &labels, gauges.api_cost.to_f64());
    let figures = [
        (f::API_PER_MTOK, gauges.api_usd_per_mtok),
        (f::OWN_PER_MTOK, gauges.usd_per_mtok),
        (f::UTILIZATION, gauges.utilization_ratio),
        (f::SHORT, gauges.short_ratio),
        (f::BURST, gauges.burst_ratio),
    ];
    for (family, figure) in figures {
        if let Some(figure) = figure {
            out.number(family, &labels, figure);
        }
    }
    for scenario in &gauges.scenarios {
        let labels = [plan, gauges.window, scenario.scenario];
        out.number(f::WINDOW_COST, &labels, scenario.cost_usd);
        out.number(f::SAVINGS, &labels, scenario.savings_usd);
        if let Some(ratio) = scenario.savings_ratio {
            out.number(f::SAVINGS_RATIO, &labels, ratio);
        }
    }
}
