#![expect(
    clippy::float_arithmetic,
    reason = "estimates are equal within rounding, not to the bit"
)]
//! Each figure as it was stated and as it is computed again.

use serde_json::{Value, json};

use super::{Counted, Recomputed, Statement};

/// Figures that differ by less than this part are the same: settings are read back from decimals.
const SAME_WITHIN: f64 = 1e-9;

/// One figure, both ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Its place, such as `figures.savings_usd.expected`.
    pub name: String,
    /// As it was stated.
    pub stated: Value,
    /// As it comes out; null where it does not.
    pub recomputed: Value,
    /// Whether they are the same.
    pub equal: bool,
}

/// Every figure of a statement beside what is computed again.
#[must_use]
pub fn compared(statement: &Statement, again: &Recomputed) -> Vec<Compared> {
    let mut all = Vec::new();
    let demand = |seal| serde_json::to_value(seal).unwrap_or_default();
    walk(
        "demand",
        &demand(&statement.demand),
        &demand(&again.demand),
        &mut all,
    );
    walk("figures", &statement.figures, &again.figures, &mut all);
    walk(
        "stands_on",
        &statement.stands_on,
        &again.stands_on,
        &mut all,
    );
    for (stated, again) in statement.counted.iter().zip(&again.counted) {
        let value = |day: &Counted| serde_json::to_value(day).unwrap_or_default();
        let is = again.as_ref().map_or(Value::Null, value);
        walk(&stated.day.to_string(), &value(stated), &is, &mut all);
    }
    all.push(Compared {
        name: "decision".to_owned(),
        stated: json!(statement.to.label()),
        recomputed: if again.switches {
            json!(statement.to.label())
        } else {
            json!("no switch")
        },
        equal: again.switches,
    });
    all
}

fn walk(name: &str, stated: &Value, is: &Value, all: &mut Vec<Compared>) {
    match (stated, is) {
        (Value::Object(stated), Value::Object(is)) => {
            for (key, stated) in stated {
                let is = is.get(key).unwrap_or(&Value::Null);
                walk(&format!("{name}.{key}"), stated, is, all);
            }
            for (key, is) in is.iter().filter(|(key, _)| !stated.contains_key(*key)) {
                walk(&format!("{name}.{key}"), &Value::Null, is, all);
            }
        }
        (Value::Array(many), Value::Array(others))
            if many.len() == others.len() && many.iter().any(Value::is_object) =>
        {
            for (at, (stated, is)) in many.iter().zip(others).enumerate() {
                walk(&format!("{name}.{at}"), stated, is, all);
            }
        }
        _ => all.push(Compared {
            name: name.to_owned(),
            stated: stated.clone(),
            recomputed: is.clone(),
            equal: same(stated, is),
        }),
    }
}

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() || other.is_f64() => {
            let real = |number: &serde_json::Number| number.as_f64().unwrap_or_default();
            let (one, other) = (real(one), real(other));
            (one - other).abs() <= SAME_WITHIN * one.abs().max(other.abs()).max(1.0)
        }
        (Value::Array(many), Value::Array(others)) => {
            let both = many.iter().zip(others);
            many.len() == others.len() && both.into_iter().all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}
