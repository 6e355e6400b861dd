//! The file of prices that is made from a map: only what is missing, or also what disagrees.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compare::Standing;
use super::found::{Model, Price, over};
use super::{Import, entry};
use crate::cli::Failure;
use crate::cli::args::PricesImport;
use crate::cli::numbers::count;
use crate::config;
use crate::money::Factor;
use crate::pricing::{PriceBook, PriceEntry, Rates, Settings, Since};

/// Why a model that disagrees is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// It is asked for what is missing only.
    NotAsked,
    /// The user has a price of her own for it.
    Own,
    /// The configured price is not in dollars.
    Currency,
    /// The map does not tell calls apart that the configured prices do.
    Hides,
}

/// How a file begins that an import made.
const MADE: &str =
    "# Prices for tollgate, made by `tollgate prices import` from a public price map.";

/// Whether an import made the file. Nothing else is written over: a configuration reads as prices too
/// where it has nothing else.
fn is_made(path: &Path) -> bool {
    let mut begin = [0; MADE.len()];
    let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
    let mut read = || File::open(path)?.read_exact(&mut begin);
    is_file && read().is_ok() && begin == *MADE.as_bytes()
}

/// Writes the file, whole or not at all, and says what is in it.
pub(super) fn write(import: &Import, asked: &PricesImport, path: &Path) -> Result<String, Failure> {
    let name = path.display();
    if path.symlink_metadata().is_ok() {
        let failure = Failure::use_or_config(format!("{name} is there already"));
        if !is_made(path) {
            return Err(failure.remedy("it was not made by an import; name another file"));
        }
        if !asked.force {
            return Err(failure.remedy("--force writes it anew; or name another file"));
        }
    }
    let (entries, models, kept) = entries(import, asked.all);
    let text = format!(
        "{}{}",
        head(import, path, &entries, models),
        config::written_prices(&entries)
    );
    let failed = |error| Failure::work(format!("cannot write {name}")).because(error);
    put(path, &text).map_err(failed)?;
    let mut said = vec![format!(
        "{name}: {} prices of {} models written",
        entries.len(),
        count_of(models)
    )];
    for (why, text) in [
        (
            Kept::NotAsked,
            "disagree and keep the configured price; --all writes those too",
        ),
        (Kept::Own, "have a price of your own, which stays"),
        (
            Kept::Currency,
            "are configured in another currency, and stay so",
        ),
        (
            Kept::Hides,
            "stay: the configured prices tell calls apart that the map does not",
        ),
    ] {
        let models = kept.iter().filter(|kept| **kept == why).count();
        if models > 0 {
            said.push(format!("  {} {text}", count_of(models)));
        }
    }
    let file = path.file_name().unwrap_or(path.as_os_str()).display();
    said.push(format!(
        "  name it in tollgate.toml: price_files = [\"{file}\"]"
    ));
    Ok(said.join("\n"))
}

fn count_of(models: usize) -> String {
    count(u64::try_from(models).unwrap_or(u64::MAX))
}

/// The entries to write in the order of their ids, of how many models, and who keeps what he has.
fn entries(import: &Import, all: bool) -> (Vec<PriceEntry>, usize, Vec<Kept>) {
    let (mut entries, mut models, mut kept) = (Vec::new(), 0_usize, Vec::new());
    for (model, standing) in import.brought() {
        let prices = match wanted(standing, all) {
            None => continue,
            Some(Err(why)) => {
                kept.push(why);
                continue;
            }
            Some(Ok(())) if standing.known => import.current(model),
            Some(Ok(())) => whole(import, model),
        };
        models = models.saturating_add(1);
        entries.extend(prices);
    }
    entries.sort_by_cached_key(|entry| (entry.list.clone(), entry.id()));
    (entries, models, kept)
}

/// Whether a model is written; `None` if there is nothing to write.
fn wanted(standing: &Standing, all: bool) -> Option<Result<(), Kept>> {
    let Standing {
        known,
        own,
        other_currency,
        changes,
        hides,
    } = standing;
    if !*known {
        return Some(Ok(()));
    }
    if *other_currency {
        return Some(Err(Kept::Currency));
    }
    if changes.is_empty() {
        return None;
    }
    Some(match (*own, all, hides.is_empty()) {
        (true, _, _) => Err(Kept::Own),
        (false, false, _) => Err(Kept::NotAsked),
        (false, true, false) => Err(Kept::Hides),
        (false, true, true) => Ok(()),
    })
}

