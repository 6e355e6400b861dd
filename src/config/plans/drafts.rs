//! The tables of a plans file as `economics` takes them: read, not yet judged.

use crate::config::section::Section;
use crate::config::value::Value;
use crate::economics::assumptions::{Parameter, Range};
use crate::economics::draft::{ReservedDraft, ThroughputDraft};
use crate::economics::ownership::Ownership;
use crate::economics::plan::Basis;
use crate::economics::work::Coefficients;
use crate::economics::{EndpointDraft, PlanDraft};

/// A `[plans.NAME]` table as it is written.
pub(super) fn plan(name: &str, s: &mut Section<'_>) -> PlanDraft {
    PlanDraft {
        name: name.to_owned(),
        replaces: texts(s, "replaces"),
        serves: text(s, "serves"),
        model: text(s, "model"),
        gpu: text(s, "gpu"),
        gpus: s.read("gpus", Value::whole),
        precision: text(s, "precision"),
        throughput: throughput(s.section("throughput")),
        offer: text(s, "offer"),
        gpu_usd_per_hour: s.read("gpu_usd_per_hour", Value::number),
        host_usd_per_hour: s.read("host_usd_per_hour", Value::number),
        owned: s.read("owned", |value| owned(value.section())),
        reserved: s.read("reserved", |value| Some(reserved(value.section()))),
        price_as_of: s.read("price_as_of", Value::as_of),
        price_source: text(s, "price_source"),
        policy: text(s, "policy"),
        replicas: s.read("replicas", Value::whole),
        peak_quantile: s.read("peak_quantile", Value::number),
        warm_up_seconds: s.read("warm_up_seconds", Value::whole),
        cool_down_seconds: s.read("cool_down_seconds", Value::whole),
        idle_seconds: s.read("idle_seconds", Value::whole),
        min_replicas: s.read("min_replicas", Value::whole),
        max_replicas: s.read("max_replicas", Value::whole),
        tpot_limit_seconds: s.read("tpot_limit_seconds", Value::number),
        ttft_limit_seconds: s.read("ttft_limit_seconds", Value::number),
        ranges: ranges(s, &Parameter::ALL),
        further: s.read("further", Value::boolean).unwrap_or(false),
        basis: s.read("basis", |value| basis(value.section())),
        one_off_usd: s.read("one_off_usd", Value::number),
        amortisation_months: s.read("amortisation_months", Value::whole),
        usd_per_call: s.read("usd_per_call", Value::number),
        min_saving_usd_per_month: s.read("min_saving_usd_per_month", Value::number),
        alert: s.read("alert", Value::boolean),
    }
}

/// An `[endpoints.NAME]` table as it is written.
pub(super) fn endpoint(name: &str, s: &mut Section<'_>) -> EndpointDraft {
    let rate = |value: &Value<'_>| value.decimal(str::parse);
    EndpointDraft {
        name: name.to_owned(),
        replaces: texts(s, "replaces"),
        serves: text(s, "serves"),
        model: text(s, "model"),
        input_usd_per_mtok: s.read("input_usd_per_mtok", rate),
        cached_input_usd_per_mtok: s.read("cached_input_usd_per_mtok", rate),
        output_usd_per_mtok: s.read("output_usd_per_mtok", rate),
        price_as_of: s.read("price_as_of", Value::day),
        price_source: text(s, "price_source"),
        ranges: ranges(s, &Parameter::ALL),
        basis: s.read("basis", |value| basis(value.section())),
        min_saving_usd_per_month: s.read("min_saving_usd_per_month", Value::number),
        alert: s.read("alert", Value::boolean),
    }
}

pub(super) fn text(s: &mut Section<'_>, key: &str) -> Option<String> {
    s.read(key, Value::text).map(str::to_owned)
}

pub(super) fn texts(s: &mut Section<'_>, key: &str) -> Vec<String> {
    let value = s.value(key);
    let texts = value.iter().flat_map(Value::texts);
    texts.map(|(text, _)| text.to_owned()).collect()
}

pub(super) fn ranges(s: &mut Section<'_>, parameters: &[Parameter]) -> Vec<(Parameter, Range)> {
    let mut read = |parameter: Parameter| Some((parameter, s.read(parameter.key(), range)?));
    parameters.iter().copied().filter_map(&mut read).collect()
}

/// `[low, expected, high]` as seen from hosting, or one number that is certain.
pub(super) fn range(value: &Value<'_>) -> Option<Range> {
    if value.item.get_ref().as_array().is_none() {
        return value.number().map(Range::certain);
    }
    let numbers: Option<Vec<f64>> = value.items().iter().map(Value::number).collect();
    match numbers?.as_slice() {
        [low, expected, high] => Some(Range::new(*low, *expected, *high)),
        _ => value.is_not("three numbers: [pessimistic, expected, optimistic] for hosting"),
    }
}

fn throughput(mut section: Section<'_>) -> ThroughputDraft {
    let numbers = ["a", "b", "c", "d"].map(|key| section.read(key, Value::number));
    let [a, b, c, d] = numbers.map(Option::unwrap_or_default);
    let decode = None;
    let coefficients = Coefficients { a, b, c, d, decode };
    let written = numbers.iter().any(Option::is_some);
    let draft = ThroughputDraft {
        source: text(&mut section, "source"),
        coefficients: written.then_some(coefficients),
        as_of: section.read("as_of", Value::as_of),
        cite: text(&mut section, "cite"),
    };
    section.finish(&[]);
    draft
}

/// A bought replica: what it costs and how long it lives must be said, the rest may be nothing.
fn owned(mut s: Section<'_>) -> Option<Ownership> {
    let capex = s.require("capex_usd", "capex_usd = 250000", Value::number);
    let life = s.require("life_years", "life_years = 4", Value::number);
    let mut number = |key, default| s.read(key, Value::number).unwrap_or(default);
    let owned = Ownership {
        capex_usd: capex.unwrap_or(0.0),
        residual_usd: number("residual_usd", 0.0),
        life_years: life.unwrap_or(1.0),
        maintenance_rate: number("maintenance_rate", 0.0),
        kw: number("kw", 0.0),
        pue: number("pue", 1.0),
        usd_per_kwh: number("usd_per_kwh", 0.0),
        colo_usd_per_kw_month: number("colo_usd_per_kw_month", 0.0),
        cost_of_capital: number("cost_of_capital", 0.0),
    };
    s.finish(&[]);
    capex.and(life).map(|_| owned)
}

/// Rented for a term: what is missing is told by the check.
fn reserved(mut s: Section<'_>) -> ReservedDraft {
    let draft = ReservedDraft {
        usd_per_gpu_hour: s.read("usd_per_gpu_hour", Value::number),
        term_months: s.read("term_months", Value::whole),
        up_front_usd: s.read("up_front_usd", Value::number),
        as_of: s.read("as_of", Value::as_of),
        source: text(&mut s, "source"),
    };
    s.finish(&[]);
    draft
}

fn basis(mut s: Section<'_>) -> Option<Basis> {
    let words = |value: &Value<'_>| value.text().map(str::to_owned);
    let basis = s.require("basis", "basis = \"evaluation of 500 answers\"", words);
    let by = s.require("by", "by = \"name\"", words);
    let date = s.require("date", "date = 2026-01-31", Value::day);
    s.finish(&[]);
    Some(Basis {
        basis: basis?,
        by: by?,
        date: date?,
    })
}
