//! `[[model]]` and `[[published]]`.

use super::{above_zero, count, list, named, positive, words};
use crate::config::section::Section;
use crate::config::value::Value;
use crate::economics::Catalogue;
use crate::economics::calibrate::Errors;
use crate::economics::catalogue::{Gpu, Published, Replica, Shape};
use crate::economics::roofline::constants;

/// The rows of one file.
pub(super) fn read(root: &mut Section<'_>, catalogue: &mut Catalogue) {
    let Catalogue {
        models,
        published,
        gpus,
        offers: _,
    } = catalogue;
    list(root, "model", models, model);
    list(root, "published", published, |section| {
        row(section, models, gpus)
    });
}

fn model(s: &mut Section<'_>) -> Option<Shape> {
    let name = words(s, "name", "\"llama-3.3-70b\"");
    let total_params_b = positive(s, "total_params_b", "70.55");
    let active_params_b = positive(s, "active_params_b", "70.55");
    let kv_elements_per_token = positive(s, "kv_elements_per_token", "163840");
    let as_of = s.require("as_of", "as_of = 2026-05-22", Value::as_of);
    let source = words(s, "source", "\"the model's config.json\"");
    let note = s.read("note", Value::text).map(str::to_owned);
    if active_params_b > total_params_b && total_params_b.is_some() {
        s.problem_at(
            "active_params_b",
            "is above total_params_b; a token cannot pass through more",
        );
    }
    Some(Shape {
        name: name?,
        total_params_b: total_params_b?,
        active_params_b: active_params_b?,
        kv_elements_per_token: kv_elements_per_token?,
        as_of: as_of?,
        source: source?,
        note,
    })
}

fn row(s: &mut Section<'_>, models: &[Shape], gpus: &[Gpu]) -> Option<Published> {
    let model = named(s, "model", "\"llama-3.3-70b\"", models);
    let gpu = named(s, "gpu", "\"H100-SXM\"", gpus);
    let many = count(s, "gpus", "2");
    let names = constants::PRECISIONS.map(|known| (known.name, known.name));
    let precision = s.require("precision", "precision = \"fp8\"", |value| {
        value.choice(&names)
    });
    let [a, b, c] = ["a", "b", "c"].map(|key| s.require(key, &format!("{key} = 6.86e-5"), seconds));
    let points = count(s, "points", "10");
    let fit = errors(s, "fit_error");
    let left_out = errors(s, "left_out_error");
    let single_figure = errors(s, "single_figure_error");
    let as_of = s.require("as_of", "as_of = 2026-05-22", Value::as_of);
    let cite = words(s, "cite", "\"whose table\"");
    Some(Published {
        replica: Replica {
            model: model?,
            gpu: gpu?,
            gpus: many?,
            precision: precision?.to_owned(),
        },
        a: a?,
        b: b?,
        c: c?,
        points: points?,
        fit: fit?,
        left_out: left_out?,
        single_figure: single_figure?,
        as_of: as_of?,
        cite: cite?,
    })
}

/// A coefficient: zero where the fit left it out.
fn seconds(value: &Value<'_>) -> Option<f64> {
    let number = value.number()?;
    let found = (0.0..1.0).contains(&number).then_some(number);
    found.or_else(|| value.is_not("seconds, from 0 to below 1"))
}

/// `[mean, largest]`.
fn errors(s: &mut Section<'_>, key: &str) -> Option<Errors> {
    s.require(key, &format!("{key} = [0.03, 0.08]"), |value| {
        let numbers: Option<Vec<f64>> = value.items().iter().map(above_zero).collect();
        match numbers?.as_slice() {
            [mean, largest] if mean <= largest => Some(Errors {
                mean: *mean,
                largest: *largest,
            }),
            _ => value.is_not("[mean, largest]"),
        }
    })
}
