//! Throughput reserved by the hour: paid from its first second to its last, calls or no calls.
//!
//! What the calls are worth by the price list says how well it is used; it is never added to it.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit, Zoned};

use super::Priceable;
use super::book::{PriceBook, midnight};
use crate::call::fits_model;
use crate::money::{Avoidable, Currency, PICO_PER_UNIT, Pico};

/// Seconds in an hour.
const HOUR_SECONDS: i64 = 3_600;
/// Hours in a month, as projections count.
const MONTH_HOURS: i128 = 730;

/// Units of throughput, rented for a time: Azure's PTU, Bedrock's model units, Vertex's GSU, token
/// units of `OpenAI`'s scale tier. Entries of one name are one reservation whose parts add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// What reports call it.
    pub name: String,
    /// The upstreams whose calls it serves.
    pub upstreams: Vec<String>,
    /// The models it serves: exact, with a dated-snapshot suffix, or with one `*`.
    pub models: Vec<String>,
    /// Only calls that the provider says it served at this tier, such as `scale`; else all.
    pub service_tier: Option<String>,
    /// How many units.
    pub units: u32,
    /// What one of them costs.
    pub rent: Rent,
    /// The first moment that is paid.
    pub from: Timestamp,
    /// The first moment that is not; none while it renews itself.
    pub until: Option<Timestamp>,
    /// From when on it can be given up.
    pub avoidable: Avoidable,
    /// Who says so.
    pub source: String,
}

/// What one unit costs, used or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rent {
    /// So much …
    pub amount: Pico,
    /// … of this currency …
    pub currency: Currency,
    /// … for this long.
    pub per: Per,
}

/// What a rent is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// An hour; a part of it by the second (Azure prorates an hour's part, by the minute).
    Hour,
    /// A calendar month of the reporting time zone, a part of it by the second.
    Month,
}

impl Per {
    /// The word in keys and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Month => "month",
        }
    }
}

/// What a reservation cost in a stretch of time.
#[derive(Clone, Copy, Debug)]
pub struct Rented<'a> {
    /// The entry.
    pub reservation: &'a Reservation,
    /// How long it ran in the stretch.
    pub seconds: i64,
    /// In its own currency: exact, rounded half to even to the pico-unit, by the month where the rent
    /// is for a month, and at each change of the exchange rate.
    pub cost_native: Pico,
    /// The same in dollars, at the rates of these times.
    pub cost_usd: Pico,
}

impl Reservation {
    /// Whether it serves calls to a model at an upstream, some time.
    #[must_use]
    pub fn is_for(&self, upstream: &str, model: &str) -> bool {
        let named = |name: &String| fits_model(name, model);
        self.upstreams.iter().any(|name| name == upstream) && self.models.iter().any(named)
    }

    /// Whether it runs at some moment of a stretch of time, the end not included.
    #[must_use]
    pub fn runs_in(&self, from: Timestamp, to: Timestamp) -> bool {
        self.from < to && self.until.is_none_or(|until| from < until)
    }

    fn serves(&self, call: &Priceable<'_>, at: Timestamp, model: &str) -> bool {
        let tier = self.service_tier.as_deref();
        self.from <= at
            && self.until.is_none_or(|until| at < until)
            // Asked for is not served.
            && tier.is_none_or(|tier| {
                call.service_tier == Some(tier) && call.origins.service_tier.is_none()
            })
            && call.upstream.is_some_and(|upstream| {
                let asked = call.asked.filter(|name| *name != model);
                let mut names = asked.into_iter().chain([model]);
                names.any(|name| self.is_for(upstream, name))
            })
    }
}

impl PriceBook {
    /// Adds what is reserved; the first entry that serves a call is the one it is counted for.
    #[must_use]
    pub fn with_reserved(mut self, reserved: Vec<Reservation>) -> Self {
        self.reserved = reserved;
        self
    }

    /// All that is reserved, in the order it was given.
    #[must_use]
    pub fn reserved(&self) -> &[Reservation] {
        &self.reserved
    }

