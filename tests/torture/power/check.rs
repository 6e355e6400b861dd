//! Starts the real binary on an image and holds it against what is due.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinError;

use super::image::{Image, Kind};
use super::stage::{Due, Seen};
use crate::load;
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;

/// What became of an image.
pub(super) struct Outcome {
    pub(super) kind: Kind,
    /// What must not be, in words.
    pub(super) fault: Option<String>,
    pub(super) due: usize,
    pub(super) lost: usize,
    pub(super) open: usize,
    pub(super) open_kept: usize,
    pub(super) window: Duration,
    /// The database was damaged or lost, which was noticed and made good.
    pub(super) rebuilt: Option<String>,
    pub(super) restored: bool,
    /// Totals had counted rows that the journal lost.
    pub(super) ran_ahead: bool,
}

impl Outcome {
    /// It did not start, or what it said was nonsense.
    pub(super) fn failed(kind: Kind, what: &str, panic: &JoinError) -> Self {
        Self {
            kind,
            fault: Some(format!("{what}: {panic}")),
            due: 0,
            lost: 0,
            open: 0,
            open_kept: 0,
            window: Duration::ZERO,
            rebuilt: None,
            restored: false,
            ran_ahead: false,
        }
    }
}

/// Says what the process said, if a check breaks off.
struct Told(Tollgate);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.0.said());
        }
    }
}

pub(super) async fn check(image: Image) -> Outcome {
    let Image {
        home,
        kind,
        what,
        due,
    } = image;
    let mut tollgate = Told(home.serve().await);
    let (rows, totals) = settled(&home, &tollgate.0).await;
    let said = tollgate.0.said();
    let ended = tollgate.0.stopped();
    let by_id = rows.by_id();
    let wrong = |seen: &&Seen| !is_kept(&by_id, seen);
    let lost: Vec<&Seen> = due.kept.iter().filter(wrong).collect();
    let open_kept = due.open.iter().filter(|seen| is_kept(&by_id, seen)).count();
    let ran_ahead = said.contains("rows that were counted are no longer in the journal");
    let mut lines = said.lines();
    let rebuilt = lines.find(|line| line.contains("computed again from the journal"));
    let rebuilt = rebuilt.map(|line| format!("{what}: {line}"));
    let mut faults = Vec::new();
    if totals != Totals::of_rows(&rows) {
        faults.push(format!(
            "totals {totals:?} of rows {:?}",
            Totals::of_rows(&rows)
        ));
    }
    if let Some(first) = lost.first() {
        faults.push(format!("{} calls lost, first {first:?}", lost.len()));
    }
    if rows.len() == 0 && !due.kept.is_empty() {
        faults.push("it opened empty".to_owned());
    }
    if ran_ahead {
        faults.push("totals had counted what the journal lost".to_owned());
    }
    if !ended.success() {
        faults.push(format!("it ended with {ended}"));
    }
    faults.extend(twisted(&by_id, &due));
    Outcome {
        kind,
        fault: (!faults.is_empty()).then(|| format!("{what}: {}", faults.join("; "))),
        due: due.kept.len(),
        lost: lost.len(),
        open: due.open.len(),
        open_kept,
        window: due.window,
        rebuilt,
        restored: said.contains("taken from a checkpoint"),
        ran_ahead,
    }
}

/// Rows and totals of one moment: while the ledger takes nothing new, such as what the start booked.
async fn settled(home: &Home, tollgate: &Tollgate) -> (Rows, Totals) {
    loop {
        let before = Totals::of_ledger(tollgate).await;
        let rows = Rows::while_running(home, tollgate);
        let after = Totals::of_ledger(tollgate).await;
        if before == after {
            return (rows, after);
        }
    }
}

/// The row of a call whose end was seen says so, to the token.
fn is_kept(by_id: &HashMap<&str, &Value>, seen: &Seen) -> bool {
    let row = by_id.get(seen.call_id.as_str());
    row.is_some_and(|row| load::is_right(row, seen.number))
}

/// A call of the open window may be gone or interrupted; a row that says something else is wrong.
fn twisted(by_id: &HashMap<&str, &Value>, due: &Due) -> Option<String> {
    let rows = due.open.iter().filter_map(|seen| {
        let row = by_id.get(seen.call_id.as_str())?;
        let fine = row["end"] == "interrupted" || load::is_right(row, seen.number);
        (!fine).then(|| format!("{seen:?} became {row}"))
    });
    rows.into_iter().next()
}
