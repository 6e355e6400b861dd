//! What is said otherwise of leaving hosting that runs: staying is the hosting, not the API.

use std::fmt::{self, Write as _};

use super::super::{Days, Statement};
use crate::verdict::words::dollars;

/// What the share of a counted day is of.
pub(super) const SAVED_OF: &str = "of what hosting costs saved by leaving";

/// What hosting cost, and what leaving would have.
pub(super) fn money(
    statement: &Statement,
    out: &mut String,
    hosting_usd_per_month: f64,
) -> fmt::Result {
    let Days { first, last } = statement.window;
    let month = |place| statement.monthly(place).map(dollars).unwrap_or_default();
    writeln!(
        out,
        "From {first} to {last} hosting cost {} a month, used or idle; leaving would have cost {}. \
         The API would have taken {} for the same tokens.",
        dollars(hosting_usd_per_month),
        month("/cost_usd/expected"),
        month("/api_usd"),
    )?;
    statement.saving(out)
}

/// Where the calls would go.
pub(super) fn to(out: &mut String, names: &[&str]) -> fmt::Result {
    match names {
        [] => writeln!(out, "Nothing else takes its calls for less than the API."),
        _ => writeln!(
            out,
            "Some of its calls would go to {}, for less than the API.",
            names.join(", ")
        ),
    }
}
