//! JSON of a price map, expanded only where it is asked for: numbers keep their digits, and a key that
//! is there twice is told instead of lost.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<'a>(&'a str);

/// The values of an object by their keys.
#[derive(Debug, Default)]
pub(super) struct Table<'a> {
    /// Those that are there once.
    pub(super) values: BTreeMap<String, Json<'a>>,
    /// The keys that are there more than once: whose value holds, nobody can say.
    pub(super) twice: Vec<String>,
}

impl<'a> Json<'a> {
    /// The one value of a text.
    pub(super) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<&RawValue>(text).map(|raw| Self(raw.get()))
    }

    /// An object.
    pub(super) fn table(self) -> Option<Table<'a>> {
        serde_json::from_str(self.0).ok()
    }

    /// A list.
    pub(super) fn list(self) -> Option<Vec<Self>> {
        let items: Vec<&RawValue> = serde_json::from_str(self.0).ok()?;
        Some(items.into_iter().map(|raw| Self(raw.get())).collect())
    }

    /// A text.
    pub(super) fn text(self) -> Option<String> {
        serde_json::from_str(self.0).ok()
    }

    /// A number, in its digits.
    pub(super) fn number(self) -> Option<&'a str> {
        let first = self.0.bytes().next()?;
        (first == b'-' || first.is_ascii_digit()).then_some(self.0)
    }

    /// A whole number, `256000.0` among them.
    pub(super) fn whole(self) -> Option<u64> {
        let text = self.number()?;
        let whole = text.split_once('.').map_or(text, |(whole, fraction)| {
            if fraction.bytes().all(|b| b == b'0') {
                whole
            } else {
                text
            }
        });
        whole.parse().ok()
    }

    /// Nothing.
    pub(super) fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// What it is, in words for people.
    pub(super) fn kind(self) -> &'static str {
        match self.0.bytes().next() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "a text",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        }
    }
}

impl<'a> Table<'a> {
    /// The value of a key, unless it is null.
    pub(super) fn get(&self, key: &str) -> Option<Json<'a>> {
        self.values.get(key).copied().filter(|json| !json.is_null())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Table<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs)
    }
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Table<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table<'de>, A::Error> {
        let mut table = Table::default();
        while let Some((key, raw)) = map.next_entry::<String, &'de RawValue>()? {
            if table.values.insert(key.clone(), Json(raw.get())).is_some() {
                table.twice.push(key);
            }
        }
        table.twice.sort();
        table.twice.dedup();
        for key in &table.twice {
            table.values.remove(key);
        }
        Ok(table)
    }
}
