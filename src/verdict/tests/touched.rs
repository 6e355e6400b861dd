#![expect(clippy::float_arithmetic, reason = "a figure is changed by a little")]
//! Whatever is changed in a statement and sealed anew is found; what cannot be computed again is no
//! difference.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::date;
use serde_json::Value;

use super::anew::{PLAN, hosting, switches};
use super::made::{TODAY, closed, minute, stream};
use super::rivals::beside;
use crate::economics::projection::AlternativeKind;
use crate::verdict::report::day_of;
use crate::verdict::statement::{
    ApiPrice, Beside, Compared, Gathered, Gathering, Holds, Recomputed, Statement, compared,
    days_of, kind_of, opened, sealed,
};
use crate::verdict::{DAY_MINUTES, Settings, States, Switch, Verdict};

/// Only so many minutes of a day are observed, which is enough here: a pass takes a tenth of the time.
const OBSERVED: i64 = 130;

/// The same settings for days of which no more is observed.
fn of_short_days(mut settings: Settings) -> Settings {
    settings.rule.coverage_min = 0.9 * 130.0 / 1_440.0;
    settings
}

/// Days of demand without a gap.
#[expect(
    clippy::single_range_in_vec_init,
    reason = "one stretch, where others are several"
)]
const ALL: &[Range<i64>] = &[TODAY - 33..TODAY];

/// The observed minutes of some days.
fn minutes(days: Range<i64>) -> impl Iterator<Item = i64> {
    days.flat_map(|day| day * DAY_MINUTES..day * DAY_MINUTES + OBSERVED)
}

fn load(verdict: &Verdict, days: Range<i64>) {
    let (name, demand) = (stream("gpt-4o", "8k"), minute(60, 5_000));
    verdict.load(minutes(days).map(|at| (name.clone(), at, demand)), []);
}

fn the_switch(verdict: &Verdict) -> Switch {
    let [switch] = switches(verdict.take_news()).try_into().unwrap();
    switch
}

/// A plan that changed, and wins over the days that are kept.
fn changed() -> Switch {
    let dear = hosting(|draft| draft.min_saving_usd_per_month = Some(100_000.0));
    let dear = Settings {
        plans: dear.plans,
        ..of_short_days(beside("1.9"))
    };
    let verdict = Verdict::new(dear, States::default());
    load(&verdict, TODAY - 33..TODAY);
    verdict.tick(closed(TODAY - 1));
    let next = Verdict::new(of_short_days(beside("1.9")), verdict.stored());
    load(&next, TODAY - 33..TODAY);
    next.tick(closed(TODAY - 1));
    the_switch(&next)
}

/// The demand of the days that a statement asks for, by its settings.
fn gathered(statement: &Statement, days: &[Range<i64>]) -> Option<Gathered> {
    let settings: Settings = serde_json::from_value(statement.settings.clone()).ok()?;
    let of = (kind_of(&statement.kind)?, statement.name.as_str());
    let mut gathering = Gathering::new(&Arc::new(settings), of, statement.demand.days)?;
    for (from, until) in &statement.demand.observed {
        (*from..*until).for_each(|at| gathering.up(at));
    }
    add(&mut gathering, days);
    Some(gathering.finish())
}

fn add(gathering: &mut Gathering, days: &[Range<i64>]) {
    let (name, demand) = (stream("gpt-4o", "8k"), minute(60, 5_000));
    for at in days.iter().cloned().flat_map(minutes) {
        gathering.add(&name, at, &demand);
    }
}

fn frozen(switch: &Switch, demand: &[Range<i64>]) -> Statement {
    let days = days_of(switch.counted.first().map(|day| day.day), switch.day);
    let of = (AlternativeKind::Selfhost, PLAN);
    let mut gathering = Gathering::new(&switch.settings, of, days).unwrap();
    add(&mut gathering, demand);
    // A look at a quarter past midnight is an observed minute of a day without calls.
    (TODAY - 20..TODAY).for_each(|day| gathering.up(day * DAY_MINUTES + 15));
    let price = ApiPrice {
        kind: "api".into(),
        name: "openai/gpt-4o".into(),
        as_of: date(2026, 8, 1),
        age_days: 37,
    };
    let beside = Beside {
        api_prices: vec![price],
        prices_sha256: "11".into(),
        catalogue_sha256: "22".into(),
        priced_again: 0,
    };
    gathering.finish().statement(switch, beside).unwrap()
}

