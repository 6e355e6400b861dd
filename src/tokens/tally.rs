//! Adds up what a request's parts come to, within a budget.

use super::counted::Bound;
use super::vocabulary::Vocabulary;

/// The most text of one call that is counted, in bytes: two million tokens of prose, twice what
/// models take, and two seconds of one core at the slowest.
pub const TEXT_BYTES_MAX: usize = 8 << 20;

/// A running sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally<'a> {
    vocabulary: Vocabulary<'a>,
    bytes_left: usize,
    /// Tokens so far.
    pub(super) tokens: u64,
    /// Tokens among them that are not of text.
    pub(super) beside: u64,
    /// Whether all was counted.
    pub(super) bound: Bound,
}

impl<'a> Tally<'a> {
    pub(super) fn new(vocabulary: Vocabulary<'a>) -> Self {
        Self {
            vocabulary,
            bytes_left: TEXT_BYTES_MAX,
            tokens: 0,
            beside: 0,
            bound: Bound::Whole,
        }
    }

    /// Adds a text.
    pub(super) fn text(&mut self, text: &str) {
        let within = text.floor_char_boundary(self.bytes_left);
        if within < text.len() {
            self.unseen();
        }
        self.bytes_left -= within;
        match self
            .vocabulary
            .count(text.get(..within).unwrap_or_default())
        {
            Some(tokens) => self.add(tokens),
            None => self.unseen(),
        }
    }

    /// Adds tokens of the framing.
    pub(super) fn add(&mut self, tokens: u64) {
        self.tokens = self.tokens.saturating_add(tokens);
    }

    /// Takes tokens off that the framing leaves out.
    pub(super) fn less(&mut self, tokens: u64) {
        self.tokens = self.tokens.saturating_sub(tokens);
    }

    /// Adds tokens that the vendor counts in its own way.
    pub(super) fn beside(&mut self, tokens: u64) {
        self.beside = self.beside.saturating_add(tokens);
        self.add(tokens);
    }

    /// Adds what an image comes to, if that can be known.
    pub(super) fn image(&mut self, tokens: Option<u64>) {
        match tokens {
            Some(tokens) => self.beside(tokens),
            None => self.unseen(),
        }
    }

    /// Notes that something bills which cannot be counted from here.
    pub(super) fn unseen(&mut self) {
        self.bound = Bound::AtLeast;
    }
}
