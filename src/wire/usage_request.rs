//! Makes a streamed completion ask for its usage: where text has to be inserted, and which.
//!
//! Only the text says so: the body is neither built anew nor reordered, and a body that could be
//! meant in two ways is left as it is (<https://platform.openai.com/docs/api-reference/chat/create>).

use std::fmt;
use std::ops::Range;

use http::Method;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

const STREAM: &str = "stream";
const STREAM_OPTIONS: &str = "stream_options";
const INCLUDE_USAGE: &str = "include_usage";

/// What a request body has to become so that its stream ends with its usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsageRequest {
    /// Nothing: the answer is no stream, or the client asks for its usage itself.
    Needless,
    /// Nothing can be done: it is not JSON, or a key of ours is there twice, escaped or of another
    /// type than the vendor's.
    InDoubt,
    /// This edit, and its answer will end with an event that the client did not ask for.
    Missing(Edit),
}

/// A piece of a body and what stands there instead; all other bytes stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; mostly none.
    pub replaced: Range<usize>,
    /// What comes in their place.
    pub text: &'static str,
}

/// Whether a request may be one whose usage has to be asked for: `OpenAI`'s completions, with chat
/// and without. All other APIs report unasked.
#[must_use]
pub fn may_lack_usage_request(method: &Method, path: &str) -> bool {
    *method == Method::POST && path.trim_end_matches('/').ends_with("/completions")
}

impl UsageRequest {
    /// Reads a whole body.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        let decided = decide(body);
        decided.unwrap_or(Self::InDoubt)
    }
}

/// `None` where the body is in doubt.
fn decide(body: &[u8]) -> Option<UsageRequest> {
    let [stream, options] = pick(body, [STREAM, STREAM_OPTIONS])?;
    if stream.map(RawValue::get) != Some("true") {
        return Some(UsageRequest::Needless);
    }
    let Some(options) = options else {
        return insert(body, 0, r#""stream_options":{"include_usage":true},"#);
    };
    let at = place(body, options)?;
    match options.get() {
        "null" => replace(at, r#"{"include_usage":true}"#),
        object if object.starts_with('{') => {
            let [asked] = pick(object.as_bytes(), [INCLUDE_USAGE])?;
            match asked.map(RawValue::get) {
                Some("true") => Some(UsageRequest::Needless),
                Some("false" | "null") => replace(place(body, asked?)?, "true"),
                Some(_) => None,
                None if is_empty(object) => insert(body, at.start, r#""include_usage":true"#),
                None => insert(body, at.start, r#""include_usage":true,"#),
            }
        }
        _ => None,
    }
}

/// Right behind the first brace at or after `from`.
fn insert(body: &[u8], from: usize, text: &'static str) -> Option<UsageRequest> {
    let at = from + memchr::memchr(b'{', body.get(from..)?)? + 1;
    replace(at..at, text)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the arms that use it may be in doubt"
)]
fn replace(replaced: Range<usize>, text: &'static str) -> Option<UsageRequest> {
    Some(UsageRequest::Missing(Edit { replaced, text }))
}

fn is_empty(object: &str) -> bool {
    let inside = object.trim_matches(['{', '}']);
    inside.trim_ascii().is_empty()
}

/// Where in the body a value stands that was borrowed from it.
fn place(body: &[u8], value: &RawValue) -> Option<Range<usize>> {
    let text = value.get();
    let start = text.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
    Some(start..start.checked_add(text.len())?)
}

/// The values of an object's named members; `None` if one is there twice or its name is escaped, or
/// if this is no object.
fn pick<'a, const N: usize>(json: &'a [u8], names: [&str; N]) -> Option<[Option<&'a RawValue>; N]> {
    let mut text = serde_json::Deserializer::from_slice(json);
    let picked = Pick(names).deserialize(&mut text).ok()?;
    text.end().ok()?;
    Some(picked)
}

struct Pick<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Pick<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Pick<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut picked = [None; N];
        while let Some(key) = members.next_key_seed(KeyOf(&self.0))? {
            let Some(place) = key.and_then(|index| picked.get_mut(index)) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            if place.replace(members.next_value()?).is_some() {
                return Err(A::Error::custom("a key is there twice"));
            }
        }
        Ok(picked)
    }
}

/// Which of the names a key is.
struct KeyOf<'n>(&'n [&'n str]);

impl KeyOf<'_> {
    fn index(&self, key: &str) -> Option<usize> {
        self.0.iter().position(|name| *name == key)
    }
}

impl<'de> DeserializeSeed<'de> for KeyOf<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeyOf<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(self.index(key))
    }

    /// Only a key with an escape in it is not borrowed.
    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        match self.index(key) {
            Some(_) => Err(E::custom("a key is escaped")),
            None => Ok(None),
        }
    }
}
