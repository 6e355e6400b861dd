//! `prices`: what calls are billed by, and what is known of it.

mod check;
mod columns;
mod compare;
mod diff;
mod import;
mod list;
mod odd;
mod show;
mod side;
#[cfg(test)]
mod tests;
mod words;
mod worth;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::args::PricesVerb;
use super::house::{House, Options};
use super::{Failure, output};

/// Does what was asked for.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    verb: &PricesVerb,
    quiet: bool,
) -> Result<(), Failure> {
    match verb {
        PricesVerb::Import(asked) => import::run(house, options, asked, quiet),
        PricesVerb::List(asked) => {
            let book = house.known(options, None)?.prices;
            output::print(list::text(&book, asked, moment(asked.at))?)
        }
        PricesVerb::Show(asked) => {
            let book = house.known(options, None)?.prices;
            output::print(show::text(&book, asked, moment(asked.at))?)
        }
        PricesVerb::Diff(asked) => diff::run(house, options, asked, quiet).await,
        PricesVerb::Check(asked) => check::run(house, options, asked, quiet).await,
    }
}

/// The begin of a day of prices, which is one of UTC; without a day it is now.
fn moment(day: Option<Date>) -> Timestamp {
    let begin = |day: Date| day.to_zoned(TimeZone::UTC).ok();
    let begin = day.and_then(begin).map(|begin| begin.timestamp());
    begin.unwrap_or_else(super::now)
}
