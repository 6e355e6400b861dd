#![expect(
    clippy::float_arithmetic,
    reason = "gauges are means of what is seen now and then"
)]
//! What one page of vLLM or `SGLang` says, whatever its version calls it.
//!
//! Names: <https://docs.vllm.ai/en/stable/usage/metrics/> and
//! <https://docs.sglang.io/references/production_metrics.html>. Series that differ in their labels
//! (models, data-parallel engines, streaming or not) are added up; of several spellings the first
//! that is there counts, because versions in between show the old one beside the new.

use super::exposition::samples;

/// Whose page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// vLLM.
    Vllm,
    /// `SGLang`, started with `--enable-metrics`.
    Sglang,
}

impl Engine {
    /// Its name in the configuration and in answers.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
        }
    }

    /// When its servers have the page, for people who miss it.
    #[must_use]
    pub const fn has_page(self) -> &'static str {
        match self {
            Self::Vllm => {
                "a vLLM has it at /metrics, unless it was started with --disable-log-stats"
            }
            Self::Sglang => "an SGLang has it at /metrics if it was started with --enable-metrics",
        }
    }

    const fn names(self) -> &'static Names {
        match self {
            Self::Vllm => &VLLM,
            Self::Sglang => &SGLANG,
        }
    }
}

/// How an engine calls what is read, without its prefix.
struct Names {
    input: &'static [&'static str],
    output: &'static [&'static str],
    running: &'static [&'static str],
    waiting: &'static [&'static str],
    cache_use: &'static [&'static str],
    cache_hits: &'static [&'static str],
    cache_lookups: &'static [&'static str],
}

/// Version 1 renamed what began with `gpu_`; between 0.8 and 0.11 pages show both.
const VLLM: Names = Names {
    input: &["prompt_tokens_total"],
    output: &["generation_tokens_total"],
    running: &["num_requests_running"],
    waiting: &["num_requests_waiting"],
    cache_use: &["kv_cache_usage_perc", "gpu_cache_usage_perc"],
    cache_hits: &["prefix_cache_hits_total", "gpu_prefix_cache_hits_total"],
    cache_lookups: &[
        "prefix_cache_queries_total",
        "gpu_prefix_cache_queries_total",
    ],
};

/// Every input token is looked up; its gauge `cache_hit_rate` is of the last batch only.
const SGLANG: Names = Names {
    input: &["prompt_tokens_total"],
    output: &["generation_tokens_total"],
    running: &["num_running_reqs"],
    waiting: &["num_queue_reqs"],
    cache_use: &["token_usage"],
    cache_hits: &["cached_tokens_total"],
    cache_lookups: &["prompt_tokens_total"],
};

/// When the process began, in seconds: not on pages of several processes.
const STARTED: &str = "process_start_time_seconds";
/// Floats count tokens exactly up to here; what is beyond is no counter, and no gauge either.
const COUNTER_MAX: f64 = 9_007_199_254_740_992.0;

/// The counters and gauges of one server at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Input tokens since the server began, those from its cache included.
    pub input_tokens: u64,
    /// Output tokens since the server began.
    pub output_tokens: u64,
    /// Input tokens that its prefix cache had, of those it was asked for.
    pub cache: Option<Cache>,
    /// Calls it works on.
    pub running: Option<f64>,
    /// Calls that wait for it.
    pub waiting: Option<f64>,
    /// Part of its KV cache that is taken, 0 to 1; the mean of its engines.
    pub cache_use: Option<f64>,
    /// Seconds since 1970.
    pub started: Option<f64>,
}

/// Tokens since the server began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cache {
    /// Found.
    pub hits: u64,
    /// Looked up.
    pub lookups: u64,
}

/// A page that does not count tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page does not have {}: {}", .names.join(" and "), .engine.has_page())]
pub struct Missing {
    /// Whose page was expected.
    pub engine: Engine,
    /// What is not on it.
    pub names: Vec<String>,
}

