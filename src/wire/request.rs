//! Reads what a request asks while its body passes by; it is held only to be counted.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;

use super::endpoint::streams;
use super::form::Form;
use super::frames::Frames;
use super::inlined::Inlined;
use super::kept::TextBudget;
use super::named::{Name, short};
use super::paths::Action::{Gather, Keep, Notice};
use super::paths::{Action, Paths};
use super::scanner::{Scanner, Seen};
use super::{Endpoint, Operation, WireFormat, model_in_path};

mod service;

pub use service::Service;

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
    /// Whether the model is to think, if the client says: some vendors price that apart.
    pub thinking: Option<bool>,
    /// How many characters are to be spoken, where that is what is asked for.
    pub spoken_characters: Option<u64>,
    /// How it is to be served.
    pub service: Service,
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
    /// A schema that the output keeps to.
    Schema,
    Audio,
    Vision,
    HostedTool,
    /// Whether the model is to think, as a switch (Qwen).
    Thinking,
    /// The same as a type: `enabled`, `disabled` (Anthropic, GLM, Doubao).
    ThinkingType,
    /// What is to be spoken.
    Words,
    /// The model, which may stand behind `models/`.
    Resource,
    /// The media type of a part.
    Media,
    /// An image, sound or a file in the request itself.
    Inlined,
    /// How it is to be served.
    Tier,
    Speed,
    Region,
}

static OPENAI: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("model", Keep(Field::Model)),
        ("stream", Keep(Field::Stream)),
        ("stream_options.include_usage", Keep(Field::IncludeUsage)),
        ("service_tier", Keep(Field::Tier)),
        ("messages.*.content.*.type", Keep(Field::Part)),
        ("messages.*.content.*.image_url.url", Gather(Field::Inlined)),
        (
            "messages.*.content.*.input_audio.data",
            Gather(Field::Inlined),
        ),
        (
            "messages.*.content.*.file.file_data",
            Gather(Field::Inlined),
        ),
        ("input.*.content.*.image_url", Gather(Field::Inlined)),
        ("input.*.content.*.file_data", Gather(Field::Inlined)),
        // What a function of the client gave back: a screenshot.
        ("input.*.output.*.image_url", Gather(Field::Inlined)),
        ("input.*.output.image_url", Gather(Field::Inlined)),
        // The Responses API spells the same things otherwise.
        ("input.*.type", Keep(Field::Part)),
        ("input.*.content.*.type", Keep(Field::Part)),
        ("audio", Notice(Field::Audio)),
        ("web_search_options", Keep(Field::HostedTool)),
        ("tools.*.type", Keep(Field::Tool)),
        ("tools.*.strict", Keep(Field::Strict)),
        ("tools.*.function.strict", Keep(Field::Strict)),
        ("response_format.type", Keep(Field::OutputFormat)),
        ("enable_thinking", Keep(Field::Thinking)),
        (
            "chat_template_kwargs.enable_thinking",
            Keep(Field::Thinking),
        ),
        ("thinking.type", Keep(Field::ThinkingType)),
        ("text.format.type", Keep(Field::OutputFormat)),
    ])
});

/// Elsewhere `input` is as long as it likes; here the API takes 4096 characters.
static SPEECH: LazyLock<Paths<Field>> =
    LazyLock::new(|| Paths::new([("model", Keep(Field::Model)), ("input", Keep(Field::Words))]));

const MESSAGES: [(&str, Action<Field>); 15] = [
    ("model", Keep(Field::Model)),
    ("stream", Keep(Field::Stream)),
    ("messages.*.content.*.type", Keep(Field::Part)),
    ("messages.*.content.*.source.data", Gather(Field::Inlined)),
    (
        "messages.*.content.*.content.*.source.data",
        Gather(Field::Inlined),
    ),
    // A tool's result may hold an image, such as a screenshot.
    ("messages.*.content.*.content.*.type", Keep(Field::Part)),
    ("tools.*.type", Keep(Field::Tool)),
    ("tools.*.strict", Keep(Field::Strict)),
    ("mcp_servers", Notice(Field::HostedTool)),
    ("thinking.type", Keep(Field::ThinkingType)),
    ("output_format.type", Keep(Field::OutputFormat)),
    ("output_config.format.type", Keep(Field::OutputFormat)),
    ("service_tier", Keep(Field::Tier)),
    ("speed", Keep(Field::Speed)),
    ("inference_geo", Keep(Field::Region)),
];

