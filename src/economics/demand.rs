//! The demand of a minute: eight sums, from which any plan's work and cost can be computed later.
//!
//! The sums are integers, so they are exact, do not depend on the order of the calls, and add up
//! over streams, machines and time. No call is kept.

mod hour;

use serde::{Deserialize, Serialize};

pub use self::hour::{BusiestMinute, DemandHour, HOUR_MINUTES};
use crate::money::Pico;
use crate::usage::Capability;
use crate::usage::{SideUsage, TokenUsage};

/// Length of a bucket of demand.
pub const BUCKET_SECONDS: i64 = 60;
/// Length of a slot inside a bucket, for the burst bound.
pub const SLOT_SECONDS: i64 = 10;
/// Slots in a bucket.
pub const SLOTS: usize = 6;
/// How long after its end a bucket stays open for calls still running.
pub const OPEN_SECONDS: i64 = 900;

/// Names a stream of demand: what could be moved as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stream {
    /// The configured name of where it goes today.
    pub upstream: String,
    /// The model, as the provider names it.
    pub model: String,
    /// What a host would have to be able to do.
    pub capability: Capability,
}

/// The eight sums over some calls whose tokens and cost are known. Saturating, never wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandSums {
    /// Calls (n).
    pub calls: u64,
    /// Input tokens that were not read from a cache (ΣI); cache writes are computed, so they count.
    pub uncached_input: u64,
    /// Input tokens read from a cache (ΣH).
    pub cached_input: u64,
    /// Output tokens, reasoning included (ΣO).
    pub output: u64,
    /// Output × all input of the same call (ΣOL), in tokens².
    pub output_by_input: u128,
    /// Output² (ΣOO), in tokens².
    pub output_squared: u128,
    /// What the API cost (ΣC), in dollars, exact.
    pub cost_usd: Pico,
    /// Duration from the request to the end (ΣR), in milliseconds.
    pub duration_ms: u64,
}

impl DemandSums {
    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds other sums.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            calls,
            uncached_input,
            cached_input,
            output,
            output_by_input,
            output_squared,
            cost_usd,
            duration_ms,
        } = other;
        self.calls = self.calls.saturating_add(*calls);
        self.uncached_input = self.uncached_input.saturating_add(*uncached_input);
        self.cached_input = self.cached_input.saturating_add(*cached_input);
        self.output = self.output.saturating_add(*output);
        self.output_by_input = self.output_by_input.saturating_add(*output_by_input);
        self.output_squared = self.output_squared.saturating_add(*output_squared);
        self.cost_usd += *cost_usd;
        self.duration_ms = self.duration_ms.saturating_add(*duration_ms);
    }

    /// Takes other sums off, as far as they are there.
    pub(super) fn take_off(&mut self, other: &Self) {
        let Self {
            calls,
            uncached_input,
            cached_input,
            output,
            output_by_input,
            output_squared,
            cost_usd,
            duration_ms,
        } = other;
        self.calls = self.calls.saturating_sub(*calls);
        self.uncached_input = self.uncached_input.saturating_sub(*uncached_input);
        self.cached_input = self.cached_input.saturating_sub(*cached_input);
        self.output = self.output.saturating_sub(*output);
        self.output_by_input = self.output_by_input.saturating_sub(*output_by_input);
        self.output_squared = self.output_squared.saturating_sub(*output_squared);
        self.cost_usd = self.cost_usd - *cost_usd;
        self.duration_ms = self.duration_ms.saturating_sub(*duration_ms);
    }

    /// All tokens, in and out.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.uncached_input
            .saturating_add(self.cached_input)
            .saturating_add(self.output)
    }

    /// Adds the tokens of one inference: the terms that are products are made here, once.
    fn add_tokens(&mut self, tokens: Tokens) {
        let Tokens {
            input,
            cached,
            output,
        } = tokens;
        let cached = cached.min(input);
        let wide = u128::from(output);
        self.uncached_input = self
            .uncached_input
            .saturating_add(input.saturating_sub(cached));
        self.cached_input = self.cached_input.saturating_add(cached);
        self.output = self.output.saturating_add(output);
        // u64 · u64 fits in u128.
        self.output_by_input = self
            .output_by_input
            .saturating_add(wide.saturating_mul(u128::from(input)));
        self.output_squared = self
            .output_squared
            .saturating_add(wide.saturating_mul(wide));
    }

    /// ΣI + 2·ΣO + (ΣOL + ΣOO/2)/1000, times 2000: which slot is busier, whatever the plan.
    fn business(&self) -> u128 {
        let linear = u128::from(self.uncached_input)
            .saturating_add(u128::from(self.output).saturating_mul(2))
            .saturating_mul(2_000);
        linear
            .saturating_add(self.output_by_input.saturating_mul(2))
            .saturating_add(self.output_squared)
    }
}

/// Tokens of one inference, caches contained in the input.
#[derive(Clone, Copy)]
struct Tokens {
    input: u64,
    cached: u64,
    output: u64,
}

/// What demand needs to know of one finished call.
#[derive(Clone, Copy, Debug)]
pub struct CallDemand<'a> {
    /// When the call arrived, in milliseconds since 1970.
    pub started_ms: i64,
    /// Milliseconds from the request to the end.
    pub duration_ms: u64,
    /// Its tokens. Without an input count the tokens are not known.
    pub usage: &'a TokenUsage,
    /// Inference billed beside it: part of its cost, so part of its work.
    pub side: &'a [SideUsage],
    /// What it cost in dollars; absent when that is not known.
    pub cost_usd: Option<Pico>,
    /// Made history, not metered here.
    pub imported: bool,
}

