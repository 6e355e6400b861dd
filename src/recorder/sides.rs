//! The two sides of a call, counted from its texts.

use std::borrow::Cow;

use crate::meter::Texts;
use crate::tokens::{
    Answer, Asked, Bound, Choice, Counted, Family, Model, Request, Tokenizer, ToolCall, Vocabulary,
};
use crate::wire::{self, Operation, SpokenChoice, WireFormat};

/// A side that could not be counted is absent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sides {
    pub(super) input: Option<Counted>,
    pub(super) output: Option<Counted>,
}

/// Counts what is there of a call to `model`.
pub(super) fn count(model: Model<'_>, texts: &Texts) -> Sides {
    let family = family(texts.format, texts.operation);
    let input = body(texts).and_then(|body| Tokenizer.input(&request(family, model, &body)));
    let unknown = Asked {
        family,
        ..Asked::default()
    };
    Sides {
        input: input.map(|input| input.counted),
        output: output(model, input.map_or(unknown, |input| input.asked), texts),
    }
}

/// Counts no more than what was said.
pub(super) fn count_output(model: Model<'_>, texts: &Texts) -> Option<Counted> {
    let family = family(texts.format, texts.operation);
    let body = body(texts).unwrap_or_default();
    output(model, Asked::of(&request(family, model, &body)), texts)
}

fn body(texts: &Texts) -> Option<Cow<'_, [u8]>> {
    texts.request.as_ref().and_then(wire::Request::body)
}

const fn request<'a>(family: Family, model: Model<'a>, body: &'a [u8]) -> Request<'a> {
    Request {
        family,
        model,
        body,
    }
}

fn output(model: Model<'_>, asked: Asked, texts: &Texts) -> Option<Counted> {
    let spoken = texts.spoken.as_ref();
    let spoken = spoken.filter(|spoken| !spoken.is_dropped())?;
    let choices = spoken.choices();
    let choices = choices.iter().map(|said| choice(model.vocabulary, said));
    let answer = Answer {
        choices: choices.collect::<Option<_>>()?,
    };
    let counted = Tokenizer.output(model, asked, &answer);
    // What was thought is billed, and not what is shown of it.
    let bound = if spoken.has_reasoned() {
        Bound::AtLeast
    } else {
        counted.bound
    };
    Some(Counted { bound, ..counted })
}

fn choice(vocabulary: Vocabulary<'_>, said: &SpokenChoice) -> Option<Choice> {
    let count = |text: &str| vocabulary.count(text);
    let call = |(name, arguments): &(String, String)| {
        let (name, arguments) = (count(name)?, count(arguments)?);
        Some(ToolCall { name, arguments })
    };
    Some(Choice {
        text: count(&said.text)?.saturating_add(count(&said.refusal)?),
        tool_calls: said.calls.iter().map(call).collect::<Option<_>>()?,
    })
}

fn family(format: WireFormat, operation: Operation) -> Family {
    match (format, operation) {
        (WireFormat::Anthropic, _) => Family::Messages,
        (WireFormat::Bedrock, _) => Family::Converse,
        (WireFormat::Gemini, _) => Family::Contents,
        (WireFormat::OpenAi, Operation::Responses) => Family::Responses,
        (WireFormat::OpenAi, Operation::TextCompletion) => Family::Completions,
        (WireFormat::OpenAi | WireFormat::Voyage | WireFormat::Served, Operation::Embeddings) => {
            Family::Embeddings
        }
        (WireFormat::Ollama | WireFormat::Served, _) => Family::Templated,
        (
            WireFormat::OpenAi | WireFormat::Cohere | WireFormat::DashScope | WireFormat::Voyage,
            _,
        ) => Family::Chat,
    }
}