/// The places of all values that hold no others.
fn leaves(of: &Value, place: &str, all: &mut Vec<String>) {
    match of {
        Value::Object(fields) => {
            for (key, it) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                leaves(it, &format!("{place}/{key}"), all);
            }
        }
        Value::Array(many) => {
            for (at, it) in many.iter().enumerate() {
                leaves(it, &format!("{place}/{at}"), all);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            all.push(place.to_owned());
        }
    }
}

/// A value that is another, by as little as may be: a digit, where there is one.
fn touched(leaf: &Value) -> Value {
    match leaf {
        Value::Bool(is) => (!is).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64().unwrap()) {
            (Some(number), _) => (number + 1).into(),
            (None, number) => (number + number.abs().max(1.0) * 1e-6).into(),
        },
        Value::String(text) => match text.rfind(|c: char| c.is_ascii_alphanumeric()) {
            Some(at) if &text[at..=at] == "1" => format!("{}2{}", &text[..at], &text[at + 1..]),
            Some(at) => format!("{}1{}", &text[..at], &text[at + 1..]),
            None => format!("{text}1"),
        }
        .into(),
        Value::Null | Value::Array(_) | Value::Object(_) => 1.into(),
    }
}

/// Whether the rows tell it from a true one; `known` is what they come to by the same settings and days.
fn is_found(statement: &Value, place: &str, known: &Recomputed) -> bool {
    let Ok(statement) = serde_json::from_value::<Statement>(statement.clone()) else {
        return true;
    };
    let (text, _) = sealed(&statement).unwrap();
    if opened(&text).is_err() {
        return true;
    }
    let are_figures = ["/figures", "/stands_on", "/api_prices"];
    let again = if are_figures.iter().any(|part| place.starts_with(part)) {
        Some(known.clone())
    } else {
        gathered(&statement, ALL).and_then(|it| it.recomputed(&statement))
    };
    let differs = |all: Vec<Compared>| all.iter().any(|it| it.holds == Holds::Differs);
    again.is_none_or(|again| differs(compared(&statement, &again)))
}

/// What no row says: that it was changed is told by the checksum in the record alone.
const ONLY_THE_RECORD_TELLS: &[&str] = &[
    "/api_prices/0/age_days",
    "/api_prices/0/as_of",
    "/api_prices/0/kind",
    "/api_prices/0/name",
    "/catalogue_sha256",
    "/changed/0/was",
    "/priced_again",
    "/prices_sha256",
    "/tollgate",
];

/// The same of settings: places that no figure of this statement, or not every value of them, depends on.
const NO_FIGURE_OF_THESE: &[&str] = &[
    "/settings/capture_ratio_min",
    "/settings/doubtful_share_max",
    "/settings/endpoints/0/alert",
    "/settings/endpoints/0/arm/assumptions/api_price_decline_per_year",
    "/settings/endpoints/0/arm/assumptions/cached_work_saved",
    "/settings/endpoints/0/arm/assumptions/escalation",
    "/settings/endpoints/0/arm/assumptions/gpu_price_decline_per_year",
    "/settings/endpoints/0/arm/assumptions/gpu_price_factor",
    "/settings/endpoints/0/arm/assumptions/ops_usd_per_month",
    "/settings/endpoints/0/arm/assumptions/qualifying_share",
    "/settings/endpoints/0/arm/assumptions/token_ratio_in",
    "/settings/endpoints/0/arm/assumptions/token_ratio_out",
    "/settings/endpoints/0/arm/assumptions/utilisation",
    "/settings/endpoints/0/arm/assumptions/work_multiplier",
    "/settings/endpoints/0/arm/price/Tokens/model",
    "/settings/endpoints/0/arm/price/Tokens/rates/cached_input",
    "/settings/endpoints/0/arm/replaces/1",
    "/settings/endpoints/0/min_saving_usd_per_month",
    "/settings/plans/0/amortisation_months",
    "/settings/plans/0/assumptions/api_price_decline_per_year",
    "/settings/plans/0/assumptions/cached_work_saved",
    "/settings/plans/0/assumptions/gpu_price_decline_per_year",
    "/settings/plans/0/assumptions/token_ratio_in",
    "/settings/plans/0/assumptions/token_ratio_out",
    "/settings/plans/0/assumptions/utilisation",
    "/settings/plans/0/assumptions/work_multiplier",
    "/settings/plans/0/gpu/as_of",
    "/settings/plans/0/gpu/bandwidth_tb_s",
    "/settings/plans/0/gpu/memory_gb",
    "/settings/plans/0/gpu/name",
    "/settings/plans/0/gpu/source",
    "/settings/plans/0/gpu/tdp_w",
    "/settings/plans/0/gpu/tflops/bf16",
    "/settings/plans/0/gpu/tflops/fp8",
    "/settings/plans/0/gpus",
    "/settings/plans/0/model/active_params_b",
    "/settings/plans/0/model/as_of",
    "/settings/plans/0/model/kv_elements_per_token",
    "/settings/plans/0/model/name",
    "/settings/plans/0/model/source",
    "/settings/plans/0/model/total_params_b",
    "/settings/plans/0/precision",
    "/settings/plans/0/price/owed_usd_per_hour",
    "/settings/plans/0/price/purchase_usd_per_hour",
    "/settings/plans/0/replaces/1",
    "/settings/plans/0/throughput/coefficients/decode/weights_seconds",
    "/settings/plans/0/ttft_slo_seconds",
    "/settings/rule/coverage_min",
    "/settings/rule/enter_ratio",
    "/settings/rule/exit_days",
    "/settings/rule/exit_ratio",
    "/settings/rule/pessimistic_ratio_min",
];

