//! Figures as they are written: of a statement, and of the answers of the API.

use serde_json::{Value, json};

use crate::economics::Alternative;
use crate::economics::band::Deviation;
use crate::economics::price::ratio;
use crate::economics::projection::{
    Band, ChosenOn, Commitment, Evidence, Figures, Hosted, Latency, Replicas, Scenario, Spread,
};
use crate::economics::rival::{Part, Rival};

/// Adds the fields of one object to another.
pub(crate) fn put(all: &mut Value, more: Value) {
    if let (Value::Object(all), Value::Object(more)) = (all, more) {
        all.extend(more);
    }
}

pub(in crate::verdict) fn banded(band: &Band) -> Value {
    let each = |of: fn(&Figures) -> Value| {
        let one = |at: Scenario| (at.label().to_owned(), of(band.figures(at)));
        Value::Object(Scenario::ALL.map(one).into_iter().collect())
    };
    let deviation = |Deviation {
                         parameter,
                         low_usd,
                         high_usd,
                     }: &Deviation| {
        (
            (*parameter).to_owned(),
            json!({ "low_usd": low_usd, "high_usd": high_usd }),
        )
    };
    json!({
        "cost_usd": each(|at| json!(at.cost_usd)),
        "savings_usd": each(|at| json!(at.savings_usd)),
        "savings_ratio": each(|at| json!(at.savings_ratio)),
        "all_at_worst_savings_usd": band.all_at_worst.savings_usd,
        "sensitivity": Value::Object(band.sensitivity.iter().map(deviation).collect()),
    })
}

pub(super) fn machines(hosted: &Hosted) -> Value {
    let Replicas {
        now,
        mean,
        p99,
        peak,
    } = hosted.replicas;
    json!({
        "replicas": { "now": now, "mean": mean, "p99": p99, "peak": peak },
        "chosen_on": chosen_on(hosted.chosen_on),
        "utilisation": hosted.utilisation,
        "short_ratio": hosted.short_ratio,
        "overflow_usd": hosted.overflow_usd,
        "usd_per_mtok": hosted.usd_per_mtok,
        "moved_usd": hosted.moved_usd,
        "commitment": hosted.commitment.as_ref().map(commitment),
    })
}

pub(crate) const fn chosen_on(chosen_on: ChosenOn) -> &'static str {
    match chosen_on {
        ChosenOn::PreviousWindow => "previous_window",
        ChosenOn::Hindsight => "hindsight",
        ChosenOn::Nothing => "nothing",
    }
}

pub(crate) fn commitment(commitment: &Commitment) -> Value {
    let spread = |it: Spread<Option<f64>>| {
        let one = |at: Scenario| (at.label().to_owned(), json!(it.at(at)));
        Value::Object(Scenario::ALL.map(one).into_iter().collect())
    };
    json!({
        "up_front_usd": commitment.up_front_usd,
        "months": commitment.months,
        "net_usd": spread(Spread::of(|at| Some(commitment.net_usd.at(at)))),
        "payback_months": spread(commitment.payback_months),
        "pays": commitment.pays(),
    })
}

pub(crate) fn evidence(evidence: &Evidence) -> Value {
    let Evidence {
        coverage,
        calls,
        days_observed,
        doubtful_share,
        imported_calls,
        capture_ratio,
    } = evidence;
    json!({
        "coverage": coverage,
        "calls": calls,
        "days_observed": days_observed,
        "doubtful_share": doubtful_share,
        "imported_calls": imported_calls,
        "imported_share": ratio(*imported_calls, calls.max(*imported_calls)),
        "capture_ratio": capture_ratio,
    })
}

/// The limit on the time per output token, and whether the machines can hold it.
pub(crate) fn latency(latency: Latency) -> Value {
    match latency {
        Latency::Held(limit) => json!({ "seconds_per_output_token": limit, "held": true }),
        Latency::Infeasible(limit) => json!({ "seconds_per_output_token": limit, "held": false }),
        Latency::NotChecked => Value::Null,
    }
}

/// What a way must beat: arms together, each on the calls on which it saves most; without parts staying.
pub(crate) fn rival(rival: &Rival) -> Value {
    let part = |Part {
                    name,
                    kind,
                    saved_usd,
                }: &Part| json!({ "name": name, "kind": kind.label(), "saved_usd": saved_usd });
    json!({
        "saved_usd": rival.saved_usd(),
        "parts": rival.parts.iter().map(part).collect::<Vec<_>>(),
    })
}

pub(crate) fn alternative(way: &Alternative) -> Value {
    json!({ "name": way.name, "kind": way.kind.label(), "cost_usd": way.cost_usd })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_says_the_imported_part_of_its_calls_as_the_api_does() {
        let half = Evidence {
            calls: 8.0,
            imported_calls: 4.0,
            ..Evidence::default()
        };
        assert_eq!(evidence(&half)["imported_share"], 0.5);
    }
}
