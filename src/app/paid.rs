//! Which money is paid whether calls are made or not, from prices to what the verdict compares.

use std::cmp::Reverse;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::{Config, Upstream};
use crate::money::Avoidable;
use crate::pricing::{Conditions, Layer, PriceEntry, Terms, is_pattern};
use crate::verdict::{PaidRule, ReservedPart, ReservedRule};

/// The rules of all upstreams, each stream's best match first. A list without committed prices needs
/// none.
pub(super) fn rules(config: &Config) -> Vec<PaidRule> {
    let upstreams = config.upstreams.iter();
    let priced = upstreams.flat_map(|upstream| of(config, upstream));
    tiers(config).chain(priced).collect()
}

/// What is reserved, its entries by name. Of a reservation for one tier the verdict cannot tell the
/// calls: see [`tiers`].
pub(super) fn reserved(config: &Config) -> Vec<ReservedRule> {
    let book = &config.prices;
    let mut rules: Vec<ReservedRule> = Vec::new();
    for entry in book.reserved() {
        if entry.service_tier.is_some() {
            continue;
        }
        let minute = |at: Timestamp| at.as_second().div_euclid(60);
        let part = ReservedPart {
            from_minute: minute(entry.from),
            until_minute: entry.until.map_or(i64::MAX, minute),
            usd_per_hour: book.usd_per_hour(entry),
            avoidable: entry.avoidable,
        };
        match rules.iter_mut().find(|known| known.name == entry.name) {
            Some(known) => known.parts.push(part),
            None => rules.push(ReservedRule {
                name: entry.name.clone(),
                upstreams: entry.upstreams.clone(),
                models: entry.models.clone(),
                parts: vec![part],
            }),
        }
    }
    rules
}

/// Streams of which a tier is reserved: nothing says which of their calls it serves, so as long as it
/// is committed none of their money is said to be saved. That is too little rather than too much.
fn tiers(config: &Config) -> impl Iterator<Item = PaidRule> {
    let all = config.prices.reserved().iter();
    let narrowed = all.filter(|entry| entry.service_tier.is_some());
    narrowed.flat_map(|entry| {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let ends = entry.until.map(|until| (day(until), Avoidable::Now));
        let terms = [
            (Date::MIN, Avoidable::Now),
            (day(entry.from), entry.avoidable),
        ];
        let terms: Vec<_> = terms.into_iter().chain(ends).collect();
        let names = entry.upstreams.iter().flat_map(|upstream| {
            let models = entry.models.iter();
            models.map(move |model| (upstream, model))
        });
        let rules = names.flat_map(move |(upstream, model)| {
            let terms = terms.clone().into_iter();
            terms.map(move |(since, avoidable)| PaidRule {
                upstream: upstream.clone(),
                model: model.clone(),
                since,
                avoidable,
            })
        });
        rules.collect::<Vec<_>>()
    })
}

fn of(config: &Config, upstream: &Upstream) -> Vec<PaidRule> {
    let prices = |entry: &PriceEntry| !matches!(entry.terms, Terms::Times(_));
    let listed = |entry: &&PriceEntry| entry.list == upstream.prices && prices(entry);
    let entries = config.prices.entries().iter().filter(listed);
    let entries: Vec<&PriceEntry> = entries.collect();
    if entries
        .iter()
        .all(|entry| entry.avoidable == Avoidable::Now)
    {
        return Vec::new();
    }
    let ordinary = |entry: &&&PriceEntry| entry.conditions == Conditions::default();
    let named = entries.iter().filter(ordinary).flat_map(|entry| {
        let names = entry.names.iter();
        names.map(move |name| (rank(entry, name), rule(upstream, entry, name)))
    });
    let own = |name: &String| {
        let own = entries.iter().filter(ordinary);
        let own = own.filter(|entry| entry.layer == Layer::Overlay);
        own.flat_map(|entry| &entry.names)
            .any(|other| other == name)
    };
    // The user's own price of a name hides the catalogue's, whatever their dates; one for some calls
    // only, such as those of a tier, leaves it to the others.
    let mut rules: Vec<_> = named
        .filter(|(rank, rule)| !rank.catalogue || !own(&rule.model))
        .collect();
    rules.sort_by_key(|(rank, _)| *rank);
    rules.into_iter().map(|(_, rule)| rule).collect()
}

/// As prices are chosen: the user's own names, the catalogue's, patterns; the longest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    pattern: bool,
    catalogue: bool,
    length: Reverse<usize>,
}

fn rank(entry: &PriceEntry, name: &str) -> Rank {
    Rank {
        pattern: is_pattern(name),
        catalogue: entry.layer == Layer::Catalogue,
        length: Reverse(name.len()),
    }
}

fn rule(upstream: &Upstream, entry: &PriceEntry, name: &str) -> PaidRule {
    PaidRule {
        upstream: upstream.name.clone(),
        model: name.to_owned(),
        since: entry.since.date(),
        avoidable: entry.avoidable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    fn said(own: &str) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tollgate.toml");
        std::fs::write(&path, own).unwrap();
        let config = crate::config::load(Some(&path), &Overrides::default()).unwrap();
        let rules = rules(&config).into_iter();
        rules
            .map(|rule| format!("{} {} {}", rule.upstream, rule.model, rule.avoidable))
            .collect()
    }

    #[test]
    fn an_own_price_for_some_calls_leaves_the_others_the_catalogues() {
        let all = "[[prices]]\nlist = \"openai\"\nmatch = \"gpt-*\"\nfrom = 2026-01-01\n\
             input_usd_per_mtok = 1\navoidable = \"never\"\nsource = \"minimum\"\n";
        let own = "[[prices]]\nlist = \"openai\"\nmatch = \"gpt-4o\"\nfrom = 2026-01-01\n\
             input_usd_per_mtok = 1\nsource = \"contract\"\n";
        let of_gpt_4o = |prices: &str| -> Vec<String> {
            let rules = said(prices).into_iter();
            rules
                .filter(|rule| rule.starts_with("openai gpt-4o "))
                .collect()
        };
        let catalogue = of_gpt_4o(all);
        assert!(!catalogue.is_empty());
        let flex = format!("{all}{own}service_tier = \"flex\"\n");
        assert_eq!(of_gpt_4o(&flex), catalogue);
        assert_eq!(of_gpt_4o(&format!("{all}{own}")).len(), 1);
    }

    #[test]
    fn only_lists_with_committed_prices_have_rules_and_the_users_own_come_first() {
        assert_eq!(said(""), [""; 0]);
        let rules = said(
            "[[prices]]\nlist = \"openai\"\nmatch = \"gpt-*\"\nfrom = 2026-01-01\n\
             input_usd_per_mtok = 1\navoidable = \"never\"\nsource = \"minimum\"\n\
             [[prices]]\nlist = \"openai\"\nmatch = \"gpt-4o\"\nfrom = 2025-01-01\n\
             input_usd_per_mtok = 1\navoidable = 2027-01-01\nsource = \"pack\"\n",
        );
        assert_eq!(rules.first().unwrap(), "openai gpt-4o 2027-01-01");
        assert_eq!(rules.last().unwrap(), "openai gpt-* never");
        assert!(rules.contains(&"openai gpt-4o-mini now".to_owned()));
        let about = rules
            .iter()
            .filter(|rule| rule.starts_with("openai gpt-4o "));
        assert_eq!(about.count(), 1);
        assert!(rules.iter().all(|rule| rule.starts_with("openai ")));
    }
}