static ANTHROPIC: LazyLock<Paths<Field>> = LazyLock::new(|| Paths::new(MESSAGES));

/// Converse, and Claude's messages as they are invoked.
static BEDROCK: LazyLock<Paths<Field>> = LazyLock::new(|| {
    let converse = [
        ("messages.*.content.*.image", Notice(Field::Vision)),
        (
            "messages.*.content.*.image.source.bytes",
            Gather(Field::Inlined),
        ),
        (
            "messages.*.content.*.video.source.bytes",
            Gather(Field::Inlined),
        ),
        (
            "messages.*.content.*.document.source.bytes",
            Gather(Field::Inlined),
        ),
        ("toolConfig.tools.*.systemTool", Notice(Field::HostedTool)),
        ("toolConfig.tools.*.toolSpec.strict", Keep(Field::Strict)),
        ("outputConfig.textFormat.type", Keep(Field::OutputFormat)),
        (
            "additionalModelRequestFields.thinking.type",
            Keep(Field::ThinkingType),
        ),
        ("serviceTier.type", Keep(Field::Tier)),
        ("performanceConfig.latency", Keep(Field::Speed)),
    ];
    // The path alone says which model, and whether it streams.
    let body = MESSAGES
        .into_iter()
        .filter(|(path, _)| !matches!(*path, "model" | "stream"));
    Paths::new(body.chain(converse))
});

static OLLAMA: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("model", Keep(Field::Model)),
        ("stream", Keep(Field::Stream)),
        ("images", Notice(Field::Vision)),
        ("images.*", Gather(Field::Inlined)),
        ("messages.*.images", Notice(Field::Vision)),
        ("messages.*.images.*", Gather(Field::Inlined)),
        // Else it is the word `json`.
        ("format.type", Notice(Field::Schema)),
        ("think", Keep(Field::Thinking)),
    ])
});

/// Both versions; the older one searches by itself, with connectors.
static COHERE: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("model", Keep(Field::Model)),
        ("stream", Keep(Field::Stream)),
        ("messages.*.content.*.type", Keep(Field::Part)),
        ("messages.*.content.*.image_url.url", Gather(Field::Inlined)),
        ("inputs.*.content.*.type", Keep(Field::Part)),
        ("images", Notice(Field::Vision)),
        ("connectors", Notice(Field::HostedTool)),
        ("strict_tools", Keep(Field::Strict)),
        ("response_format.json_schema", Notice(Field::Schema)),
        ("response_format.schema", Notice(Field::Schema)),
        ("thinking.type", Keep(Field::ThinkingType)),
    ])
});

/// Google's API takes every key in both spellings; interactions ask otherwise.
static GEMINI: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("model", Keep(Field::Resource)),
        ("stream", Keep(Field::Stream)),
        ("serviceTier", Keep(Field::Tier)),
        ("service_tier", Keep(Field::Tier)),
        ("contents.*.parts.*.inlineData.mimeType", Keep(Field::Media)),
        (
            "contents.*.parts.*.inline_data.mime_type",
            Keep(Field::Media),
        ),
        ("contents.*.parts.*.fileData.mimeType", Keep(Field::Media)),
        ("contents.*.parts.*.file_data.mime_type", Keep(Field::Media)),
        ("contents.*.parts.*.inlineData.data", Gather(Field::Inlined)),
        (
            "contents.*.parts.*.inline_data.data",
            Gather(Field::Inlined),
        ),
        ("tools.*.googleSearch", Keep(Field::HostedTool)),
        ("tools.*.google_search", Keep(Field::HostedTool)),
        ("tools.*.googleSearchRetrieval", Keep(Field::HostedTool)),
        ("tools.*.google_search_retrieval", Keep(Field::HostedTool)),
        ("tools.*.codeExecution", Keep(Field::HostedTool)),
        ("tools.*.code_execution", Keep(Field::HostedTool)),
        ("tools.*.urlContext", Keep(Field::HostedTool)),
        ("tools.*.url_context", Keep(Field::HostedTool)),
        ("tools.*.googleMaps", Keep(Field::HostedTool)),
        ("tools.*.google_maps", Keep(Field::HostedTool)),
        ("tools.*.fileSearch", Keep(Field::HostedTool)),
        ("tools.*.file_search", Keep(Field::HostedTool)),
        ("generationConfig.responseSchema", Notice(Field::Schema)),
        ("generationConfig.responseJsonSchema", Notice(Field::Schema)),
        ("generation_config.response_schema", Notice(Field::Schema)),
        (
            "generation_config.response_json_schema",
            Notice(Field::Schema),
        ),
    ])
});