    /// What serves a call at a time at no cost of its own, if anything does.
    pub(super) fn serving(
        &self,
        call: &Priceable<'_>,
        at: Timestamp,
        model: &str,
    ) -> Option<&Reservation> {
        let mut known = self.reserved.iter();
        known.find(|reserved| reserved.serves(call, at, model))
    }

    /// What every reservation that ran in `from..to` cost then; whole seconds, months of `zone`.
    pub fn rented<'a>(
        &'a self,
        from: Timestamp,
        to: Timestamp,
        zone: &'a TimeZone,
    ) -> impl Iterator<Item = Rented<'a>> {
        let ran = move |reserved: &&Reservation| reserved.runs_in(from, to);
        self.reserved.iter().filter(ran).map(move |reservation| {
            let begin = from.max(reservation.from);
            let end = reservation.until.map_or(to, |until| until.min(to));
            self.rent(reservation, begin, end, zone)
        })
    }

    fn rent<'a>(
        &self,
        reservation: &'a Reservation,
        from: Timestamp,
        to: Timestamp,
        zone: &TimeZone,
    ) -> Rented<'a> {
        let Rent {
            amount,
            currency,
            per,
        } = reservation.rent;
        let mut rented = Rented {
            reservation,
            seconds: 0,
            cost_native: Pico::ZERO,
            cost_usd: Pico::ZERO,
        };
        let hourly = Pico(amount.0.saturating_mul(reservation.units.into()));
        let mut at = from;
        while at < to {
            let month = Month::of(at, zone);
            let (whole, next) = match per {
                Per::Hour => (HOUR_SECONDS, to),
                Per::Month => (month.seconds(), month.end.max(at)),
            };
            let end = self
                .next_rate(currency, at)
                .map_or(next, |day| day.min(next));
            let end = if end > at { end.min(to) } else { to };
            let seconds = end.as_second().saturating_sub(at.as_second());
            let native = hourly.scaled(seconds.into(), whole.max(1).into());
            rented.seconds = rented.seconds.saturating_add(seconds);
            rented.cost_native += native;
            rented.cost_usd += match currency {
                Currency::USD => native,
                other => {
                    native.scaled(self.usd_for(other, at).unwrap_or_default().0, PICO_PER_UNIT)
                }
            };
            at = end;
        }
        rented
    }

    /// What a reservation costs an hour, in dollars at the newest rate, for projections: a month has
    /// 730 hours there.
    #[must_use]
    pub fn usd_per_hour(&self, reservation: &Reservation) -> Pico {
        let Rent {
            amount,
            currency,
            per,
        } = reservation.rent;
        let hours = match per {
            Per::Hour => 1,
            Per::Month => MONTH_HOURS,
        };
        let native = amount.scaled(reservation.units.into(), hours);
        match currency {
            Currency::USD => native,
            other => {
                let usd = self.usd_for(other, Timestamp::MAX).unwrap_or_default();
                native.scaled(usd.0, PICO_PER_UNIT)
            }
        }
    }

    /// When another exchange rate is in force after a moment, if one is.
    fn next_rate(&self, currency: Currency, after: Timestamp) -> Option<Timestamp> {
        let days = self.fx().iter().filter(|rate| rate.currency == currency);
        let begins = days.map(|rate| midnight(rate.from));
        begins.filter(|begin| *begin > after).min()
    }
}

/// A calendar month.
struct Month {
    begin: Timestamp,
    end: Timestamp,
}

impl Month {
    fn of(at: Timestamp, zone: &TimeZone) -> Self {
        let first = |day: Zoned| day.first_of_month()?.start_of_day();
        let begin = first(at.to_zoned(zone.clone()));
        let end = begin
            .as_ref()
            .ok()
            .map(|begin| begin.checked_add(1.month()));
        let end = end.and_then(|day| first(day.ok()?).ok());
        Self {
            begin: begin.map_or(at, |begin| begin.timestamp()),
            end: end.map_or(Timestamp::MAX, |end| end.timestamp()),
        }
    }

    /// An hour less or more where clocks are put forward or back in it.
    fn seconds(&self) -> i64 {
        let span = self.begin.until((Unit::Second, self.end));
        span.map_or(i64::MAX, |span| span.get_seconds())
    }
}
