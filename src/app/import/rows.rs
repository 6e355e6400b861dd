//! Rows told apart before anything is summed: the parts of one bucket are one sum, and what is read
//! at a second place is refused.

use std::collections::BTreeMap;

use super::pieces::two_currencies;
use super::{UsageCost, UsageRow, refused};
use crate::app::AppError;
use crate::ledger::NAME_BYTES_MAX;

/// Each day or hour of a model once, the oldest first.
pub(super) fn once(rows: Vec<UsageRow>) -> Result<Vec<UsageRow>, AppError> {
    let mut once: BTreeMap<_, UsageRow> = BTreeMap::new();
    for row in rows {
        refuse_long_name(&row)?;
        let name = (row.upstream.clone(), row.model.clone());
        let key = (row.range.start, row.range.end, name);
        match once.get_mut(&key) {
            Some(known) => known.merge(&row)?,
            None => drop(once.insert(key, row)),
        }
    }
    Ok(once.into_values().collect())
}

/// What bills say of one model and stretch is said at one place.
pub(super) fn refuse_bills_twice(costs: &[UsageCost]) -> Result<(), AppError> {
    let mut places: BTreeMap<_, &str> = BTreeMap::new();
    for cost in costs {
        let (start, end) = (cost.range.start, cost.range.end);
        let key = (start, end, &cost.upstream, &cost.model);
        let place = *places.entry(key).or_insert(&cost.place);
        if place != cost.place {
            let what = format!("the bill of {} for {start}", cost.upstream);
            return Err(twice(&what, place, &cost.place));
        }
    }
    Ok(())
}

impl UsageRow {
    fn merge(&mut self, other: &Self) -> Result<(), AppError> {
        let what = format!("{}/{} of {}", self.upstream, self.model, self.range.start);
        if self.place != other.place {
            return Err(twice(&what, &self.place, &other.place));
        }
        self.calls = self.calls.saturating_add(other.calls);
        self.uncached_input = self.uncached_input.saturating_add(other.uncached_input);
        self.cached_input = self.cached_input.saturating_add(other.cached_input);
        self.output = self.output.saturating_add(other.output);
        self.cost = match (self.cost, other.cost) {
            (None, None) => None,
            (Some((one, currency)), Some((two, same))) if currency == same => {
                Some((one + two, currency))
            }
            (Some(_), Some(_)) => return Err(two_currencies(self)),
            (_, _) => {
                let message = format!("{}: {what} has a cost in part", self.place);
                return Err(refused(message, "give all of it a cost, or none"));
            }
        };
        Ok(())
    }
}

fn twice(what: &str, one: &str, two: &str) -> AppError {
    refused(
        format!("{what} is there twice: {one} and {two}"),
        "leave one of them out, or they count twice",
    )
}

/// The ledger would call it `other`, and every such model would write over the one before.
fn refuse_long_name(row: &UsageRow) -> Result<(), AppError> {
    if row.upstream.len().max(row.model.len()) <= NAME_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "{}: a name is longer than {NAME_BYTES_MAX} bytes",
        row.place
    );
    Err(refused(message, "write a shorter one"))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::money::{Currency, Pico};

    fn row(place: &str, cost: Option<i128>) -> UsageRow {
        let start = Timestamp::UNIX_EPOCH;
        UsageRow {
            place: place.to_owned(),
            range: start..start + SignedDuration::from_hours(1),
            upstream: "openai".to_owned(),
            model: "m".to_owned(),
            calls: 2,
            uncached_input: 3,
            cached_input: 5,
            output: 7,
            cost: cost.map(|cost| (Pico(cost), Currency::USD)),
        }
    }

    #[test]
    fn only_the_rows_of_one_place_are_a_sum() {
        let sum = once(vec![row("a", Some(1)), row("a", Some(2))]).unwrap();
        assert_eq!(
            sum,
            [UsageRow {
                calls: 4,
                uncached_input: 6,
                cached_input: 10,
                output: 14,
                ..row("a", Some(3))
            }]
        );
        let refused = once(vec![row("a.csv:2", None), row("b.csv:7", None)]);
        let said = refused.unwrap_err().to_string();
        assert!(
            said.contains("a.csv:2") && said.contains("b.csv:7"),
            "{said}"
        );
    }

    #[test]
    fn a_cost_does_not_vanish_beside_a_row_without_one() {
        for (one, two) in [(Some(1), None), (None, Some(1))] {
            assert!(once(vec![row("a", one), row("a", two)]).is_err());
        }
    }
}
