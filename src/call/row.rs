//! A record as a row of a table: every column, in one order, for exports and the API.
//!
//! A record leaves out what is absent; a row says `null`, so that a reader sees that the column
//! exists and that nothing is known; maps and the lists that are ours are empty then. Money stays a
//! decimal string.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::{CallRecord, Origin};

/// One record, a value for each of [`CallRecord::COLUMNS`]; as JSON an object in that order.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(Vec<Value>);

impl Row {
    /// Columns and values in the order of [`CallRecord::COLUMNS`].
    pub fn cells(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        CallRecord::COLUMNS.into_iter().zip(&self.0)
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (column, value) in self.cells() {
            map.serialize_entry(column, value)?;
        }
        map.end()
    }
}

impl CallRecord {
    /// The record as a row: every column present, `null`, `[]` or `{}` for what is absent.
    #[must_use]
    pub fn to_row(&self) -> Row {
        // A record has only string keys and no floats, so it always becomes an object.
        let written = serde_json::to_value(self).unwrap_or_default();
        debug_assert!(written.is_object(), "a record is written as an object");
        let value = |column| {
            written
                .get(column)
                .cloned()
                .unwrap_or_else(|| self.absent(column))
        };
        Row(Self::COLUMNS.into_iter().map(value).collect())
    }

    /// What stands in a column without a value.
    fn absent(&self, column: &str) -> Value {
        match column {
            "dimensions" | "units" => Value::Object(Map::new()),
            "cost_lines" | "flags" => Value::Array(Vec::new()),
            "service_tier_origin" => answers(self.service_tier.as_ref()),
            "speed_origin" => answers(self.speed.as_ref()),
            "region_origin" => answers(self.region.as_ref()),
            // `side` among them: not reported.
            _ => Value::Null,
        }
    }
}

/// Who says what is known from nowhere else: the answer, or nobody.
fn answers(said: Option<&String>) -> Value {
    said.map_or(Origin::NOBODY, |_| Origin::ANSWER).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::tests::full;

    #[test]
    fn a_row_names_every_column_in_order() {
        let text = serde_json::to_string(&full().to_row()).unwrap();
        let mut rest = text.as_str();
        for column in CallRecord::COLUMNS {
            let key = format!("\"{column}\":");
            let at = rest
                .find(&key)
                .unwrap_or_else(|| panic!("{column} in {text}"));
            rest = &rest[at + key.len()..];
        }
    }

    #[test]
    fn what_is_absent_is_null_and_not_zero() {
        let mut record = full();
        record.cost_usd = None;
        record.usage.cache_read = None;
        record.usage.reasoning = Some(0);
        let row = record.to_row();
        let cell = |name| row.cells().find(|(column, _)| *column == name).unwrap().1;
        assert_eq!(cell("cost_usd"), &Value::Null);
        assert_eq!(cell("cache_read_tokens"), &Value::Null);
        assert_eq!(cell("reasoning_tokens"), &Value::from(0));
        assert_eq!(cell("cost_native"), &Value::from("0.000000000001"));
    }

    #[test]
    fn a_row_is_read_back_as_its_record() {
        let mut record = full();
        record.cost_usd = None;
        record.dimensions.clear();
        record.units.clear();
        record.side.clear();
        record.cost_lines.clear();
        record.flags.clear();
        let row = serde_json::to_value(record.to_row()).unwrap();
        assert_eq!((&row["flags"], &row["units"]), (&json!([]), &json!({})));
        assert_eq!(serde_json::from_value::<CallRecord>(row).unwrap(), record);
    }
}
