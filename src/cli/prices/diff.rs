//! `prices diff`: what two sides say otherwise, and what that is worth.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::compare;
use super::side::Side;
use super::worth::Worth;
use crate::call::CallRecord;
use crate::cli::admin::{Admin, Page};
use crate::cli::args::PricesDiff;
use crate::cli::house::{House, Options, Range, Settings};
use crate::cli::numbers::count;
use crate::cli::{Failure, output};

/// Calls between two signs of life: a second or two of reading.
const SIGN_EVERY: u64 = 10_000;
/// The same where there is no terminal.
const LINE_EVERY: u64 = 1_000_000;

/// Writes the differences, then reads the ledger.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    asked: &PricesDiff,
    quiet: bool,
) -> Result<(), Failure> {
    let now = crate::cli::now();
    let config = house.config(options)?;
    let at = asked.at.map_or(now, |day| super::moment(Some(day)));
    let was = Side::read(&asked.was, &config.prices, at)?;
    let is = Side::read(&asked.is, &config.prices, at)?;
    output::print(compare::text(&was, &is))?;
    if asked.alone {
        return Ok(());
    }
    let settings = house.settings(options)?;
    let since = asked.since.resolve(now, &settings.timezone);
    let since = since.map_err(|error| Failure::use_or_config(format!("--since: {error}")))?;
    let mut worth = Worth::new(&was, &is, &config.upstreams);
    let signs = Signs::new(quiet);
    let mut add = |record: &CallRecord| {
        worth.add(record);
        signs.at(worth.read);
    };
    let ledger = Ledger {
        house,
        options,
        settings: &settings,
        since,
        quiet,
    };
    let found = ledger.read(&mut add).await?;
    signs.end();
    if !found {
        return output::print("\nWhat it is worth is not said: there is no ledger to read.\n");
    }
    let since = since.to_zoned(settings.timezone.clone());
    output::print(worth.text(&since.strftime("%Y-%m-%d %H:%M %Z").to_string()))
}

/// Where the calls are read from.
struct Ledger<'a, H> {
    house: &'a H,
    options: &'a Options,
    settings: &'a Settings,
    since: Timestamp,
    quiet: bool,
}

impl<H: House> Ledger<'_, H> {
    /// Every call since then, of the running tollgate or of the data directory; whether there is
    /// either.
    async fn read(&self, each: &mut dyn FnMut(&CallRecord)) -> Result<bool, Failure> {
        let range = Range {
            since: Some(self.since),
            until: None,
        };
        let admin = Admin::of(self.settings)?;
        let Some(first) = admin.calls(range, None).await? else {
            return self.in_directory(&admin, range, each);
        };
        let base = admin.base();
        output::note(self.quiet, format!("from the running tollgate at {base}"));
        output::missing(self.quiet, &first.missing);
        let mut page = Some(first);
        while let Some(Page { lines, next, .. }) = page {
            for line in lines.lines() {
                let record = serde_json::from_str(line).map_err(|error| {
                    Failure::work("a call is not in the form this version reads").because(error)
                })?;
                each(&record);
            }
            page = match next {
                Some(next) => admin.calls(range, Some(next)).await?,
                None => None,
            };
        }
        Ok(true)
    }

    /// The same from a directory in which nothing runs; one that is not there is no failure.
    fn in_directory(
        &self,
        admin: &Admin,
        range: Range,
        each: &mut dyn FnMut(&CallRecord),
    ) -> Result<bool, Failure> {
        let dir = &self.settings.data_dir;
        if !has_ledger(dir) {
            return Ok(false);
        }
        let (base, dir) = (admin.base(), dir.display());
        output::note(self.quiet, format!("nothing runs at {base}; reading {dir}"));
        self.house.calls(self.options, range, &mut |record| {
            each(record);
            ControlFlow::Continue(())
        })?;
        Ok(true)
    }
}

/// A folder that no tollgate has run in is empty or not there.
pub(super) fn has_ledger(dir: &Path) -> bool {
    std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some())
}

/// Says how many calls were read, while it lasts.
struct Signs {
    quiet: bool,
    bar: ProgressBar,
}

impl Signs {
    fn new(quiet: bool) -> Self {
        let bar = if quiet || !io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self { quiet, bar }
    }

    fn at(&self, read: u64) {
        if read.is_multiple_of(SIGN_EVERY) {
            self.bar.set_message(format!("{} calls read", count(read)));
        }
        if self.bar.is_hidden() && read.is_multiple_of(LINE_EVERY) {
            output::note(self.quiet, format!("{} calls read", count(read)));
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
