#![expect(clippy::float_arithmetic, reason = "sums are scaled and spread here")]
//! The traffic of a trace, minute by minute, apart by how much context its calls need.

use std::collections::BTreeMap;

use crate::economics::DemandMinute;
use crate::economics::demand::{SLOT_SECONDS, SLOTS};
use crate::economics::plan::{bucket_seconds, seconds};
use crate::economics::project::Bucket;
use crate::economics::work::TokenSums;
use crate::money::Pico;
use crate::usage::ContextClass;

/// One minute of the calls of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Minute {
    /// What the projection reads.
    pub bucket: Bucket,
    /// The sums by 10-second slot.
    pub slots: [TokenSums; SLOTS],
}

impl Minute {
    /// A minute of recorded calls, and what they cost.
    #[must_use]
    pub fn recorded(demand: &DemandMinute, api_usd: Pico) -> Self {
        Self {
            bucket: Bucket {
                api_usd: api_usd.to_f64(),
                ..Bucket::from(demand)
            },
            slots: demand.slots.map(|slot| TokenSums::from(&slot)),
        }
    }

    /// A minute of a mean: all its slots alike.
    #[must_use]
    pub fn even(total: TokenSums, api_usd: f64) -> Self {
        let slot = total * (seconds(SLOT_SECONDS) / bucket_seconds());
        Self {
            bucket: Bucket {
                total,
                busiest: slot,
                api_usd,
                ..Bucket::default()
            },
            slots: [slot; SLOTS],
        }
    }

    fn scaled(self, scale: f64) -> Self {
        let Bucket {
            total,
            busiest,
            api_usd,
            committed_usd,
            duration_seconds,
        } = self.bucket;
        Self {
            bucket: Bucket {
                total: total * scale,
                busiest: busiest * scale,
                api_usd: api_usd * scale,
                committed_usd: committed_usd * scale,
                duration_seconds: duration_seconds * scale,
            },
            slots: self.slots.map(|slot| slot * scale),
        }
    }
}

/// The minutes of a trace from its first to its last, those without calls included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    minutes: usize,
    classes: BTreeMap<ContextClass, Vec<Minute>>,
}

impl Traffic {
    /// Traffic from the minutes of each class; a class that ends early has no calls after that.
    #[must_use]
    pub fn new(mut classes: BTreeMap<ContextClass, Vec<Minute>>) -> Self {
        let minutes = classes.values().map(Vec::len).max().unwrap_or(0);
        for class in classes.values_mut() {
            class.resize(minutes, Minute::default());
        }
        Self { minutes, classes }
    }

    /// So many times the calls at the same times.
    #[must_use]
    pub fn scaled(mut self, scale: f64) -> Self {
        for minute in self.classes.values_mut().flatten() {
            *minute = minute.scaled(scale);
        }
        self
    }

    /// How many minutes.
    #[must_use]
    pub const fn minutes(&self) -> usize {
        self.minutes
    }

    /// The calls by the context they need.
    pub fn calls_by_class(&self) -> impl Iterator<Item = (ContextClass, f64)> {
        self.classes.iter().map(|(class, minutes)| {
            let calls = minutes.iter().map(|minute| minute.bucket.total.calls);
            (*class, calls.sum())
        })
    }

    /// The minutes of the calls that need at most so much context. A trace says nothing of images, tools or schemas:
    /// its calls need nothing else.
    #[must_use]
    pub fn buckets(&self, most: ContextClass) -> Vec<Bucket> {
        let mut buckets = vec![Bucket::default(); self.minutes];
        for class in self.served(most) {
            for (bucket, minute) in buckets.iter_mut().zip(class) {
                bucket.merge(&minute.bucket);
            }
        }
        buckets
    }

    /// The minutes of the calls of one class alone.
    #[must_use]
    pub fn buckets_of(&self, class: ContextClass) -> Vec<Bucket> {
        let minutes = self.classes.get(&class).into_iter().flatten();
        minutes.map(|minute| minute.bucket).collect()
    }

    /// The slots of these calls, in order.
    pub(super) fn slots(&self, most: ContextClass) -> Vec<TokenSums> {
        let mut slots = vec![TokenSums::default(); self.minutes.saturating_mul(SLOTS)];
        for class in self.served(most) {
            let parts = class.iter().flat_map(|minute| minute.slots);
            for (slot, part) in slots.iter_mut().zip(parts) {
                *slot += part;
            }
        }
        slots
    }

    fn served(&self, most: ContextClass) -> impl Iterator<Item = &Vec<Minute>> {
        self.classes.range(..=most).map(|(_, minutes)| minutes)
    }
}