/// What is asked stands in `input`, how in `parameters`; a header asks for the stream.
static DASHSCOPE: LazyLock<Paths<Field>> = LazyLock::new(|| {
    Paths::new([
        ("model", Keep(Field::Model)),
        ("input.messages.*.content.*.image", Notice(Field::Vision)),
        ("input.messages.*.content.*.video", Notice(Field::Vision)),
        ("input.messages.*.content.*.audio", Notice(Field::Audio)),
        ("parameters.enable_thinking", Keep(Field::Thinking)),
        ("parameters.enable_search", Notice(Field::HostedTool)),
        ("parameters.response_format.type", Keep(Field::OutputFormat)),
    ])
});

/// Reads one request body.
#[derive(Debug)]
pub struct RequestScanner {
    scanner: Scanner<Field>,
    /// Reads a body that turns out to be a form.
    form: Option<Form>,
    /// No byte has come yet.
    fresh: bool,
    facts: RequestFacts,
    /// The body as the client sent it, where the call may have to be counted.
    kept: Option<Arc<Frames>>,
    inlined: Inlined,
}

/// A request's body, to count its input by.
#[derive(Clone, Debug)]
pub struct Request(Arc<Frames>);

impl Request {
    /// The bytes, of the data of an image its first part; none where they had no room.
    #[must_use]
    pub fn body(&self) -> Option<Cow<'_, [u8]>> {
        self.0.bytes()
    }
}

impl RequestScanner {
    /// A scanner before the first byte of the body.
    #[must_use]
    pub fn new(format: WireFormat) -> Self {
        Self::along(match format {
            WireFormat::OpenAi | WireFormat::Voyage | WireFormat::Served => &OPENAI,
            WireFormat::DashScope => &DASHSCOPE,
            WireFormat::Anthropic => &ANTHROPIC,
            WireFormat::Ollama => &OLLAMA,
            WireFormat::Cohere => &COHERE,
            WireFormat::Bedrock => &BEDROCK,
            WireFormat::Gemini => &GEMINI,
        })
    }

    /// The same for an operation that may ask for something of its own.
    #[must_use]
    pub fn of(endpoint: Endpoint) -> Self {
        if endpoint.operation == Operation::Speech {
            return Self::along(&SPEECH);
        }
        let mut scanner = Self::new(endpoint.format);
        // Ollama streams unless it is told not to.
        let streams = endpoint.format == WireFormat::Ollama
            && matches!(
                endpoint.operation,
                Operation::Chat | Operation::TextCompletion
            );
        scanner.facts.stream = streams.then_some(true);
        scanner
    }

    /// Takes what the path says of it: Bedrock's names the model, and whether it is to be streamed.
    pub fn named_by(&mut self, endpoint: Endpoint, path: &str) {
        if endpoint.format == WireFormat::Bedrock {
            self.facts.model = model_in_path(path);
            self.facts.stream = streams(path);
        }
    }

