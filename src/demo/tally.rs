//! The providers' own bill: exact, kept where the answers are made, apart from any meter.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Calls and the tokens billed for them. The caches are parts of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// How many calls.
    pub calls: u64,
    /// Everything read, caches included.
    pub input: u64,
    /// Part of the input found in the cache.
    pub cache_read: u64,
    /// Part of the input written to the cache.
    pub cache_write: u64,
    /// Everything written.
    pub output: u64,
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        let Self {
            calls,
            input,
            cache_read,
            cache_write,
            output,
        } = other;
        self.calls += calls;
        self.input += input;
        self.cache_read += cache_read;
        self.cache_write += cache_write;
        self.output += output;
    }
}

/// What a provider billed for one model, by what its clients could know of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelTally {
    /// Answers that said their usage: a meter must know these exactly.
    pub told: Tokens,
    /// Answers given whole without their usage, because the client did not ask for it.
    pub untold: Tokens,
    /// Answers the client left: billed as far as they were made, never said.
    pub cut: Tokens,
    /// Calls answered with an error; not billed.
    pub refused: u64,
}

impl ModelTally {
    /// Calls of every kind.
    #[must_use]
    pub fn calls(&self) -> u64 {
        let Self {
            told,
            untold,
            cut,
            refused,
        } = self;
        told.calls + untold.calls + cut.calls + refused
    }
}

/// A provider's whole bill, by the model's dated name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// By model.
    pub models: BTreeMap<String, ModelTally>,
}

impl Stats {
    /// Two providers' bills as one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (name, theirs) in other.models {
            let ModelTally {
                told,
                untold,
                cut,
                refused,
            } = theirs;
            let ours = self.models.entry(name).or_default();
            ours.told += told;
            ours.untold += untold;
            ours.cut += cut;
            ours.refused += refused;
        }
        self
    }

    /// All models together.
    #[must_use]
    pub fn total(&self) -> ModelTally {
        let mut all = ModelTally::default();
        for ModelTally {
            told,
            untold,
            cut,
            refused,
        } in self.models.values()
        {
            all.told += *told;
            all.untold += *untold;
            all.cut += *cut;
            all.refused += refused;
        }
        all
    }
}

/// The bill being written.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Stats>);

impl Tally {
    /// The bill so far.
    pub(super) fn stats(&self) -> Stats {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// One call answered with an error.
    pub(super) fn refuse(&self, model: &str) {
        self.on(model, |tally| tally.refused += 1);
    }

    fn on(&self, model: &str, change: impl FnOnce(&mut ModelTally)) {
        let mut stats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(stats.models.entry(model.to_owned()).or_default());
    }
}

/// One call's bill: settled exactly once, by its answer's end or by being dropped.
#[derive(Debug)]
pub(super) struct Bill {
    tally: Arc<Tally>,
    model: String,
    full: Tokens,
    made: u64,
    settled: bool,
}

impl Bill {
    /// A bill for a call that is being answered; `made` tokens of output exist from the start.
    pub(super) fn open(tally: Arc<Tally>, model: String, full: Tokens, made: u64) -> Self {
        Self {
            tally,
            model,
            full,
            made,
            settled: false,
        }
    }

    /// One more token of output was made.
    pub(super) fn word(&mut self) {
        self.made += 1;
    }

    /// The answer said its usage.
    pub(super) fn tell(&mut self) {
        self.settle(|tally| &mut tally.told, self.full);
    }

    /// The answer ended without saying its usage.
    pub(super) fn keep(&mut self) {
        self.settle(|tally| &mut tally.untold, self.full);
    }

    fn settle(&mut self, side: impl FnOnce(&mut ModelTally) -> &mut Tokens, tokens: Tokens) {
        if !std::mem::replace(&mut self.settled, true) {
            self.tally.on(&self.model, |tally| *side(tally) += tokens);
        }
    }
}

impl Drop for Bill {
    fn drop(&mut self) {
        let tokens = Tokens {
            output: self.made,
            ..self.full
        };
        self.settle(|tally| &mut tally.cut, tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Tokens = Tokens {
        calls: 1,
        input: 10,
        cache_read: 4,
        cache_write: 0,
        output: 20,
    };

    #[track_caller]
    fn check(end: impl FnOnce(&mut Bill), expected: ModelTally) {
        let tally = Arc::new(Tally::default());
        let mut bill = Bill::open(Arc::clone(&tally), "m".into(), FULL, 0);
        bill.word();
        bill.word();
        end(&mut bill);
        drop(bill);
        assert_eq!(tally.stats().models["m"], expected);
    }

    #[test]
    fn a_call_is_billed_once_and_on_one_side() {
        check(
            Bill::tell,
            ModelTally {
                told: FULL,
                ..ModelTally::default()
            },
        );
        check(
            Bill::keep,
            ModelTally {
                untold: FULL,
                ..ModelTally::default()
            },
        );
    }

    #[test]
    fn a_client_that_leaves_pays_for_what_was_made() {
        let cut = Tokens { output: 2, ..FULL };
        check(
            |_| {},
            ModelTally {
                cut,
                ..ModelTally::default()
            },
        );
    }

    #[test]
    fn bills_add_up() {
        let stats = |refused| Stats {
            models: BTreeMap::from([(
                "m".into(),
                ModelTally {
                    refused,
                    told: FULL,
                    ..ModelTally::default()
                },
            )]),
        };
        let total = stats(1).and(stats(2)).total();
        assert_eq!((total.refused, total.told.input, total.calls()), (3, 20, 5));
    }
}
