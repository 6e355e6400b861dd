//! `expected.toml`: what each figure should be and how far it may be off.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;

/// What the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// The compiler whose code was counted.
    pub(crate) toolchain: String,
    pub(crate) figures: BTreeMap<String, Expectation>,
}

/// What one figure should be.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    pub(crate) instructions: i64,
    /// How far it may be off, either way.
    pub(crate) band_permille: i64,
}

/// How a measured figure stands to what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Within,
    Worse,
    /// Better by more than the band: what is gained should be held.
    Better,
}

impl Expectation {
    pub(crate) fn standing(self, measured: i64) -> Standing {
        let off = (measured - self.instructions) * 1_000;
        let band = self.band_permille * self.instructions;
        if off.abs() <= band {
            Standing::Within
        } else if off > 0 {
            Standing::Worse
        } else {
            Standing::Better
        }
    }
}

impl Expected {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let path = path();
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }
}

/// Writes what was measured into the file; its comments and bands stay.
pub(crate) fn update(toolchain: &str, measured: &[(&str, i64)]) -> anyhow::Result<()> {
    let path = path();
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut updated = String::with_capacity(text.len());
    for line in text.lines() {
        updated.push_str(&replaced(line, toolchain, measured));
        updated.push('\n');
    }
    fs::write(&path, updated).with_context(|| path.display().to_string())
}

fn replaced(line: &str, toolchain: &str, measured: &[(&str, i64)]) -> String {
    let key = line.split(' ').next().unwrap_or_default();
    let figure = measured.iter().find(|(name, _)| *name == key);
    match (figure, line.rsplit_once(", band_permille")) {
        (Some((name, instructions)), Some((_, band))) => {
            format!("{name} = {{ instructions = {instructions}, band_permille{band}")
        }
        _ if key == "toolchain" => format!("toolchain = \"{toolchain}\""),
        _ => line.to_owned(),
    }
}

fn path() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/benches/instructions/expected.toml"
    ))
}
