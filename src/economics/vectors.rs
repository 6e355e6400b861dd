#![expect(clippy::float_arithmetic, reason = "these tests are about projections")]
//! The functions of this room against worked examples, each within the tolerance written beside it.
//!
//! The repository's own copy always; a second file, if `TOLLGATE_VECTORS` names one. A function that
//! does not exist yet is listed, a vector of one that does must pass.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

mod run;
mod trace;

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
    NotBuilt,
    /// The recorded trace it asks for is not on this machine.
    NoTrace,
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

/// Runs every vector of a file; returns how many passed.
#[track_caller]
fn check(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file: File = serde_json::from_str(&text).unwrap();
    let (mut passed, mut wrong) = (0, Vec::new());
    let (mut not_built, mut skipped) = (BTreeSet::new(), 0);
    for vector in &file.vectors {
        match run::run(&vector.function, &vector.inputs) {
            Answer::NotBuilt => drop(not_built.insert(&vector.function)),
            Answer::NoTrace => skipped += 1,
            Answer::Got(got) => {
                let before = wrong.len();
                for (name, expected) in &vector.expected {
                    if !agrees(&got[name], expected, vector.tolerance) {
                        wrong.push(format!(
                            "{}: {name} is {}, not {expected}",
                            vector.id, got[name]
                        ));
                    }
                }
                passed += usize::from(wrong.len() == before);
            }
        }
    }
    println!(
        "{passed} vectors passed; {skipped} skipped for want of traces; not yet built: {not_built:?}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    passed
}

#[test]
fn the_repository_s_own_vectors_pass() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/economics-vectors.json");
    assert!(check(&path) > 25);
}

#[test]
fn the_vectors_of_the_file_named_by_the_environment_pass() {
    match std::env::var_os("TOLLGATE_VECTORS") {
        Some(path) => assert!(check(Path::new(&path)) > 0),
        None => println!("skipped: TOLLGATE_VECTORS names no file"),
    }
}