    fn along(paths: &'static Paths<Field>) -> Self {
        Self {
            scanner: Scanner::new(paths),
            form: None,
            fresh: true,
            facts: RequestFacts::default(),
            kept: None,
            inlined: Inlined::default(),
        }
    }

    /// Takes the next bytes of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self {
            scanner,
            form,
            fresh,
            facts,
            inlined,
            kept: _,
        } = self;
        if let Some(first) = bytes.first().filter(|_| std::mem::take(fresh)) {
            *form = Form::begins(*first).then(Form::new);
        }
        match form {
            Some(form) => form.feed(bytes, &mut |name, value| facts.field(name, value)),
            None => scanner.feed(bytes, &mut |seen| match seen {
                Seen::Filled(Field::Inlined) => inlined.begin(),
                Seen::Text(_, piece) => inlined.more(bytes, piece),
                Seen::Value(..) | Seen::Filled(_) | Seen::TooLong(_) => facts.see(seen),
            }),
        }
    }

    /// The same, and keeps what comes if it is to be kept.
    pub fn feed_frame(&mut self, frame: &Bytes) {
        self.inlined.clear();
        self.feed(frame);
        // Whoever shares it has it whole.
        if let Some(kept) = self.kept.as_mut().and_then(Arc::get_mut) {
            kept.add(frame, self.inlined.cuts());
        }
    }

    /// Keeps the body from now on, to be counted if it must be.
    pub fn keep_body(&mut self, budget: &Arc<TextBudget>) {
        self.scanner.set_gathers(true);
        self.kept = Some(Arc::new(Frames::new(budget)));
    }

    /// Shows what was kept of it, if it came whole.
    #[must_use]
    pub fn body(&self) -> Option<Request> {
        let kept = self.kept.as_ref().filter(|_| self.scanner.is_complete());
        kept.map(|kept| Request(Arc::clone(kept)))
    }

    /// Gives away what was kept of it, if it came whole; nothing is kept any more.
    pub fn take_body(&mut self) -> Option<Request> {
        let body = self.body();
        self.kept = None;
        body
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
            Seen::Filled(Field::Vision) => self.vision = true,
            Seen::Filled(Field::Schema) => self.strict_schema = true,
            Seen::Filled(Field::HostedTool) | Seen::TooLong(Field::HostedTool) => {
                self.hosted_tools = true;
            }
            Seen::TooLong(Field::Model | Field::Resource) => self.model = None,
            Seen::Filled(_) | Seen::TooLong(_) | Seen::Text(..) => {}
        }
    }

    fn value(&mut self, field: Field, raw: &[u8]) {
        let name = Name::read(raw).known();
        let name = name.as_deref();
        match field {
            Field::Model => self.model = name.map(str::to_owned),
            // What says nothing leaves it as it is by default.
            Field::Stream => self.stream = truth(raw).or(self.stream),
            Field::Resource => {
                let model = name.map(|name| name.strip_prefix("models/").unwrap_or(name));
                self.model = model.map(str::to_owned);
            }
            Field::Media => {
                let is = |kind: &str| name.is_some_and(|name| name.starts_with(kind));
                self.vision |= is("image/") || is("video/") || is("application/pdf");
                self.audio |= is("audio/");
            }
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
            Field::Thinking => self.thinking = truth(raw),
            Field::ThinkingType => {
                self.thinking = name.map(|kind| matches!(kind, "enabled" | "adaptive"));
            }
            Field::Words => {
                let words: Option<String> = serde_json::from_slice(raw).ok();
                let count = words.map(|words| words.chars().count());
                self.spoken_characters = count.and_then(|count| u64::try_from(count).ok());
            }
            Field::Tier => self.service.tier = Service::word(name),
            Field::Speed => self.service.speed = Service::word(name),
            Field::Region => self.service.region = Service::word(name),
            Field::Audio | Field::Vision | Field::Schema | Field::Inlined => {}
        }
    }
}

impl RequestFacts {
    /// A field of a form says what a member of the same name would.
    fn field(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"model" => self.model = short(str::from_utf8(value).ok()),
            b"stream" => self.stream = truth(value),
            _ => {}
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
