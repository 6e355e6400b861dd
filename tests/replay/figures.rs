#![expect(clippy::float_arithmetic, reason = "figures are compared to rounding")]
//! Every figure of the verdict and of its metrics against the pure functions.

use serde_json::Value;
use tollgate::economics::band::Deviation;
use tollgate::economics::projection::{Band, Figures, Hosted, Scenario};

use crate::clock::{BEGIN, DAY};
use crate::pencil::{Pencil, Said};

/// Sums in another order differ by less.
const ROUNDING: f64 = 1e-9;

/// What binary and pure functions say of the fortnight before a day.
pub(crate) fn compare(pencil: &Pencil, day: i64, verdict: &Value, metrics: &str) {
    let window = window(verdict, "14d");
    for (at, plan) in pencil.plans().iter().enumerate() {
        let said = pencil.said(plan, day);
        let seen = &window["plans"][at];
        assert_eq!(seen["plan"], *plan.name);
        hosted(&seen["hosted"], &said.hosted);
        band(&window["endpoints"][0], &said.sold);
        ahead(seen, &said, day);
        gauges(metrics, &plan.name, &said, seen);
    }
}

/// A window of `/api/v1/breakeven`.
pub(crate) fn window<'v>(verdict: &'v Value, label: &str) -> &'v Value {
    let windows = verdict["windows"].as_array().unwrap();
    windows.iter().find(|at| at["window"] == *label).unwrap()
}

/// The same but for rounding.
#[track_caller]
pub(crate) fn near(seen: &Value, said: f64) {
    let found = seen.as_f64().unwrap_or(f64::NAN);
    let most = ROUNDING * said.abs().max(1e-3);
    assert!((found - said).abs() <= most, "{found} is not {said}");
}

#[track_caller]
fn near_if(seen: &Value, said: Option<f64>) {
    match said {
        Some(said) => near(seen, said),
        None => assert!(seen.is_null(), "{seen}"),
    }
}

#[track_caller]
fn money(seen: &Value, said: &Figures) {
    near(&seen["cost_usd"], said.cost_usd);
    near(&seen["savings_usd"], said.savings_usd);
    near_if(&seen["savings_ratio"], said.savings_ratio);
}

/// The scenarios, the worst of all, and what decides.
#[track_caller]
fn band(seen: &Value, said: &Band) {
    for scenario in Scenario::ALL {
        money(&seen["scenarios"][scenario.label()], said.figures(scenario));
    }
    money(&seen["all_at_worst"], &said.all_at_worst);
    let sensitivity = seen["sensitivity"].as_array().unwrap();
    assert_eq!(sensitivity.len(), said.sensitivity.len());
    for (seen, said) in sensitivity.iter().zip(&said.sensitivity) {
        let Deviation {
            parameter,
            low_usd,
            high_usd,
        } = said;
        assert_eq!(seen["parameter"], *parameter);
        near(&seen["low_usd"], *low_usd);
        near(&seen["high_usd"], *high_usd);
    }
}

fn hosted(seen: &Value, said: &Hosted) {
    band(seen, &said.band);
    let replicas = &seen["replicas"];
    near(&replicas["now"], said.replicas.now);
    near(&replicas["mean"], said.replicas.mean);
    near(&replicas["p99"], said.replicas.p99);
    near(&replicas["peak"], said.replicas.peak);
    near_if(&seen["utilisation"], said.utilisation);
    near(&seen["short_ratio"], said.short_ratio);
    near(&seen["overflow_usd"], said.overflow_usd);
    near_if(&seen["usd_per_mtok"], said.usd_per_mtok);
}

/// Volumes, trends and dates.
fn ahead(seen: &Value, said: &Said, day: i64) {
    near(&seen["calls_per_day"], said.calls_per_day);
    let volumes = &seen["breakeven_calls_per_day"];
    let at = |scale: Option<f64>| scale.map(|scale| scale * said.calls_per_day);
    near_if(&volumes["first"], at(said.breakeven.first));
    near_if(&volumes["robust"], at(said.breakeven.robust));
    let outlook = &seen["outlook"];
    assert_eq!(outlook["complete_days"], day);
    near(&outlook["growth_per_day"]["expected"], said.growth.per_day);
    near(&outlook["growth_per_day"]["low"], said.growth.low);
    near(&outlook["growth_per_day"]["high"], said.growth.high);
    for scenario in Scenario::ALL {
        let date = &outlook["breakeven_at"][scenario.label()];
        let seen = date.as_str().map(|date| {
            let date: jiff::Timestamp = date.parse().unwrap();
            date.as_duration().as_secs_f64() / 86_400.0
        });
        let midnight = f64::from(i32::try_from(BEGIN / DAY + day).unwrap());
        let said = said.breakeven_days.at(scenario);
        let said = said.map(|days| midnight + days);
        near_if(&seen.into(), said);
    }
}

/// What Prometheus reads is what the page shows.
fn gauges(metrics: &str, plan: &str, said: &Said, seen: &Value) {
    for scenario in Scenario::ALL {
        let figures = said.hosted.band.figures(scenario);
        let label = scenario.label();
        let labels = [("plan", plan), ("window", "14d"), ("scenario", label)];
        let gauge = |name| sample(metrics, name, &labels).into();
        near(
            &gauge("tollgate_selfhost_window_cost_usd"),
            figures.cost_usd,
        );
        near(&gauge("tollgate_selfhost_savings_usd"), figures.savings_usd);
        let name = "tollgate_selfhost_breakeven_timestamp_seconds";
        let at = sample(metrics, name, &[("plan", plan), ("scenario", label)]);
        let date = seen["outlook"]["breakeven_at"][label].as_str();
        let date = date.map(|date| date.parse::<jiff::Timestamp>().unwrap());
        near_if(&at.into(), date.map(|at| at.as_duration().as_secs_f64()));
    }
}

/// The value of the one series with these labels.
pub(crate) fn sample(metrics: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let has = |line: &&str| {
        let named = line
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('{'));
        let mut pairs = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{value}\""));
        named && pairs.all(|pair| line.contains(&pair))
    };
    let line = metrics.lines().find(has)?;
    line.rsplit(' ').next()?.parse().ok()
}
