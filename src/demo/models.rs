//! The models the mock providers serve and the traffic asks for, with their usual sizes.

use super::dice::Size;

/// Whose API a model is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    /// `POST /v1/chat/completions`.
    OpenAi,
    /// `POST /v1/messages`.
    Anthropic,
}

/// One model: its names and how it is used.
#[derive(Debug)]
pub(super) struct Model {
    /// The name clients ask for.
    pub(super) alias: &'static str,
    /// The dated name the provider answers with.
    pub(super) snapshot: &'static str,
    /// Whose it is.
    pub(super) provider: Provider,
    /// How often the traffic asks for it, relative to the others.
    pub(super) weight: u32,
    /// Length of the usual prompt, in tokens.
    pub(super) input: Size,
    /// Length of the usual answer, in tokens.
    pub(super) output: Size,
    /// Tokens a second: slowest and fastest.
    pub(super) pace: (u64, u64),
}

/// A usual length: median, scatter, and the longest.
const fn size(median: u32, sigma: f64, max: u32) -> Size {
    Size {
        median,
        sigma,
        min: 24,
        max,
    }
}

/// What the traffic asks for. The shares are those of an ordinary product: much that is small and
/// cheap, little that is large.
pub(super) const MODELS: [Model; 5] = [
    Model {
        alias: "gpt-4o-mini",
        snapshot: "gpt-4o-mini-2024-07-18",
        provider: Provider::OpenAi,
        weight: 45,
        input: size(700, 0.9, 12_000),
        output: size(160, 0.7, 900),
        pace: (60, 120),
    },
    Model {
        alias: "gpt-4o",
        snapshot: "gpt-4o-2024-08-06",
        provider: Provider::OpenAi,
        weight: 18,
        input: size(1_400, 0.9, 30_000),
        output: size(280, 0.7, 1_200),
        pace: (40, 90),
    },
    Model {
        alias: "gpt-4.1-mini",
        snapshot: "gpt-4.1-mini-2025-04-14",
        provider: Provider::OpenAi,
        weight: 17,
        input: size(1_000, 1.0, 30_000),
        output: size(200, 0.7, 1_000),
        pace: (60, 120),
    },
    Model {
        alias: "claude-sonnet-4-5",
        snapshot: "claude-sonnet-4-5-20250929",
        provider: Provider::Anthropic,
        weight: 10,
        input: size(2_600, 1.0, 40_000),
        output: size(350, 0.7, 1_200),
        pace: (40, 80),
    },
    Model {
        alias: "claude-haiku-4-5",
        snapshot: "claude-haiku-4-5-20251001",
        provider: Provider::Anthropic,
        weight: 10,
        input: size(1_100, 0.9, 20_000),
        output: size(200, 0.7, 900),
        pace: (70, 120),
    },
];

/// How a model nobody listed answers: like a small one, under the name it was asked by.
const UNLISTED: &Model = &MODELS[0];

/// The model asked for, by either of its names.
pub(super) fn find(name: &str) -> Option<&'static Model> {
    MODELS
        .iter()
        .find(|model| model.alias == name || model.snapshot == name)
}

/// How the model asked for behaves, listed or not.
pub(super) fn behaviour(name: &str) -> &'static Model {
    find(name).unwrap_or(UNLISTED)
}

/// The name a provider answers with: the dated one, or the one it was asked by.
pub(super) fn snapshot(name: &str) -> &str {
    find(name).map_or(name, |model| model.snapshot)
}
