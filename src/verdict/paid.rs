//! What is paid whether the calls are made or not: it is neither saved nor won by moving them.

use std::ops::Range;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::call::fits_model;
use crate::economics::Stream;
use crate::money::Avoidable;

/// From when on the money for a model at an upstream can be avoided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidRule {
    /// The configured name of the upstream.
    pub upstream: String,
    /// The model as its price names it; one `*` stands for any text.
    pub model: String,
    /// Since when the price holds.
    pub since: Date,
    /// From when on moving the calls saves their money.
    pub avoidable: Avoidable,
}

/// A tier of some streams, reserved for a time. Nothing says which of their calls it serves, so while
/// it is committed none of their money is said to be saved: too little rather than too much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidTier {
    /// The configured names of the upstreams.
    pub upstreams: Vec<String>,
    /// The models as configured; one `*` stands for any text.
    pub models: Vec<String>,
    /// The days on which it is paid.
    pub days: Range<Date>,
    /// From when on it can be given up.
    pub avoidable: Avoidable,
}

impl PaidTier {
    fn is_for(&self, stream: &Stream) -> bool {
        let fits = |name: &String| fits_model(name, &stream.model);
        self.upstreams.contains(&stream.upstream) && self.models.iter().any(fits)
    }
}

/// What holds for one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct PaidTerms {
    /// Of its prices, newest first; empty where all of their money can be avoided.
    prices: Vec<(Date, Avoidable)>,
    tiers: Vec<(Range<Date>, Avoidable)>,
}

impl PaidTerms {
    /// What of `rules`, the best match first, and of all `tiers` is about a stream.
    pub(super) fn of(rules: &[PaidRule], tiers: &[PaidTier], stream: &Stream) -> Self {
        let here = || {
            let own = |rule: &&PaidRule| rule.upstream == stream.upstream;
            rules.iter().filter(own)
        };
        let best = here().find(|rule| fits_model(&rule.model, &stream.model));
        let same = |rule: &&PaidRule| best.is_some_and(|best| best.model == rule.model);
        let terms = here().filter(same).map(|rule| (rule.since, rule.avoidable));
        let mut prices: Vec<_> = terms.collect();
        if prices
            .iter()
            .all(|(_, avoidable)| *avoidable == Avoidable::Now)
        {
            prices.clear();
        }
        prices.sort_by(|one, two| two.cmp(one));
        let tiers = tiers.iter().filter(|tier| tier.is_for(stream));
        let tiers = tiers.map(|tier| (tier.days.clone(), tier.avoidable));
        Self {
            prices,
            tiers: tiers.collect(),
        }
    }

    /// What holds on a day: the newest price in force, or the earliest known, and each tier that is
    /// paid then; the last of them to end.
    pub(super) fn on(&self, day: Date) -> Avoidable {
        let in_force = self.prices.iter().find(|(since, _)| *since <= day);
        let price = in_force.or_else(|| self.prices.last());
        let price = price.map(|(_, avoidable)| *avoidable);
        let tiers = self.tiers.iter().filter(|(days, _)| days.contains(&day));
        let tiers = tiers.map(|(_, avoidable)| *avoidable);
        tiers.chain(price).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn rule(model: &str, since: Date, avoidable: Avoidable) -> PaidRule {
        PaidRule {
            upstream: "azure".into(),
            model: model.into(),
            since,
            avoidable,
        }
    }

    #[track_caller]
    fn check(rules: &[PaidRule], stream: (&str, &str), day: Date, expected: Avoidable) {
        let stream = Stream {
            upstream: stream.0.into(),
            model: stream.1.into(),
            capability: "8k".parse().unwrap(),
        };
        assert_eq!(PaidTerms::of(rules, &[], &stream).on(day), expected);
    }

    #[test]
    fn the_best_match_in_force_says_what_can_be_avoided() {
        let (old, new) = (date(2026, 1, 1), date(2026, 7, 1));
        let free = Avoidable::From(date(2027, 1, 1));
        let rules = [
            rule("gpt-4o-mini", old, Avoidable::Now),
            rule("gpt-4o", old, Avoidable::Never),
            rule("gpt-4o", new, free),
            rule("gpt-*", old, Avoidable::Never),
        ];
        let now = date(2026, 9, 1);
        check(&rules, ("azure", "gpt-4o"), now, free);
        check(&rules, ("azure", "gpt-4o-2024-08-06"), now, free);
        check(
            &rules,
            ("azure", "gpt-4o"),
            date(2026, 3, 1),
            Avoidable::Never,
        );
        check(
            &rules,
            ("azure", "gpt-4o"),
            date(2025, 3, 1),
            Avoidable::Never,
        );
        check(&rules, ("azure", "gpt-4o-mini"), now, Avoidable::Now);
        check(&rules, ("azure", "gpt-5"), now, Avoidable::Never);
        check(&rules, ("azure", "o3"), now, Avoidable::Now);
        check(&rules, ("openai", "gpt-4o"), now, Avoidable::Now);
    }

    #[test]
    fn neither_a_tier_hides_a_price_nor_a_price_a_tier_nor_one_tier_another() {
        let day = |year| date(year, 1, 1);
        let check = |avoidable, tiers: &[(Range<Date>, Avoidable)], expected| {
            let tier = |(days, avoidable): &(Range<Date>, Avoidable)| PaidTier {
                upstreams: vec!["azure".into()],
                models: vec!["gpt-*".into()],
                days: days.clone(),
                avoidable: *avoidable,
            };
            let tiers: Vec<_> = tiers.iter().map(tier).collect();
            let rules = [rule("gpt-4o", day(2020), avoidable)];
            let stream = Stream {
                upstream: "azure".into(),
                model: "gpt-4o".into(),
                capability: "8k".parse().unwrap(),
            };
            let terms = PaidTerms::of(&rules, &tiers, &stream);
            assert_eq!(terms.on(date(2026, 9, 1)), expected);
        };
        let (now, never) = (Avoidable::Now, Avoidable::Never);
        let until = Avoidable::From(day(2027));
        let ended = (day(2025)..day(2026), Avoidable::From(day(2026)));
        let runs = (day(2026)..day(2027), until);
        check(never, std::slice::from_ref(&ended), never);
        check(never, std::slice::from_ref(&runs), never);
        check(now, std::slice::from_ref(&runs), until);
        check(now, &[runs, ended.clone()], until);
        check(now, &[ended], now);
    }

    #[test]
    fn it_is_committed_until_the_day_before() {
        let free = Avoidable::From(date(2027, 1, 1));
        assert!(free.is_committed(date(2026, 12, 31)));
        assert!(!free.is_committed(date(2027, 1, 1)));
        assert!(Avoidable::Never.is_committed(Date::MAX));
        assert!(!Avoidable::Now.is_committed(Date::MIN));
    }
}
