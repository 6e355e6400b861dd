//! Looks at a call that lasts: what a dying process leaves of it is counted, too.
//!
//! Whoever marks the open calls hands their texts on as they stand; once they are counted, the call
//! gets a mark that says so. A look that finds no room is tried again at the next round.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use super::counting::{Count, Counts, Job, Texts};
use super::open::Open;
use super::{MARK_EVERY, Shared};
use crate::journal::FrameKind;

/// Looks that may wait to be counted; calls that have ended wait behind them.
pub const LOOKS_MAX: usize = 64;

/// The texts of a call that goes on.
pub struct Look {
    meter: Arc<Shared>,
    open: Arc<Open>,
    texts: Texts,
    model: String,
    /// What it came to before.
    before: Counts,
    /// Its room among the looks that wait.
    _room: OwnedSemaphorePermit,
}

impl Look {
    /// Hands a call on to be counted as far as it has come, if that is due and there is room for it.
    pub(super) fn hand_on(meter: &Arc<Shared>, open: &Arc<Open>, now: Instant) {
        let Some(counting) = &meter.counting else {
            return;
        };
        let Ok(room) = Arc::clone(&counting.looks).try_acquire_owned() else {
            return;
        };
        if let Some((texts, before, model)) = open.look(now, MARK_EVERY) {
            let look = Self {
                meter: Arc::clone(meter),
                open: Arc::clone(open),
                texts,
                model,
                before,
                _room: room,
            };
            drop(counting.queue.try_send(Job::Look(Box::new(look))));
        }
    }

    /// What it can be counted by.
    #[must_use]
    pub const fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The model that answers, by its best known name.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The input, which does not change, if it was counted before.
    #[must_use]
    pub const fn input(&self) -> Option<Count> {
        self.before.input
    }

    /// Writes down what was counted; an end that came meanwhile has its own count.
    pub fn keep(self, counts: Counts) {
        let counts = Counts {
            input: counts.input.or(self.before.input),
            output: counts.output.or(self.before.output),
            tokenizer: counts.tokenizer.or(self.before.tokenizer),
            dropped: false,
        };
        self.open.looked(counts, |record| {
            // Where there is no room the next mark says it.
            if self.meter.has_room_for_marks() {
                let _ = self.meter.marked(FrameKind::Progress, record);
            }
        });
    }
}
