#![expect(
    clippy::float_arithmetic,
    reason = "what other ways would save is a projection"
)]
//! The cheapest way without hosting: each pool of calls goes to the arm that saves most on it.
//!
//! Arms for different models do not exclude each other. A plan that takes both models must beat them
//! together.

use super::projection::AlternativeKind;

/// What one arm takes part in a [`Rival`] with.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The configured name of the arm.
    pub name: String,
    /// Whether calls move to an endpoint, or today's provider is paid less.
    pub kind: AlternativeKind,
    /// What it saves on the pools that it serves best, dollars.
    pub saved_usd: f64,
}

/// Arms that together save most on some calls; without parts nothing saves more than staying.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rival {
    /// In the order of the pools that they serve; each arm once.
    pub parts: Vec<Part>,
}

impl Rival {
    /// Of the arms that could take each pool, by what they would save on it: for every pool the one
    /// that saves most, if one saves anything. Of equals the first.
    #[must_use]
    pub fn of<P>(pools: impl IntoIterator<Item = P>) -> Self
    where
        P: IntoIterator<Item = Part>,
    {
        let mut rival = Self::default();
        for pool in pools {
            let best = pool
                .into_iter()
                .min_by(|x, y| y.saved_usd.total_cmp(&x.saved_usd));
            if let Some(best) = best.filter(|best| best.saved_usd > 0.0) {
                rival.add(best);
            }
        }
        rival
    }

    fn add(&mut self, part: Part) {
        let same = |known: &&mut Part| (known.kind, &known.name) == (part.kind, &part.name);
        match self.parts.iter_mut().find(same) {
            Some(known) => known.saved_usd += part.saved_usd,
            None => self.parts.push(part),
        }
    }

    /// What it saves in all, dollars; 0 without parts.
    #[must_use]
    pub fn saved_usd(&self) -> f64 {
        self.parts.iter().map(|part| part.saved_usd).sum()
    }

    /// What calls cost with it that cost `api_usd` today, dollars.
    #[must_use]
    pub fn cost_usd(&self, api_usd: f64) -> f64 {
        api_usd - self.saved_usd()
    }

    /// `a`, `a and b`, `a, b and c`.
    #[must_use]
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.parts.iter().map(|part| part.name.as_str()).collect();
        match names.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} and {last}", others.join(", "))
            }
            Some((last, _)) => (*last).to_owned(),
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, saved_usd: f64) -> Part {
        Part {
            name: name.to_owned(),
            kind: AlternativeKind::Endpoint,
            saved_usd,
        }
    }

    #[test]
    fn every_pool_goes_to_what_saves_most_on_it() {
        // b would save 9 on all three, a 4: together they save 4 + 7 + 0 + 5.
        let rival = Rival::of([
            vec![part("a", 4.0), part("b", 2.0)],
            vec![part("b", 7.0)],
            vec![part("b", -3.0)],
            vec![part("c", 1.0), part("b", 5.0), part("c", 5.0)],
            vec![],
        ]);
        assert_eq!(rival.parts, [part("a", 4.0), part("b", 12.0)]);
        assert!((rival.saved_usd() - 16.0).abs() < 1e-12);
        assert!((rival.cost_usd(20.0) - 4.0).abs() < 1e-12);
        assert_eq!(rival.names(), "a and b");
    }

    #[test]
    fn where_nothing_saves_staying_is_the_rival() {
        let rival = Rival::of([vec![part("a", -4.0)], vec![part("b", 0.0)]]);
        assert_eq!(rival, Rival::default());
        assert!((rival.cost_usd(20.0) - 20.0).abs() < 1e-12);
        assert_eq!(rival.names(), "");
    }
}
