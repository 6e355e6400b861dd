//! Whether the record of verdicts has the statement as it is: what no row says is found by that.

use serde_json::Value;

use crate::cli::Failure;
use crate::cli::admin::Admin;
use crate::cli::house::{House, Options, Settings as Where};
use crate::verdict::statement::Statement;

/// What the record says of a statement.
pub(super) enum Noted {
    /// It was written so.
    Same,
    /// It was written otherwise.
    Other(String),
    /// Nothing: it is of another data directory, or older than what is remembered.
    Nowhere(String),
}

impl Noted {
    /// From the running tollgate, or from the data directory.
    pub(super) async fn read<H: House>(
        house: &H,
        options: &Options,
        at: &Where,
        statement: &Statement,
        sum: &str,
    ) -> Result<Self, Failure> {
        let running = Admin::of(at)?.json("/api/v1/verdicts").await?;
        let record = match running {
            Some(record) => record,
            None => house.verdicts(options)?,
        };
        Ok(Self::among(&record, statement, sum))
    }

    fn among(record: &Value, statement: &Statement, sum: &str) -> Self {
        let records = record.get("records").and_then(Value::as_array);
        let of = |one: &&Value| {
            let is = |key: &str, text: &str| one.get(key).and_then(Value::as_str) == Some(text);
            is("kind", &statement.kind)
                && is("name", &statement.name)
                && is("decided", &statement.decided.to_string())
        };
        let sums = records.into_iter().flatten().filter(of);
        let sums: Vec<&str> = sums.filter_map(|one| one.get("sha256")?.as_str()).collect();
        match sums.last() {
            _ if sums.contains(&sum) => Self::Same,
            Some(noted) => Self::Other(format!(
                "the record noted this switch with checksum {noted}, this is {sum}: something in it was \
                 changed, if only what no row says"
            )),
            None => Self::Nowhere(
                "the record does not know this switch: what no row says is taken as stated, such as who \
                 moved a default, and how old an API price was"
                    .to_owned(),
            ),
        }
    }

    /// What is to be said of it.
    pub(super) const fn words(&self) -> Option<&String> {
        match self {
            Self::Same => None,
            Self::Other(words) | Self::Nowhere(words) => Some(words),
        }
    }
}
