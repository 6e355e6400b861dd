//! Which money is paid whether calls are made or not, from prices to what the verdict compares.

use std::cmp::Reverse;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::{Config, Upstream};
use crate::money::Avoidable;
use crate::pricing::{Conditions, Layer, PriceEntry, Reservation, Terms, is_pattern};
use crate::verdict::{PaidRule, PaidTier, ReservedRule};

/// The rules of all upstreams, each stream's best match first. A list without committed prices needs
/// none.
pub(super) fn rules(config: &Config) -> Vec<PaidRule> {
    let upstreams = config.upstreams.iter();
    upstreams
        .flat_map(|upstream| of(config, upstream))
        .collect()
}

/// What is reserved. Of a reservation for one tier the verdict cannot tell the calls: see [`tiers`].
pub(super) fn reserved(config: &Config) -> Vec<ReservedRule> {
    let book = &config.prices;
    let all = book.reserved().iter();
    let whole = all.filter(|entry| entry.service_tier.is_none());
    let minute = |at: Timestamp| at.as_second().div_euclid(60);
    let rule = |entry: &Reservation| ReservedRule {
        name: entry.name.clone(),
        upstreams: entry.upstreams.clone(),
        models: entry.models.clone(),
        minutes: minute(entry.from)..entry.until.map_or(i64::MAX, minute),
        usd_per_hour: book.usd_per_hour(entry),
        avoidable: entry.avoidable,
    };
    whole.map(rule).collect()
}

/// What is reserved of a tier only, by UTC days.
pub(super) fn tiers(config: &Config) -> Vec<PaidTier> {
    let all = config.prices.reserved().iter();
    let narrowed = all.filter(|entry| entry.service_tier.is_some());
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let tier = |entry: &Reservation| PaidTier {
        upstreams: entry.upstreams.clone(),
        models: entry.models.clone(),
        days: day(entry.from)..entry.until.map_or(Date::MAX, day),
        avoidable: entry.avoidable,
    };
    narrowed.map(tier).collect()
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

    fn written(own: &str) -> Config {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tollgate.toml");
        std::fs::write(&path, own).unwrap();
        crate::config::load(Some(&path), &Overrides::default()).unwrap()
    }

    #[test]
    fn each_entry_of_a_reservation_keeps_its_own_calls_and_a_tier_is_kept_apart() {
        let config = |tier: &str| {
            let entry = |upstream: &str, model: &str, tier: &str| {
                format!(
                    "[[reserved]]\nname = \"ptu\"\nupstream = \"{upstream}\"\nmatch = \"{model}\"\n\
                     units = 1\nusd_per_unit_hour = 2.00\nfrom = 2025-01-01\nuntil = 2026-01-01\n\
                     source = \"order\"\n{tier}"
                )
            };
            let entries = [
                entry("openai", "gpt-*", tier),
                entry("anthropic", "claude-*", ""),
            ];
            written(&entries.concat())
        };
        let whole = reserved(&config(""));
        let named = whole
            .iter()
            .map(|rule| (&rule.upstreams[0], &rule.models[0]));
        let named: Vec<_> = named
            .map(|(upstream, model)| format!("{upstream} {model}"))
            .collect();
        assert_eq!(named, ["openai gpt-*", "anthropic claude-*"]);
        let config = config("service_tier = \"scale\"\n");
        assert_eq!(reserved(&config).len(), 1);
        assert_eq!(rules(&config), []);
        let days = jiff::civil::date(2025, 1, 1)..jiff::civil::date(2026, 1, 1);
        let tier = PaidTier {
            upstreams: vec!["openai".into()],
            models: vec!["gpt-*".into()],
            avoidable: Avoidable::From(days.end),
            days,
        };
        assert_eq!(tiers(&config), [tier]);
    }

    fn said(own: &str) -> Vec<String> {
        let rules = rules(&written(own)).into_iter();
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
