//! What a model's name says about how its vendor counts.

use super::encoding::Encoding;

/// How an `OpenAI` model frames and encodes what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) encoding: Encoding,
    pub(super) generation: Generation,
    /// Whether it thinks when nothing is said about that; from gpt-5.1 on it does not.
    pub(super) thinks_unasked: bool,
}

/// What of the framing changed with the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    /// gpt-3.5 and gpt-4, embeddings and plain completions.
    Early,
    /// gpt-4o, gpt-4.1, gpt-4.5.
    Omni,
    /// The o-series: it reasons, and does not show it.
    Reasoning,
    /// gpt-5 and later: reasons too, and frames tools in its own way.
    Five,
}

/// Families by the start of their names; the longest start that fits decides.
const STARTS: [(&str, Encoding, Generation); 22] = [
    ("gpt-3.5", Encoding::Cl100k, Generation::Early),
    ("gpt-35", Encoding::Cl100k, Generation::Early),
    ("gpt-4", Encoding::Cl100k, Generation::Early),
    ("text-embedding-", Encoding::Cl100k, Generation::Early),
    ("davinci-002", Encoding::Cl100k, Generation::Early),
    ("babbage-002", Encoding::Cl100k, Generation::Early),
    // The same two, as their answers name them: `davinci:2023-07-21-v2`.
    ("davinci:2023", Encoding::Cl100k, Generation::Early),
    ("babbage:2023", Encoding::Cl100k, Generation::Early),
    ("gpt-4o", Encoding::O200k, Generation::Omni),
    ("chatgpt-4o", Encoding::O200k, Generation::Omni),
    ("gpt-4.1", Encoding::O200k, Generation::Omni),
    ("gpt-4.5", Encoding::O200k, Generation::Omni),
    ("computer-use-preview", Encoding::O200k, Generation::Omni),
    ("gpt-5-chat", Encoding::O200k, Generation::Omni),
    ("codex-mini", Encoding::O200k, Generation::Reasoning),
    ("o1", Encoding::O200k, Generation::Reasoning),
    ("o3", Encoding::O200k, Generation::Reasoning),
    ("o4", Encoding::O200k, Generation::Reasoning),
    ("gpt-5", Encoding::O200k, Generation::Five),
    ("gpt-6", Encoding::O200k, Generation::Five),
    ("gpt-7", Encoding::O200k, Generation::Five),
    ("chat-latest", Encoding::O200k, Generation::Five),
];

impl Rules {
    /// The rules of `model`. `None` for other vendors' models, and for gpt-oss: its hosts put
    /// instructions of their own in front.
    pub(super) fn of(model: &str) -> Option<Self> {
        let bare = bare(model);
        let fits = |start: &str| {
            // `o1` and `o1-mini`, and not every word that begins so.
            let rest = bare.strip_prefix(start)?;
            let ends = start.len() > 2 || rest.is_empty() || rest.starts_with('-');
            ends.then_some(start.len())
        };
        let known = STARTS
            .iter()
            .filter_map(|(start, encoding, generation)| Some((fits(start)?, encoding, generation)));
        let (_, encoding, generation) = known.max_by_key(|(length, ..)| *length)?;
        Some(Self {
            encoding: *encoding,
            generation: *generation,
            thinks_unasked: *generation == Generation::Five && !bare.starts_with("gpt-5."),
        })
    }

    /// Whether the model thinks in tokens that it bills and does not show.
    pub(super) fn reasons(self) -> bool {
        match self.generation {
            Generation::Reasoning | Generation::Five => true,
            Generation::Early | Generation::Omni => false,
        }
    }
}

/// The name without a vendor in front (`openai/gpt-4o`) and without the mark of a fine-tuned model
/// (`ft:gpt-4o:org::id`).
pub(super) fn bare(model: &str) -> &str {
    let bare = model.rsplit('/').next().unwrap_or(model);
    bare.strip_prefix("ft:").unwrap_or(bare)
}

/// The version in the name of a Claude model: (4, 7) in `claude-opus-4-7-20260416`, (3, 5) in
/// `anthropic/claude-3.5-haiku`.
pub(super) fn claude(model: &str) -> Option<(u32, u32)> {
    let (_, rest) = model.split_once("claude")?;
    let mut parts = rest.split(['-', '.', '@', ':']);
    let major = parts.find_map(|part| part.parse().ok()).unwrap_or(0);
    // A number of more than two digits is a date.
    let minor = parts.next().filter(|part| part.len() <= 2);
    Some((major, minor.and_then(|part| part.parse().ok()).unwrap_or(0)))
}
