//! What a request's body comes to.

use super::asked::Asked;
use super::counted::Counted;
use super::vocabulary::Model;

/// The API that a body is written for: how it names its texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Family {
    /// `OpenAI` `chat/completions`, and the many that copy it.
    #[default]
    Chat,
    /// `OpenAI` `responses`.
    Responses,
    /// Anthropic `messages`.
    Messages,
    /// Bedrock's Converse, or what it invokes a vendor's model with.
    Converse,
    /// Google's `generateContent` and embeddings.
    Contents,
    /// `OpenAI` `completions`: bare text.
    Completions,
    /// `OpenAI` `embeddings`.
    Embeddings,
    /// Ollama's own: a chat, or a prompt that the server puts into the model's template.
    Templated,
}

/// A request whose input is to be counted.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The API it was sent to.
    pub family: Family,
    /// The model that answers.
    pub model: Model<'a>,
    /// The JSON body, as it was sent.
    pub body: &'a [u8],
}

/// What was counted and read in one pass over a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// The input tokens.
    pub counted: Counted,
    /// What the answer's count will need.
    pub asked: Asked,
}
