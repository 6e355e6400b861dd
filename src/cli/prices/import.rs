//! `prices import`: a public price map beside the configured prices, and what of it is missing as a file
//! of prices.
//!
//! Nothing of the map is lost in silence: what cannot be said here, or not be believed, is told with the
//! reason. A price that is nobody's is left out, so that such calls are unpriced and not guessed.

mod compare;
mod file;
mod found;
mod genai;
mod json;
mod lists;
mod litellm;
mod models_dev;
mod number;
mod overlay;
mod sift;
mod slip;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cli::args::PricesImport;
use crate::cli::house::{House, Options};
use crate::cli::{Failure, output};
use crate::money::{Avoidable, Currency};
use crate::pricing::{FxRate, Layer, PriceBook, PriceEntry, Settings, Since, Terms};
use compare::{Sides, Standing};
use found::{Model, Price, Reason};

/// A map, beside the configured prices.
struct Import {
    /// What its format is called.
    format: &'static str,
    /// What its file is called.
    file: String,
    seen: Date,
    models: Vec<Model>,
    /// Of each model that is brought over.
    standings: Vec<Option<Standing>>,
    /// The map's prices, as they would be asked for.
    theirs: PriceBook,
    /// The configured ones, without those of a file that is about to be written anew.
    ours: Arc<PriceBook>,
}

/// Reads, compares, says, and writes.
pub(super) fn run<H: House>(
    house: &H,
    options: &Options,
    asked: &PricesImport,
    quiet: bool,
) -> Result<(), Failure> {
    let book = house.known(options, None)?.prices;
    let today = crate::cli::now().to_zoned(TimeZone::UTC).date();
    let import = Import::read(asked, &book, asked.seen.unwrap_or(today))?;
    output::print(text::text(&import, asked.verbose))?;
    if let Some(path) = &asked.write {
        let written = overlay::write(&import, asked, path)?;
        output::note(quiet, written);
    }
    Ok(())
}

impl Import {
    fn read(asked: &PricesImport, book: &Arc<PriceBook>, seen: Date) -> Result<Self, Failure> {
        let (format, mut models) = file::read(&asked.file, asked.format, seen)?;
        models.retain(|model| {
            let list = asked.list.is_empty() || asked.list.contains(&model.list);
            let named = |part: &String| model.names.iter().any(|name| name.contains(part));
            list && (asked.model.is_empty() || asked.model.iter().any(named))
        });
        if models.is_empty() {
            return Err(nothing(asked));
        }
        sift::sift(&mut models, asked.zero_is_free);
        models.sort_by(|one, two| (&one.list, &one.names).cmp(&(&two.list, &two.names)));
        let theirs = book_of(&mut models)?;
        let ours = overlay::without(book, asked.write.as_deref())?;
        let at = super::moment(Some(seen));
        let sides = Sides {
            ours: &ours,
            theirs: &theirs,
            at,
        };
        let standing = |model: &Model| is_brought(model).then(|| sides.standing(model));
        let standings = models.iter().map(standing).collect();
        let file = asked.file.file_name().unwrap_or(asked.file.as_os_str());
        Ok(Self {
            format,
            file: file.display().to_string(),
            seen,
            standings,
            theirs,
            ours,
            models,
        })
    }

    /// The models that are brought over, with how they stand.
    fn brought(&self) -> impl Iterator<Item = (&Model, &Standing)> {
        let pairs = self.models.iter().zip(&self.standings);
        pairs.filter_map(|(model, standing)| Some((model, standing.as_ref()?)))
    }
}

/// Whether a model has a name and a price that can be believed.
fn is_brought(model: &Model) -> bool {
    model.left_out().is_none() && !model.names.is_empty()
}

/// Nothing to import is more often a misspelt list than an empty map.
fn nothing(asked: &PricesImport) -> Failure {
    let file = asked.file.display();
    let failure = Failure::use_or_config(format!("{file}: no such model in it"));
    failure.remedy("without --list and --model all of its lists and models are shown")
}

/// The prices of the models as a book; those that contradict each other are told and left out.
fn book_of(models: &mut [Model]) -> Result<PriceBook, Failure> {
    // What is told in one round is gone in the next.
    for _ in 0..models.len().saturating_add(1) {
        let mut prices = Vec::new();
        let mut whose = Vec::new();
        for (at, model) in models
            .iter()
            .enumerate()
            .filter(|(_, model)| is_brought(model))
        {
            for price in &model.prices {
                prices.push(entry(model, price, String::new()));
                whose.push(at);
            }
        }
        let settings = Settings {
            prices,
            fx: Vec::<FxRate>::new(),
        };
        let problems = match PriceBook::new(settings) {
            Ok(book) => return Ok(book),
            Err(problems) => problems,
        };
        for problem in problems {
            let at = whose.get(problem.entry()).copied();
            if let Some(model) = at.and_then(|at| models.get_mut(at)) {
                model.tell("", Reason::Contradicted);
            }
        }
    }
    Err(Failure::work("the prices of the map contradict each other"))
}

/// A price of the map as an entry of a price file.
fn entry(model: &Model, price: &Price, source: String) -> PriceEntry {
    let Price {
        since,
        conditions,
        rates,
    } = price.clone();
    let terms = if sift::is_free(&rates) {
        Terms::Free
    } else {
        Terms::Rates(rates)
    };
    PriceEntry {
        layer: Layer::Overlay,
        list: model.list.clone(),
        names: model.names.clone(),
        asked: false,
        since,
        read: None,
        conditions,
        currency: Currency::USD,
        terms,
        free_units: Vec::new(),
        settlement: None,
        avoidable: Avoidable::Now,
        source,
    }
}

/// Since when prices hold of which the map says no day.
fn seen(day: Date) -> Since {
    Since::Seen(day)
}
