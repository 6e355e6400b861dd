#![expect(
    clippy::float_arithmetic,
    reason = "rented money is spread over the minutes of a projection"
)]
//! Throughput paid by the hour: while it runs, what it costs stands in for what its calls are worth.
//!
//! The money of the observed minutes is spread over their calls by what these are worth. While it is
//! committed, moving the calls saves none of it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::gather::Observed;
use super::live::{LiveDemand, Pool};
use super::settings::Takers;
use crate::call::fits_model;
use crate::economics::Stream;
use crate::economics::project::Bucket;
use crate::money::{Avoidable, Pico};

/// A reservation: whose calls it serves, and what it costs while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedRule {
    /// Its name.
    pub name: String,
    /// The configured names of the upstreams.
    pub upstreams: Vec<String>,
    /// The models as configured; one `*` stands for any text.
    pub models: Vec<String>,
    /// What adds up to it.
    pub parts: Vec<ReservedPart>,
}

/// Some units of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedPart {
    /// The first minute that is paid, since 1970.
    pub from_minute: i64,
    /// The first that is not.
    pub until_minute: i64,
    /// What it costs, dollars.
    pub usd_per_hour: Pico,
    /// From when on it can be given up.
    pub avoidable: Avoidable,
}

impl ReservedRule {
    pub(super) fn is_for(&self, stream: &Stream) -> bool {
        let Stream {
            upstream, model, ..
        } = stream;
        let fits = |name: &String| fits_model(name, model);
        self.upstreams.contains(upstream) && self.models.iter().any(fits)
    }

    fn runs(&self, minute: i64) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| (part.from_minute..part.until_minute).contains(&minute))
    }
}

/// One reservation over the observed minutes of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rented {
    /// What it cost, used or not.
    pub(super) cost: Pico,
    /// What of that cannot be given up yet.
    committed: BTreeMap<Avoidable, Pico>,
    /// What the calls in its minutes are worth.
    pub(super) worth: Pico,
}

impl Rented {
    fn of(rule: &ReservedRule, observed: &Observed, day: Date) -> Self {
        let mut rented = Self::default();
        for part in &rule.parts {
            let minutes = observed.count_in(part.from_minute..part.until_minute);
            let minutes = i128::try_from(minutes).unwrap_or(0);
            let cost = part.usd_per_hour.scaled(minutes, 60);
            rented.cost += cost;
            if part.avoidable.is_committed(day) {
                *rented.committed.entry(part.avoidable).or_default() += cost;
            }
        }
        rented
    }

    /// The part of `cost` that falls on calls that are worth so much.
    fn part(&self, cost: Pico, worth: Pico) -> Pico {
        // To a millionth of a dollar: products of larger numbers would not fit.
        let micro = |amount: Pico| amount.scaled(1, 1_000_000).0;
        cost.scaled(micro(worth), micro(self.worth))
    }

    /// What a dollar of worth cost.
    fn times(&self) -> f64 {
        let worth = self.worth.to_f64();
        if worth > 0.0 {
            self.cost.to_f64() / worth
        } else {
            0.0
        }
    }

    /// The part of it that cannot be given up yet.
    fn committed_share(&self) -> f64 {
        let committed: Pico = self.committed.values().copied().sum();
        if self.cost > Pico::ZERO {
            committed.to_f64() / self.cost.to_f64()
        } else {
            0.0
        }
    }
}

/// What is paid wherever calls go, in a window, as of a day.
#[derive(Debug)]
pub(super) struct Paid<'s> {
    pub(super) day: Date,
    rules: &'s [ReservedRule],
    rents: Vec<Rented>,
}

impl<'s> Paid<'s> {
    pub(super) fn of(
        rules: &'s [ReservedRule],
        demand: &LiveDemand,
        observed: &Observed,
        day: Date,
    ) -> Self {
        let rents = rules.iter().map(|rule| Rented::of(rule, observed, day));
        let mut paid = Self {
            day,
            rules,
            rents: rents.collect(),
        };
        for pool in demand.pools() {
            let Some(at) = pool.takers.reserved else {
                continue;
            };
            let served = paid.worth(pool, observed);
            if let Some(rent) = paid.rents.get_mut(at) {
                rent.worth += served;
            }
        }
        paid
    }

    /// What the calls of a pool are worth that a reservation served.
    pub(super) fn worth(&self, pool: &Pool, observed: &Observed) -> Pico {
        let mut worth = Pico::ZERO;
        if let Some((rule, _)) = self.rented(&pool.takers) {
            pool.minutes(&observed.range, |minute, part| {
                if rule.runs(minute) {
                    worth += part.cost;
                }
            });
        }
        worth
    }

    /// What calls of so much worth, `served` of it by a reservation, really cost, and what of that is
    /// paid anyway, by its end.
    pub(super) fn cost(
        &self,
        takers: &Takers,
        worth: Pico,
        served: Pico,
    ) -> (Pico, BTreeMap<Avoidable, Pico>) {
        let mut cost = worth - served;
        let mut committed = BTreeMap::new();
        let avoidable = takers.paid.on(self.day);
        if avoidable.is_committed(self.day) && cost > Pico::ZERO {
            committed.insert(avoidable, cost);
        }
        if let Some((_, rent)) = self.rented(takers) {
            cost += rent.part(rent.cost, served);
            for (avoidable, part) in &rent.committed {
                *committed.entry(*avoidable).or_default() += rent.part(*part, served);
            }
        }
        (cost, committed)
    }

    /// A minute of a pool, at what it really cost.
    pub(super) fn bucket(&self, takers: &Takers, minute: i64, bucket: Bucket) -> Bucket {
        let rented = self.rented(takers);
        match rented.filter(|(rule, _)| rule.runs(minute)) {
            Some((_, rent)) => bucket.rented(rent.times(), rent.committed_share()),
            None if takers.paid.on(self.day).is_committed(self.day) => bucket.committed(),
            None => bucket,
        }
    }

    /// What each reservation that ran cost, and what its calls are worth.
    pub(super) fn reserved(&self) -> impl Iterator<Item = (&'s ReservedRule, &Rented)> {
        let all = self.rules.iter().zip(&self.rents);
        all.filter(|(_, rent)| rent.cost > Pico::ZERO)
    }

    fn rented(&self, takers: &Takers) -> Option<(&'s ReservedRule, &Rented)> {
        let at = takers.reserved?;
        self.rules.get(at).zip(self.rents.get(at))
    }
}
