//! Who says how a call was served, where its answer does not.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

/// Who says how a call was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The client asked for it.
    Request,
    /// The path, such as Vertex AI's location.
    Path,
    /// The address of the upstream, such as Bedrock's of a region.
    Upstream,
}

impl Origin {
    /// What a row says of a value that the answer names.
    pub(super) const ANSWER: &str = "response";
    /// What a row says where nobody names one: the provider's default held.
    pub(super) const NOBODY: &str = "default";

    /// All of them.
    pub const ALL: [Self; 3] = [Self::Request, Self::Path, Self::Upstream];

    /// The name used in records and exports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Path => "path",
            Self::Upstream => "upstream",
        }
    }
}

/// Where a call's tier, speed and region are known from; nothing where its answer names them, or
/// nobody does. A row says which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origins {
    /// Of the tier.
    #[serde(
        rename = "service_tier_origin",
        default,
        deserialize_with = "elsewhere",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_tier: Option<Origin>,
    /// Of the speed.
    #[serde(
        rename = "speed_origin",
        default,
        deserialize_with = "elsewhere",
        skip_serializing_if = "Option::is_none"
    )]
    pub speed: Option<Origin>,
    /// Of the region.
    #[serde(
        rename = "region_origin",
        default,
        deserialize_with = "elsewhere",
        skip_serializing_if = "Option::is_none"
    )]
    pub region: Option<Origin>,
}

/// A row names the answer, and nobody, where a record says nothing.
fn elsewhere<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Origin>, D::Error> {
    let word = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    let Some(word) = word.filter(|word| ![Origin::ANSWER, Origin::NOBODY].contains(&&**word))
    else {
        return Ok(None);
    };
    let origin = Origin::ALL
        .into_iter()
        .find(|origin| origin.label() == word);
    let unknown = || serde::de::Error::custom(format!("no origin `{word}`"));
    origin.map(Some).ok_or_else(unknown)
}
