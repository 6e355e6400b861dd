//! The prices of one file, looked at by themselves.

use std::path::Path;
use std::sync::Arc;

use super::Reading;
use crate::config::document::Document;
use crate::config::problem::Context;
use crate::config::section::Section;
use crate::config::{Overrides, Problems, load};
use crate::pricing::{Layer, PriceBook};

/// The tables of a file that has prices and nothing else.
const TABLES: [&str; 2] = ["prices", "fx"];
/// A file of this name is a configuration, even where it has own prices only.
const CONFIGURATION: &str = "tollgate.toml";

/// The prices of a file: of a configuration with the catalogue and the files it names; else of a
/// catalogue, or of own prices (`price_files`), without any other file's.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn prices_of(path: &Path) -> Result<Arc<PriceBook>, Problems> {
    let env = |name: &str| std::env::var(name).ok();
    let context = Context::new(&env);
    let Some(document) = Document::open(path, &context) else {
        return Err(context.into_problems());
    };
    let Some(table) = document.parse(&context) else {
        return Err(context.into_problems());
    };
    let mut keys = table.get_ref().keys();
    let is_configuration = path.file_name().is_some_and(|name| name == CONFIGURATION)
        || keys.any(|key| !TABLES.contains(&key.get_ref().as_ref()));
    if is_configuration {
        return load(Some(path), &Overrides::default()).map(|config| config.prices);
    }
    let read = |layer| book(&document, layer, Context::new(&env));
    // What only own prices may say, a catalogue is refused for.
    read(Layer::Catalogue).or_else(|problems| read(Layer::Overlay).map_err(|_| problems))
}

fn book(
    document: &Document,
    layer: Layer,
    context: Context<'_>,
) -> Result<Arc<PriceBook>, Problems> {
    let book = document.parse(&context).and_then(|table| {
        let mut reading = Reading::default();
        let mut root = Section::root(&context, document, table.get_ref());
        reading.entries(&mut root, layer);
        root.finish(&[]);
        if layer == Layer::Overlay {
            // Own prices stand over a catalogue, which knows what currencies are worth.
            let mut catalogue = Reading::default();
            catalogue.catalogue(None, &context);
            reading.settings.fx.extend(catalogue.settings.fx);
        }
        reading.into_book(&context)
    });
    let problems = context.into_problems();
    match book {
        Some(book) if problems.all.is_empty() => Ok(Arc::new(book)),
        Some(_) | None => Err(problems),
    }
}
