//! The rows of the catalogue that a plan names, and whether the model fits the machine.

use super::Checker;
use crate::economics::catalogue::{self, Catalogue, Gpu, Row, Shape};
use crate::economics::draft::PlanDraft;
use crate::economics::roofline::{Roofline, constants};

/// What a plan names.
#[derive(Default)]
pub(super) struct Machine {
    pub(super) shape: Shape,
    pub(super) gpu: Gpu,
    /// What shape and data sheet say; `None` if a row is not known or the model does not fit.
    pub(super) estimate: Option<Roofline>,
}

/// How a model is added.
const MODEL: (&str, &str, &str) = (
    "model",
    "\"llama-3.3-70b\"",
    "add a [[model]] row to a file that [catalogues] throughput names",
);
/// How a GPU is added.
const GPU: (&str, &str, &str) = (
    "gpu",
    "\"H100-SXM\"",
    "add a [[gpu]] row to a file that [catalogues] hardware names",
);

/// The rows a plan names.
pub(super) fn machine(c: &mut Checker, draft: &PlanDraft, catalogue: &Catalogue) -> Machine {
    let shape = named(c, draft.model.as_deref(), &catalogue.models, MODEL);
    let gpu = named(c, draft.gpu.as_deref(), &catalogue.gpus, GPU);
    let precision = precision(c, draft.precision.as_deref());
    let mut machine = Machine {
        shape: shape.cloned().unwrap_or_default(),
        gpu: gpu.cloned().unwrap_or_default(),
        estimate: None,
    };
    let (Some(shape), Some(gpu), Some(precision), Some(gpus @ 1..)) =
        (shape, gpu, precision, draft.gpus)
    else {
        return machine;
    };
    match shape.on(gpu, gpus, precision) {
        Ok(estimate) => machine.estimate = Some(estimate),
        Err(misfit) => {
            let (model, gpu, precision) = (&shape.name, &gpu.name, precision.name);
            let message = format!(
                "{model} does not fit: {:.0} GB of weights at {precision}, {:.0} GB usable on {gpus} x \
                 {gpu}; gpus = {:.0} or more, or a smaller precision",
                misfit.weights_gb, misfit.usable_gb, misfit.gpus_min
            );
            c.tell("gpus", message);
        }
    }
    machine
}

fn named<'r, R: Row>(
    c: &mut Checker,
    name: Option<&str>,
    rows: &'r [R],
    (key, such_as, remedy): (&str, &str, &str),
) -> Option<&'r R> {
    let Some(name) = name else {
        c.tell(key, format!("is missing; such as {such_as}"));
        return None;
    };
    match catalogue::find(rows, name) {
        Ok(row) => Some(row),
        Err(nearest) => {
            let near = match nearest.as_slice() {
                [] => String::new(),
                near => format!("did you mean {}? Else ", near.join(" or ")),
            };
            c.tell(
                key,
                format!("{name} is not in the catalogue; {near}{remedy}"),
            );
            None
        }
    }
}

fn precision(c: &mut Checker, name: Option<&str>) -> Option<constants::Precision> {
    let Some(name) = name else {
        c.tell("precision", "is missing; such as \"fp8\"");
        return None;
    };
    let found = constants::precision(name);
    if found.is_none() {
        let known = constants::precisions();
        c.tell("precision", format!("{name} is not one of {known}"));
    }
    found
}
