//! What reserved throughput cost, and what the calls that it served are worth: never added up.

use serde_json::{Value, json};

use crate::money::{Currency, Pico};
use crate::pricing::{Per, Rented};

/// One reservation over the time that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// What it is called.
    pub name: String,
    /// Its entries, which add up.
    pub parts: Vec<Part>,
    /// The calls that it served and that have a price.
    pub calls: u64,
    /// What these would have cost by the price list, in dollars.
    pub worth_usd: Pico,
}

/// So many units for so long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    units: u32,
    amount: Pico,
    currency: Currency,
    per: Per,
    seconds: i64,
    cost_native: Pico,
    cost_usd: Pico,
}

impl Reserved {
    /// Every reservation that ran, its entries together, before any call.
    pub fn of<'a>(rented: impl Iterator<Item = Rented<'a>>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for rented in rented {
            let name = &rented.reservation.name;
            let part = Part::from(&rented);
            match all.iter_mut().find(|known| known.name == *name) {
                Some(known) => known.parts.push(part),
                None => all.push(Self {
                    name: name.clone(),
                    parts: vec![part],
                    calls: 0,
                    worth_usd: Pico::ZERO,
                }),
            }
        }
        all
    }

    /// What it cost, used or not.
    #[must_use]
    pub fn cost_usd(&self) -> Pico {
        self.parts.iter().map(|part| part.cost_usd).sum()
    }

    pub(super) fn json(&self) -> Value {
        let Self {
            name,
            parts,
            calls,
            worth_usd,
        } = self;
        json!({
            "name": name,
            "cost_usd": self.cost_usd(),
            "calls": calls,
            "worth_usd": worth_usd,
            "parts": parts.iter().map(Part::json).collect::<Vec<_>>(),
        })
    }
}

impl From<&Rented<'_>> for Part {
    fn from(rented: &Rented<'_>) -> Self {
        let Rented {
            reservation,
            seconds,
            cost_native,
            cost_usd,
        } = *rented;
        Self {
            units: reservation.units,
            amount: reservation.rent.amount,
            currency: reservation.rent.currency,
            per: reservation.rent.per,
            seconds,
            cost_native,
            cost_usd,
        }
    }
}

impl Part {
    fn json(&self) -> Value {
        let Self {
            units,
            amount,
            currency,
            per,
            seconds,
            cost_native,
            cost_usd,
        } = self;
        json!({
            "units": units,
            "amount": amount,
            "currency": currency,
            "per": per.label(),
            "seconds": seconds,
            "cost_native": cost_native,
            "cost_usd": cost_usd,
        })
    }
}
