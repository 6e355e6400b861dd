//! The running totals of one message: how a later usage is merged into an earlier one.

use crate::usage::{SideUsage, TokenUsage};

use super::super::conserve;
use super::super::counts::Counts;
use super::super::findings::Findings;
use super::super::named::short;

/// Iterations the top-level counts leave out; each is billed beside them, at its own model.
const SIDE_KINDS: [&str; 2] = ["compaction", "advisor_message"];

/// Everything a message's usage has said, field by field as the provider spells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Running {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    lifetimes: Option<Lifetimes>,
    output: Option<u64>,
    thinking: Option<u64>,
    web_searches: Option<u64>,
    web_fetches: Option<u64>,
    service_tier: Option<String>,
    speed: Option<String>,
    region: Option<String>,
    side: Vec<SideUsage>,
}

/// How long cache writes are kept; reported, and replaced, as a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lifetimes {
    five_minutes: Option<u64>,
    one_hour: Option<u64>,
}

impl Lifetimes {
    fn sum(self) -> u64 {
        self.five_minutes
            .unwrap_or(0)
            .saturating_add(self.one_hour.unwrap_or(0))
    }
}

impl Running {
    /// Absent keeps; 0 never erases a positive count; output and what hangs on it take the last.
    pub(super) fn merged(&self, counts: Counts<'_>) -> Self {
        let output = counts.part("output_tokens_details");
        let tools = counts.part("server_tool_use");
        Self {
            input: positive(counts.at("input_tokens"), self.input),
            cache_read: positive(counts.at("cache_read_input_tokens"), self.cache_read),
            cache_write: positive(counts.at("cache_creation_input_tokens"), self.cache_write),
            lifetimes: self.merged_lifetimes(counts),
            output: counts.at("output_tokens").or(self.output),
            thinking: output.at("thinking_tokens").or(self.thinking),
            web_searches: positive(tools.at("web_search_requests"), self.web_searches),
            web_fetches: positive(tools.at("web_fetch_requests"), self.web_fetches),
            service_tier: name(counts, "service_tier").or_else(|| self.service_tier.clone()),
            speed: name(counts, "speed").or_else(|| self.speed.clone()),
            region: name(counts, "inference_geo").or_else(|| self.region.clone()),
            side: side(counts).unwrap_or_else(|| self.side.clone()),
        }
    }

    fn merged_lifetimes(&self, counts: Counts<'_>) -> Option<Lifetimes> {
        let Some(written) = counts.object("cache_creation") else {
            return self.lifetimes;
        };
        let new = Lifetimes {
            five_minutes: written.at("ephemeral_5m_input_tokens"),
            one_hour: written.at("ephemeral_1h_input_tokens"),
        };
        self.lifetimes
            .filter(|old| old.sum() > 0 && new.sum() == 0)
            .or(Some(new))
    }

    /// Puts the totals into the report.
    pub(super) fn tell(&self, findings: &mut Findings) {
        let report = &mut findings.report;
        report.usage = Some(self.tokens());
        report.side.clone_from(&self.side);
        for (unit, count) in [
            ("web_search", self.web_searches),
            ("web_fetch", self.web_fetches),
        ] {
            if let Some(count) = count {
                report.units.insert(unit.to_owned(), count);
            }
        }
        report.service_tier.clone_from(&self.service_tier);
        report.speed.clone_from(&self.speed);
        report.region.clone_from(&self.region);
        conserve::parts(&self.tokens(), findings);
    }

    fn tokens(&self) -> TokenUsage {
        let lifetimes = self.lifetimes.unwrap_or_default();
        TokenUsage {
            input: total([self.input, self.cache_read, self.cache_write]),
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            cache_write_5m: lifetimes.five_minutes,
            cache_write_1h: lifetimes.one_hour,
            output: self.output,
            reasoning: self.thinking,
            ..TokenUsage::default()
        }
    }
}

fn positive(new: Option<u64>, old: Option<u64>) -> Option<u64> {
    new.filter(|count| *count > 0).or(old).or(new)
}

/// The sum of what is reported, if anything is.
fn total(parts: [Option<u64>; 3]) -> Option<u64> {
    parts.into_iter().flatten().reduce(u64::saturating_add)
}

fn name(counts: Counts<'_>, key: &str) -> Option<String> {
    short(counts.text(key))
}

/// The side entries of a usage that lists its iterations.
fn side(counts: Counts<'_>) -> Option<Vec<SideUsage>> {
    let entries = counts.list("iterations")?;
    Some(entries.filter_map(side_entry).collect())
}

fn side_entry(entry: Counts<'_>) -> Option<SideUsage> {
    let kind = entry
        .text("type")
        .filter(|kind| SIDE_KINDS.contains(kind))?
        .to_owned();
    let cached_input_tokens = entry.at("cache_read_input_tokens");
    let cache_write_tokens = entry.at("cache_creation_input_tokens");
    Some(SideUsage {
        kind,
        model: name(entry, "model"),
        input_tokens: total([
            entry.at("input_tokens"),
            cached_input_tokens,
            cache_write_tokens,
        ]),
        cached_input_tokens,
        cache_write_tokens,
        output_tokens: entry.at("output_tokens"),
    })
}
