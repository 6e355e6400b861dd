//! Rows told apart before anything is summed: the parts of one bucket are one sum, and what is read
//! at a second place is refused.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;

use super::pieces::two_currencies;
use super::{UsageCost, UsageRow, refused};
use crate::app::AppError;
use crate::ledger::NAME_BYTES_MAX;

/// Each day or hour of a model once, the oldest first.
pub(super) fn once(rows: &[UsageRow]) -> Result<Vec<UsageRow>, AppError> {
    let mut once: BTreeMap<_, UsageRow> = BTreeMap::new();
    for row in rows {
        refuse_long_name(row)?;
        let name = (row.upstream.clone(), row.model.clone());
        let key = (row.range.start, row.range.end, name);
        match once.get_mut(&key) {
            Some(known) => known.merge(row)?,
            None => drop(once.insert(key, row.clone())),
        }
    }
    Ok(once.into_values().collect())
}

/// A day and an hour of it would count twice.
pub(super) fn refuse_overlaps(rows: &[UsageRow]) -> Result<(), AppError> {
    let mut last: BTreeMap<(&str, &str), &UsageRow> = BTreeMap::new();
    for row in rows {
        let known = last.insert((&row.upstream, &row.model), row);
        if let Some(known) = known.filter(|known| row.range.start < known.range.end) {
            let (upstream, model, at) = (&row.upstream, &row.model, row.range.start);
            return Err(twice(
                &format!("{upstream}/{model}, by day and by hour, for {at},"),
                &known.place,
                &row.place,
            ));
        }
    }
    Ok(())
}

/// What somewhere is said of the money of some hours.
struct Said<'a> {
    place: &'a str,
    range: &'a Range<Timestamp>,
    upstream: &'a str,
    /// `None`: of all together.
    model: Option<&'a str>,
}

impl Said<'_> {
    fn is_of_the_same(&self, other: &Self) -> bool {
        let models = self.model.zip(other.model);
        self.place != other.place && models.is_none_or(|(one, two)| one == two)
    }
}

/// What calls cost is said at one place: by a row, or by a bill of their model or of all together, by
/// the day or by the hour.
pub(super) fn refuse_bills_twice(rows: &[UsageRow], costs: &[UsageCost]) -> Result<(), AppError> {
    let of_rows = rows.iter().filter(|row| row.cost.is_some());
    let of_rows = of_rows.map(|row| Said {
        place: &row.place,
        range: &row.range,
        upstream: &row.upstream,
        model: Some(&row.model),
    });
    let of_bills = costs.iter().map(|cost| Said {
        place: &cost.place,
        range: &cost.range,
        upstream: &cost.upstream,
        model: cost.model.as_deref(),
    });
    let mut said: Vec<Said<'_>> = of_rows.chain(of_bills).collect();
    said.sort_by_key(|it| (it.upstream, it.range.start));
    for (at, one) in said.iter().enumerate() {
        let after = said.iter().skip(at).skip(1);
        let mut beside = after
            .take_while(|it| it.upstream == one.upstream && it.range.start < one.range.end)
            .filter(|other| one.is_of_the_same(other));
        if let Some(other) = beside.next() {
            let what = format!("the bill of {} for {}", one.upstream, other.range.start);
            return Err(twice(&what, one.place, other.place));
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
        let sum = once(&[row("a", Some(1)), row("a", Some(2))]).unwrap();
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
        let refused = once(&[row("a.csv:2", None), row("b.csv:7", None)]);
        let said = refused.unwrap_err().to_string();
        assert!(
            said.contains("a.csv:2") && said.contains("b.csv:7"),
            "{said}"
        );
    }

    #[test]
    fn a_cost_does_not_vanish_beside_a_row_without_one() {
        for (one, two) in [(Some(1), None), (None, Some(1))] {
            assert!(once(&[row("a", one), row("a", two)]).is_err());
        }
    }
}
