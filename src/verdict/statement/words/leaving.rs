//! What is said otherwise of leaving hosting that runs: staying is the hosting, not the API.

use std::fmt::{self, Write as _};

use super::super::{Days, ServersDay, Statement};
use crate::verdict::words::{dollars, percent};

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

/// What its servers said by the last of the counted days.
pub(super) fn servers(statement: &Statement, out: &mut String) -> fmt::Result {
    let Some(ServersDay {
        compared_ratio: Some(compared),
        capture_ratio,
        ..
    }) = statement.servers.last()
    else {
        return Ok(());
    };
    write!(
        out,
        "Its servers were compared with what was metered in {} of the time",
        percent(*compared)
    )?;
    match capture_ratio {
        Some(captured) => writeln!(
            out,
            ": {} of the tokens that they counted were metered.",
            percent(*captured)
        ),
        None => writeln!(out, "; they counted too few tokens to say what passes by."),
    }
}
