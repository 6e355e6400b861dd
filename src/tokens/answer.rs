//! What an answer comes to: its texts, already counted, and what the model wrote around them.

use super::asked::{Asked, Thinking};
use super::counted::{Basis, Bound, Counted};
use super::model::{Generation, Rules};
use super::request::Family;

/// What of an answer was seen, in tokens of the model's encoding (`Encoding::for_model`).
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
    pub(super) fn counted(&self, model: &str, asked: Asked) -> Counted {
        let rules = Rules::of(model);
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
            basis: match rules {
                Some(_) => Basis::Rule,
                None => Basis::Yardstick { beside: 0, plain },
            },
            bound: if asked.hides_reasoning(model) {
                Bound::AtLeast
            } else {
                Bound::Whole
            },
        }
    }
}

impl Choice {
    /// Measured on recorded answers: docs/accuracy.md.
    fn framed(&self, rules: Rules, asked: Asked) -> u64 {
        let responses = asked.family == Family::Responses;
        if !self.tool_calls.is_empty() {
            return self.text + self.called(asked) + u64::from(responses);
        }
        let around = match rules.generation {
            _ if asked.family == Family::Completions => 0,
            Generation::Five if responses => 4,
            Generation::Five | Generation::Reasoning => 9,
            Generation::Early | Generation::Omni if responses => 1,
            Generation::Early | Generation::Omni if asked.tools && asked.json_schema => 5,
            Generation::Early | Generation::Omni => u64::from(asked.tools),
        };
        self.text + around
    }

    /// The functions called, and what separates them.
    fn called(&self, asked: Asked) -> u64 {
        if asked.named_tool {
            return self.tool_calls.iter().map(|call| call.arguments).sum();
        }
        let calls: u64 = self.tool_calls.iter().map(ToolCall::whole).sum();
        match u64::try_from(self.tool_calls.len()).unwrap_or(u64::MAX) {
            1 => calls + 7,
            number => calls + 16 + 6 * number,
        }
    }
}

impl ToolCall {
    fn whole(&self) -> u64 {
        self.name + self.arguments
    }
}

impl Asked {
    fn hides_reasoning(self, model: &str) -> bool {
        match self.thinking {
            Thinking::On => true,
            Thinking::Off => false,
            Thinking::Unsaid => Rules::of(model).is_some_and(Rules::reasons),
        }
    }
}