impl Reading {
    /// Reads a page.
    ///
    /// # Errors
    /// The counters of tokens that are not on it.
    pub fn of(engine: Engine, page: &[u8]) -> Result<Self, Missing> {
        let names = engine.names();
        let sums = Sums::of(engine, page);
        let (input, output) = (sums.count(names.input), sums.count(names.output));
        let (Some(input_tokens), Some(output_tokens)) = (input, output) else {
            let lacks = [(input, names.input), (output, names.output)];
            let lacks = lacks.iter().filter(|(found, _)| found.is_none());
            let first = lacks.filter_map(|(_, spellings)| spellings.first());
            let first = first.map(|name| format!("{}:{name}", engine.label()));
            let names = first.collect();
            return Err(Missing { engine, names });
        };
        let cache = sums
            .count(names.cache_hits)
            .zip(sums.count(names.cache_lookups));
        Ok(Self {
            input_tokens,
            output_tokens,
            cache: cache.map(|(hits, lookups)| Cache { hits, lookups }),
            running: sums.gauge(names.running).map(|(sum, _)| sum),
            waiting: sums.gauge(names.waiting).map(|(sum, _)| sum),
            cache_use: sums
                .gauge(names.cache_use)
                .map(|(sum, series)| sum / series),
            started: sums.started,
        })
    }

    /// Whether the server began anew between an earlier reading and this one.
    #[must_use]
    pub fn began_after(&self, earlier: &Self) -> bool {
        // Two engines of a server round their start time differently: a second is no restart.
        let started = self.started.zip(earlier.started);
        started.is_some_and(|(now, then)| now - then > 1.0)
            || self.input_tokens < earlier.input_tokens
            || self.output_tokens < earlier.output_tokens
    }
}

/// The series of a page that any reading needs, added up by name.
struct Sums<'p> {
    by_name: Vec<(&'p str, f64, f64)>,
    started: Option<f64>,
}

impl<'p> Sums<'p> {
    fn of(engine: Engine, page: &'p [u8]) -> Self {
        let mut sums = Self {
            by_name: Vec::new(),
            started: None,
        };
        for sample in samples(page) {
            if sample.name == STARTED {
                sums.started = Some(sample.value);
            }
            // Behind some collectors the colon has become a line.
            let own = sample.name.strip_prefix(engine.label());
            let own = own.and_then(|rest| rest.strip_prefix([':', '_']));
            if let Some(name) = own.filter(|name| engine.names().has(name)) {
                sums.add(name, sample.value);
            }
        }
        sums
    }

    fn add(&mut self, name: &'p str, value: f64) {
        let Some((_, sum, series)) = self.by_name.iter_mut().find(|(known, ..)| *known == name)
        else {
            // As many as there are names.
            return self.by_name.push((name, value, 1.0));
        };
        *sum += value;
        *series += 1.0;
    }

    /// The sum and the number of series of the first spelling that is there.
    fn gauge(&self, names: &[&str]) -> Option<(f64, f64)> {
        let found = names
            .iter()
            .find_map(|name| self.by_name.iter().find(|(it, ..)| it == name));
        found
            .map(|(_, sum, series)| (*sum, *series))
            .filter(|(sum, _)| (0.0..=COUNTER_MAX).contains(sum))
    }

    fn count(&self, names: &[&str]) -> Option<u64> {
        self.gauge(names).and_then(|(sum, _)| whole(sum))
    }
}

impl Names {
    fn has(&self, name: &str) -> bool {
        let Self {
            input,
            output,
            running,
            waiting,
            cache_use,
            cache_hits,
            cache_lookups,
        } = self;
        let all = [
            input,
            output,
            running,
            waiting,
            cache_use,
            cache_hits,
            cache_lookups,
        ];
        all.iter().any(|names| names.contains(&name))
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a whole number that both have"
)]
fn whole(counter: f64) -> Option<u64> {
    (0.0..=COUNTER_MAX)
        .contains(&counter)
        .then(|| counter.round() as u64)
}

#[cfg(test)]
mod tests;
