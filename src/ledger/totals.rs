//! What is summed over calls, and how a sum is stored.

use serde::{Deserialize, Serialize};

use super::codec::{Reader, Writer};
use crate::call::{CallRecord, Pricing, StreamEnd};
use crate::money::Pico;
use crate::usage::UsageSource;

/// The version of the stored form.
const VERSION: u8 = 1;

/// Sums over some calls of one group. Saturating, never wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Upstream attempts.
    pub calls: u64,
    /// Those that answered 400 or above, or did not answer to the end through no act of the client.
    pub errors: u64,
    /// Calls whose money is known.
    pub priced: u64,
    /// Calls that cost money nobody can say.
    pub unpriced: u64,
    /// Calls that cost nothing.
    pub free: u64,
    /// Calls whose tokens the provider said.
    pub reported: u64,
    /// Calls of which the provider said a part.
    pub partial: u64,
    /// Calls counted here.
    pub counted: u64,
    /// Billed calls whose tokens nobody knows.
    pub unknown: u64,
    /// Everything read.
    pub input_tokens: u64,
    /// Part of it read from a cache.
    pub cache_read_tokens: u64,
    /// Part of it written to a cache.
    pub cache_write_tokens: u64,
    /// Everything written.
    pub output_tokens: u64,
    /// Part of it that was thought.
    pub reasoning_tokens: u64,
    /// Calls with a time to first token.
    pub ttft_calls: u64,
    /// Their times, summed, in milliseconds.
    pub ttft_ms: u64,
    /// The duration of all calls, summed, in milliseconds.
    pub duration_ms: u64,
    /// Money in the group's own currency.
    pub cost_native: Pico,
    /// The same in dollars, converted call by call.
    pub cost_usd: Pico,
}

/// Counts in [`Totals`].
const COUNTS: usize = 17;

impl Totals {
    /// What one call adds.
    #[must_use]
    pub fn of(call: &CallRecord) -> Self {
        let pricing = |state| u64::from(call.pricing == state);
        let source = |source| u64::from(call.source == Some(source));
        let usage = &call.usage;
        Self {
            calls: 1,
            errors: u64::from(is_error(call)),
            priced: pricing(Pricing::Priced),
            unpriced: pricing(Pricing::Unpriced),
            free: pricing(Pricing::Free),
            reported: source(UsageSource::Reported),
            partial: source(UsageSource::Partial),
            counted: source(UsageSource::Counted),
            unknown: source(UsageSource::Unknown),
            input_tokens: usage.input.unwrap_or(0),
            cache_read_tokens: usage.cache_read.unwrap_or(0),
            cache_write_tokens: usage.cache_write.unwrap_or(0),
            output_tokens: usage.output.unwrap_or(0),
            reasoning_tokens: usage.reasoning.unwrap_or(0),
            ttft_calls: u64::from(call.ttft_ms.is_some()),
            ttft_ms: call.ttft_ms.unwrap_or(0),
            duration_ms: call.duration_ms,
            cost_native: call.cost_native.unwrap_or_default(),
            cost_usd: call.cost_usd.unwrap_or_default(),
        }
    }

    /// Calls that cost money, known or not.
    #[must_use]
    pub const fn billable(&self) -> u64 {
        self.priced.saturating_add(self.unpriced)
    }

    /// Adds other sums. `cost_native` only makes sense within one currency.
    pub fn merge(&mut self, other: &Self) {
        let (mut counts, theirs) = (self.counts(), other.counts());
        for (mine, theirs) in counts.iter_mut().zip(theirs) {
            *mine = mine.saturating_add(theirs);
        }
        *self = Self::from_counts(
            counts,
            self.cost_native + other.cost_native,
            self.cost_usd + other.cost_usd,
        );
    }

    /// Whether all that the other counts can be taken off. Money may be negative, so it says nothing.
    pub(super) fn has(&self, other: &Self) -> bool {
        self.counts()
            .iter()
            .zip(other.counts())
            .all(|(mine, theirs)| *mine >= theirs)
    }

    /// What both have: of each sum the smaller one.
    pub(super) fn least(&self, other: &Self) -> Self {
        self.with(other, u64::min, Pico::min)
    }

    /// What is left without the other; nothing where that has more.
    pub(super) fn less(&self, other: &Self) -> Self {
        self.with(other, u64::saturating_sub, |mine, theirs| mine - theirs)
    }

    fn with(
        &self,
        other: &Self,
        count: fn(u64, u64) -> u64,
        money: fn(Pico, Pico) -> Pico,
    ) -> Self {
        let mut counts = self.counts();
        for (mine, theirs) in counts.iter_mut().zip(other.counts()) {
            *mine = count(*mine, theirs);
        }
        Self::from_counts(
            counts,
            money(self.cost_native, other.cost_native),
            money(self.cost_usd, other.cost_usd),
        )
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION);
        for count in self.counts() {
            writer.put(count);
        }
        writer.put_signed(self.cost_native.0);
        writer.put_signed(self.cost_usd.0);
        writer.finish()
    }

    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let mut reader = Reader::of(value, VERSION)?;
        let mut counts = [0; COUNTS];
        for count in &mut counts {
            *count = reader.take_u64()?;
        }
        let native = Pico(reader.take_signed()?);
        let usd = Pico(reader.take_signed()?);
        reader
            .rest()
            .is_empty()
            .then(|| Self::from_counts(counts, native, usd))
    }

    /// The counts in stored order. A new field does not compile until it has its place here.
    const fn counts(&self) -> [u64; COUNTS] {
        let Self {
            calls,
            errors,
            priced,
            unpriced,
            free,
            reported,
            partial,
            counted,
            unknown,
            input_tokens,
            cache_read_tokens,
            cache_write_tokens,
            output_tokens,
            reasoning_tokens,
            ttft_calls,
            ttft_ms,
            duration_ms,
            cost_native: _,
            cost_usd: _,
        } = *self;
        [
            calls,
            errors,
            priced,
            unpriced,
            free,
            reported,
            partial,
            counted,
            unknown,
            input_tokens,
            cache_read_tokens,
            cache_write_tokens,
            output_tokens,
            reasoning_tokens,
            ttft_calls,
            ttft_ms,
            duration_ms,
        ]
    }

    const fn from_counts(counts: [u64; COUNTS], cost_native: Pico, cost_usd: Pico) -> Self {
        let [
            calls,
            errors,
            priced,
            unpriced,
            free,
            reported,
            partial,
            counted,
            unknown,
            input_tokens,
            cache_read_tokens,
            cache_write_tokens,
            output_tokens,
            reasoning_tokens,
            ttft_calls,
            ttft_ms,
            duration_ms,
        ] = counts;
        Self {
            calls,
            errors,
            priced,
            unpriced,
            free,
            reported,
            partial,
            counted,
            unknown,
            input_tokens,
            cache_read_tokens,
            cache_write_tokens,
            output_tokens,
            reasoning_tokens,
            ttft_calls,
            ttft_ms,
            duration_ms,
            cost_native,
            cost_usd,
        }
    }
}

/// A client that leaves is no error of the upstream.
fn is_error(call: &CallRecord) -> bool {
    let failed = match call.end {
        StreamEnd::UpstreamFailed | StreamEnd::Timeout | StreamEnd::Interrupted => true,
        StreamEnd::Complete | StreamEnd::ClientGone => false,
    };
    failed || call.status.is_some_and(|status| status >= 400)
}
