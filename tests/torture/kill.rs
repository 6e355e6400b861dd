//! `kill -9` under mixed load, again and again on one data directory: two formats, whole answers and
//! streams, with usage and without, errors, streams that break off, clients that hang up, streams
//! older than five seconds; on a quick disk and on a slow one, over the turn of days.
//!
//! After each kill three books must agree: what clients saw end, what the upstream was asked and
//! sent, and what rows and totals say. The same without the wait for the record shows loss, so the
//! test can see it.
//!
//! `TOLLGATE_KILL_ROUNDS` (6) and `TOLLGATE_KILL_SEED` (7) set another length and another order.

mod books;
mod clients;
mod round;

use self::books::Findings;
use self::round::Stage;
use crate::setting;
use crate::support::rows::Rows;
use crate::support::totals::Totals;

/// Long enough that the answer's last frame never goes out before its record is written.
const PATIENT: &str = "10s";
/// No wait worth the name.
const HASTY: &str = "1ms";
const ROUNDS: u32 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clients_upstream_and_ledger_agree_after_each_kill() {
    let rounds = setting("TOLLGATE_KILL_ROUNDS", ROUNDS);
    let mut stage = Stage::set(PATIENT, rounds).await;
    let (mut all, mut slow) = (Findings::default(), Findings::default());
    for round in 0..rounds {
        let is_slow = round % 3 == 1;
        let found = stage.round(round, is_slow, round % 6 == 3).await;
        if is_slow { &mut slow } else { &mut all }.add(found);
    }
    println!("{rounds} kills, on a quick disk: {all}\n  on a slow one: {slow}");
    all.add(slow);
    assert!(all.faults.is_empty(), "{}", all.faults.join("\n"));
    assert!(
        all.ended("interrupted") > 0 && all.ended("client_gone") > 0,
        "the load is too light to prove anything"
    );
    assert!(all.marked > 0, "no cut stream was old enough to be marked");
    let (home, kept) = stage.strike().await;
    let rows = Rows::at_rest(&home);
    assert_eq!(Totals::of_rows(&rows), kept);
    assert_eq!(rows.by_id().len(), rows.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_the_wait_for_the_record_the_loss_is_seen() {
    let rounds = setting("TOLLGATE_KILL_ROUNDS", ROUNDS) / 3;
    let mut stage = Stage::set(HASTY, rounds).await;
    let mut all = Findings::default();
    for round in 0..rounds {
        all.add(stage.round(round, true, false).await);
    }
    println!("{rounds} kills without the wait: {all}");
    assert!(all.lost > 0);
}
