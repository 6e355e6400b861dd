//! Passes laid over rows that are read in sequence: a merge by number, the last pass on top.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Pass, path};
use crate::call::CallRecord;
use crate::ledger::LedgerError;
use crate::ledger::dayfile::{FileRows, Numbered, Reader};

/// All passes that rows show.
#[derive(Debug, Default)]
pub(in crate::ledger) struct Layers(Vec<Layer>);

/// The rows of one pass from a place on; at most one of its files is open.
#[derive(Debug)]
struct Layer {
    files: VecDeque<(u64, u64, PathBuf)>,
    open: Option<FileRows>,
    next: Option<Numbered>,
}

impl Layers {
    /// The rows of these passes behind a number; those before `rows_from` are gone with their days.
    pub(in crate::ledger) fn of(
        passes: &[Arc<Pass>],
        calls_dir: &Path,
        after: u64,
        rows_from: u64,
    ) -> Self {
        let first = after.saturating_add(1).max(rows_from);
        let layers = passes.iter().map(|pass| {
            let files = pass.files_from(first);
            let place = |seq| path(calls_dir, pass.number, seq);
            Layer {
                files: files
                    .map(|it| (it.first_seq, it.last_seq, place(it.first_seq)))
                    .collect(),
                open: None,
                next: None,
            }
        });
        Self(layers.filter(|layer| !layer.files.is_empty()).collect())
    }

    /// Gives a call the bill of the last pass that changed it. Numbers must come in sequence.
    pub(in crate::ledger) fn lay_over(
        &mut self,
        seq: u64,
        call: &mut CallRecord,
    ) -> Result<(), LedgerError> {
        for layer in &mut self.0 {
            if let Some(Numbered { call: now, .. }) = layer.take(seq)? {
                if now.call_id != call.call_id {
                    return Err(LedgerError::damaged(
                        "a pass has another call at a row's place",
                    ));
                }
                take_money(call, now);
            }
        }
        Ok(())
    }
}

/// Takes over the bill, and what is odd about it.
fn take_money(call: &mut CallRecord, now: CallRecord) {
    call.pricing = now.pricing;
    call.cost_native = now.cost_native;
    call.currency = now.currency;
    call.cost_usd = now.cost_usd;
    call.cost_lines = now.cost_lines;
    call.price_id = now.price_id;
    call.would_cost_usd = now.would_cost_usd;
    call.flags = now.flags;
}

impl Layer {
    /// The row of a number, if the pass has one.
    fn take(&mut self, seq: u64) -> Result<Option<Numbered>, LedgerError> {
        loop {
            match &self.next {
                Some(row) if row.seq == seq => return Ok(self.next.take()),
                Some(row) if row.seq > seq => return Ok(None),
                Some(_) | None => {}
            }
            if let Some(rows) = &mut self.open {
                self.next = rows.next_row()?;
                if self.next.is_none() {
                    self.open = None;
                }
                continue;
            }
            while self.files.front().is_some_and(|(_, last, _)| *last < seq) {
                self.files.pop_front();
            }
            if self.files.front().is_none_or(|(first, _, _)| *first > seq) {
                self.next = None;
                return Ok(None);
            }
            if let Some((_, _, path)) = self.files.pop_front() {
                let rows = Reader::open(&path)?.rows_after(seq.saturating_sub(1));
                self.open = Some(rows);
            }
        }
    }
}
