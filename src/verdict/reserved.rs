#![expect(
    clippy::float_arithmetic,
    reason = "rented money is spread over the minutes of a projection"
)]
//! Throughput paid by the hour: while it runs, what it costs stands in for what its calls are worth.
//!
//! The money of the observed minutes is spread over their calls by what these are worth. While it is
//! committed, moving the calls saves none of it.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::kept::{Kept, Pool, Series};
use super::seen::Observed;
use super::settings::Takers;
use crate::call::fits_model;
use crate::economics::Stream;
use crate::economics::project::Bucket;
use crate::money::{Avoidable, Pico};

/// Some units of a reservation: whose calls they serve, and what they cost while they run. Those of
/// one name are one reservation, and its calls share what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedRule {
    /// The reservation's name.
    pub name: String,
    /// The configured names of the upstreams.
    pub upstreams: Vec<String>,
    /// The models as configured; one `*` stands for any text.
    pub models: Vec<String>,
    /// The minutes that are paid, since 1970.
    pub minutes: Range<i64>,
    /// What they cost, dollars.
    pub usd_per_hour: Pico,
    /// From when on they can be given up.
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
    fn add(&mut self, rule: &ReservedRule, observed: &Observed<'_>, day: Date) {
        let minutes = observed.count_in(&rule.minutes);
        let minutes = i128::try_from(minutes).unwrap_or(0);
        let cost = rule.usd_per_hour.scaled(minutes, 60);
        self.cost += cost;
        if rule.avoidable.is_committed(day) {
            *self.committed.entry(rule.avoidable).or_default() += cost;
        }
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
    /// By the name of the reservation.
    rents: BTreeMap<&'s str, Rented>,
}

impl<'s> Paid<'s> {
    pub(super) fn of(
        rules: &'s [ReservedRule],
        kept: &Kept,
        observed: &Observed<'_>,
        day: Date,
    ) -> Self {
        let mut paid = Self {
            day,
            rules,
            rents: BTreeMap::new(),
        };
        for rule in rules {
            let rent = paid.rents.entry(&rule.name).or_default();
            rent.add(rule, observed, day);
        }
        for pool in kept.pools() {
            for (name, worth) in paid.served(pool, observed) {
                paid.rents.entry(name).or_default().worth += worth;
            }
        }
        paid
    }

    /// What the calls of a pool are worth that each reservation served, by its name.
    pub(super) fn served(&self, pool: &Pool, observed: &Observed<'_>) -> BTreeMap<&'s str, Pico> {
        let mut served = BTreeMap::<_, Pico>::new();
        for (minutes, serving) in self.stretches(&pool.takers, &observed.range) {
            if let Some(name) = serving {
                let [_, _, _, _, cost, ..] = pool.days.sums(&minutes);
                let worth = Pico(i128::try_from(cost).unwrap_or(i128::MAX));
                *served.entry(name).or_default() += pool.scale.cost(worth);
            }
        }
        served
    }

    /// What calls of so much worth, `served` of it by reservations, really cost, and what of that is
    /// paid anyway, by its end.
    pub(super) fn cost(
        &self,
        takers: &Takers,
        worth: Pico,
        served: &BTreeMap<&str, Pico>,
    ) -> (Pico, BTreeMap<Avoidable, Pico>) {
        let mut cost = worth - served.values().copied().sum();
        let mut committed = BTreeMap::new();
        let avoidable = takers.paid.on(self.day);
        if avoidable.is_committed(self.day) && cost > Pico::ZERO {
            committed.insert(avoidable, cost);
        }
        for (name, served) in served {
            let Some(rent) = self.rents.get(name) else {
                continue;
            };
            cost += rent.part(rent.cost, *served);
            for (avoidable, part) in &rent.committed {
                *committed.entry(*avoidable).or_default() += rent.part(*part, *served);
            }
        }
        (cost, committed)
    }

    /// What the observed minutes of a series really cost: first what moving their calls saves, then
    /// what is paid wherever they go, dollars.
    pub(super) fn money(&self, series: &Series, observed: &Observed<'_>) -> (Vec<f64>, Vec<f64>) {
        let mut avoidable = vec![0.0; observed.count()];
        let mut committed = avoidable.clone();
        for (takers, usd) in &series.money {
            let usd = usd.get(observed.places.clone()).unwrap_or_default();
            for (minutes, serving) in self.stretches(takers, &observed.range) {
                let (saved, kept) = self.parts(takers, serving);
                let places = observed.places_in(&minutes);
                add_times(&mut avoidable, usd, saved, &places);
                add_times(&mut committed, usd, kept, &places);
            }
        }
        (avoidable, committed)
    }

    /// A minute of a pool, at what it really cost.
    pub(super) fn bucket(&self, takers: &Takers, minute: i64, bucket: Bucket) -> Bucket {
        let (saved, kept) = self.parts(takers, self.serving(takers, minute));
        Bucket {
            api_usd: bucket.api_usd * saved,
            committed_usd: bucket.committed_usd + bucket.api_usd * kept,
            ..bucket
        }
    }

    /// What of a dollar of worth can be avoided and what cannot, where a reservation serves or none.
    fn parts(&self, takers: &Takers, serving: Option<&str>) -> (f64, f64) {
        match serving.and_then(|name| self.rents.get(name)) {
            Some(rent) => {
                let (times, committed) = (rent.times(), rent.committed_share());
                (times * (1.0 - committed), times * committed)
            }
            None if takers.paid.on(self.day).is_committed(self.day) => (0.0, 1.0),
            None => (1.0, 0.0),
        }
    }

    /// What each reservation that ran cost, and what its calls are worth.
    pub(super) fn reserved(&self) -> impl Iterator<Item = (&'s str, &Rented)> {
        let all = self.rents.iter().map(|(name, rent)| (*name, rent));
        all.filter(|(_, rent)| rent.cost > Pico::ZERO)
    }

    /// A range cut where another reservation begins to serve a stream, or none.
    fn stretches(&self, takers: &Takers, range: &Range<i64>) -> Vec<(Range<i64>, Option<&'s str>)> {
        let rules = takers.reserved.iter().filter_map(|at| self.rules.get(*at));
        let ends = rules.flat_map(|rule| [rule.minutes.start, rule.minutes.end]);
        let inside = ends.filter(|minute| *minute > range.start && *minute < range.end);
        let mut cuts: Vec<i64> = inside.chain([range.start, range.end]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let stretches = cuts.iter().zip(cuts.iter().skip(1));
        stretches
            .map(|(from, to)| (*from..*to, self.serving(takers, *from)))
            .collect()
    }

    /// The name of what serves calls in a minute: of what runs then the first, as in a call's price.
    fn serving(&self, takers: &Takers, minute: i64) -> Option<&'s str> {
        let places = takers.reserved.iter();
        let mut rules = places.filter_map(|at| self.rules.get(*at));
        let rule = rules.find(|rule| rule.minutes.contains(&minute))?;
        Some(&rule.name)
    }
}

/// Adds so many times the dollars of some places.
fn add_times(sums: &mut [f64], usd: &[f64], times: f64, places: &Range<usize>) {
    if times == 0.0 {
        return;
    }
    let both = sums.get_mut(places.clone()).zip(usd.get(places.clone()));
    if let Some((sums, usd)) = both {
        for (sum, usd) in sums.iter_mut().zip(usd) {
            *sum += usd * times;
        }
    }
}
