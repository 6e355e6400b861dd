//! Which reader follows which answer.

use super::super::WireFormat;
use super::super::anthropic::Message;
use super::super::anthropic::batch::Outcome;
use super::super::cohere::Answer;
use super::super::dashscope;
use super::super::endpoint::{Endpoint, Operation, Reading};
use super::super::gemini::Content;
use super::super::gemini::embeddings::Embeddings;
use super::super::gemini::interactions::Interaction;
use super::super::ollama::Generation;
use super::super::openai::Completion;
use super::super::openai::audio::Audio;
use super::super::openai::batch::Output;
use super::super::openai::images::Images;
use super::super::openai::responses::Response;
use super::super::openai::runs::ThreadRun;
use super::super::openai::usage;
use super::super::plain::Plain;
use super::super::served::Served;
use super::super::voyage::Embedded;
use super::chunked::Chunked;
use super::lines::Lines;
use super::{Body, Format, Framed};

/// The body that answers at an endpoint.
pub(super) fn of(endpoint: Endpoint, content_type: Option<&str>) -> Box<dyn Body> {
    match (endpoint.reading, endpoint.format) {
        // Google's batches bring their results down no path that is read.
        (Reading::Free | Reading::Unread, _)
        | (
            Reading::Results,
            WireFormat::Gemini
            | WireFormat::Ollama
            | WireFormat::Cohere
            | WireFormat::Bedrock
            | WireFormat::DashScope
            | WireFormat::Voyage
            | WireFormat::Served,
        ) => plain(endpoint, content_type),
        (Reading::Results, WireFormat::OpenAi) => Box::new(Lines::<Output>::new()),
        (Reading::Results, WireFormat::Anthropic) => Box::new(Lines::<Outcome>::new()),
        (Reading::Metered | Reading::Lookup, WireFormat::Gemini) => gemini(endpoint, content_type),
        (Reading::Metered | Reading::Lookup, WireFormat::OpenAi) => openai(endpoint, content_type),
        (Reading::Metered | Reading::Lookup, WireFormat::Anthropic) => {
            promised::<Message>(content_type)
        }
        (Reading::Metered | Reading::Lookup, WireFormat::Ollama) => {
            promised::<Generation>(content_type)
        }
        (Reading::Metered | Reading::Lookup, WireFormat::Cohere) => {
            promised::<Answer>(content_type)
        }
        (Reading::Metered | Reading::Lookup, WireFormat::Bedrock) => {
            Box::new(Chunked::new(content_type))
        }
        (Reading::Metered | Reading::Lookup, WireFormat::DashScope)
            if endpoint.operation == Operation::Chat =>
        {
            promised::<dashscope::Generation>(content_type)
        }
        (Reading::Metered | Reading::Lookup, WireFormat::DashScope | WireFormat::Voyage) => {
            promised::<Embedded>(content_type)
        }
        (Reading::Metered | Reading::Lookup, WireFormat::Served) => {
            promised::<Served>(content_type)
        }
    }
}

/// The body of an answer of `OpenAI`'s.
fn openai(endpoint: Endpoint, content_type: Option<&str>) -> Box<dyn Body> {
    match endpoint.operation {
        Operation::Chat | Operation::TextCompletion | Operation::Embeddings => {
            let spelling = if endpoint.thoughts_in_total {
                usage::gemini
            } else {
                usage::prompt
            };
            let completion = Completion::new(spelling);
            Box::new(Framed::new(completion, content_type, true))
        }
        Operation::Responses => promised::<Response>(content_type),
        Operation::Images => promised::<Images>(content_type),
        // Subtitles are plain text, and sound may begin with any byte.
        Operation::Audio => Box::new(Framed::new(Audio::default(), content_type, false)),
        Operation::Speech => {
            let mut audio = Framed::new(Audio::default(), content_type, false);
            // It is no text, and a stream is asked for by another name.
            audio.expects_stream = true;
            Box::new(audio.unless_sound(content_type))
        }
        Operation::Runs => promised::<ThreadRun>(content_type),
        Operation::Rerank
        | Operation::Videos
        | Operation::Batches
        | Operation::FineTuning
        | Operation::Moderations
        | Operation::Models
        | Operation::CountTokens
        | Operation::Other => plain(endpoint, content_type),
    }
}

/// The body of an answer of Google's.
fn gemini(endpoint: Endpoint, content_type: Option<&str>) -> Box<dyn Body> {
    if endpoint.operation == Operation::Responses {
        promised::<Interaction>(content_type)
    } else if endpoint.operation == Operation::Embeddings {
        promised::<Embeddings>(content_type)
    } else {
        promised::<Content>(content_type)
    }
}

/// The path promises JSON or events.
fn promised<R: Format + Default>(content_type: Option<&str>) -> Box<dyn Body> {
    Box::new(Framed::new(R::default(), content_type, true))
}

fn plain(endpoint: Endpoint, content_type: Option<&str>) -> Box<dyn Body> {
    let plain = Plain::new(endpoint.reading);
    Box::new(Framed::new(plain, content_type, false))
}
