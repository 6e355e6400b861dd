//! Which encoding a model's text is counted with.

use super::model::Rules;

/// A byte-pair vocabulary with the pattern that splits text for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// `o200k_base`: gpt-4o and later; also the yardstick for models of other vendors.
    O200k,
    /// `cl100k_base`: gpt-3.5, gpt-4, and the embedding models.
    Cl100k,
}

impl Encoding {
    /// All encodings.
    pub const ALL: [Self; 2] = [Self::O200k, Self::Cl100k];

    /// Its name, as `OpenAI` calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::O200k => "o200k_base",
            Self::Cl100k => "cl100k_base",
        }
    }

    /// The encoding that `model` is known to have; `None` for models of other vendors and for
    /// names that say nothing, such as a deployment's.
    #[must_use]
    pub fn of(model: &str) -> Option<Self> {
        Rules::of(model).map(|rules| rules.encoding)
    }

    /// The encoding that `model` is counted with: its own, else the yardstick.
    #[must_use]
    pub fn for_model(model: &str) -> Self {
        Self::of(model).unwrap_or(Self::O200k)
    }
}
