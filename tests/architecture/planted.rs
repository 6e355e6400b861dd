//! Violations planted in small sources: each rule is seen to fail before it is trusted.

use std::collections::BTreeSet;

use crate::rules::violations;
use crate::sources::{Source, mark_tests};
use crate::table::rows;

const TABLE: &str = "\
| room | its one sentence | its central types | uses |
| --- | --- | --- | --- |
| `money` | m | `Usd` | – |
| `wire` | w | `Reader` | money |
| `ledger` | l | `Ledger` | money |
| `metrics` | x | `Metrics` | money |
| `config` | c | `Config` | money, the rooms that define a `Settings` |
| `app` | a | `App` | all above |
";

#[track_caller]
fn check(file: &str, text: &str, expected: &[&str]) {
    let settings = BTreeSet::from(["ledger".to_owned()]);
    let source = Source::new(file, text).unwrap();
    assert_eq!(
        violations(&source, &rows(TABLE).unwrap(), &settings),
        expected
    );
}

#[test]
fn a_room_in_the_row_may_be_used() {
    check(
        "wire/openai.rs",
        "use crate::money::Usd; use super::sse;",
        &[],
    );
}

#[test]
fn a_room_outside_the_row_is_named_with_its_line() {
    check(
        "wire.rs",
        "use crate::money::Usd;\nuse crate::{money, ledger::Ledger};",
        &["src/wire.rs:2: crate::ledger::Ledger: not in the row of `wire`"],
    );
}

#[test]
fn test_code_keeps_to_the_row_too() {
    check(
        "wire.rs",
        "#[cfg(test)] mod tests { fn f() { crate::ledger::open(); } }",
        &["src/wire.rs:1: crate::ledger::open: not in the row of `wire`"],
    );
}

#[test]
fn climbing_out_by_super_is_seen() {
    check("wire.rs", "use super::money;", &[]);
    check(
        "wire/openai.rs",
        "use super::super::ledger::Ledger;",
        &["src/wire/openai.rs:1: super::super::ledger::Ledger: not in the row of `wire`"],
    );
    check(
        "wire.rs",
        "mod tests { use super::*; use super::super::ledger; }",
        &["src/wire.rs:1: super::super::ledger: not in the row of `wire`"],
    );
}

#[test]
fn the_root_offers_rooms_and_nothing_else() {
    check(
        "wire.rs",
        "use crate::*;",
        &["src/wire.rs:1: crate::*: not in the row of `wire`"],
    );
}

#[test]
fn a_room_without_a_row_is_a_violation() {
    check(
        "cache.rs",
        "",
        &["room `cache` has no row in ARCHITECTURE.md: a new room is a new row"],
    );
}

#[test]
fn config_may_use_the_rooms_that_define_settings() {
    check(
        "config.rs",
        "use crate::{ledger::Settings, money::Usd};",
        &[],
    );
    check(
        "config.rs",
        "use crate::metrics::Metrics;",
        &["src/config.rs:1: crate::metrics::Metrics: not in the row of `config`"],
    );
}

#[test]
fn app_may_use_all_above() {
    check("app.rs", "use crate::{config, ledger, metrics, wire};", &[]);
}

#[test]
fn a_pure_room_does_no_io_and_reads_no_clock() {
    check(
        "wire.rs",
        "use std::time::Instant;\nfn f() { std::fs::read(p); tokio::time::sleep(d); }",
        &[
            "src/wire.rs:1: std::time::Instant: `wire` does no I/O and reads no clock",
            "src/wire.rs:2: std::fs::read: `wire` does no I/O and reads no clock",
            "src/wire.rs:2: tokio::time::sleep: `wire` does no I/O and reads no clock",
        ],
    );
}

#[test]
fn a_test_of_a_pure_room_may_read_its_fixture() {
    check("wire.rs", "#[cfg(test)] mod tests { use std::fs; }", &[]);
    let mut sources = [
        Source::new("wire.rs", "#[cfg(test)] mod vectors; mod sse;").unwrap(),
        Source::new("wire/vectors.rs", "mod trace; use std::fs;").unwrap(),
        Source::new("wire/vectors/trace.rs", "use std::env;").unwrap(),
        Source::new("wire/sse.rs", "use std::fs;").unwrap(),
    ];
    mark_tests(&mut sources);
    let rows = rows(TABLE).unwrap();
    let found = sources
        .iter()
        .flat_map(|source| violations(source, &rows, &BTreeSet::new()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        ["src/wire/sse.rs:1: std::fs: `wire` does no I/O and reads no clock"]
    );
}

#[test]
fn a_kept_crate_has_one_keeper() {
    check("ledger.rs", "use sled::Db;", &[]);
    check(
        "metrics.rs",
        "use sled::Db;",
        &["src/metrics.rs:1: sled::Db: only `ledger` knows it"],
    );
}

#[test]
fn the_environment_is_read_by_three_rooms() {
    check("app.rs", "use std::env;", &[]);
    check(
        "ledger.rs",
        "use std::env; fn f() { env::var(\"A\"); }",
        &[
            "src/ledger.rs:1: std::env: only `config`, `app` and `cli` read it",
            "src/ledger.rs:1: env::var: only `config`, `app` and `cli` read it",
        ],
    );
}

#[test]
fn a_drawer_is_not_a_room() {
    check(
        "wire/utils.rs",
        "",
        &["src/wire/utils.rs: `utils` names no idea: put it with what it serves"],
    );
}

#[test]
fn the_binary_only_calls_cli() {
    check("main.rs", "fn main() { tollgate::cli::main() }", &[]);
    check(
        "main.rs",
        "use tollgate::app::App;",
        &["src/main.rs:1: tollgate::app::App: the binary only calls `cli`"],
    );
}

#[test]
fn money_is_an_integer_from_the_price_file_to_the_total() {
    let text = "fn f() {\n let a = 0.5; let b = 1_f32; let c = 1e9;\n c.to_f64() as f64 }\n\
        fn g() { h(2, 0x1e, \"0.5\", 'e', 1usize, 3..4) }\n\
        #[expect(clippy::float_arithmetic)] mod m {}";
    let at = |line: u32, name: &str| {
        format!("src/config/prices/terms.rs:{line}: {name}: money is an integer")
    };
    let expected = [
        at(2, "0.5"),
        at(2, "1_f32"),
        at(2, "1e9"),
        at(3, "to_f64"),
        at(3, "f64"),
        at(5, "float_arithmetic"),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check("config/prices/terms.rs", text, &expected);
    check("money/inexact.rs", text, &[]);
    check("metrics.rs", text, &[]);
}
