//! What an answer comes to: its texts, already counted, and what the model wrote around them.

use super::asked::{Asked, Thinking};
use super::counted::{Basis, Bound, Counted};
use super::model::{Generation, Rules};
use super::request::Family;
use super::vocabulary::{Model, Vocabulary};

/// What of an answer was seen, in tokens of the vocabulary it is counted in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its choices; most have one.
    pub choices: Vec<Choice>,
}

/// One choice of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Tokens of its text, with a refusal and shown reasoning.
    pub text: u64,
    /// The functions it calls.
    pub tool_calls: Vec<ToolCall>,
}

/// One call of a function by the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// Tokens of the function's name.
    pub name: u64,
    /// Tokens of its arguments, as JSON text.
    pub arguments: u64,
}

impl Answer {
    /// What the answer comes to for `model`, asked as `asked` says.
    pub(super) fn counted(&self, model: Model<'_>, asked: Asked) -> Counted {
        let rules = model.rules();
        let visible = self.choices.iter().map(|choice| match rules {
            Some(rules) => choice.framed(rules, asked),
            None => choice.text + choice.tool_calls.iter().map(ToolCall::whole).sum::<u64>(),
        });
        let plain = self
            .choices
            .iter()
            .all(|choice| choice.tool_calls.is_empty());
        Counted {
            tokens: visible.sum(),
            basis: match (rules, model.vocabulary) {
                (Some(_), _) => Basis::Rule,
                (None, Vocabulary::File(_)) => Basis::Vocabulary,
                (None, Vocabulary::Encoding(_)) => Basis::Yardstick { beside: 0, plain },
            },
            bound: if asked.hosted || asked.hides_reasoning(rules) {
                Bound::AtLeast
            } else {
                Bound::Whole
            },
        }
    }
}

impl Choice {
    fn framed(&self, rules: Rules, asked: Asked) -> u64 {
        let around = if asked.family == Family::Completions {
            0
        } else if rules.generation == Generation::Five {
            self.around_five(rules, asked)
        } else {
            self.around(rules, asked)
        };
        let called: u64 = self
            .tool_calls
            .iter()
            .map(|call| call.seen(rules, asked))
            .sum();
        self.text + called + around
    }

    /// What up to gpt-4.5 and the o-series write around texts and calls; measured on recorded
    /// answers.
    fn around(&self, rules: Rules, asked: Asked) -> u64 {
        let responses = u64::from(asked.family == Family::Responses);
        let around = match self.tool_calls() {
            0 if rules.generation == Generation::Reasoning && responses == 0 => 9,
            0 if asked.tools && asked.json_schema => 5,
            0 => u64::from(asked.tools),
            _ if asked.named_tool => 0,
            1 => 7,
            calls => 16 + 6 * calls,
        };
        around + responses
    }

    /// The same of gpt-5 and later. A model that thinks closes that first, in 6 tokens that are
    /// billed as its answer; found on gpt-5.4, which does not think unless asked, beside gpt-5.
    fn around_five(&self, rules: Rules, asked: Asked) -> u64 {
        let thinks = match asked.thinking {
            Thinking::On => true,
            Thinking::Off => false,
            Thinking::Unsaid => rules.thinks_unasked,
        };
        let thinks = u64::from(thinks);
        match (asked.family, self.tool_calls()) {
            (Family::Responses, 0) => 4 + 2 * thinks,
            (Family::Responses, calls) => 12 * calls + thinks,
            (_, 0) => 3 + 6 * thinks,
            (_, calls) => 14 * calls - 4 + 6 * thinks,
        }
    }

    fn tool_calls(&self) -> u64 {
        u64::try_from(self.tool_calls.len()).unwrap_or(0)
    }
}

impl ToolCall {
    /// Up to gpt-4.5 a model that is told which function to call does not write its name.
    fn seen(&self, rules: Rules, asked: Asked) -> u64 {
        if asked.named_tool && rules.generation != Generation::Five {
            return self.arguments;
        }
        self.whole()
    }

    fn whole(&self) -> u64 {
        self.name + self.arguments
    }
}

impl Asked {
    fn hides_reasoning(self, rules: Option<Rules>) -> bool {
        match self.thinking {
            Thinking::On => true,
            Thinking::Off => false,
            Thinking::Unsaid => rules.is_some_and(Rules::reasons),
        }
    }
}
