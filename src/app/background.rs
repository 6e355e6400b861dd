//! After a restart: which responses in the background and which batches have been billed, as the
//! last rows say.

use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use crate::ledger::{Ledger, LedgerError};
use crate::meter::Meter;

/// Both vendors keep the results of a batch, and `OpenAI` a response, for about a month. Whoever asks
/// for one again later than this, with a restart between, is billed again.
const LEARNT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A start reads for about a second at most: the last 200,000 calls or so, of two frames each.
const FRAMES_MAX: u64 = 400_000;

/// Tells the meter; what cannot be read is said, and stops no start.
pub(super) fn learn(meter: &Meter, ledger: &Ledger, now: Timestamp) {
    if let Err(error) = rows(meter, ledger, now) {
        let cause: &dyn std::error::Error = &error;
        warn!(
            error = cause,
            "a response in the background may be billed again when it is looked up again"
        );
    }
}

fn rows(meter: &Meter, ledger: &Ledger, now: Timestamp) -> Result<(), LedgerError> {
    let since = now.saturating_sub(LEARNT).unwrap_or(Timestamp::MIN);
    let after = ledger.watermark().saturating_sub(FRAMES_MAX);
    for row in ledger.rows(since, Timestamp::MAX, after)? {
        let (_, record) = row?;
        meter.learn(&record);
    }
    Ok(())
}