#[test]
fn whatever_is_changed_in_a_statement_is_found_by_the_rows_or_named_here() {
    let statement = frozen(&changed(), ALL);
    let whole = serde_json::to_value(&statement).unwrap();
    let known = gathered(&statement, ALL).unwrap();
    let known = known.recomputed(&statement).unwrap();
    let differs = compared(&statement, &known).into_iter();
    let differs: Vec<_> = differs.filter(|it| it.holds != Holds::Equal).collect();
    assert_eq!(differs, []);
    let mut all = Vec::new();
    leaves(&whole, "", &mut all);
    let unfound = |places: &[String]| -> Vec<String> {
        let unfound = places.iter().filter(|place| {
            let mut changed = whole.clone();
            let leaf = changed.pointer_mut(place).unwrap();
            *leaf = touched(leaf);
            !is_found(&changed, place, &known)
        });
        unfound.cloned().collect()
    };
    let parts = all.chunks(all.len().div_ceil(4));
    let unfound: BTreeSet<String> = std::thread::scope(|scope| {
        let parts = parts.map(|part| scope.spawn(|| unfound(part)));
        let parts: Vec<_> = parts.collect();
        let found = parts.into_iter().flat_map(|part| part.join().unwrap());
        found.collect()
    });
    let (settings, others): (Vec<_>, Vec<_>) = unfound
        .iter()
        .partition(|place| place.starts_with("/settings"));
    assert_eq!(others, ONLY_THE_RECORD_TELLS);
    let of = |place: &str, known: &str| place.starts_with(known);
    for place in &settings {
        assert!(
            NO_FIGURE_OF_THESE.iter().any(|known| of(place, known)),
            "{place}"
        );
    }
    for known in NO_FIGURE_OF_THESE {
        assert!(settings.iter().any(|place| of(place, known)), "{known}");
    }
}

#[test]
fn a_day_behind_an_outage_cannot_be_computed_again_and_is_no_difference() {
    let verdict = Verdict::new(of_short_days(hosting(|_| {})), States::default());
    let demand = [TODAY - 50..TODAY - 20, TODAY - 17..TODAY];
    load(&verdict, demand[0].clone());
    verdict.tick(closed(TODAY - 21));
    // Three days that nobody saw, and the fortnight in which they are too much of the window.
    load(&verdict, demand[1].clone());
    for day in TODAY - 20..TODAY {
        verdict.tick(closed(day));
    }
    let switch = the_switch(&verdict);
    let first = switch.counted[0].day;
    assert_eq!((first, switch.counted.len()), (day_of(TODAY - 21), 3));
    let statement = frozen(&switch, &demand);
    let again = gathered(&statement, &demand).unwrap();
    let all = compared(&statement, &again.recomputed(&statement).unwrap());
    let unequal: Vec<_> = all.iter().filter(|it| it.holds != Holds::Equal).collect();
    let [old] = unequal[..] else {
        panic!("{unequal:?}")
    };
    assert_eq!(old.name, first.to_string());
    assert!(matches!(old.holds, Holds::Unknown(why) if why.contains("older than the 35 days")));
}
