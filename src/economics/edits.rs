//! Assumptions that someone changes for a moment, to see what that would mean: nothing is kept.
//!
//! An edit says what a plans file could say, so the same checks hold for both. A range that is asked
//! for may favour hosting without a basis: the answer names it as asked, and no state comes of it.

mod keys;
mod scale;

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::assumptions::{Assumptions, Group, Parameter};
use super::draft::{PlanDraft, PlanProblem};
use super::plan::Basis;

pub use keys::KEYS;
pub use scale::Scale;

/// Who answers for a range that was asked for.
const ASKED: &str = "asked, not measured";

/// What is edited, read and not yet judged by what it is applied to.
#[derive(Clone, Debug, PartialEq)]
pub struct Edits {
    /// As it was asked for, by key.
    pub written: BTreeMap<String, String>,
    /// Volume and API prices, times what they were.
    pub scale: Scale,
    /// The plans that the edits are for; all, if none is named.
    pub plans: Vec<String>,
    /// A model of the price book that would answer all calls.
    pub api_model: Option<String>,
    /// A model of the catalogue that would be hosted by a plan that no file has.
    pub host_model: Option<String>,
}

impl Edits {
    /// Reads edits by their keys, which are among [`KEYS`].
    ///
    /// # Errors
    /// The first that cannot be, with its key.
    pub fn read(written: BTreeMap<String, String>) -> Result<Self, PlanProblem> {
        let named = |key: &str| written.get(key).map(|name| name.trim().to_owned());
        let plans = named("plan").map(|names| keys::words(&names));
        let edits = Self {
            scale: Scale::read(named("volume"), named("api_price_percent"))?,
            plans: plans.unwrap_or_default(),
            api_model: named("api_model"),
            host_model: named("host_model"),
            written,
        };
        if edits.written.contains_key("people") && edits.written.contains_key("ops_usd_per_month") {
            return Err(keys::problem(
                "people",
                "is ops_usd_per_month by another name; keep one",
            ));
        }
        // Told at once, also where no plan would take it.
        edits.of_plan(&mut PlanDraft::default(), Date::default())?;
        Ok(edits)
    }

    /// Whether a plan of a file is edited.
    #[must_use]
    pub fn is_for(&self, plan: &str) -> bool {
        let named = self.plans.iter().any(|named| named == plan);
        named || (self.plans.is_empty() && self.host_model.is_none())
    }

    /// Writes the edits over a plan.
    ///
    /// # Errors
    /// The first that is no such value.
    pub fn of_plan(&self, draft: &mut PlanDraft, today: Date) -> Result<(), PlanProblem> {
        let mut asked = false;
        for (key, text) in &self.written {
            asked |= keys::set(draft, key, text, today)?;
        }
        let given = |key: &str| self.written.contains_key(key);
        if given("replicas") && !given("policy") {
            draft.policy = Some("fixed".to_owned());
        }
        let other_machine = ["gpu", "gpus", "precision"]
            .into_iter()
            .find(|key| given(key));
        if let Some(key) = other_machine.filter(|_| draft.throughput.coefficients.is_some()) {
            let message = format!(
                "the throughput of {} is of its machine; ask for throughput=published or roofline too",
                draft.name
            );
            return Err(keys::problem(key, message));
        }
        if asked {
            draft.basis = Some(Basis {
                basis: ASKED.to_owned(),
                by: "whoever asked".to_owned(),
                date: today,
            });
        }
        Ok(())
    }

    /// A plan that no file has, without the edits.
    #[must_use]
    pub fn new_plan(&self, model: &str) -> PlanDraft {
        PlanDraft {
            name: format!("asked: {model}"),
            model: Some(model.to_owned()),
            alert: Some(false),
            ..PlanDraft::default()
        }
    }

    /// What is asked about the quality of answers, over the assumptions of an arm that is no plan.
    ///
    /// # Errors
    /// The first value out of its bounds.
    pub fn of_arm(&self, assumptions: Assumptions) -> Result<Assumptions, PlanProblem> {
        let quality = Group::Quality.members().iter();
        quality
            .copied()
            .try_fold(assumptions, |assumptions, parameter: Parameter| {
                Ok(match self.written.get(parameter.key()) {
                    Some(text) => assumptions.with(parameter, keys::range(parameter, text)?),
                    None => assumptions,
                })
            })
    }
}
