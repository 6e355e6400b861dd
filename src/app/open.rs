//! What is opened before the first call is taken, and what a crash left is booked.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use tracing::{error, info};

use super::{AppError, anew, now, settings, show, would_cost};
use crate::call::{CallRecord, StreamEnd};
use crate::config::Config;
use crate::journal::{FrameKind, Journal};
use crate::ledger::{self, History, Ledger, Orphan, Part, Recovery};
use crate::meter::{Entry, FinishedCall};
use crate::metrics::Metrics;
use crate::recorder::{self, Recorder, Sequenced, Sinks};

/// What is open before the first call is taken.
pub(super) struct Opened {
    pub(super) journal: Journal<Entry>,
    pub(super) recorder: Recorder,
    pub(super) sinks: Sinks,
}

impl Opened {
    /// Opens journal and ledger, counts what the ledger had missed, and books what a crash left.
    pub(super) fn new(config: &Config, history: Option<History>) -> Result<Self, AppError> {
        let (mut journal, mut closed) = open_journal(config)?;
        let ledger = settings::ledger(config, Some(journal.durable()));
        if let Err(error) = ledger::make_room(&ledger) {
            let error: &dyn std::error::Error = &error;
            error!(error, "no room could be made by what is kept too long");
        }
        let (mut ledger, recovery) = Ledger::open(ledger)?;
        tell(&recovery);
        if recovery.lost_rows.is_some() {
            // Only now is it known behind which numbers it must go on.
            journal.close();
            (journal, closed) = open_journal(config)?;
            ledger.follow(journal.durable());
        }
        let mended = journal.cut_tail().is_some_and(|cut| cut.mended.is_some());
        ledger.found_damage(Part::Journal, usize::from(mended));
        if let Some(history) = history {
            ledger.import(history)?;
        }
        let ledger = Arc::new(ledger);
        let verdict = anew::verdict(config, &ledger, None)?;
        would_cost::remember(&verdict.settings().running, &ledger);
        let verdict = ArcSwap::from_pointee(verdict);
        let metrics = Metrics::new(&settings::metrics(config, show::models(&ledger, now())?));
        let sinks = Sinks {
            ledger,
            metrics,
            verdict: Arc::new(verdict),
            look: Arc::default(),
            batch: Arc::default(),
        };
        let recorder = Recorder::start(closed, sinks.clone()).map_err(AppError::Thread)?;
        recovery
            .orphans
            .iter()
            .try_for_each(|orphan| book(orphan, &journal))?;
        Ok(Self {
            journal,
            recorder,
            sinks,
        })
    }
}

/// The journal, and what it hands on.
fn open_journal(config: &Config) -> Result<(Journal<Entry>, mpsc::Receiver<Sequenced>), AppError> {
    let settings = settings::journal(config);
    let (queue, closed) = mpsc::channel(settings.queue_max);
    let mut recorder_queue = recorder::Queue::new(queue);
    let journal = Journal::open(settings, move |seq, entry| {
        recorder_queue.send(seq, entry);
    })?;
    Ok((journal, closed))
}

/// Says what opening the ledger found.
pub(super) fn tell(recovery: &Recovery) {
    if let Some(rebuilt) = &recovery.rebuilt {
        error!(
            found = rebuilt.found,
            moved_to = ?rebuilt.moved_to,
            "the ledger was damaged and has been computed again from the journal"
        );
    }
    if let Some(from) = &recovery.restored {
        info!(from = %from.display(), "the totals were taken from a checkpoint");
    }
    if let Some(lost) = recovery.lost_rows {
        error!(
            counted = lost.watermark,
            journal_end = lost.journal_end,
            "rows that were counted are no longer in the journal; their totals are kept"
        );
    }
    if recovery.replayed > 0 || !recovery.orphans.is_empty() {
        let uncounted = recovery.orphans.iter().filter(|orphan| had_ended(orphan));
        let uncounted = uncounted.count();
        info!(
            replayed = recovery.replayed,
            interrupted = recovery.orphans.len().saturating_sub(uncounted),
            uncounted,
            "caught up with the journal"
        );
    }
}

/// Whether a call that was left over had ended, and only waited to be counted.
fn had_ended(orphan: &Orphan) -> bool {
    #[derive(serde::Deserialize)]
    struct Left {
        end: StreamEnd,
    }
    serde_json::from_slice(&orphan.body).is_ok_and(|left: Left| left.end != StreamEnd::Interrupted)
}

/// Books a call that the last process left unfinished: its `Begin` is the record it leaves.
fn book(orphan: &Orphan, journal: &Journal<Entry>) -> Result<(), AppError> {
    let record: CallRecord = match serde_json::from_slice(&orphan.body) {
        Ok(record) => record,
        Err(error) => {
            error!(seq = orphan.seq, %error, "an unfinished call cannot be read");
            return Ok(());
        }
    };
    let ended = Entry::Ended(FinishedCall::left_over(record));
    let at = u64::try_from(now().as_millisecond()).unwrap_or(0);
    let ack = journal.append(FrameKind::End, at, orphan.body.clone(), Some(ended))?;
    ack.wait().map_err(AppError::from)
}
