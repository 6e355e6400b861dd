#![expect(
    clippy::float_arithmetic,
    reason = "a share of calls is shown to people"
)]
//! What an arm's figure stands on: what was seen of its calls, the API prices it is compared with,
//! and what nobody measured.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use jiff::civil::Date;

use super::{age, count, percent};
use crate::economics::assumptions::Parameter;
use crate::economics::projection::{Evidence, Span};
use crate::verdict::streams::ApiPrice;

/// Prices that are named, the oldest first; the others are counted.
const NAMED_MAX: usize = 3;

/// What was seen of the calls.
pub(super) fn seen(out: &mut String, evidence: &Evidence, span: Span) -> fmt::Result {
    write!(
        out,
        "  Seen of it: {} calls on {} of {} days, {} of the minutes",
        count(evidence.calls),
        evidence.days_observed,
        span.days,
        percent(evidence.coverage),
    )?;
    if evidence.doubtful_share > 0.0 {
        write!(
            out,
            "; {} of the money is not known",
            part(evidence.doubtful_share)
        )?;
    }
    if evidence.imported_calls > 0.0 {
        let share = evidence.imported_calls / evidence.calls.max(evidence.imported_calls);
        write!(out, "; {} of the calls are imported history", part(share))?;
    }
    writeln!(out, ".")
}

/// A share that is there is not shown as nothing.
fn part(share: f64) -> String {
    if share < 0.001 {
        "less than 0.1 %".to_owned()
    } else {
        percent(share)
    }
}

/// How old the API prices are that the saving is measured by.
pub(super) fn prices(
    out: &mut String,
    indent: &str,
    prices: &BTreeSet<&ApiPrice>,
    today: Date,
) -> fmt::Result {
    if prices.is_empty() {
        return Ok(());
    }
    let oldest: Vec<&&ApiPrice> = prices.iter().take(NAMED_MAX).collect();
    let of_a_day = oldest.chunk_by(|one, other| one.as_of == other.as_of);
    let of_a_day = of_a_day.map(|prices| {
        let models: Vec<&str> = prices.iter().map(|price| price.name.as_str()).collect();
        let read = prices.first().map(|price| age(price.as_of, today));
        format!("{} ({})", models.join(", "), read.unwrap_or_default())
    });
    let named: Vec<String> = of_a_day.collect();
    let others = prices.len().saturating_sub(NAMED_MAX);
    let more = match others {
        0 => String::new(),
        others => format!(", and {others} more, none older"),
    };
    writeln!(out, "{indent}API prices: {}{more}.", named.join(", "))
}

/// What nobody measured.
pub(super) fn assumed(out: &mut String, assumed: &[Parameter]) -> fmt::Result {
    if assumed.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = assumed.iter().map(|parameter| parameter.key()).collect();
    writeln!(out, "  Nobody's measurement: {}.", keys.join(", "))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn prices_that_were_read_on_one_day_share_it_and_of_equals_none_is_newer() {
        let price = |day: i8, name: &str| ApiPrice {
            as_of: date(2026, 8, day),
            name: name.to_owned(),
        };
        let all = [
            price(21, "a"),
            price(21, "b"),
            price(25, "c"),
            price(25, "d"),
        ];
        let mut said = String::new();
        prices(&mut said, "", &all.iter().collect(), date(2026, 11, 23)).unwrap();
        assert_eq!(
            said,
            "API prices: a, b (read on 2026-08-21, 94 days ago, which is old), c (read on 2026-08-25, \
             90 days ago), and 1 more, none older.\n"
        );
    }
}
