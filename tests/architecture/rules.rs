//! What a room may name. Each rule gives the violations of one source, in words that say what to do.

use std::collections::BTreeSet;

use crate::paths::NamedPath;
use crate::sources::Source;
use crate::table::{Row, Uses};

/// Rooms that do no I/O, spawn nothing and read no clock.
const PURE: [&str; 6] = ["usage", "money", "wire", "tokens", "pricing", "economics"];
/// What a pure room must not name; one entry is the start of a path.
const IMPURE: [&[&str]; 5] = [
    &["std", "fs"],
    &["std", "net"],
    &["std", "process"],
    &["std", "thread"],
    &["tokio"],
];
const CLOCKS: [&str; 2] = ["SystemTime", "Instant"];
/// Crates that one room keeps from all others.
const KEPT: [(&str, &str); 5] = [
    ("sled", "ledger"),
    ("parquet", "ledger"),
    ("prometheus", "metrics"),
    ("aws_config", "sign"),
    ("aws_sigv4", "sign"),
];
/// Rooms that may read the environment.
const READS_ENVIRONMENT: [&str; 3] = ["config", "app", "cli"];
/// Names that say where a thing was put, not what it is.
const NAMELESS: [&str; 5] = ["util", "utils", "common", "types", "helpers"];

/// Where money is an integer, by the start of a source's path, and the one edge to what is not.
const EXACT: [&str; 4] = ["money", "pricing", "config/prices", "config/rate_key"];
const INEXACT: &str = "money/inexact.rs";

/// The violations of one source, by all rules.
pub(crate) fn violations(
    source: &Source,
    rows: &[Row],
    settings: &BTreeSet<String>,
) -> Vec<String> {
    let mut found = nameless(source);
    let Some(room) = source.room() else {
        found.extend(beyond_cli(source));
        return found;
    };
    match allowed(room, rows, settings) {
        Ok(allowed) => found.extend(strangers(source, room, &allowed)),
        Err(violation) => found.push(violation),
    }
    found.extend(impurities(source, room));
    found.extend(kept_crates(source, room));
    found.extend(environment(source, room));
    found.extend(inexact(source));
    found
}

/// The rooms that `room` may use.
fn allowed(
    room: &str,
    rows: &[Row],
    settings: &BTreeSet<String>,
) -> Result<BTreeSet<String>, String> {
    let position = rows.iter().position(|row| row.room == room);
    let position = position.ok_or_else(|| {
        format!("room `{room}` has no row in ARCHITECTURE.md: a new room is a new row")
    })?;
    Ok(match &rows[position].uses {
        Uses::Rooms {
            named,
            settings: false,
        } => named.clone(),
        Uses::Rooms {
            named,
            settings: true,
        } => named | settings,
        Uses::AllAbove => rows[..position]
            .iter()
            .map(|row| row.room.clone())
            .collect(),
    })
}

/// Paths that lead to a room which is not in the row.
fn strangers(source: &Source, room: &str, allowed: &BTreeSet<String>) -> Vec<String> {
    let leads_out = |path: &&NamedPath| {
        target(source, path).is_some_and(|target| target != room && !allowed.contains(target))
    };
    let paths = source.paths.iter().filter(leads_out);
    paths
        .map(|path| format!("{}: not in the row of `{room}`", source.at(path)))
        .collect()
}

/// What a path names at the crate's root, if it leads there.
fn target<'a>(source: &Source, path: &'a NamedPath) -> Option<&'a str> {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let rest = match segments.as_slice() {
        ["crate" | "tollgate", rest @ ..] => rest,
        ["self", rest @ ..] | rest => {
            let climbs = rest.iter().take_while(|name| **name == "super").count();
            let to_root = source.depth() + path.inline_depth;
            (climbs > 0 && climbs >= to_root).then(|| &rest[climbs..])?
        }
    };
    rest.first().copied()
}

/// The crate roots hold no logic: the library declares rooms, the binary calls `cli`.
fn beyond_cli(source: &Source) -> Vec<String> {
    let beyond = |path: &&NamedPath| match path.segments.as_slice() {
        [first, second, ..] => first == "tollgate" && second != "cli",
        _ => false,
    };
    let paths = source.paths.iter().filter(beyond);
    paths
        .map(|path| format!("{}: the binary only calls `cli`", source.at(path)))
        .collect()
}

fn nameless(source: &Source) -> Vec<String> {
    let parts = source
        .file
        .split('/')
        .map(|part| part.trim_end_matches(".rs"));
    parts
        .filter(|part| NAMELESS.contains(part))
        .map(|part| {
            format!(
                "src/{}: `{part}` names no idea: put it with what it serves",
                source.file
            )
        })
        .collect()
}

/// Test code may read a fixture or the time; the room itself may not.
fn impurities(source: &Source, room: &str) -> Vec<String> {
    if !PURE.contains(&room) || source.is_test {
        return Vec::new();
    }
    let impure = |path: &&NamedPath| {
        let starts = |start: &&[&str]| {
            path.segments.len() > 1 && path.segments.iter().zip(start.iter()).all(|(a, b)| a == b)
        };
        let clock = |name: &String| CLOCKS.contains(&name.as_str());
        !path.in_test && (IMPURE.iter().any(starts) || path.segments.iter().any(clock))
    };
    let paths = source.paths.iter().filter(impure);
    paths
        .map(|path| {
            format!(
                "{}: `{room}` does no I/O and reads no clock",
                source.at(path)
            )
        })
        .collect()
}

fn kept_crates(source: &Source, room: &str) -> Vec<String> {
    let keeper = |path: &NamedPath| {
        let [first, _, ..] = path.segments.as_slice() else {
            return None;
        };
        let kept = KEPT.iter().find(|(name, _)| name == first);
        kept.filter(|(_, keeper)| *keeper != room)
            .map(|(_, keeper)| *keeper)
    };
    let found = source
        .paths
        .iter()
        .filter_map(|path| Some((path, keeper(path)?)));
    found
        .map(|(path, keeper)| format!("{}: only `{keeper}` knows it", source.at(path)))
        .collect()
}

/// A setting comes through the configuration; a test may find its fixtures by the environment.
fn environment(source: &Source, room: &str) -> Vec<String> {
    if READS_ENVIRONMENT.contains(&room) || source.is_test {
        return Vec::new();
    }
    let reads = |path: &&NamedPath| {
        let std_env = path.segments.iter().take(2).eq(["std", "env"]);
        let bare_env = path.segments.len() > 1 && path.segments[0] == "env";
        !path.in_test && (std_env || bare_env)
    };
    let paths = source.paths.iter().filter(reads);
    paths
        .map(|path| {
            format!(
                "{}: only `config`, `app` and `cli` read it",
                source.at(path)
            )
        })
        .collect()
}

/// Between the price file and the total nothing is rounded by the machine, in tests neither.
fn inexact(source: &Source) -> Vec<String> {
    let file = source.file.as_str();
    if file == INEXACT || !EXACT.iter().any(|start| file.starts_with(start)) {
        return Vec::new();
    }
    let floats = source.floats.iter();
    floats
        .map(|(line, name)| format!("src/{file}:{line}: {name}: money is an integer"))
        .collect()
}
