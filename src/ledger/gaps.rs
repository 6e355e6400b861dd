//! Rows that are gone although their calls were counted, in words, for who asks for rows or totals.

use jiff::Timestamp;

use super::accepted::Accepted;
use super::{Ledger, LedgerError};
use crate::journal;

/// Gaps that are told; what comes on top is only counted.
const GAPS_MAX: usize = 20;

impl Ledger {
    /// What is known to be missing among the rows of the calls that arrived in `since..until`: days
    /// without their file, and frames of the journal. When those were written nobody knows, so they
    /// are named whatever is asked for, until they would be past their retention.
    pub fn gaps(&self, since: Timestamp, until: Timestamp) -> Result<Vec<String>, LedgerError> {
        let dir = &self.settings.journal_dir;
        // In this order: what goes from the journal meanwhile is in a file before.
        let journal_first = journal::first_seq(dir)?;
        let (stretches, rows_from) = {
            let kept = self.shelf();
            (kept.stretches(journal_first), kept.rows_from)
        };
        let accepted = Accepted::read(&self.settings.calls_dir)?;
        let (counted, zone) = (self.watermark(), self.timezone());
        let asked = stretches
            .iter()
            .filter(|it| it.arrived_last >= since && it.arrived_first < until);
        let days = asked.filter_map(|it| {
            let known = accepted.said_of(&it.frames(counted), zone);
            it.rows.problem().map(|problem| format!("{problem}{known}"))
        });
        let mut gaps: Vec<String> = days.collect();
        let holes = journal::holes(dir)?;
        gaps.extend(holes.iter().filter(|it| *it.end() >= rows_from).map(|it| {
            let (first, last) = (it.start(), it.end());
            let known = accepted.said_of(it, zone);
            format!("frames {first} to {last} of the journal are gone: calls that ended there have no rows, totals that had counted them stay{known}")
        }));
        if let Some(more) = gaps.len().checked_sub(GAPS_MAX).filter(|more| *more > 0) {
            gaps.truncate(GAPS_MAX);
            gaps.push(format!(
                "and {more} more; `tollgate ledger check` names them"
            ));
        }
        Ok(gaps)
    }
}
