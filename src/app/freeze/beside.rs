//! What a statement has beside its demand and settings: what calls were billed by, and what plans refer to.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::app::{arm_prices, settings};
use crate::config::Config;
use crate::ledger;
use crate::metrics::PriceDate;
use crate::verdict::statement::{ApiPrice, Beside, Gathered, hex};

/// Seconds in a day.
const DAY_SECONDS: i64 = 86_400;

/// What else the figures depend on; another release may write it otherwise.
pub(super) fn beside(gathered: &Gathered, day: i64, config: &Config) -> Beside {
    let sum = |text: String| hex(&Sha256::digest(text.as_bytes()));
    let upstreams = config.upstreams.iter();
    let lists: Vec<_> = upstreams
        .map(|of| (&of.name, &of.prices, of.billed))
        .collect();
    let calls = config.server.data_dir.join(settings::CALLS_DIR);
    let end = day.saturating_add(1).saturating_mul(DAY_SECONDS);
    let end = Timestamp::from_second(end).unwrap_or(Timestamp::MAX);
    let prices = arm_prices::dates(config, &gathered.models, end).into_iter();
    Beside {
        api_prices: prices.map(|price| api_price(price, end)).collect(),
        prices_sha256: sum(format!("{:?} {lists:?}", config.prices)),
        catalogue_sha256: sum(format!("{:?}", config.rows)),
        priced_again: ledger::last_pass(&calls),
    }
}

fn api_price(price: PriceDate, end: Timestamp) -> ApiPrice {
    let PriceDate {
        kind,
        name,
        checked_at,
    } = price;
    let age = end.as_second().saturating_sub(checked_at.as_second());
    ApiPrice {
        kind: kind.to_owned(),
        name,
        as_of: TimeZone::UTC.to_datetime(checked_at).date(),
        // The day itself counts as none.
        age_days: age.div_euclid(DAY_SECONDS).saturating_sub(1),
    }
}
