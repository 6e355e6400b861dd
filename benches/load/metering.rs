//! Whether the run counts: the ledger against the mock's own bill, to the call and to the token.

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::bill::Bill;
use super::ports::local;
use super::target::Target;
use super::tollgate::Ledger;
use super::web;

/// The books of one tollgate beside those of its upstream.
#[derive(Debug, Serialize)]
pub(crate) struct Metering {
    pub(crate) target: String,
    pub(crate) billed: Bill,
    pub(crate) ledger: Ledger,
    /// What the run added to the data directory.
    pub(crate) disk_bytes: u64,
}

impl Metering {
    /// Asks both, after a stop in order.
    pub(crate) fn of(target: &Target, disk_bytes_before: u64) -> Result<Option<Self>> {
        let Some(tollgate) = target.tollgate() else {
            return Ok(None);
        };
        let billed =
            web::get(local(target.ports.upstream), "/__stats").context("the mock's bill")?;
        Ok(Some(Self {
            target: target.name.clone(),
            billed: serde_json::from_str(&billed)?,
            ledger: tollgate.ledger()?,
            disk_bytes: tollgate.disk_bytes()?.saturating_sub(disk_bytes_before),
        }))
    }

    /// Whether nothing differs, and all of it had a price.
    pub(crate) fn is_exact(&self) -> bool {
        self.billed == self.ledger.bill && self.ledger.unpriced_calls == 0
    }

    /// Bytes on the disk for each call.
    pub(crate) fn disk_bytes_a_call(&self) -> f64 {
        self.disk_bytes as f64 / self.billed.calls.max(1) as f64
    }

    /// One sentence.
    pub(crate) fn sentence(&self) -> String {
        let Self {
            target,
            billed,
            ledger,
            ..
        } = self;
        let off = |ledger: u64, billed: u64| i128::from(ledger) - i128::from(billed);
        format!(
            "{target}: {:+} of {} calls, {:+} of {} tokens, {} calls without a price, {:.0} bytes on disk a call",
            off(ledger.bill.calls, billed.calls),
            billed.calls,
            off(ledger.bill.tokens(), billed.tokens()),
            billed.tokens(),
            ledger.unpriced_calls,
            self.disk_bytes_a_call(),
        )
    }
}
