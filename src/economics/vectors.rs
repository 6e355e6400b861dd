#![expect(clippy::float_arithmetic, reason = "these tests are about projections")]
//! The functions of this room against worked examples, each within the tolerance written beside it.
//!
//! The repository's copy of the shared examples and its own further ones always; any other file of
//! the same form, if `TOLLGATE_VECTORS` names one. A function nobody knows is a failure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

mod arm;
mod calculators;
mod decision;
mod run;
mod trace;

/// The shared examples, and this repository's own.
const COPY: &str = "economics-vectors.json";
const OURS: &str = "economics-vectors-ours.json";

/// Numbers in and numbers out, by name.
type Fields = Map<String, Value>;

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    function: String,
    inputs: Fields,
    expected: Fields,
    tolerance: Tolerance,
}

#[derive(Clone, Copy, Deserialize)]
struct Tolerance {
    rel: f64,
    abs: f64,
}

/// What running one vector came to.
enum Answer {
    Got(Value),
    NoSuchFunction,
}

/// Within max(abs, rel·|expected|); `null` and truth values exactly; lists entry by entry.
fn agrees(got: &Value, expected: &Value, tolerance: Tolerance) -> bool {
    match (got, expected) {
        (Value::Array(got), Value::Array(expected)) => {
            got.len() == expected.len()
                && got
                    .iter()
                    .zip(expected)
                    .all(|(g, e)| agrees(g, e, tolerance))
        }
        (Value::Number(got), Value::Number(expected)) => {
            let (got, expected) = (got.as_f64().unwrap(), expected.as_f64().unwrap());
            (got - expected).abs() <= tolerance.abs.max(tolerance.rel * expected.abs())
        }
        _ => got == expected,
    }
}

/// What of an answer is not as expected.
fn wrong(vector: &Vector, answer: Answer) -> Vec<String> {
    let got = match answer {
        Answer::Got(got) => got,
        Answer::NoSuchFunction => {
            return vec![format!("{}: no function {}", vector.id, vector.function)];
        }
    };
    let differs = |(name, expected): (&String, &Value)| {
        let differs = !agrees(&got[name], expected, vector.tolerance);
        differs.then(|| format!("{}: {name} is {}, not {expected}", vector.id, got[name]))
    };
    vector.expected.iter().filter_map(differs).collect()
}

/// Runs every vector of a file, says how many of each function ran, and returns how many did.
#[track_caller]
fn check(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file: File = serde_json::from_str(&text).unwrap();
    let (mut ran, mut failures) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for vector in &file.vectors {
        let answer = run::run(&vector.function, &vector.inputs);
        *ran.entry(&vector.function).or_default() += 1;
        failures.extend(wrong(vector, answer));
    }
    for (function, vectors) in &ran {
        println!("{vectors:3}  {function}");
    }
    let all = ran.values().sum();
    println!("{all} vectors ran");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    all
}

fn fixture(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures").join(name)
}

/// The folder that the copy was made from, if this machine has it: `TOLLGATE_SHARED`, by default
/// `../shared`. One that was named must be there.
fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("TOLLGATE_SHARED").map(PathBuf::from);
    let asked = named.is_some();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = named.unwrap_or_else(|| root.join("../shared"));
    let there = shared.join(COPY).is_file();
    assert!(there || !asked, "no {COPY} in {}", shared.display());
    there.then_some(shared)
}

#[test]
fn the_shared_vectors_pass() {
    assert!(check(&fixture(COPY)) > 70);
}

#[test]
fn our_own_vectors_pass() {
    assert!(check(&fixture(OURS)) > 10);
}

#[test]
fn our_copy_is_the_shared_one() {
    let Some(shared) = shared() else {
        println!("skipped: no shared folder");
        return;
    };
    let read = |path: PathBuf| -> Value {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let shared = read(shared.join(COPY));
    assert!(
        read(fixture(COPY)) == shared,
        "{COPY} is not the shared one"
    );
}

#[test]
fn the_vectors_of_the_file_named_by_the_environment_pass() {
    match std::env::var_os("TOLLGATE_VECTORS") {
        Some(path) => assert!(check(Path::new(&path)) > 0),
        None => println!("skipped: TOLLGATE_VECTORS names no file"),
    }
}

#[test]
fn a_function_nobody_knows_and_a_wrong_figure_are_failures() {
    let vector = |function: &str, value: f64| Vector {
        id: "made".to_owned(),
        function: function.to_owned(),
        inputs: Fields::from_iter([("a".into(), 6.into()), ("b".into(), 2.into())]),
        expected: Fields::from_iter([("value".into(), value.into())]),
        tolerance: Tolerance {
            rel: 1e-9,
            abs: 0.0,
        },
    };
    let said = |vector: Vector| wrong(&vector, run::run(&vector.function, &vector.inputs));
    assert_eq!(said(vector("ratio", 3.0)), [""; 0]);
    assert_eq!(said(vector("ratio", 4.0)), ["made: value is 3.0, not 4.0"]);
    assert_eq!(said(vector("rashio", 3.0)), ["made: no function rashio"]);
}
