//! What multiplies a price: how a call was served, at what hours, and what was negotiated.
//!
//! An entry that is for certain hours, tiers, speeds or regions has them in its rates; a factor is for
//! what its entry says nothing of, so that nothing is counted twice.

use super::book::PriceBook;
use super::conditions::{Conditions, Served};
use super::entry::Layer;
use super::find::{Calls, Found, Sought};
use crate::call::Flag;

impl PriceBook {
    /// All that multiplies an entry, where `ways` of how the calls are served are left to factors.
    ///
    /// # Errors
    /// [`Flag::NoRate`] where there is no factor for one of them.
    pub(super) fn factors<'a>(
        &'a self,
        sought: &Sought<'_, impl Calls>,
        base: &Found<'a>,
        ways: Served<'_>,
    ) -> Result<Vec<Found<'a>>, Flag> {
        let mut factors = self.of_ways(sought, ways).ok_or(Flag::NoRate)?;
        if !self.times.is_empty() {
            let hours = self.of_hours(sought, base, &factors);
            factors.extend(hours);
            factors.extend(self.negotiated(sought, base));
        }
        Ok(factors)
    }

    /// One factor for all of the ways, else one for each.
    fn of_ways<'a>(
        &'a self,
        sought: &Sought<'_, impl Calls>,
        ways: Served<'_>,
    ) -> Option<Vec<Found<'a>>> {
        if ways.is_standard() {
            return Some(Vec::new());
        }
        let of = |way: Served<'_>| self.pick(&self.times, sought, way, |_| true).ok();
        let all = of(ways).map(|one| vec![one]);
        all.or_else(|| ways.each().map(of).collect())
    }

    /// The factor of the hours, unless they are in the price or in another factor already. The user's
    /// hours hold for the user's prices too, the vendor's for the catalogue's only.
    fn of_hours<'a>(
        &'a self,
        sought: &Sought<'_, impl Calls>,
        base: &Found<'a>,
        factors: &[Found<'a>],
    ) -> Option<Found<'a>> {
        let of_hours = |conditions: &Conditions| conditions.window.is_some();
        let mut others = factors.iter().chain([base]);
        if others.any(|found| of_hours(&found.entry.conditions)) {
            return None;
        }
        let found = self.standard(sought, of_hours)?;
        (found.entry.layer >= base.entry.layer).then_some(found)
    }

    /// The negotiated discount: off the catalogue's prices, for one's own are what is paid.
    fn negotiated<'a>(
        &'a self,
        sought: &Sought<'_, impl Calls>,
        base: &Found<'a>,
    ) -> Option<Found<'a>> {
        let found = self.standard(sought, |conditions| conditions.window.is_none());
        found.filter(|_| base.entry.layer == Layer::Catalogue)
    }

    /// The factor that asks nothing of how calls are served.
    fn standard<'a>(
        &'a self,
        sought: &Sought<'_, impl Calls>,
        wanted: impl Fn(&Conditions) -> bool,
    ) -> Option<Found<'a>> {
        let found = self.pick(&self.times, sought, Served::default(), wanted);
        found.ok()
    }
}