/// Where a call belongs in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whole minutes since 1970.
    pub minute: i64,
    /// The 10-second slot in that minute, 0 to 5.
    pub slot: usize,
    /// The call ended after its own bucket had closed and is counted where it ended.
    pub late: bool,
}

impl CallDemand<'_> {
    /// The bucket of the arrival; of the end, if the arrival's bucket is closed by then.
    #[must_use]
    pub fn place(&self) -> Place {
        let started = self.started_ms.div_euclid(1_000);
        let ended = self.ended();
        let minute = started.div_euclid(BUCKET_SECONDS);
        let closes = minute
            .saturating_add(1)
            .saturating_mul(BUCKET_SECONDS)
            .saturating_add(OPEN_SECONDS);
        let late = ended >= closes;
        let second = if late { ended } else { started };
        Place {
            minute: second.div_euclid(BUCKET_SECONDS),
            slot: slot_of(second),
            late,
        }
    }

    /// The minute in which it ended, since 1970.
    #[must_use]
    pub fn end_minute(&self) -> i64 {
        self.ended().div_euclid(BUCKET_SECONDS)
    }

    /// When it ended, in seconds since 1970.
    fn ended(&self) -> i64 {
        let started = self.started_ms.div_euclid(1_000);
        let duration = i64::try_from(self.duration_ms / 1_000).unwrap_or(i64::MAX);
        started.saturating_add(duration)
    }

    /// The eight sums of this call; `None` without known tokens or without a known cost.
    fn sums(&self) -> Option<DemandSums> {
        let mut sums = DemandSums {
            calls: 1,
            cost_usd: self.cost_usd?,
            duration_ms: self.duration_ms,
            ..DemandSums::default()
        };
        sums.add_tokens(Tokens {
            input: self.usage.input?,
            cached: self.usage.cache_read.unwrap_or(0),
            output: self.usage.output.unwrap_or(0),
        });
        for side in self.side {
            sums.add_tokens(Tokens {
                input: side.input_tokens.unwrap_or(0),
                cached: side.cached_input_tokens.unwrap_or(0),
                output: side.output_tokens.unwrap_or(0),
            });
        }
        Some(sums)
    }
}

/// The slot of a second inside its minute.
fn slot_of(second: i64) -> usize {
    usize::try_from(second.rem_euclid(BUCKET_SECONDS) / SLOT_SECONDS).unwrap_or(0)
}

/// The demand of one stream in one minute, with what is not known about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandMinute {
    /// The sums by 10-second slot of the arrival.
    pub slots: [DemandSums; SLOTS],
    /// Billed calls whose tokens are known and whose price is not: no work, no cost, only doubt.
    pub unpriced_calls: u64,
    /// The tokens of those calls.
    pub unpriced_tokens: u64,
    /// Billed calls whose tokens nobody knows.
    pub unknown_calls: u64,
    /// How many of all these calls are made history: such a minute never switches a state.
    pub imported_calls: u64,
}

impl DemandMinute {
    /// Adds one billed call (leave free ones out) to its slot.
    pub fn add(&mut self, call: &CallDemand<'_>) {
        self.imported_calls = self.imported_calls.saturating_add(u64::from(call.imported));
        if let Some(sums) = call.sums() {
            if let Some(slot) = self.slots.get_mut(call.place().slot) {
                slot.merge(&sums);
            }
        } else if let Some(input) = call.usage.input {
            let tokens = input.saturating_add(call.usage.output.unwrap_or(0));
            self.unpriced_calls = self.unpriced_calls.saturating_add(1);
            self.unpriced_tokens = self.unpriced_tokens.saturating_add(tokens);
        } else {
            self.unknown_calls = self.unknown_calls.saturating_add(1);
        }
    }

    /// Adds another minute: of another stream, or of another machine.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            slots,
            unpriced_calls,
            unpriced_tokens,
            unknown_calls,
            imported_calls,
        } = other;
        for (mine, theirs) in self.slots.iter_mut().zip(slots) {
            mine.merge(theirs);
        }
        self.unpriced_calls = self.unpriced_calls.saturating_add(*unpriced_calls);
        self.unpriced_tokens = self.unpriced_tokens.saturating_add(*unpriced_tokens);
        self.unknown_calls = self.unknown_calls.saturating_add(*unknown_calls);
        self.imported_calls = self.imported_calls.saturating_add(*imported_calls);
    }

    /// Takes another minute off, as far as it is there: calls that are known another way now.
    pub fn take_off(&mut self, other: &Self) {
        let Self {
            slots,
            unpriced_calls,
            unpriced_tokens,
            unknown_calls,
            imported_calls,
        } = other;
        for (mine, theirs) in self.slots.iter_mut().zip(slots) {
            mine.take_off(theirs);
        }
        self.unpriced_calls = self.unpriced_calls.saturating_sub(*unpriced_calls);
        self.unpriced_tokens = self.unpriced_tokens.saturating_sub(*unpriced_tokens);
        self.unknown_calls = self.unknown_calls.saturating_sub(*unknown_calls);
        self.imported_calls = self.imported_calls.saturating_sub(*imported_calls);
    }

    /// The sums of the whole minute.
    #[must_use]
    pub fn total(&self) -> DemandSums {
        let mut total = DemandSums::default();
        for slot in &self.slots {
            total.merge(slot);
        }
        total
    }

    /// The sums of the busiest slot, by an order that does not depend on a plan:
    /// ΣI + 2·ΣO + (ΣOL + ΣOO/2)/1000. Of equals the first.
    #[must_use]
    pub fn busiest_slot(&self) -> DemandSums {
        let mut busiest = DemandSums::default();
        for slot in &self.slots {
            if slot.business() > busiest.business() {
                busiest = *slot;
            }
        }
        busiest
    }
}

#[cfg(test)]
mod tests;
