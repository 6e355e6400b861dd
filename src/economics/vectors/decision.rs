//! The vectors of decisions: what a closed window says, and what is committed, covered or moved.

use serde_json::{Value, json};

use super::run::Inputs;
use crate::economics::assumptions::Range;
use crate::economics::decision::{Offer, Threshold, decide, rival_savings};
use crate::economics::draft::ReservedDraft;
use crate::economics::evaluate::{Outcome, Profile, Terms, evaluate};
use crate::economics::examples::{checked, plan_draft};
use crate::economics::forecast::{npv_savings, payback_months};
use crate::economics::hysteresis::{Hysteresis, Rule};
use crate::economics::ownership::Ownership;
use crate::economics::project::{Bucket, commitment};
use crate::economics::projection::{Band, Commitment, Figures, Spread};
use crate::usage::Capability;

/// Runs one function by its name.
pub(super) fn run(function: &str, of: &Inputs<'_>) -> Option<Value> {
    Some(match function {
        "decide" => run_decide(of),
        "commitment" => run_commitment(of),
        "covers" => {
            let class = |name| of.text(name).parse::<Capability>().unwrap();
            json!({ "covers": class("capability").within(class("serves")) })
        }
        "moved" => run_moved(of),
        "committed" => run_committed(of),
        _ => return None,
    })
}

/// What a window says, and whether three such days in a row switch the state on.
fn run_decide(of: &Inputs<'_>) -> Value {
    let api_usd = of.number("api_usd");
    let committed = of.maybe("term_months").map(|_| {
        let (months, up_front_usd) = (
            of.integer("term_months").unwrap(),
            of.number("up_front_usd"),
        );
        let prospect = of.prospect("month");
        let net_usd = npv_savings(&prospect, months, up_front_usd);
        let payback = payback_months(&prospect, up_front_usd);
        Commitment {
            up_front_usd,
            months,
            net_usd: Spread::of(|_| net_usd),
            payback_months: Spread::of(|_| payback),
        }
    });
    let offer = Offer {
        api_usd,
        expected_savings_usd: of.number("savings_usd"),
        pessimistic_savings_usd: of.number("pessimistic_savings_usd"),
        rival_savings_usd: rival_savings(api_usd, of.maybe("best_endpoint_usd")),
        commitment: committed,
    };
    let threshold = Threshold {
        min_saving_usd_per_month: of.or("min_saving_usd_per_month", 0.0),
        months: of.number("hours") / 730.0,
    };
    let day = decide(&offer, threshold, of.or("coverage", 1.0));
    let rule = Rule::default();
    let after = (0..3).fold(Hysteresis::default(), |state, _| state.after(&day, &rule));
    json!({
        "ratio": day.ratio,
        "pessimistic_ratio": day.pessimistic_ratio,
        "may_enter": day.may_enter,
        "cheaper": after.cheaper,
    })
}

/// What reserved or owned replicas commit to, for an outcome over a window.
fn run_commitment(of: &Inputs<'_>) -> Value {
    let mut draft = plan_draft("llama-70b-2xh100");
    draft.gpus = of.integer("gpus");
    draft.offer = None;
    draft.price_as_of = "2026-09-01".parse().ok();
    draft.price_source = Some("made for a vector".into());
    draft.gpu_usd_per_hour = of.maybe("gpu_usd_per_hour");
    draft.one_off_usd = of.maybe("one_off_usd");
    draft.amortisation_months = of.integer("amortisation_months");
    draft.reserved = of.maybe("usd_per_gpu_hour").map(|usd| ReservedDraft {
        usd_per_gpu_hour: Some(usd),
        term_months: of.integer("term_months"),
        up_front_usd: of.maybe("up_front_usd"),
        as_of: Some(jiff::civil::date(2026, 9, 1).into()),
        source: Some("made for a vector".into()),
    });
    draft.owned = of.maybe("capex").map(|capex_usd| Ownership {
        capex_usd,
        residual_usd: of.number("residual"),
        life_years: of.number("life_years"),
        maintenance_rate: 0.0,
        kw: 0.0,
        pue: 1.0,
        usd_per_kwh: 0.0,
        colo_usd_per_kw_month: 0.0,
        cost_of_capital: of.or("cost_of_capital", 0.0),
    });
    let plan = checked(draft).unwrap();
    let replicas = of.integer("replicas").unwrap();
    let hours = of.number("hours");
    let replica_hours = f64::from(replicas) * hours;
    let steady_usd = (of.or("ops_usd_per_month", 0.0)
        + plan.one_off_usd / f64::from(plan.amortisation_months))
        * hours
        / 730.0;
    let outcome = Outcome {
        api_usd: of.number("api_usd"),
        residual_usd: of.or("residual_usd", 0.0),
        selfhost_usd: of.or("residual_usd", 0.0)
            + replica_hours * plan.price.usd_per_hour
            + steady_usd,
        replica_hours,
        replicas,
        ..Outcome::default()
    };
    let minutes = usize::try_from(of.integer("hours").unwrap() * 60).unwrap();
    let found = commitment(&plan, &outcome, minutes);
    json!({
        "usd_per_replica_hour": plan.price.usd_per_hour,
        "up_front_usd": found.map(|it| it.up_front_usd),
        "months": found.map(|it| it.months),
        "net_usd": found.map(|it| it.net_usd.expected),
        "net_pessimistic_usd": found.map(|it| it.net_usd.pessimistic),
        "payback_months": found.and_then(|it| it.payback_months.expected),
        "pays": found.map(|it| it.pays()),
    })
}

/// A window of which some buckets' money is paid wherever the calls go.
fn run_committed(of: &Inputs<'_>) -> Value {
    let paid = of.list("committed");
    let buckets: Vec<Bucket> = of
        .list("api_costs")
        .iter()
        .zip(paid)
        .map(|(api_usd, paid)| {
            let bucket = Bucket {
                api_usd: *api_usd,
                ..Bucket::default()
            };
            if paid > 0.0 {
                bucket.committed()
            } else {
                bucket
            }
        })
        .collect();
    let avoidable: Vec<f64> = buckets.iter().map(|bucket| bucket.api_usd).collect();
    let outcome = of.with_profile(|profile| {
        let profile = Profile {
            api_usd: &avoidable,
            ..profile
        };
        evaluate(&profile, &of.terms(), of.policy())
    });
    let expected = Figures {
        cost_usd: outcome.selfhost_usd,
        savings_usd: outcome.savings_usd,
        savings_ratio: outcome.savings_ratio,
    };
    let band = Band {
        expected,
        ..Band::default()
    };
    let committed_usd = buckets.iter().map(|bucket| bucket.committed_usd).sum();
    let figures = band.beside(committed_usd).expected;
    json!({
        "cost_usd": figures.cost_usd,
        "savings_usd": figures.savings_usd,
        "savings_ratio": figures.savings_ratio,
        "overflow_api_usd": outcome.overflow_api_usd,
        "k": outcome.replicas,
    })
}

/// Whether a written range favours hosting over the default, and what it adds to the savings.
fn run_moved(of: &Inputs<'_>) -> Value {
    let range = |name| match of.list(name).as_slice() {
        [low, expected, high] => Range::new(*low, *expected, *high),
        _ => panic!("no {name}"),
    };
    let (default, written) = (range("default"), range("written"));
    let savings = |share: Range| {
        let terms = Terms {
            qualifying_share: share.expected,
            ..of.terms()
        };
        of.with_profile(|profile| evaluate(&profile, &terms, of.policy()).savings_usd)
    };
    json!({
        "listed": written.favours_hosting_over(default, true),
        "worth_usd": savings(written) - savings(default),
    })
}
