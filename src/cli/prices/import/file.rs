//! The file of a price map: its size, its format, and what is wrong with it as a whole.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::civil::Date;

use super::found::Model;
use super::json::Json;
use super::{genai, litellm, models_dev, seen};
use crate::cli::Failure;
use crate::cli::args::MapFormat;

/// No map is larger by far: `LiteLLM`'s has 3 MiB.
pub(super) const FILE_BYTES_MAX: u64 = 32 << 20;

const KNOWN: &str = "a map is LiteLLM's model_prices_and_context_window.json, the data.json of \
                     pydantic/genai-prices, or the api.json of models.dev";

/// The name of its format and its models.
pub(super) fn read(
    path: &Path,
    format: MapFormat,
    day: Date,
) -> Result<(&'static str, Vec<Model>), Failure> {
    let name = path.display().to_string();
    let text = text(path, &name)?;
    let (format, models) = models(&name, &text, format, day)?;
    if models.is_empty() {
        return Err(Failure::use_or_config(format!("{name}: has no model in it")).remedy(KNOWN));
    }
    Ok((format, models))
}

fn text(path: &Path, name: &str) -> Result<String, Failure> {
    let failed = |error| Failure::use_or_config(format!("cannot read {name}")).because(error);
    let file = File::open(path).map_err(failed)?;
    let mut text = String::new();
    let mut bounded = file.take(FILE_BYTES_MAX.saturating_add(1));
    let read = bounded.read_to_string(&mut text).map_err(failed)?;
    if u64::try_from(read).is_ok_and(|read| read <= FILE_BYTES_MAX) {
        return Ok(text);
    }
    let bound = format!("{name}: is larger than {FILE_BYTES_MAX} bytes");
    Err(Failure::use_or_config(bound).remedy(KNOWN))
}

/// Reads a text as a map of that format, or of the one it looks like.
pub(super) fn models(
    name: &str,
    text: &str,
    format: MapFormat,
    day: Date,
) -> Result<(&'static str, Vec<Model>), Failure> {
    let root = Json::read(text).map_err(|error| {
        let failure = Failure::use_or_config(format!("{name}: is not JSON")).because(error);
        failure.remedy(KNOWN)
    })?;
    let wanted = |this: MapFormat| format == MapFormat::Auto || format == this;
    let vendors = genai::vendors(root);
    if let Some(vendors) = vendors.filter(|_| wanted(MapFormat::GenaiPrices)) {
        return Ok(("genai-prices", genai::read(&vendors, seen(day)).models));
    }
    let table = root.table().ok_or_else(|| unlike(name, root, format))?;
    if wanted(MapFormat::Litellm) && (format == MapFormat::Litellm || litellm::is_one(&table)) {
        return Ok(("litellm", litellm::read(&table, seen(day)).models));
    }
    if wanted(MapFormat::ModelsDev) && models_dev::is_one(&table) {
        return Ok(("models-dev", models_dev::read(&table, seen(day)).models));
    }
    Err(unlike(name, root, format))
}

fn unlike(name: &str, root: Json<'_>, format: MapFormat) -> Failure {
    let found = root.kind();
    let what = match format {
        MapFormat::Auto => "any price map known here",
        MapFormat::Litellm => "a map of litellm",
        MapFormat::GenaiPrices => "a map of genai-prices",
        MapFormat::ModelsDev => "a map of models-dev",
    };
    Failure::use_or_config(format!("{name}: {found} that does not look like {what}")).remedy(KNOWN)
}
