//! `usageMetadata`: what is kept of it from piece to piece, and what it means.

use crate::usage::TokenUsage;

use super::super::conserve;
use super::super::counts::Counts;
use super::super::findings::Findings;
use super::enums;

/// The counts as they stand: of each the last that came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Running {
    prompt: Option<u64>,
    tool_prompt: Option<u64>,
    cached: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    total: Option<u64>,
    prompt_by: Modalities,
    cached_by: Modalities,
    candidates_by: Modalities,
}

/// Parts of a count that may be priced apart.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Modalities {
    pub(super) audio: Option<u64>,
    pub(super) image: Option<u64>,
    pub(super) video: Option<u64>,
}

impl Modalities {
    /// Of a list such as `[{"modality": "TEXT", "tokenCount": 7}]`; none if there is no list.
    pub(super) fn read(counts: Counts<'_>, list: &str, count: &str) -> Option<Self> {
        let mut read = Self::default();
        for entry in counts.list(list)? {
            let place = match enums::modality(entry).as_deref() {
                Some("AUDIO") => &mut read.audio,
                Some("IMAGE") => &mut read.image,
                Some("VIDEO") => &mut read.video,
                Some(_) | None => continue,
            };
            *place = entry.at(count);
        }
        Some(read)
    }
}

impl Running {
    /// Takes the counts of another piece.
    pub(super) fn add(&mut self, counts: Counts<'_>) {
        for (place, key) in [
            (&mut self.prompt, "promptTokenCount"),
            (&mut self.tool_prompt, "toolUsePromptTokenCount"),
            (&mut self.cached, "cachedContentTokenCount"),
            (&mut self.candidates, "candidatesTokenCount"),
            (&mut self.thoughts, "thoughtsTokenCount"),
            (&mut self.total, "totalTokenCount"),
        ] {
            *place = counts.at(key).or(*place);
        }
        let by = |list| Modalities::read(counts, list, "tokenCount");
        // Embeddings spell it otherwise.
        let prompt_by = by("promptTokensDetails").or_else(|| by("promptTokenDetails"));
        self.prompt_by = prompt_by.unwrap_or(self.prompt_by);
        self.cached_by = by("cacheTokensDetails").unwrap_or(self.cached_by);
        self.candidates_by = by("candidatesTokensDetails").unwrap_or(self.candidates_by);
    }

    /// Puts them into the report; false where they say nothing of tokens. What the last piece leaves
    /// out is zero, if the provider has a sum of its own.
    pub(super) fn tell(&self, is_last: bool, findings: &mut Findings) -> bool {
        let (input, output) = (
            sum(self.prompt, self.tool_prompt),
            sum(self.candidates, self.thoughts),
        );
        if input.is_none() && output.is_none() {
            return false;
        }
        let nothing = (is_last && self.total.is_some()).then_some(0);
        let usage = TokenUsage {
            input,
            cache_read: self.cached,
            cache_read_audio: self.cached_by.audio,
            cache_read_image: self.cached_by.image,
            output: output.or(nothing),
            reasoning: self.thoughts,
            input_audio: self.prompt_by.audio,
            input_image: self.prompt_by.image,
            input_video: self.prompt_by.video,
            output_audio: self.candidates_by.audio,
            output_image: self.candidates_by.image,
            tool_prompt: self.tool_prompt,
            ..TokenUsage::default()
        };
        conserve::check(&usage, self.total, findings);
        findings.report.usage = Some(usage);
        true
    }
}

/// The sum of two counts; none where neither was reported.
pub(super) fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}
