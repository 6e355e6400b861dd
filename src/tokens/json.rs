//! A JSON body as it was written: fields in their order, strings borrowed where they can be.
//!
//! Not `serde_json::Value`: that sorts fields, and a provider renders them as the client sent them.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::Number;

/// The largest body that is read, in bytes: images included, no vendor takes more than 50 MB.
const BODY_BYTES_MAX: usize = 64 << 20;
/// The most values that are kept of one body: 50 MB at the worst.
const VALUES_MAX: usize = 1 << 20;

/// One value of a body.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads a body. `None` if it is no JSON, is nested too deep, or is too large.
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        if body.len() > BODY_BYTES_MAX {
            return None;
        }
        let left = Cell::new(VALUES_MAX);
        // The deserializer refuses more than 128 levels by itself.
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let value = Values(&left).deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(value)
    }

    /// A field of an object; null counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.field(name).filter(|value| **value != Self::Null)
    }

    /// A field of an object, null if it is written so.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let (_, value) = self.fields().iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    /// A text field of an object.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The items of a list; of anything else none.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Object(_) => &[],
        }
    }

    /// The items of a list that is a field of an object.
    pub(super) fn items_of(&self, name: &str) -> &[Self] {
        self.get(name).map_or(&[], Self::items)
    }

    /// The fields of an object; of anything else none.
    pub(super) fn fields(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(fields) => fields,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => &[],
        }
    }

    /// As JSON text without white space.
    pub(super) fn compact(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => value.serialize(serializer),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

/// Makes values while there are some left.
#[derive(Clone, Copy)]
struct Values<'c>(&'c Cell<usize>);

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        let left = self.0.get().checked_sub(1);
        self.0
            .set(left.ok_or_else(|| D::Error::custom("too many values"))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = access.next_key_seed(Name)? {
            fields.push((name, access.next_value_seed(self)?));
        }
        Ok(Json::Object(fields))
    }
}

/// The name of a field, borrowed where it can be.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_keeps_the_order_of_its_fields() {
        let body = r#"{"z":[1,-2.5,null],"a":{"é\n":true}}"#;
        assert_eq!(Json::parse(body.as_bytes()).unwrap().compact(), body);
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        assert_eq!(Json::parse(b"{\"a\":"), None);
        assert_eq!(Json::parse(b"{} {}"), None);
        assert_eq!(Json::parse("[".repeat(100_000).as_bytes()), None);
    }

    #[test]
    fn a_body_of_too_many_values_is_none() {
        let many = format!("[{}0]", "0,".repeat(VALUES_MAX));
        assert_eq!(Json::parse(many.as_bytes()), None);
        let fewer = format!("[{}0]", "0,".repeat(VALUES_MAX - 2));
        assert!(Json::parse(fewer.as_bytes()).is_some());
    }
}
