//! Facts as people read them: what, since when, how much, and what to do.

mod chinese;
mod english;

use super::fact::Fact;
use super::receiver::Language;

/// A fact in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// One line.
    pub(super) title: String,
    /// A few more.
    pub(super) text: String,
}

/// A fact in a language.
pub(super) fn said(fact: &Fact, language: Language) -> Said {
    match language {
        Language::English => english::said(fact),
        Language::Chinese => chinese::said(fact),
    }
}
