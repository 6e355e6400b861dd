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
    let named = prices.iter().take(NAMED_MAX);
    let named: Vec<String> = named
        .map(|price| format!("{} ({})", price.name, age(price.as_of, today)))
        .collect();
    let others = prices.len().saturating_sub(NAMED_MAX);
    let more = match others {
        0 => String::new(),
        others => format!(", and {others} newer"),
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
