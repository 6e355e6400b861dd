//! What a request asks for that changes how its answer is counted.

use super::request::{Family, Request};

/// What counting an answer needs to know of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Which API was asked.
    pub family: Family,
    /// Whether it declares tools.
    pub tools: bool,
    /// Whether it names the one function to call.
    pub named_tool: bool,
    /// Whether the answer has to follow a JSON schema.
    pub json_schema: bool,
    /// What it says about reasoning.
    pub thinking: Thinking,
}

/// What a request says about reasoning before the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thinking {
    /// Nothing: the model decides.
    #[default]
    Unsaid,
    /// It is asked for.
    On,
    /// It is switched off.
    Off,
}

impl Asked {
    /// What `request` asks; what its body does not say, or cannot be read, is as by default.
    #[must_use]
    pub fn of(request: &Request<'_>) -> Self {
        Self {
            family: request.family,
            ..Self::default()
        }
    }
}
