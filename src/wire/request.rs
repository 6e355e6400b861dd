//! Reads what a request asks while its body passes by; the body is never held.

use std::sync::{Arc, LazyLock};

use super::WireFormat;
use super::kept::{Kept, TextBudget};
use super::named::Name;
use super::paths::Action::{Keep, Notice};
use super::paths::Paths;
use super::scanner::{Scanner, Seen};

/// What a request asks, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each read by name; there is no state among them"
)]
pub struct RequestFacts {
    /// The model as the client names it; absent if longer than 256 bytes.
    pub model: Option<String>,
    /// Whether the answer is to be streamed, if the client says.
    pub stream: Option<bool>,
    /// Whether the client asks for usage in the stream, if it says.
    pub include_usage: Option<bool>,
    /// It sends images.
    pub vision: bool,
    /// It sends or asks for audio.
    pub audio: bool,
    /// It lets the provider run tools of its own.
    pub hosted_tools: bool,
    /// It wants output that keeps to a schema.
    pub strict_schema: bool,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Model,
    Stream,
    IncludeUsage,
    /// The type of a part of a message's content.
    Part,
    /// The type of a tool.
    Tool,
    /// Whether a tool keeps to its schema.
    Strict,
    /// The type of an output format.
    OutputFormat,
    Audio,
    HostedTool,
}

static OPENAI: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("model", Keep(Field::Model)),
        ("stream", Keep(Field::Stream)),
        ("stream_options.include_usage", Keep(Field::IncludeUsage)),
        ("messages.*.content.*.type", Keep(Field::Part)),
        // The Responses API spells the same things otherwise.
        ("input.*.type", Keep(Field::Part)),
        ("input.*.content.*.type", Keep(Field::Part)),
        ("audio", Notice(Field::Audio)),
        ("web_search_options", Keep(Field::HostedTool)),
        ("tools.*.type", Keep(Field::Tool)),
        ("tools.*.strict", Keep(Field::Strict)),
        ("tools.*.function.strict", Keep(Field::Strict)),
        ("response_format.type", Keep(Field::OutputFormat)),
        ("text.format.type", Keep(Field::OutputFormat)),
    ])
});

static ANTHROPIC: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("model", Keep(Field::Model)),
        ("stream", Keep(Field::Stream)),
        ("messages.*.content.*.type", Keep(Field::Part)),
        // A tool's result may hold an image, such as a screenshot.
        ("messages.*.content.*.content.*.type", Keep(Field::Part)),
        ("tools.*.type", Keep(Field::Tool)),
        ("tools.*.strict", Keep(Field::Strict)),
        ("mcp_servers", Notice(Field::HostedTool)),
        ("output_format.type", Keep(Field::OutputFormat)),
        ("output_config.format.type", Keep(Field::OutputFormat)),
    ])
});

/// Reads one request body.
#[derive(Debug)]
pub struct RequestScanner {
    scanner: Scanner<Field>,
    facts: RequestFacts,
    /// The body as the client sent it, where the call may have to be counted.
    kept: Option<Kept<u8>>,
}

/// A request's body, to count its input by.
#[derive(Debug)]
pub struct Request(Kept<u8>);

impl Request {
    /// The bytes; none where they had no room.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        (!self.0.is_dropped()).then(|| self.0.items())
    }
}

impl RequestScanner {
    /// A scanner before the first byte of the body.
    #[must_use]
    pub fn new(format: WireFormat) -> Self {
        let paths = match format {
            WireFormat::OpenAi => &*OPENAI,
            WireFormat::Anthropic => &*ANTHROPIC,
        };
        Self {
            scanner: Scanner::new(paths),
            facts: RequestFacts::default(),
            kept: None,
        }
    }

    /// Takes the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self {
            scanner,
            facts,
            kept,
        } = self;
        scanner.feed(bytes, &mut |seen| facts.see(seen));
        if let Some(kept) = kept {
            kept.add(bytes);
        }
    }

    /// Keeps the body from now on, to be counted if it must be.
    pub fn keep_body(&mut self, budget: &Arc<TextBudget>) {
        self.kept = Some(Kept::new(budget));
    }

    /// Gives away what was kept of it; nothing is kept any more.
    pub fn take_body(&mut self) -> Option<Request> {
        self.kept.take().map(Request)
    }

    /// What is known so far; usable at any moment.
    #[must_use]
    pub const fn facts(&self) -> &RequestFacts {
        &self.facts
    }
}

impl RequestFacts {
    fn see(&mut self, seen: Seen<'_, Field>) {
        match seen {
            Seen::Value(field, raw) => self.value(field, raw),
            Seen::Filled(Field::Audio) => self.audio = true,
            Seen::Filled(Field::HostedTool) | Seen::TooLong(Field::HostedTool) => {
                self.hosted_tools = true;
            }
            Seen::TooLong(Field::Model) => self.model = None,
            Seen::Filled(_) | Seen::TooLong(_) | Seen::Text(..) => {}
        }
    }

    fn value(&mut self, field: Field, raw: &[u8]) {
        let name = Name::read(raw).known();
        let name = name.as_deref();
        match field {
            Field::Model => self.model = name.map(str::to_owned),
            Field::Stream => self.stream = truth(raw),
            Field::IncludeUsage => self.include_usage = truth(raw),
            Field::Part => {
                self.vision |= matches!(name, Some("image_url" | "image" | "input_image"));
                self.audio |= name == Some("input_audio");
            }
            // The client runs functions and custom tools itself. Every other type, such as
            // `web_search_20250305` or `mcp`, is the vendor's own: no other host has it.
            Field::Tool => {
                self.hosted_tools |=
                    name.is_some_and(|kind| !matches!(kind, "function" | "custom"));
            }
            Field::Strict => self.strict_schema |= truth(raw) == Some(true),
            Field::OutputFormat => self.strict_schema |= name == Some("json_schema"),
            // `web_search_options: {}` switches the search on, so being there is enough.
            Field::HostedTool => self.hosted_tools |= raw != b"null",
            Field::Audio => {}
        }
    }
}

fn truth(raw: &[u8]) -> Option<bool> {
    match raw {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}
