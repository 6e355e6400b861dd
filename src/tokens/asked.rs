//! What a request asks for that changes how its answer is counted.

use super::converse;
use super::json::Json;
use super::request::{Family, Request};

/// What counting an answer needs to know of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of a request, none of which excludes another"
)]
pub struct Asked {
    /// Which API was asked.
    pub family: Family,
    /// Whether it declares tools.
    pub tools: bool,
    /// Whether some of them are the vendor's own: what those write and read is billed and not shown.
    pub hosted: bool,
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
    /// What `request` asks. What its body does not say is as by default; so is all of a body that
    /// cannot be read.
    #[must_use]
    pub fn of(request: &Request<'_>) -> Self {
        let body = Json::parse(request.body).unwrap_or(Json::Null);
        Self::read(request.family, &body)
    }

    pub(super) fn read(family: Family, body: &Json<'_>) -> Self {
        let choice = body.get("tool_choice").or(body.get("function_call"));
        let named = |choice: &Json<'_>| {
            choice
                .get("function")
                .unwrap_or(choice)
                .get("name")
                .is_some()
        };
        let format = body.get("text").and_then(|text| text.get("format"));
        let format = format.or(body.get("response_format"));
        Self {
            family,
            tools: !converse::tools(body).is_empty()
                || !body.items_of("tools").is_empty()
                || !body.items_of("functions").is_empty(),
            hosted: body.items_of("tools").iter().any(is_hosted)
                || converse::tools(body)
                    .iter()
                    .any(|tool| tool.get("systemTool").is_some()),
            named_tool: choice.is_some_and(named),
            json_schema: format.and_then(|format| format.text_of("type")) == Some("json_schema"),
            thinking: Thinking::read(body),
        }
    }
}

/// Whether a tool is not the client's own function.
fn is_hosted(tool: &Json<'_>) -> bool {
    let own = ["function", "custom"];
    let is_own = tool.text_of("type").is_some_and(|kind| own.contains(&kind));
    !is_own && tool.get("function").is_none() && tool.get("input_schema").is_none()
}

impl Thinking {
    fn read(body: &Json<'_>) -> Self {
        let openai = body
            .get("reasoning")
            .and_then(|reasoning| reasoning.text_of("effort"));
        // Converse passes on what it does not know itself.
        let body = body.get("additionalModelRequestFields").unwrap_or(body);
        let anthropic = body
            .get("thinking")
            .and_then(|thinking| thinking.text_of("type"));
        match openai.or(body.text_of("reasoning_effort")).or(anthropic) {
            Some("none" | "disabled") => Self::Off,
            Some(_) => Self::On,
            None => Self::Unsaid,
        }
    }
}
