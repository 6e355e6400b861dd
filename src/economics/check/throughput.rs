#![expect(
    clippy::float_arithmetic,
    reason = "coefficients are made comparable here"
)]
//! How fast a replica is: as written, as published, or the roofline of the machine.

use super::Checker;
use super::machine::Machine;
use crate::economics::as_of::AsOf;
use crate::economics::catalogue::{Catalogue, Published, Replica};
use crate::economics::draft::PlanDraft;
use crate::economics::plan::{Throughput, ThroughputSource};
use crate::economics::roofline::{Roofline, constants};
use crate::economics::work::{Coefficients, Decode};

/// The coefficients with their source, and with what a latency limit needs.
pub(super) fn throughput(
    c: &mut Checker,
    draft: &PlanDraft,
    catalogue: &Catalogue,
    machine: &Machine,
) -> Throughput {
    let written = &draft.throughput;
    let source = source(c, written.source.as_deref());
    let estimate = machine.estimate.as_ref();
    let (coefficients, as_of, cite) = match (source, written.coefficients) {
        (ThroughputSource::Measured | ThroughputSource::Published, Some(written)) => {
            let (as_of, cite) = dated(c, draft);
            (known(c, written, estimate), as_of, cite)
        }
        (ThroughputSource::Measured, None) => {
            let message = "a, b and c are missing; tollgate calibrate fits them to a load test";
            c.tell("throughput.a", message);
            (NOTHING, AsOf::default(), String::new())
        }
        (ThroughputSource::Published, None) => {
            comes_with(c, draft, "the published row");
            published(c, draft, catalogue, machine)
        }
        (ThroughputSource::Roofline, _) => {
            comes_with(c, draft, "the roofline");
            computed(c, draft, machine)
        }
    };
    Throughput {
        source,
        coefficients,
        as_of,
        cite,
    }
}

/// Stands for coefficients that were refused.
const NOTHING: Coefficients = Coefficients {
    a: 0.0,
    b: 0.0,
    c: 0.0,
    d: 0.0,
    decode: None,
};

fn source(c: &mut Checker, word: Option<&str>) -> ThroughputSource {
    let found = ThroughputSource::ALL
        .into_iter()
        .find(|source| word == Some(source.label()));
    found.unwrap_or_else(|| {
        let message = match word {
            None => "is missing; such as \"published\"".to_owned(),
            Some("naive") => "naive counts the arithmetic alone, at 100 % of the peak: real work is 3 to \
                              32 times that, so no verdict is made of it; measured, published or roofline"
                .to_owned(),
            Some(word) => format!("{word} is not one of measured, published, roofline"),
        };
        c.tell("throughput.source", message);
        // Asks for nothing more than what is written.
        ThroughputSource::Published
    })
}

/// Written coefficients have a date and a source of their own.
fn dated(c: &mut Checker, draft: &PlanDraft) -> (AsOf, String) {
    let written = &draft.throughput;
    (
        c.require("throughput.as_of", written.as_of, "2026-05-22"),
        c.require("throughput.cite", written.cite.clone(), "\"our load test\""),
    )
}

/// Refuses what the catalogue brings.
fn comes_with(c: &mut Checker, draft: &PlanDraft, what: &str) {
    let written = &draft.throughput;
    for (key, written) in [
        ("throughput.a", written.coefficients.is_some()),
        ("throughput.as_of", written.as_of.is_some()),
        ("throughput.cite", written.cite.is_some()),
    ] {
        if written {
            c.tell(key, format!("comes with {what}; leave it out"));
        }
    }
}

/// Written coefficients; c0 is c without the memory factor 1 + W/K, which the machine tells.
fn known(c: &mut Checker, written: Coefficients, estimate: Option<&Roofline>) -> Coefficients {
    let Coefficients { a, b, c: kv, d, .. } = written;
    for (key, value) in [("a", a), ("b", b), ("c", kv), ("d", d)] {
        c.within(&format!("throughput.{key}"), value, (0.0, 1.0));
    }
    if a + b + kv <= 0.0 {
        c.tell("throughput.a", "no work at all; such as a = 6.86e-5");
    }
    let decode = estimate.and_then(|estimate| {
        let memory_factor = 1.0 + estimate.weights_bytes / estimate.kv_memory_bytes;
        let Decode {
            weights_seconds, ..
        } = estimate.coefficients.decode?;
        Some(Decode {
            c0: kv / memory_factor,
            weights_seconds,
        })
    });
    Coefficients { decode, ..written }
}

/// The row of the catalogue for this replica.
fn published(
    c: &mut Checker,
    draft: &PlanDraft,
    catalogue: &Catalogue,
    machine: &Machine,
) -> (Coefficients, AsOf, String) {
    let replica = Replica {
        model: machine.shape.name.clone(),
        gpu: machine.gpu.name.clone(),
        gpus: draft.gpus.unwrap_or_default(),
        precision: draft.precision.clone().unwrap_or_default(),
    };
    let mut rows = catalogue.published.iter();
    let Some(row) = rows.find(|row| row.replica == replica) else {
        // What names no rows, or does not fit, is told already.
        if machine.estimate.is_some() {
            unpublished(c, &replica, catalogue);
        }
        return (NOTHING, AsOf::default(), String::new());
    };
    let Published { a, b, c: kv, .. } = *row;
    let written = Coefficients {
        a,
        b,
        c: kv,
        ..NOTHING
    };
    let cite = format!(
        "{}, {} shapes, fitted within {:.0} % on average",
        row.cite,
        row.points,
        row.fit.mean * 100.0
    );
    (
        known(c, written, machine.estimate.as_ref()),
        row.as_of,
        cite,
    )
}

fn unpublished(c: &mut Checker, replica: &Replica, catalogue: &Catalogue) {
    let rows = catalogue.published_of(&replica.model);
    let rows: Vec<String> = rows
        .map(|Published { replica, .. }| {
            format!(
                "{} x {} at {}",
                replica.gpus, replica.gpu, replica.precision
            )
        })
        .collect();
    let rows = match rows.as_slice() {
        [] => "nothing of this model is".to_owned(),
        rows => format!("of this model there is {}", rows.join(", ")),
    };
    let message = format!(
        "no figures are published for {replica}: {rows}; source = \"roofline\" estimates it, tollgate \
         calibrate fits your own load test"
    );
    c.tell("throughput.source", message);
}

/// The roofline, as old as the oldest row behind it.
fn computed(c: &mut Checker, draft: &PlanDraft, machine: &Machine) -> (Coefficients, AsOf, String) {
    let Machine {
        shape,
        gpu,
        estimate: Some(estimate),
    } = machine
    else {
        return (NOTHING, AsOf::default(), String::new());
    };
    let precision = draft.precision.as_deref().unwrap_or_default();
    if !gpu.tflops.contains_key(precision) {
        let known: Vec<&str> = gpu.tflops.keys().map(String::as_str).collect();
        let message = format!(
            "{} has no arithmetic figure for {precision}, only for {}; serve one of these, or measure: \
             tollgate calibrate",
            gpu.name,
            known.join(", ")
        );
        c.tell("precision", message);
        return (NOTHING, AsOf::default(), String::new());
    }
    let as_of = AsOf::from(constants::AS_OF)
        .older(shape.as_of)
        .older(gpu.as_of);
    let cite = format!("shape: {}; data sheet: {}", shape.source, gpu.source);
    (estimate.coefficients, as_of, cite)
}
