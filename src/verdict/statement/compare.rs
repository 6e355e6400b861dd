#![expect(
    clippy::float_arithmetic,
    reason = "estimates are equal within rounding, not to the bit"
)]
//! Each figure as it was stated and as it is computed again.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Again, Change, Recomputed, Side, Statement};

/// Figures that differ by less than this part are the same: settings are read back from decimals.
const SAME_WITHIN: f64 = 1e-9;
/// Why a counted day cannot be computed again.
const TOO_OLD: &str = "its demand is older than the 35 days that are kept of it";

/// Whether a figure is what it was stated to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Both are the same.
    Equal,
    /// They are not.
    Differs,
    /// Nobody can say any more, and why.
    Unknown(&'static str),
}

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
    pub holds: Holds,
}

/// Every figure of a statement beside what is computed again.
#[must_use]
pub fn compared(statement: &Statement, again: &Recomputed) -> Vec<Compared> {
    let mut all = Vec::new();
    shape(statement, again, &mut all);
    each("demand", &statement.demand, &again.demand, &mut all);
    each("figures", &statement.figures, &again.figures, &mut all);
    let (stated, is) = (&statement.stands_on, &again.stands_on);
    each("stands_on", stated, is, &mut all);
    for (at, (change, is)) in statement.changed.iter().zip(&again.changed).enumerate() {
        let Change { is: stated, .. } = change;
        each(&format!("changed.{at}.is"), stated, is, &mut all);
    }
    for stated in &statement.counted {
        let name = stated.day.to_string();
        match again.days.get(&stated.day) {
            Some(Again::Counts(is)) => each(&name, stated, is, &mut all),
            Some(Again::DoesNotCount) => each(&name, stated, &Value::Null, &mut all),
            Some(Again::TooOld) | None => all.push(Compared {
                name,
                stated: value(stated),
                recomputed: Value::Null,
                holds: Holds::Unknown(TOO_OLD),
            }),
        }
    }
    all.push(decision(statement, again.decision));
    all
}

impl Statement {
    /// Whether both are of one switch, decided alike: another release may have made one of them, and
    /// other prices may have been in force.
    #[must_use]
    pub fn is_of_same_switch(&self, other: &Self) -> bool {
        let other = Self {
            tollgate: self.tollgate.clone(),
            api_prices: self.api_prices.clone(),
            prices_sha256: self.prices_sha256.clone(),
            catalogue_sha256: self.catalogue_sha256.clone(),
            priced_again: self.priced_again,
            ..other.clone()
        };
        let mut all = Vec::new();
        each("statement", self, &other, &mut all);
        all.iter().all(|it| it.holds == Holds::Equal)
    }
}

/// Whether its parts fit each other: sides, windows and days.
fn shape(statement: &Statement, again: &Recomputed, all: &mut Vec<Compared>) {
    each("window", &statement.window, &again.window, all);
    each("before", &statement.before, &again.before, all);
    // What was on and is on again by other settings is the one switch that is none.
    let (from, to) = (statement.from, statement.to);
    let is_again = from == Side::On && !statement.changed.is_empty();
    let other = if to == Side::On && !is_again {
        Side::Off
    } else {
        Side::On
    };
    each("from", &from, &other, all);
    let counts = |(day, again): (&Date, &Again)| {
        let is_stated = || statement.counted.iter().any(|stated| stated.day == *day);
        let counts = match again {
            Again::Counts(_) => true,
            Again::DoesNotCount => false,
            Again::TooOld => is_stated(),
        };
        counts.then_some(*day)
    };
    let stated: Vec<Date> = statement.counted.iter().map(|day| day.day).collect();
    let is: Vec<Date> = again.days.iter().filter_map(counts).collect();
    each("counted", &stated, &is, all);
    let last = stated.last().copied().unwrap_or(statement.decided);
    each("decided", &statement.decided, &last, all);
}

/// What the days come to.
fn decision(statement: &Statement, holds: Holds) -> Compared {
    let stated = json!(statement.to.label());
    Compared {
        name: "decision".to_owned(),
        recomputed: match holds {
            Holds::Equal => stated.clone(),
            Holds::Differs => json!("no switch"),
            Holds::Unknown(_) => Value::Null,
        },
        stated,
        holds,
    }
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn each(name: &str, stated: &impl Serialize, is: &impl Serialize, all: &mut Vec<Compared>) {
    walk(name, &value(stated), &value(is), all);
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
            holds: if same(stated, is) {
                Holds::Equal
            } else {
                Holds::Differs
            },
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
