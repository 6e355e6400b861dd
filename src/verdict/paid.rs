//! What is paid whether the calls are made or not: it is neither saved nor won by moving them.

use jiff::civil::Date;

use crate::call::fits_model;
use crate::economics::Stream;
use crate::money::Avoidable;

/// From when on the money for a model at an upstream can be avoided.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The rules of one stream, newest first; empty where all of its money can be avoided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct PaidTerms(Vec<(Date, Avoidable)>);

impl PaidTerms {
    /// What of `rules`, the best match first, is about a stream.
    pub(super) fn of(rules: &[PaidRule], stream: &Stream) -> Self {
        let here = || {
            let own = |rule: &&PaidRule| rule.upstream == stream.upstream;
            rules.iter().filter(own)
        };
        let best = here().find(|rule| fits_model(&rule.model, &stream.model));
        let same = |rule: &&PaidRule| best.is_some_and(|best| best.model == rule.model);
        let terms = here().filter(same).map(|rule| (rule.since, rule.avoidable));
        let mut terms: Vec<_> = terms.collect();
        if terms
            .iter()
            .all(|(_, avoidable)| *avoidable == Avoidable::Now)
        {
            terms.clear();
        }
        terms.sort_by(|one, two| two.cmp(one));
        Self(terms)
    }

    /// What holds on a day: the newest price in force, or the earliest known.
    pub(super) fn on(&self, day: Date) -> Avoidable {
        let in_force = self.0.iter().find(|(since, _)| *since <= day);
        let term = in_force.or_else(|| self.0.last());
        term.map_or(Avoidable::Now, |(_, avoidable)| *avoidable)
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
        assert_eq!(PaidTerms::of(rules, &stream).on(day), expected);
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
    fn it_is_committed_until_the_day_before() {
        let free = Avoidable::From(date(2027, 1, 1));
        assert!(free.is_committed(date(2026, 12, 31)));
        assert!(!free.is_committed(date(2027, 1, 1)));
        assert!(Avoidable::Never.is_committed(Date::MAX));
        assert!(!Avoidable::Now.is_committed(Date::MIN));
    }
}
