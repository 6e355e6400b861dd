//! The prices of the API: what bills a model today, and the day on which that was read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tracing::warn;

use crate::config::Config;
use crate::metrics::PriceDate;
use crate::money::Currency;
use crate::pricing::PriceEntry;
use crate::verdict::{ApiPrice, Report, StreamView};

/// The report with the price of each stream, as it is in force when the windows end.
pub(super) fn priced(report: &Report, config: &Config) -> Report {
    let end = start_of(report.day()).unwrap_or(Timestamp::UNIX_EPOCH);
    report.priced(|stream: &StreamView| {
        let price = in_force(config, (&stream.upstream, &stream.model), end)?;
        Some(ApiPrice {
            as_of: price.known_on(report.day()),
            name: name_of(price),
        })
    })
}

/// When the prices were read that `models`, pairs of upstream and model, are billed by, and of when the
/// exchange rates are that make dollars of them; each name once, by its oldest.
pub(super) fn dates(
    config: &Config,
    models: &[(String, String)],
    now: Timestamp,
) -> Vec<PriceDate> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut oldest: BTreeMap<(&str, String), Date> = BTreeMap::new();
    for (upstream, model) in models {
        let Some(price) = in_force(config, (upstream, model), now) else {
            continue;
        };
        let read = price.known_on(today);
        let known = oldest.entry(("api", name_of(price))).or_insert(read);
        *known = read.min(*known);
        let dollars = config.prices.fx_for(price.currency, now);
        let dollars = dollars.filter(|_| price.currency != Currency::USD);
        oldest.extend(dollars.map(|rate| (("fx", rate.currency.to_string()), rate.from)));
    }
    let dated = oldest.into_iter().filter_map(|((kind, name), day)| {
        Some(PriceDate {
            kind,
            name,
            checked_at: start_of(day)?,
        })
    });
    dated.collect()
}

/// Tells of prices that were read on a day to come: they are as old as the day they began.
pub(super) fn tell_of_slips(config: &Config, now: Timestamp) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let entries = config.prices.entries().iter();
    for entry in entries.filter(|entry| entry.is_read_after(today)) {
        let (price, read, since) = (entry.id(), entry.read_on(), entry.since.date());
        warn!(price, %read, %since, "read lies in the future: the price is as old as since then");
    }
}

/// What bills a model of an upstream, or what its calls are held against where they are hosted.
fn in_force<'c>(
    config: &'c Config,
    (upstream, model): (&str, &str),
    at: Timestamp,
) -> Option<&'c PriceEntry> {
    let of = config.upstreams.iter().find(|of| of.name == upstream)?;
    let instead = of.would_cost_as.as_ref();
    let own = (of.prices.as_str(), model);
    let (list, model) = instead.map_or(own, |it| (&it.list, &it.model));
    config.prices.in_force(list, model, at)
}

/// `list/model`, by the first name of the entry.
fn name_of(price: &PriceEntry) -> String {
    let model = price.names.first().map_or("?", String::as_str);
    format!("{}/{model}", price.list)
}

/// The first moment of a day of UTC.
pub(super) fn start_of(day: Date) -> Option<Timestamp> {
    let midnight = day.to_zoned(TimeZone::UTC).ok();
    midnight.map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn every_price_that_calls_are_billed_by_has_its_age() {
        let config = crate::config::load(None, &Overrides::default()).unwrap();
        let pair = |upstream: &str, model: &str| (upstream.to_owned(), model.to_owned());
        let models = [
            pair("openai", "gpt-4o-mini-2024-07-18"),
            pair("openai", "gpt-4o-mini"),
            pair("anthropic", "claude-sonnet-4-5-20250929"),
            pair("openai", "invented"),
            pair("gone", "gpt-4o"),
        ];
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        let ages = dates(&config, &models, now);
        let seen: Vec<String> = ages
            .iter()
            .map(|price| format!("{} {} {}", price.kind, price.name, price.checked_at))
            .collect();
        assert_eq!(
            seen,
            [
                "api anthropic/claude-sonnet-4-5 2026-08-21T00:00:00Z",
                "api openai/gpt-4o-mini 2026-08-21T00:00:00Z",
            ]
        );
    }

    #[test]
    fn a_price_that_was_read_in_the_future_is_as_old_as_it_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tollgate.toml");
        let text = "[[prices]]\nlist = \"openai\"\nmatch = \"m\"\nseen = 2026-01-01\nread = 2062-11-23\n\
                    input_usd_per_mtok = 1\noutput_usd_per_mtok = 1\nsource = \"invoice\"\n";
        std::fs::write(&path, text).unwrap();
        let config = crate::config::load(Some(&path), &Overrides::default()).unwrap();
        let models = [("openai".to_owned(), "m".to_owned())];
        let checked = |now: &str| dates(&config, &models, now.parse().unwrap())[0].checked_at;
        let seen: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(checked("2026-11-23T12:00:00Z"), seen);
        let read: Timestamp = "2062-11-23T00:00:00Z".parse().unwrap();
        assert_eq!(checked("2062-11-23T12:00:00Z"), read);
        let entries = config.prices.entries().iter();
        let price = entries.clone().find(|it| it.source == "invoice").unwrap();
        let age = |day: &str| price.age_days(day.parse().unwrap());
        assert_eq!((age("2026-11-23"), age("2025-01-01")), (326, 0));
    }

    #[test]
    fn the_exchange_rate_of_a_bill_has_its_age() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tollgate.toml");
        let text = "[upstreams.ark]\nformat = \"openai\"\nbase_url = \"https://ark.example\"\nprices = \"bytedance\"\n\
                    [[fx]]\ncurrency = \"CNY\"\nusd_per_unit = 0.14\nfrom = 2026-11-03\nsource = \"ours\"\n";
        std::fs::write(&path, text).unwrap();
        let config = crate::config::load(Some(&path), &Overrides::default()).unwrap();
        let models = [("ark".to_owned(), "doubao-pro-32k".to_owned())];
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        let ages = dates(&config, &models, now);
        let rate = ages.iter().find(|price| price.kind == "fx").unwrap();
        let begins: Timestamp = "2026-11-03T00:00:00Z".parse().unwrap();
        assert_eq!((rate.name.as_str(), rate.checked_at), ("CNY", begins));
    }
}
