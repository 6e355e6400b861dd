//! The prices of the API that the arms of a report are compared with, each with its day.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::Config;
use crate::verdict::{ApiPrice, Report, StreamView};

/// The report with the price of each stream, as it is in force when the windows end.
pub(super) fn priced(report: &Report, config: &Config) -> Report {
    let end = report.day().to_zoned(TimeZone::UTC);
    let at = end.map_or(Timestamp::UNIX_EPOCH, |end| end.timestamp());
    report.priced(|stream: &StreamView| {
        let mut upstreams = config.upstreams.iter();
        let upstream = upstreams.find(|known| known.name == stream.upstream)?;
        let price = config
            .prices
            .in_force(&upstream.prices, &stream.model, at)?;
        let model = price.names.first().unwrap_or(&stream.model);
        Some(ApiPrice {
            as_of: price.since.date(),
            name: format!("{}/{model}", price.list),
        })
    })
}
