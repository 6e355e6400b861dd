//! `prices check`: whether price files would be read, and what is suspicious about them.

use super::diff::has_ledger;
use super::odd::{self, Seen};
use crate::cli::admin::Admin;
use crate::cli::args::PricesCheck;
use crate::cli::house::{House, Options, TotalsQuery};
use crate::cli::totals::Totals;
use crate::cli::{Failure, output};
use crate::config::{self, Config};

/// How far back calls are looked at.
const SINCE: &str = "30d";

/// Says every problem, else every warning.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    asked: &PricesCheck,
    quiet: bool,
) -> Result<(), Failure> {
    let now = crate::cli::now();
    let config = house.config(options)?;
    let (name, book) = match &asked.file {
        Some(file) => {
            let book = config::prices_of(file);
            let problems =
                |problems| Failure::use_or_config(format!("the prices have problems\n{problems}"));
            (file.display().to_string(), book.map_err(problems)?)
        }
        None => ("the configured prices".to_owned(), config.prices.clone()),
    };
    let file = asked.file.is_some().then_some(name.as_str());
    let mut warnings = odd::warnings(&book, now);
    let about = if asked.alone {
        ""
    } else if let Some(seen) = seen(house, options, &config, quiet).await? {
        warnings.extend(odd::against_calls(
            (&book, file),
            &seen,
            &config.upstreams,
            now,
        ));
        ", held against the calls of 30 days"
    } else {
        "; there is no ledger to hold them against"
    };
    let prices = book.entries().len();
    let said = match warnings.len() {
        0 => "nothing suspicious".to_owned(),
        1 => "1 warning".to_owned(),
        many => format!("{many} warnings"),
    };
    for warning in &warnings {
        output::print(format!("warning: {warning}\n"))?;
    }
    output::print(format!("{name}: fine, {prices} prices{about}: {said}\n"))
}

/// What the ledger's calls were of, if there is a ledger.
async fn seen<H: House>(
    house: &H,
    options: &Options,
    config: &Config,
    quiet: bool,
) -> Result<Option<Vec<Seen>>, Failure> {
    let query = TotalsQuery {
        since: Some(SINCE.to_owned()),
        by: vec!["upstream".to_owned(), "model".to_owned()],
        ..TotalsQuery::default()
    };
    let admin = Admin::of(&house.settings(options)?)?;
    let answer = match admin.totals(&query).await? {
        Some(answer) => answer,
        None if has_ledger(&config.server.data_dir) => house.totals(options, &query)?,
        None => return Ok(None),
    };
    let totals = Totals::read(answer)?;
    output::missing(quiet, &totals.missing_rows);
    let seen = totals
        .rows
        .iter()
        .filter(|row| row.in_total)
        .map(|row| Seen {
            upstream: row.key("upstream").to_owned(),
            model: row.key("model").to_owned(),
            unpriced: row.sums.unpriced_calls,
        });
    Ok(Some(seen.collect()))
}
