//! `/api/v1/whatif`: what is asked for by a query.
//!
//! A GET with a query, not a body: it changes nothing, fits the bound of every query, can be kept as a
//! link, and this listener goes on reading no bodies.

use super::answer::Refusal;
use super::query::parameters;
use crate::economics::PlanProblem;
use crate::economics::edits::{Edits, KEYS};

/// Reads the query of `/api/v1/whatif`.
///
/// # Errors
/// The first thing wrong, with what would do.
pub fn what_if_query(query: Option<&str>) -> Result<Edits, Refusal> {
    let given = parameters(query, &KEYS)?;
    Edits::read(given).map_err(|problem| refused_edits(&[problem]))
}

/// Edits that make no plan that could be.
#[must_use]
pub fn refused_edits(problems: &[PlanProblem]) -> Refusal {
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let remedy = "the keys mean what they mean in a plans file: docs/economics.md";
    Refusal::query(all.join("; "), remedy)
}
