//! What a call cost: whether that is known, and line by line.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::money::{Factor, Pico, RatePerMtok};

/// Whether the money of a call is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// Every billed line has a rate and an amount.
    Priced,
    /// It costs money and we cannot say how much; never shown as zero.
    Unpriced,
    /// It costs nothing: listings, token counting, refused calls, models declared free.
    Free,
}

impl Pricing {
    /// The name used in labels, exports and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Priced => "priced",
            Self::Unpriced => "unpriced",
            Self::Free => "free",
        }
    }
}

/// What a line of a bill is for. The lines of a call are disjoint and sum to its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineKind {
    /// Input billed in full.
    Input,
    /// The same that was audio.
    InputAudio,
    /// The same that was images, where they have a rate of their own.
    InputImage,
    /// The same that was video, where it has a rate of its own.
    InputVideo,
    /// Input read from the provider's cache.
    CacheRead,
    /// The same that was audio, where it has a rate of its own.
    CacheReadAudio,
    /// The same that was images, where they have a rate of their own.
    CacheReadImage,
    /// Input written to the provider's cache for its default lifetime.
    CacheWrite,
    /// The same for five minutes.
    CacheWrite5m,
    /// The same for thirty minutes.
    CacheWrite30m,
    /// The same for one hour.
    CacheWrite1h,
    /// The same for twelve hours.
    CacheWrite12h,
    /// Output, reasoning included unless it has a line of its own.
    Output,
    /// Output that was audio.
    OutputAudio,
    /// Output that was images.
    OutputImage,
    /// Output the model thought, where it has a rate of its own.
    Reasoning,
    /// Web searches made by the provider's own tool.
    WebSearch,
    /// Pages it fetched.
    WebFetch,
    /// Searches of X.
    XSearch,
    /// Searches of the client's files at the provider.
    FileSearch,
    /// Containers code ran in.
    CodeInterpreter,
    /// Searches of a reranker.
    SearchUnits,
    /// Images made.
    Images,
    /// Seconds of audio heard or spoken.
    AudioSeconds,
    /// Seconds of video made.
    VideoSeconds,
    /// Characters spoken.
    Characters,
    /// Pages read.
    Pages,
    /// A fee for the call itself.
    Request,
}

impl LineKind {
    /// All kinds, in the order of a bill.
    pub const ALL: [Self; 28] = [
        Self::Input,
        Self::InputAudio,
        Self::InputImage,
        Self::InputVideo,
        Self::CacheRead,
        Self::CacheReadAudio,
        Self::CacheReadImage,
        Self::CacheWrite,
        Self::CacheWrite5m,
        Self::CacheWrite30m,
        Self::CacheWrite1h,
        Self::CacheWrite12h,
        Self::Output,
        Self::OutputAudio,
        Self::OutputImage,
        Self::Reasoning,
        Self::WebSearch,
        Self::WebFetch,
        Self::XSearch,
        Self::FileSearch,
        Self::CodeInterpreter,
        Self::SearchUnits,
        Self::Images,
        Self::AudioSeconds,
        Self::VideoSeconds,
        Self::Characters,
        Self::Pages,
        Self::Request,
    ];

    /// The metric label `kind`: few values, disjoint, stable.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Input | Self::InputAudio | Self::InputImage | Self::InputVideo => "input",
            Self::CacheRead | Self::CacheReadAudio | Self::CacheReadImage => "cache_read",
            Self::CacheWrite
            | Self::CacheWrite5m
            | Self::CacheWrite30m
            | Self::CacheWrite1h
            | Self::CacheWrite12h => "cache_write",
            Self::Output | Self::OutputAudio | Self::OutputImage => "output",
            Self::Reasoning => "reasoning",
            Self::Request => "request",
            Self::WebSearch
            | Self::WebFetch
            | Self::XSearch
            | Self::FileSearch
            | Self::CodeInterpreter
            | Self::SearchUnits
            | Self::Images
            | Self::AudioSeconds
            | Self::VideoSeconds
            | Self::Characters
            | Self::Pages => "other",
        }
    }

    /// The name used in records and in the keys of prices: finer than the label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::InputAudio => "input_audio",
            Self::InputImage => "input_image",
            Self::InputVideo => "input_video",
            Self::CacheRead => "cache_read",
            Self::CacheReadAudio => "cache_read_audio",
            Self::CacheReadImage => "cache_read_image",
            Self::CacheWrite => "cache_write",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite30m => "cache_write_30m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::CacheWrite12h => "cache_write_12h",
            Self::Output => "output",
            Self::OutputAudio => "output_audio",
            Self::OutputImage => "output_image",
            Self::Reasoning => "reasoning",
            Self::WebSearch => "web_search",
            Self::WebFetch => "web_fetch",
            Self::XSearch => "x_search",
            Self::FileSearch => "file_search",
            Self::CodeInterpreter => "code_interpreter",
            Self::SearchUnits => "search_units",
            Self::Images => "images",
            Self::AudioSeconds => "audio_seconds",
            Self::VideoSeconds => "video_seconds",
            Self::Characters => "characters",
            Self::Pages => "pages",
            Self::Request => "request",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is billed by the token.
    #[must_use]
    pub fn is_tokens(self) -> bool {
        self <= Self::Reasoning
    }

    /// Whether it bills what the model read.
    #[must_use]
    pub fn is_input(self) -> bool {
        self <= Self::CacheWrite12h
    }

    /// All values of [`LineKind::label`], for metrics preset to zero.
    pub const LABELS: [&str; 7] = [
        "input",
        "cache_read",
        "cache_write",
        "output",
        "reasoning",
        "request",
        "other",
    ];
}

impl Serialize for LineKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for LineKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| serde::de::Error::custom(format!("no line `{name}`")))
    }
}

/// One line of a call's bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostLine {
    /// What it is for.
    pub kind: LineKind,
    /// The model billed, where it is not the call's own (side inference).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens, or units for lines billed by number.
    pub quantity: u64,
    /// The rate in the price's currency: per million tokens, or per million units.
    pub rate: RatePerMtok,
    /// What that rate is multiplied by: a discount, or a tier billed as a share of the standard one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Factor>,
    /// `rate` × `quantity` (× `times`, rounded half to even), in the price's currency.
    pub cost_native: Pico,
    /// The same in dollars; the lines sum to the call's `cost_usd`.
    pub cost_usd: Pico,
}
