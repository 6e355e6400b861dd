//! Everything behind the tables, unrounded. Money of the recorded calls is an exact decimal.

use serde_json::{Value, json};

use super::trace::Grain;
use super::{PricedTrace, Study, Traced};
use crate::cli::Failure;
use crate::economics::HostPlan;
use crate::economics::backtest::{Calculator, Hosting, Rented, Scored, a_month};
use crate::economics::breakeven::BreakEven;
use crate::economics::projection::{Band, ChosenOn, Commitment, Latency, Scenario};
use crate::economics::work::TokenSums;

/// Everything.
pub(super) fn render(study: &Study<'_>) -> Result<String, Failure> {
    let traces = study.traces.iter().map(|traced| trace(study, traced));
    let all = json!({
        "at": study.at.to_string(),
        "month_hours": 730,
        "traces": traces.collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&all)
        .map(|json| json + "\n")
        .map_err(|error| Failure::work("cannot write the backtest").because(error))
}

fn trace(study: &Study<'_>, traced: &Traced) -> Value {
    let trace = &traced.trace;
    let (rows, row_minutes, coverage) = match trace.grain() {
        Grain::Calls => ("calls", None, None),
        Grain::Means {
            minutes,
            token_mean_coverage,
        } => ("means", Some(minutes), token_mean_coverage),
    };
    let classes = traced.priced.first().into_iter();
    let classes = classes.flat_map(|priced| priced.traffic.calls_by_class());
    let classes = classes.map(|(class, calls)| (class.label().to_owned(), calls.into()));
    let prices = study.tariffs.iter().zip(&traced.priced).enumerate();
    json!({
        "trace": trace.name,
        "rows": rows,
        "row_minutes": row_minutes,
        "token_mean_coverage": coverage,
        "minutes": trace.minutes,
        "recorded": sums(&trace.total),
        "scale": traced.scale,
        "calls_per_day": traced.calls_per_day(),
        "calls_by_context": classes.collect::<serde_json::Map<_, _>>(),
        "prices": prices.map(|(at, (tariff, priced))| {
            let exact = trace.exact(at).map(|exact| exact.to_string());
            price(study, &tariff.id, exact.as_deref(), priced)
        }).collect::<Vec<_>>(),
    })
}

fn price(study: &Study<'_>, id: &str, exact: Option<&str>, priced: &PricedTrace) -> Value {
    let comparison = &priced.comparison;
    let arms = priced.arms.iter().zip(&comparison.arms);
    let arms = arms.map(|(arm, Rented { taken, band })| {
        json!({
            "arm": arm.name,
            "taken": sums(&taken.total),
            "taken_api_usd": taken.api_usd,
            "month": money(band, comparison.hours),
        })
    });
    let plans = study.known.plans.iter().zip(&comparison.plans);
    json!({
        "price": id,
        "recorded_api_usd": exact,
        "api_usd": comparison.api_usd,
        "api_usd_per_month": comparison.a_month(comparison.api_usd),
        "arms": arms.collect::<Vec<_>>(),
        "plans": plans.map(|(own, hosting)| plan(own, hosting)).collect::<Vec<_>>(),
    })
}

fn plan(plan: &HostPlan, hosting: &Hosting) -> Value {
    let Hosting {
        taken,
        latency,
        hindsight,
        ahead,
        over_api,
        over_rivals,
        calculator,
    } = hosting;
    let (held, limit) = match latency {
        Latency::Held(limit) => ("held", Some(*limit)),
        Latency::Infeasible(limit) => ("infeasible", Some(*limit)),
        Latency::NotChecked => ("not_checked", None),
    };
    json!({
        "plan": plan.name,
        "policy": plan.policy.label(),
        "throughput_source": plan.throughput.source.label(),
        "taken": sums(&taken.total),
        "taken_api_usd": taken.api_usd,
        "latency": held,
        "tpot_limit_seconds": limit,
        "hindsight": hindsight.as_ref().map(scored),
        "chosen_ahead": ahead.as_ref().map(scored),
        "breakeven_scale": breakeven(*over_api),
        "breakeven_scale_against_best_arm": breakeven(*over_rivals),
        "calculator": averages(calculator),
    })
}

fn scored(scored: &Scored) -> Value {
    let Scored {
        hours,
        api_usd,
        hosted,
    } = scored;
    let chosen_on = match hosted.chosen_on {
        ChosenOn::PreviousWindow => "first_half",
        ChosenOn::Hindsight => "hindsight",
        ChosenOn::Nothing => "nothing",
    };
    let sensitivity = hosted.band.sensitivity.iter().map(|deviation| {
        json!({
            "parameter": deviation.parameter,
            "low_usd_per_month": a_month(deviation.low_usd, *hours),
            "high_usd_per_month": a_month(deviation.high_usd, *hours),
        })
    });
    json!({
        "hours": hours,
        "taken_api_usd": api_usd,
        "replicas_chosen_on": chosen_on,
        "month": money(&hosted.band, *hours),
        "replicas": {
            "mean": hosted.replicas.mean,
            "p99_need": hosted.replicas.p99,
            "peak_need": hosted.replicas.peak,
        },
        "utilisation": hosted.utilisation,
        "short_ratio": hosted.short_ratio,
        "overflow_usd_per_month": a_month(hosted.overflow_usd, *hours),
        "usd_per_mtok": hosted.usd_per_mtok,
        "commitment": hosted.commitment.as_ref().map(commitment),
        "sensitivity": sensitivity.collect::<Vec<_>>(),
    })
}

fn commitment(commitment: &Commitment) -> Value {
    let Commitment {
        up_front_usd,
        months,
        net_usd,
        payback_months,
    } = commitment;
    json!({
        "up_front_usd": up_front_usd,
        "months": months,
        "net_usd": net_usd.expected,
        "pessimistic_net_usd": net_usd.pessimistic,
        "payback_months": payback_months.expected,
        "pays": commitment.pays(),
    })
}

/// Cost of the taken calls and saving, a month, by scenario.
fn money(band: &Band, hours: f64) -> Value {
    let scenarios = Scenario::ALL.into_iter().map(|scenario| {
        let figures = band.figures(scenario);
        let value = json!({
            "cost_usd": a_month(figures.cost_usd, hours),
            "savings_usd": a_month(figures.savings_usd, hours),
            "savings_ratio": figures.savings_ratio,
        });
        (scenario.label().to_owned(), value)
    });
    scenarios.collect::<serde_json::Map<_, _>>().into()
}

fn breakeven(found: Option<BreakEven>) -> Value {
    found.map_or(
        Value::Null,
        |BreakEven { first, robust }| json!({"first": first, "robust": robust}),
    )
}

fn averages(calculator: &Calculator) -> Value {
    let Calculator {
        tokens_per_second,
        asked_per_second,
        replicas,
        usd_per_month,
        load_ratio,
        short_minutes,
        short_slots,
        naive_usd_per_month,
    } = calculator;
    json!({
        "tokens_per_second_a_replica": tokens_per_second,
        "tokens_per_second_asked": asked_per_second,
        "replicas": replicas,
        "usd_per_month": usd_per_month,
        "load_ratio": load_ratio,
        "minutes_above_ratio": short_minutes,
        "slots_above_ratio": short_slots,
        "flops_alone_usd_per_month": naive_usd_per_month,
    })
}

fn sums(total: &TokenSums) -> Value {
    json!({
        "calls": total.calls,
        "uncached_input_tokens": total.uncached_input,
        "cached_input_tokens": total.cached_input,
        "output_tokens": total.output,
    })
}
