//! What a model costs, by kind of line.

use std::collections::BTreeMap;

use crate::call::LineKind;
use crate::money::RatePerMtok;

/// Rates by kind of line; a used part without one makes the call unpriced.
///
/// Per million tokens, or per million of the unit for what is billed by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates(BTreeMap<LineKind, RatePerMtok>);

impl Rates {
    /// Writes down the rate of a kind.
    pub fn set(&mut self, kind: LineKind, rate: RatePerMtok) {
        self.0.insert(kind, rate);
    }

    /// The rate written for exactly that kind.
    #[must_use]
    pub fn written(&self, kind: LineKind) -> Option<RatePerMtok> {
        self.0.get(&kind).copied()
    }

    /// The rate a line of `kind` is billed at: the five-minute rate stands in for the default
    /// lifetime of a cache write, which is five minutes where a vendor has several, and so does the
    /// default's for five minutes. For other lifetimes nothing stands in.
    #[must_use]
    pub fn of(&self, kind: LineKind) -> Option<RatePerMtok> {
        let alike = [LineKind::CacheWrite, LineKind::CacheWrite5m];
        let stand_in = || alike.into_iter().find_map(|other| self.written(other));
        let written = self.written(kind);
        written.or_else(|| alike.contains(&kind).then(stand_in).flatten())
    }

    /// Whether nothing is written down.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All rates as they are written, in the order of a bill.
    pub fn iter(&self) -> impl Iterator<Item = (LineKind, RatePerMtok)> + '_ {
        self.0.iter().map(|(kind, rate)| (*kind, *rate))
    }
}

impl FromIterator<(LineKind, RatePerMtok)> for Rates {
    fn from_iter<I: IntoIterator<Item = (LineKind, RatePerMtok)>>(rates: I) -> Self {
        Self(rates.into_iter().collect())
    }
}
