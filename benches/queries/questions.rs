//! Totals asked for as a report asks for them, alone and while calls are counted.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::ensure;
use jiff::{SignedDuration, Timestamp};
use tollgate::call::CallRecord;
use tollgate::ledger::{Apart, Entry, Grain, Ledger};

use super::clock::timed;
use super::past;
use crate::shared::records::records;

/// Calls of one batch: what 100 ms bring at some 1,300 calls a second.
const BATCH: u64 = 128;
const TIMES: usize = 9;
const BATCHES: usize = 100;

/// One question.
struct Question {
    name: &'static str,
    grain: Grain,
    since: Timestamp,
    apart: Apart,
}

impl Question {
    fn ask(&self, ledger: &Ledger) -> anyhow::Result<()> {
        self.calls(ledger).map(drop)
    }

    /// The calls of its answer.
    fn calls(&self, ledger: &Ledger) -> anyhow::Result<u64> {
        let found = ledger.sums(self.grain, Some(self.since), None, &self.apart)?;
        ensure!(!found.is_empty(), "{}: nothing was found", self.name);
        Ok(found.iter().map(|sum| sum.totals.calls).sum())
    }
}

pub(crate) fn run() -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (ledger, _) = Ledger::open(past::settings(dir.path()))?;
    let end = past::end()?;
    ledger.import(past::ninety_million(end)?)?;
    let calls: u64 = ledger.all_time().iter().map(|sum| sum.totals.calls).sum();
    ensure!(calls >= past::CALLS, "{calls} calls are too few");
    let mib = ledger.stats().size_bytes >> 20;
    println!(
        "{calls} calls in {} groups, {mib} MiB",
        ledger.all_time().len()
    );
    // Minutes are not imported: a day of them, one batch each.
    for minute in 0..24 * 60 {
        count(&ledger, &arrived(end + SignedDuration::from_mins(minute))?)?;
    }
    let batch = arrived(end + SignedDuration::from_hours(24))?;
    let questions = questions(end);
    let all: u64 = ledger.all_time().iter().map(|sum| sum.totals.calls).sum();
    for question in &questions {
        let found = question.calls(&ledger)?;
        let whole = question.grain != Grain::Day || found == all;
        ensure!(whole, "{}: {found} calls of {all}", question.name);
        timed(question.name, TIMES, || question.ask(&ledger))?;
    }
    timed("a batch of 128 calls", BATCHES, || count(&ledger, &batch))?;
    together(&ledger, &batch, &questions)?;
    ensure!(ledger.healthy(), "the ledger refused a batch");
    drop(ledger);
    timed("opened again", 3, || {
        Ledger::open(past::settings(dir.path()))?;
        Ok(())
    })
}

#[expect(clippy::too_many_lines, reason = "one question after the other")]
fn questions(end: Timestamp) -> Vec<Question> {
    let ago = |hours: i64| end - SignedDuration::from_hours(hours);
    let quarter = ago(24 * past::DAYS);
    let model = Apart {
        model: true,
        ..Apart::default()
    };
    let tenant = Apart {
        tenant: true,
        ..Apart::default()
    };
    let in_time = |apart: &Apart| Apart {
        period: true,
        ..apart.clone()
    };
    let all = Apart {
        upstream: true,
        tenant: true,
        ..in_time(&model)
    };
    let question = |name, grain, since, apart: &Apart| Question {
        name,
        grain,
        since,
        apart: apart.clone(),
    };
    vec![
        question("90 days by model", Grain::Day, quarter, &model),
        question("90 days by tenant", Grain::Day, quarter, &tenant),
        question(
            "90 days by day, model",
            Grain::Day,
            quarter,
            &in_time(&model),
        ),
        question(
            "90 days by day, upstream, model, tenant",
            Grain::Day,
            quarter,
            &all,
        ),
        question(
            "7 days by hour",
            Grain::Hour,
            ago(24 * 7),
            &in_time(&Apart::default()),
        ),
        question(
            "7 days by hour, model",
            Grain::Hour,
            ago(24 * 7),
            &in_time(&model),
        ),
        question(
            "7 days by hour, tenant",
            Grain::Hour,
            ago(24 * 7),
            &in_time(&tenant),
        ),
        question(
            "1 day by hour, model",
            Grain::Hour,
            ago(24),
            &in_time(&model),
        ),
        question(
            "a day by minute, model",
            Grain::Minute,
            end,
            &in_time(&model),
        ),
    ]
}

/// Batches beside an endless reader of each question.
fn together(ledger: &Ledger, batch: &[CallRecord], questions: &[Question]) -> anyhow::Result<()> {
    for question in questions {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    question.ask(ledger)?;
                }
                anyhow::Ok(())
            });
            let name = format!("a batch beside: {}", question.name);
            let counted = timed(&name, BATCHES, || count(ledger, batch));
            stop.store(true, Ordering::Relaxed);
            reader
                .join()
                .map_err(|_| anyhow::anyhow!("the reader panicked"))??;
            counted
        })?;
    }
    Ok(())
}

/// So many calls that arrived at one moment.
fn arrived(at: Timestamp) -> anyhow::Result<Vec<CallRecord>> {
    let moved = |call: CallRecord| CallRecord {
        started_at: at,
        ..call
    };
    Ok(records(BATCH)?.into_iter().map(moved).collect())
}

fn count(ledger: &Ledger, batch: &[CallRecord]) -> anyhow::Result<()> {
    let entries: Vec<(u64, Entry<'_>)> = (ledger.watermark() + 1..)
        .zip(batch.iter().map(Entry::Ended))
        .collect();
    ledger.apply(&entries)?;
    Ok(())
}
