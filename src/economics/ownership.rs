#![expect(
    clippy::float_arithmetic,
    reason = "what a machine would cost is a projection, not a bill"
)]
//! The hourly cost of a machine that is bought, not rented.

use super::replicas::whole;

/// Hours in a year, as every projection counts them.
pub const HOURS_PER_YEAR: f64 = 8_760.0;
/// Hours in a month, as every projection counts them.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// A bought replica; dollars, years and kilowatts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ownership {
    /// What the whole replica costs to buy.
    pub capex_usd: f64,
    /// What it is worth at the end of its life.
    pub residual_usd: f64,
    /// Years until then, above 0.
    pub life_years: f64,
    /// Maintenance a year as a part of the price.
    pub maintenance_rate: f64,
    /// Power drawn, kilowatts.
    pub kw: f64,
    /// Power of the building per power of the machine, from 1.
    pub pue: f64,
    /// Price of electricity.
    pub usd_per_kwh: f64,
    /// Rent of the place, a kilowatt and month.
    pub colo_usd_per_kw_month: f64,
    /// Yearly cost of capital, such as 0.08; 0 leaves it out.
    pub cost_of_capital: f64,
}

impl Ownership {
    /// Dollars a year for the machine itself: (capex - residual)/life, or with cost of capital r
    /// the annuity (capex - residual/(1+r)^life)·r/(1-(1+r)^-life).
    #[must_use]
    pub fn usd_per_year(&self) -> f64 {
        let rate = self.cost_of_capital;
        if rate <= 0.0 {
            return (self.capex_usd - self.residual_usd) / self.life_years;
        }
        let growth = (1.0 + rate).powf(self.life_years);
        (self.capex_usd - self.residual_usd / growth) * rate / (1.0 - 1.0 / growth)
    }

    /// Its life in months, one that was begun included.
    #[must_use]
    pub fn life_months(&self) -> u32 {
        whole(self.life_years * 12.0)
    }

    /// Dollars an hour that do not end when the machine is paid: maintenance, power, place.
    #[must_use]
    pub fn running_usd_per_hour(&self) -> f64 {
        self.maintenance_rate * self.capex_usd / HOURS_PER_YEAR
            + self.kw * self.pue * self.usd_per_kwh
            + self.colo_usd_per_kw_month * self.kw / HOURS_PER_MONTH
    }
}

/// Dollars an hour for a bought replica, used or idle.
#[must_use]
pub fn replica_hour_own(machine: &Ownership) -> f64 {
    machine.usd_per_year() / HOURS_PER_YEAR + machine.running_usd_per_hour()
}
