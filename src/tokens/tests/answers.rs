//! What an answer comes to around its texts.

use crate::tokens::{Answer, Asked, Bound, Choice, Family, Model, Thinking, Tokenizer, ToolCall};

#[track_caller]
fn check(model: &str, asked: Asked, choices: &[Choice], tokens: u64, bound: Bound) {
    let answer = Answer {
        choices: choices.to_vec(),
    };
    let counted = Tokenizer.output(Model::of(model), asked, &answer);
    assert_eq!((counted.tokens, counted.bound), (tokens, bound));
}

fn text(text: u64) -> Choice {
    Choice {
        text,
        tool_calls: Vec::new(),
    }
}

fn calls(number: usize) -> Choice {
    let call = ToolCall {
        name: 2,
        arguments: 5,
    };
    Choice {
        text: 0,
        tool_calls: vec![call; number],
    }
}

#[test]
fn a_text_is_itself_and_one_more_where_tools_are_declared() {
    let tools = Asked {
        tools: true,
        ..Asked::default()
    };
    check(
        "gpt-4o",
        Asked::default(),
        &[text(10), text(3)],
        13,
        Bound::Whole,
    );
    check("gpt-4o", tools, &[text(10), text(3)], 15, Bound::Whole);
}

#[test]
fn called_functions_are_separated() {
    let asked = Asked::default();
    check("gpt-4o", asked, &[calls(1)], 7 + 7, Bound::Whole);
    check("gpt-4o", asked, &[calls(2)], 14 + 28, Bound::Whole);
    let named = Asked {
        named_tool: true,
        ..asked
    };
    check("gpt-4o", named, &[calls(1)], 5, Bound::Whole);
    check("claude-sonnet-4-5", asked, &[calls(2)], 14, Bound::Whole);
}

#[test]
fn a_model_that_hides_its_reasoning_has_a_lower_bound() {
    check("o3-mini", Asked::default(), &[text(10)], 19, Bound::AtLeast);
    let off = Asked {
        family: Family::Responses,
        thinking: Thinking::Off,
        ..Asked::default()
    };
    check("gpt-5.2", off, &[text(10)], 14, Bound::Whole);
    let hosted = Asked {
        hosted: true,
        ..off
    };
    check("gpt-5.2", hosted, &[text(10)], 14, Bound::AtLeast);
    let on = Asked {
        thinking: Thinking::On,
        ..off
    };
    check("claude-opus-4-7", on, &[text(10)], 10, Bound::AtLeast);
}

#[test]
fn a_model_that_thinks_closes_its_thoughts_before_it_answers() {
    let asked = Asked::default();
    check("gpt-5", asked, &[text(10)], 10 + 9, Bound::AtLeast);
    check("gpt-5.4", asked, &[text(10)], 10 + 3, Bound::AtLeast);
    check("gpt-5", asked, &[calls(1)], 7 + 16, Bound::AtLeast);
    check("gpt-5", asked, &[calls(3)], 21 + 44, Bound::AtLeast);
    let responses = Asked {
        family: Family::Responses,
        ..asked
    };
    check("gpt-5.4", responses, &[calls(1)], 7 + 12, Bound::AtLeast);
    check("gpt-4o", responses, &[text(10)], 11, Bound::Whole);
}