/// Everything the map says of a model.
fn whole(import: &Import, model: &Model) -> Vec<PriceEntry> {
    let prices = model.prices.iter();
    prices
        .map(|price| PriceEntry {
            // What holds longer was found in the map on that day.
            read: (price.since.date() < import.seen).then_some(import.seen),
            ..entry(model, price, import.source(model))
        })
        .collect()
}

impl Import {
    fn source(&self, model: &Model) -> String {
        format!("{} {}: {}", self.format, self.file, model.key)
    }

    /// What the map says of a model that is known already: what is in force, from now on, so that
    /// earlier calls keep their price. What the map says nothing of stays as it is.
    fn current(&self, model: &Model) -> Vec<PriceEntry> {
        let at = crate::cli::prices::moment(Some(self.seen));
        let list = model.list.as_str();
        let mut entries: Vec<PriceEntry> = Vec::new();
        for price in &model.prices {
            let theirs = self
                .theirs
                .quote((list, model.name()), at, &price.conditions);
            let in_force = theirs.is_ok_and(|theirs| {
                let entry = theirs.entry();
                entry.conditions == price.conditions && entry.since == price.since
            });
            if !in_force {
                continue;
            }
            let mut names = model.names.iter();
            let ours = names.find_map(|name| {
                let ours = self.ours.quote((list, name), at, &price.conditions).ok()?;
                (ours.times() == Factor::ONE).then(|| ours.entry())
            });
            let none = Rates::default();
            let ours_rates = ours.and_then(|entry| entry.terms.rates()).unwrap_or(&none);
            let filled = Price {
                since: Since::From(self.seen),
                rates: over(ours_rates, &price.rates, |_| true),
                ..price.clone()
            };
            let mut new = entry(model, &filled, self.source(model));
            new.free_units = ours
                .map(|entry| entry.free_units.clone())
                .unwrap_or_default();
            entries.push(new);
        }
        entries
    }
}

/// What the file is, for who finds it later.
fn head(import: &Import, path: &Path, entries: &[PriceEntry], models: usize) -> String {
    let left_out = import.models.len().saturating_sub(import.brought().count());
    let file = path.file_name().unwrap_or(path.as_os_str()).display();
    format!(
        "{MADE} Write it anew\n\
         # instead of editing it; your own prices belong into tollgate.toml.\n\
         #\n\
         #   map     {}, {}\n\
         #   seen    {}\n\
         #   prices  {} of {} models; of the {} of the map {} cannot be said or believed\n\
         #\n\
         # In tollgate.toml: price_files = [\"{file}\"]\n",
        import.format,
        plain(&import.file),
        import.seen,
        entries.len(),
        count_of(models),
        count_of(import.models.len()),
        count_of(left_out),
    )
}

/// A name of a file has no line ends in a comment.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

/// Writes beside the file and renames: who reads it meanwhile has the old one or the new one.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".new-{}", std::process::id()));
    let new = PathBuf::from(new);
    let write = || {
        let mut file = File::create_new(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().inspect_err(|_| {
        // What is left of a failed write is of no use.
        let _ = fs::remove_file(&new);
    })
}

/// The configured prices without those of a file that is about to be written anew.
pub(super) fn without(
    book: &Arc<PriceBook>,
    path: Option<&Path>,
) -> Result<Arc<PriceBook>, Failure> {
    let Some(path) = path.filter(|path| path.is_file()) else {
        return Ok(Arc::clone(book));
    };
    let name = path.display();
    let Settings { prices: old, .. } = config::price_file(path).map_err(|problems| {
        let failure = Failure::use_or_config(format!("{name} is no file of prices\n{problems}"));
        failure.remedy("name another file with --write")
    })?;
    let mut prices = book.entries().to_vec();
    prices.retain(|entry| !old.contains(entry));
    let fx = book.fx().to_vec();
    let book = PriceBook::new(Settings { prices, fx });
    // A part of a sound book is sound.
    book.map(Arc::new)
        .map_err(|_| Failure::work(format!("the prices without {name} make no book")))
}
