//! The streams of the made past: how much of each, of which size, and when in the week.
//!
//! An ordinary product of some size: three and a half million calls a day, a few thousand dollars.

use super::sums::MadeCall;

/// Kinds of calls in a stream.
pub(super) const SIZES: usize = 8;

/// Middles of the eighths of a log-normal with σ = 0.8, in thousandths of its median.
const EIGHTHS: [u64; SIZES] = [293, 492, 676, 882, 1_134, 1_479, 2_033, 3_412];

/// The same, in an order unlike it: long prompts do not mean long answers.
const EIGHTHS_SHUFFLED: [u64; SIZES] = [676, 1_479, 293, 2_033, 492, 3_412, 1_134, 882];

/// Load by hour of the day in UTC, in thousandths of the mean: Europe's morning, America's noon.
const HOURS: [u64; 24] = [
    560, 460, 400, 380, 400, 500, 700, 960, 1_240, 1_400, 1_440, 1_400, 1_380, 1_480, 1_560, 1_580,
    1_520, 1_400, 1_260, 1_120, 980, 820, 600, 460,
];

/// Load by day of the week from Monday on, in thousandths of the mean.
const WEEKDAYS: [u64; 7] = [1_080, 1_120, 1_120, 1_100, 1_040, 760, 780];

/// What a day adds to the one before, in millionths: a fifth in a month.
const GROWTH_PPM: u64 = 6_000;

/// Prompts from this length on are cached.
const CACHED_FROM_TOKENS: u64 = 1_024;

/// Caches count in steps of so many tokens.
const CACHE_STEP: u64 = 128;

/// One model's calls of one capability.
#[derive(Debug)]
pub(super) struct Stream {
    upstream: &'static str,
    model_requested: &'static str,
    model: &'static str,
    capability: &'static str,
    /// Calls on the last day, were it an average one.
    calls_per_day: u64,
    /// What every prompt has at least; the drawn size comes on top.
    input_floor: u64,
    /// Medians.
    input: u64,
    output: u64,
    /// Part of a long prompt that is found in the cache.
    cached_per_mille: u64,
    output_tokens_per_second: u64,
}

impl Stream {
    /// Its eight kinds of calls, from the smallest prompt on.
    pub(super) fn calls(&self) -> [MadeCall; SIZES] {
        let mut outputs = EIGHTHS_SHUFFLED.into_iter();
        EIGHTHS.map(|size| {
            let input = self.input_floor + self.input * size / 1_000;
            let output = self.output * outputs.next().unwrap_or(1_000) / 1_000;
            let hit = if input < CACHED_FROM_TOKENS {
                0
            } else {
                self.cached_per_mille
            };
            MadeCall {
                upstream: self.upstream,
                model_requested: self.model_requested,
                model: self.model,
                capability: self.capability,
                input,
                cached: input * hit / 1_000 / CACHE_STEP * CACHE_STEP,
                output,
                duration_ms: 450 + output * 1_000 / self.output_tokens_per_second.max(1),
            }
        })
    }

    /// Calls in an hour: `weekday` counts from Monday, `days_back` from the last day.
    pub(super) fn calls_in(&self, hour: i8, weekday: i8, days_back: u32, noise: u64) -> u64 {
        let at = |table: &[u64], place: i8| {
            usize::try_from(place)
                .ok()
                .and_then(|place| table.get(place))
                .copied()
                .unwrap_or(1_000)
        };
        let level = (0..days_back).fold(1_000_000, |level: u64, _| {
            level * 1_000_000 / (1_000_000 + GROWTH_PPM)
        });
        let factors = [
            (at(&HOURS, hour), 1_000),
            (at(&WEEKDAYS, weekday), 1_000),
            (level, 1_000_000),
            (noise, 1_000),
        ];
        factors
            .into_iter()
            .fold(self.calls_per_day, |calls, (by, of)| calls * by / of)
            / 24
    }
}

/// The streams. A context class counts everything read and written.
pub(super) const STREAMS: [Stream; 8] = [
    openai(
        "gpt-4o-mini",
        "gpt-4o-mini-2024-07-18",
        "8k",
        [2_700_000, 0, 650, 150, 300, 85],
    ),
    openai(
        "gpt-4o-mini",
        "gpt-4o-mini-2024-07-18",
        "32k",
        [40_000, 8_200, 4_000, 200, 400, 85],
    ),
    openai(
        "gpt-4.1-mini",
        "gpt-4.1-mini-2025-04-14",
        "8k",
        [500_000, 0, 900, 190, 300, 85],
    ),
    openai(
        "gpt-4o",
        "gpt-4o-2024-08-06",
        "8k",
        [160_000, 0, 1_300, 270, 300, 65],
    ),
    openai(
        "gpt-4o",
        "gpt-4o-2024-08-06",
        "8k+vision",
        [30_000, 0, 1_500, 260, 200, 65],
    ),
    anthropic(
        "claude-haiku-4-5",
        "claude-haiku-4-5-20251001",
        "8k",
        [150_000, 0, 950, 190, 400, 95],
    ),
    anthropic(
        "claude-sonnet-4-5",
        "claude-sonnet-4-5-20250929",
        "8k",
        [40_000, 0, 1_500, 300, 400, 60],
    ),
    anthropic(
        "claude-sonnet-4-5",
        "claude-sonnet-4-5-20250929",
        "32k",
        [20_000, 8_200, 4_500, 330, 700, 60],
    ),
];

/// A stream behind OpenAI: calls a day, floor and median of the input, median of the
/// output, cached part, tokens a second.
const fn openai(
    model_requested: &'static str,
    model: &'static str,
    capability: &'static str,
    numbers: [u64; 6],
) -> Stream {
    let [
        calls_per_day,
        input_floor,
        input,
        output,
        cached_per_mille,
        output_tokens_per_second,
    ] = numbers;
    Stream {
        upstream: "openai",
        model_requested,
        model,
        capability,
        calls_per_day,
        input_floor,
        input,
        output,
        cached_per_mille,
        output_tokens_per_second,
    }
}

/// The same behind Anthropic.
const fn anthropic(
    model_requested: &'static str,
    model: &'static str,
    capability: &'static str,
    numbers: [u64; 6],
) -> Stream {
    Stream {
        upstream: "anthropic",
        ..openai(model_requested, model, capability, numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_week_and_the_day_only_move_calls_about() {
        assert_eq!(HOURS.iter().sum::<u64>(), 24_000);
        assert_eq!(WEEKDAYS.iter().sum::<u64>(), 7_000);
    }

    #[test]
    fn a_calls_context_is_that_of_its_class() {
        for call in STREAMS.iter().flat_map(Stream::calls) {
            let class = if call.capability.starts_with("8k") {
                1..=8_192
            } else {
                8_193..=32_768
            };
            assert!(class.contains(&(call.input + call.output)), "{call:?}");
            assert!(call.cached <= call.input && call.output > 0, "{call:?}");
        }
    }
}
