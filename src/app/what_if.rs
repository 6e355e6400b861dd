//! `/api/v1/whatif`: the traffic of a month as it was, and with what someone asks to change.
//!
//! Both sides are read from the ledger's minutes and computed alike, so that without an edit they are
//! equal. No state, no alert and nothing on disk comes of it.

mod edited;
mod json;
mod words;

use jiff::Timestamp;
use serde_json::Value;

use super::arm_prices::priced;
use super::{AppError, demand, settings};
use crate::admin::{Refusal, refused_edits};
use crate::config::Config;
use crate::economics::edits::{Edits, Scale};
use crate::economics::projection::MONTH;
use crate::ledger::{Ledger, LedgerError};
use crate::verdict::{Report, Settings, WhatIf};

use edited::ApiPrice;

/// Both sides of the comparison.
struct Sides<'c> {
    edits: &'c Edits,
    base: Report,
    edited: Report,
    /// What the model that nobody uses yet costs, if one was asked for.
    api: Option<ApiPrice<'c>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum WhatIfError {
    /// The edits make no plan that could be.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// The demand cannot be read.
    #[error("cannot read the demand")]
    Ledger(#[from] LedgerError),
}

impl From<WhatIfError> for AppError {
    fn from(error: WhatIfError) -> Self {
        match error {
            WhatIfError::Refused(refusal) => Self::Query(refusal),
            WhatIfError::Ledger(error) => Self::Ledger(error),
        }
    }
}

/// The answer to some edits, at the prices of `now`.
pub(super) fn json(
    config: &Config,
    ledger: &Ledger,
    edits: &Edits,
    now: Timestamp,
) -> Result<Value, WhatIfError> {
    let before = settings::verdict(config);
    let base = loaded((ledger, now), before.clone(), Scale::default())?;
    let (after, api) = edited::settings(config, before, edits, &base.models(), now)
        .map_err(|problems| WhatIfError::Refused(refused_edits(&problems)))?;
    let sides = Sides {
        edits,
        base: priced(&base.report(MONTH, now), config),
        edited: priced(
            &loaded((ledger, now), after, edits.scale)?.report(MONTH, now),
            config,
        ),
        api,
    };
    Ok(json::json(&sides))
}

fn loaded(
    (ledger, now): (&Ledger, Timestamp),
    settings: Settings,
    scale: Scale,
) -> Result<WhatIf, LedgerError> {
    let mut asked = WhatIf::new(settings, scale);
    demand::kept(ledger, now, |kept, up| asked.load(kept, up))?;
    Ok(asked)
}

#[cfg(test)]
mod tests;
