//! What a host must be able to do to take a call over.
//!
//! A class is part of a stream's name from the first day on, so that a plan can say later which
//! calls it serves and the others stay where they are.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How much context a call needs: everything read plus everything written, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContextClass {
    /// At most 8,192 tokens.
    #[default]
    UpTo8k,
    /// At most 32,768 tokens.
    UpTo32k,
    /// At most 131,072 tokens.
    UpTo128k,
    /// More than that.
    More,
}

impl ContextClass {
    /// All classes, smallest first.
    pub const ALL: [Self; 4] = [Self::UpTo8k, Self::UpTo32k, Self::UpTo128k, Self::More];

    /// The class of a call that needs `tokens` of context.
    #[must_use]
    pub const fn of(tokens: u64) -> Self {
        match tokens {
            0..=8_192 => Self::UpTo8k,
            8_193..=32_768 => Self::UpTo32k,
            32_769..=131_072 => Self::UpTo128k,
            _ => Self::More,
        }
    }

    /// The name used in labels and settings.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::UpTo8k => "8k",
            Self::UpTo32k => "32k",
            Self::UpTo128k => "128k",
            Self::More => "more",
        }
    }
}

/// The class of a call, or the most that a plan serves; written `8k`, `32k+vision`,
/// `128k+tools+schema`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent abilities, each with its own word in the label"
)]
pub struct Capability {
    /// The context the call needs. A call whose tokens nobody knows is in the smallest class, so
    /// that it counts against the evidence of every plan.
    pub context: ContextClass,
    /// Images go in.
    pub vision: bool,
    /// Audio goes in or comes out.
    pub audio: bool,
    /// The provider's own tools are used: web search, code, files.
    pub hosted_tools: bool,
    /// The answer is bound to a JSON schema.
    pub strict_schema: bool,
}

impl Capability {
    /// Everything at once: what a call asks for whose class cannot be read.
    pub const MOST: Self = Self {
        context: ContextClass::More,
        vision: true,
        audio: true,
        hosted_tools: true,
        strict_schema: true,
    };

    /// The abilities with their words, in the order of the label.
    const fn abilities(self) -> [(bool, &'static str); 4] {
        [
            (self.vision, "vision"),
            (self.audio, "audio"),
            (self.hosted_tools, "tools"),
            (self.strict_schema, "schema"),
        ]
    }

    /// The class as records name it; most calls ask for nothing but context.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        let plain = Self {
            context: self.context,
            ..Self::default()
        };
        if self == plain {
            Cow::Borrowed(self.context.label())
        } else {
            Cow::Owned(self.to_string())
        }
    }

    /// Whether a host that can do `limit` can take this call.
    #[must_use]
    pub fn within(self, limit: Self) -> bool {
        self.context <= limit.context
            && self
                .abilities()
                .into_iter()
                .zip(limit.abilities())
                .all(|((asked, _), (can, _))| !asked || can)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.context.label())?;
        for (_, word) in self.abilities().into_iter().filter(|(asked, _)| *asked) {
            write!(f, "+{word}")?;
        }
        Ok(())
    }
}

/// Why a text is not a capability class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapabilityError {
    /// The first word is not a context length.
    #[error("{0:?} is not a context length: 8k, 32k, 128k or more")]
    Context(String),
    /// A later word is not an ability.
    #[error("{0:?} is not an ability: vision, audio, tools or schema")]
    Ability(String),
}

impl FromStr for Capability {
    type Err = CapabilityError;

    fn from_str(text: &str) -> Result<Self, CapabilityError> {
        let mut words = text.split('+');
        let first = words.next().unwrap_or_default();
        let context = ContextClass::ALL
            .into_iter()
            .find(|class| class.label() == first)
            .ok_or_else(|| CapabilityError::Context(first.to_owned()))?;
        let mut read = Self {
            context,
            ..Self::default()
        };
        for word in words {
            match word {
                "vision" => read.vision = true,
                "audio" => read.audio = true,
                "tools" => read.hosted_tools = true,
                "schema" => read.strict_schema = true,
                other => return Err(CapabilityError::Ability(other.to_owned())),
            }
        }
        Ok(read)
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn class(text: &str) -> Capability {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "8k",
            "32k+vision",
            "128k+tools+schema",
            "more+vision+audio+tools+schema",
        ] {
            assert_eq!(class(text).to_string(), text);
            assert_eq!(class(text).name(), text);
        }
    }

    #[test]
    fn a_class_ends_at_its_power_of_two() {
        for (tokens, expected) in [
            (0, "8k"),
            (8_192, "8k"),
            (8_193, "32k"),
            (32_768, "32k"),
            (32_769, "128k"),
            (131_072, "128k"),
            (131_073, "more"),
            (u64::MAX, "more"),
        ] {
            assert_eq!(ContextClass::of(tokens).label(), expected, "{tokens}");
        }
    }

    #[test]
    fn a_host_takes_what_asks_no_more_than_it_can() {
        for (asked, limit, taken) in [
            ("8k", "8k", true),
            ("8k", "128k+vision", true),
            ("32k", "8k+vision", false),
            ("8k+vision", "128k", false),
            ("8k+vision+schema", "128k+vision", false),
            ("8k+vision+schema", "8k+vision+schema+tools", true),
            ("8k+audio", "more+vision+tools+schema", false),
        ] {
            assert_eq!(
                class(asked).within(class(limit)),
                taken,
                "{asked} in {limit}"
            );
        }
    }

    #[test]
    fn other_words_are_refused_by_name() {
        assert_eq!(
            "9k".parse::<Capability>(),
            Err(CapabilityError::Context("9k".into()))
        );
        assert_eq!(
            "8k+smell".parse::<Capability>(),
            Err(CapabilityError::Ability("smell".into()))
        );
        assert!("".parse::<Capability>().is_err());
    }
}
