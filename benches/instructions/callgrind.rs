//! Runs a command under callgrind and reads what each of its functions cost.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

/// The function whose callees are counted, on the thread that calls it and no other.
const COUNTED: &str = "*::under_measure";

/// Instructions by function, callees not included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Costs(BTreeMap<String, i64>);

impl Costs {
    pub(crate) fn total(&self) -> i64 {
        self.0.values().sum()
    }

    /// Whether any function of a crate cost something.
    pub(crate) fn has(&self, krate: &str) -> bool {
        self.0.keys().any(|function| function.starts_with(krate))
    }

    /// Adds what another thread cost.
    pub(crate) fn add(&mut self, other: Self) {
        for (function, instructions) in other.0 {
            *self.0.entry(function).or_default() += instructions;
        }
    }

    /// What is left when the costs of a shorter run are taken off.
    pub(crate) fn minus(mut self, shorter: &Self) -> Self {
        for (function, instructions) in &shorter.0 {
            *self.0.entry(function.clone()).or_default() -= instructions;
        }
        self
    }

    /// The most expensive functions first.
    pub(crate) fn top(&self) -> Vec<(&str, i64)> {
        let mut functions: Vec<_> = self
            .0
            .iter()
            .map(|(name, cost)| (name.as_str(), *cost))
            .collect();
        functions.sort_by_key(|(_, cost)| -cost);
        functions
    }

    /// Reads what callgrind wrote.
    ///
    /// Its format: `fn=(1) name` begins a function, later `fn=(1)` alone; a line of numbers is a
    /// cost of its own, except after `calls=`, where it is the callee's.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("no profile in {}", path.display()))?;
        let (mut names, mut costs) = (BTreeMap::new(), BTreeMap::<String, i64>::new());
        let (mut function, mut of_callee, mut total) = (String::new(), false, None);
        for line in text.lines() {
            if let Some(named) = line.strip_prefix("fn=") {
                function = name_of(&mut names, named);
            } else if let Some(named) = line.strip_prefix("cfn=") {
                name_of(&mut names, named);
            } else if line.starts_with("calls=") {
                of_callee = true;
            } else if let Some(said) = line.strip_prefix("totals: ") {
                total = said.parse().ok();
            } else if let Some(cost) = own_cost(line)
                && !std::mem::take(&mut of_callee)
            {
                *costs.entry(function.clone()).or_default() += cost;
            }
        }
        let costs = Self(costs);
        ensure!(
            total == Some(costs.total()),
            "{} is misread",
            path.display()
        );
        Ok(costs)
    }
}

/// The name behind `(1) name`, or behind a `(1)` that was named before.
fn name_of(known: &mut BTreeMap<String, String>, said: &str) -> String {
    match said.split_once(' ') {
        Some((id, name)) => {
            known.insert(id.to_owned(), name.to_owned());
            name.to_owned()
        }
        None => known.get(said).cloned().unwrap_or_default(),
    }
}

/// The second number of a line of numbers; the first one is a line of the source.
fn own_cost(line: &str) -> Option<i64> {
    let numbers = line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first));
    line.split(' ').nth(1).filter(|_| numbers)?.parse().ok()
}

/// What callgrind is to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What [`COUNTED`] calls, on its own thread.
    OneFunction,
    /// All threads from start to end, a profile for each.
    EachThread,
}

/// `valgrind --tool=callgrind`, to which the program to be run is still to be added.
pub(crate) fn callgrind(scope: Scope, profile: &Path) -> anyhow::Result<Command> {
    let valgrind = valgrind()?;
    let mut command = Command::new(&valgrind);
    // Where it is unpacked and not installed, it looks for its tools in the wrong place.
    if let Some(tools) = beside(&valgrind) {
        command.env("VALGRIND_LIB", tools);
    }
    command.args(["--quiet", "--tool=callgrind"]);
    command.arg(format!("--callgrind-out-file={}", profile.display()));
    match scope {
        Scope::OneFunction => command.arg(format!("--toggle-collect={COUNTED}")),
        Scope::EachThread => command.arg("--separate-threads=yes"),
    };
    Ok(command)
}

fn valgrind() -> anyhow::Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("valgrind"));
    match found.into_iter().find(|file| file.is_file()) {
        Some(file) => Ok(file),
        None => bail!("valgrind is missing: install it; Debian has it in the package valgrind"),
    }
}

/// The folder of valgrind's tools as a package has it, seen from `usr/bin/valgrind`.
fn beside(valgrind: &Path) -> Option<PathBuf> {
    let usr = valgrind.parent()?.parent()?;
    let folders = [
        "libexec/valgrind",
        "lib/x86_64-linux-gnu/valgrind",
        "lib/valgrind",
    ];
    let mut found = folders.into_iter().map(|folder| usr.join(folder));
    found.find(|folder| folder.is_dir())
}
