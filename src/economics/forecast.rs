#![expect(
    clippy::float_arithmetic,
    reason = "prices and volumes of the future are estimates"
)]
//! How prices and volume move, and what a commitment is worth when they do.

/// Days in a year, for yearly declines.
const DAYS_PER_YEAR: f64 = 365.0;
/// How far a break-even date is looked for.
const DAYS_MAX: u32 = 3_650;
/// How far a payback is looked for, and the longest that money may be committed.
pub const MONTHS_MAX: u32 = 120;

/// How the two costs of a month or a day move; rates of decline a year, 0 to below 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prospect {
    /// What the API costs now.
    pub api_usd: f64,
    /// What hosting would cost now, of that which moves with prices and volume.
    pub selfhost_usd: f64,
    /// What it costs whatever prices and volume do, such as people.
    pub steady_usd: f64,
    /// By how much API prices fall in a year.
    pub api_decline: f64,
    /// By how much the prices of own machines fall in a year.
    pub selfhost_decline: f64,
}

impl Prospect {
    /// Savings of the month that begins after `month` months, at constant volume.
    fn month_savings(&self, month: u32) -> f64 {
        let years = f64::from(month) / 12.0;
        self.api_usd * (1.0 - self.api_decline).powf(years)
            - self.selfhost_usd * (1.0 - self.selfhost_decline).powf(years)
            - self.steady_usd
    }
}

/// Growth a day, and factor a year, by which volume only offsets the fall of API prices:
/// (-ln(1-d) + `ln(1-d_own)`)/365 and `(1-d_own)/(1-d)`.
#[must_use]
pub fn required_growth(api_decline: f64, selfhost_decline: f64) -> (f64, f64) {
    let factor = (1.0 - selfhost_decline) / (1.0 - api_decline);
    (factor.ln() / DAYS_PER_YEAR, factor)
}

/// The first day on which the API costs as much as hosting, when volume grows by `growth_per_day`
/// and a share `fixed_share` of the hosting cost does not; `None` within ten years.
///
/// api(t) = api·exp(g·t)·(1-d)^(t/365); own(t) = own·(f + (1-f)·exp(g·t))·(1-d_own)^(t/365).
#[must_use]
pub fn breakeven_days(prospect: &Prospect, growth_per_day: f64, fixed_share: f64) -> Option<f64> {
    first_day(1, |days: f64| {
        let (years, volume) = (days / DAYS_PER_YEAR, (growth_per_day * days).exp());
        let api = prospect.api_usd * volume * (1.0 - prospect.api_decline).powf(years);
        let own = fixed_share + (1.0 - fixed_share) * volume;
        let own = prospect.selfhost_usd * own * (1.0 - prospect.selfhost_decline).powf(years);
        api - own - prospect.steady_usd
    })
}

/// The first day on which `gap` is not below zero, looked for every `step` days and then refined;
/// `None` within ten years.
pub(super) fn first_day(step: usize, gap: impl Fn(f64) -> f64) -> Option<f64> {
    if gap(0.0) >= 0.0 {
        return Some(0.0);
    }
    let days = || (0..=DAYS_MAX).step_by(step).map(f64::from);
    let (mut before, mut after) = days()
        .zip(days().skip(1))
        .find(|(_, day)| gap(*day) >= 0.0)?;
    for _ in 0..60 {
        let middle = before.midpoint(after);
        if gap(middle) >= 0.0 {
            after = middle;
        } else {
            before = middle;
        }
    }
    Some(after)
}

/// Savings of `months` months minus the one-off cost, at constant volume and falling prices.
#[must_use]
pub fn npv_savings(prospect: &Prospect, months: u32, one_off_usd: f64) -> f64 {
    (0..months)
        .map(|month| prospect.month_savings(month))
        .sum::<f64>()
        - one_off_usd
}

/// Months until the savings have paid the one-off cost, linear inside the month; `None` within ten
/// years.
#[must_use]
pub fn payback_months(prospect: &Prospect, one_off_usd: f64) -> Option<f64> {
    let mut earned = 0.0;
    if one_off_usd <= 0.0 {
        return Some(0.0);
    }
    for month in 0..MONTHS_MAX {
        let savings = prospect.month_savings(month);
        if earned + savings >= one_off_usd {
            return Some(f64::from(month) + (one_off_usd - earned) / savings);
        }
        earned += savings;
    }
    None
}
