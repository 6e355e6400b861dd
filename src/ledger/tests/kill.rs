//! kill -9 at any moment: what was acknowledged is there, once, and the totals are the rows.
//!
//! The child is this test binary run again with only [`child`] in it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;

/// The folder the child works in; without it `child` is no test.
const DIR: &str = "TOLLGATE_KILL_DIR";
/// Set: acknowledgements are given before the write.
const EARLY: &str = "TOLLGATE_KILL_EARLY";
/// Kills in the honest loop.
const ROUNDS: u64 = 21;
/// Every so many kills the house is opened here and looked at.
const LOOK_EVERY: u64 = 7;
/// Calls between two pauses of the child: bursts make groups, pauses keep the rows countable.
const BURST: u64 = 40;
/// Calls of a child that are acknowledged before it is killed; up to twice as many.
const CALLS_MIN: usize = 100;
/// How long the kill may come after that: as long as some bursts and pauses take.
const MOMENT_US: u64 = 20_000;
/// Kills at most until the dishonest child has lost something.
const EARLY_ROUNDS: u64 = 20;

/// Books orphans, then writes calls by number until it is killed; prints what is acknowledged.
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let early = std::env::var(EARLY).is_ok();
    let dir = PathBuf::from(dir);
    let house = House::open(&dir);
    for orphan in &house.recovery.orphans {
        let named: serde_json::Value = serde_json::from_slice(&orphan.body).unwrap();
        let id: CallId = serde_json::from_value(named["call_id"].clone()).unwrap();
        house.end(&CallRecord {
            end: StreamEnd::Interrupted,
            ..call(number(id))
        });
    }
    let last = journal::frames(&dir.join("journal"), 0).unwrap();
    let begun = last
        .filter(|frame| frame.as_ref().unwrap().kind == FrameKind::Begin)
        .count();
    let first = u64::try_from(begun).unwrap();
    let House {
        journal,
        ledger,
        waiting,
        ..
    } = house;
    std::thread::spawn(move || {
        while let Ok(ride) = waiting.recv() {
            let rides: Vec<(u64, Ride)> = std::iter::once(ride)
                .chain(waiting.try_iter().take(300))
                .collect();
            ledger.apply(&entries(&rides)).unwrap();
        }
    });
    let (acks, waiting) = mpsc::sync_channel::<(u64, Option<journal::Ack>)>(10_000);
    std::thread::spawn(move || {
        for n in first.. {
            let admitted = format!(r#"{{"call_id":"{}"}}"#, id(n)).into_bytes();
            let ride = Some(Ride::Begun(id(n)));
            drop(journal.append(FrameKind::Begin, 0, admitted, ride));
            let call = call(n);
            let body = serde_json::to_vec(&call).unwrap();
            let ride = Some(Ride::Ended(Box::new(call)));
            if early {
                // Said before it is done.
                acks.send((n, None)).unwrap();
                std::thread::sleep(Duration::from_micros(200));
            }
            let ack = journal.append(FrameKind::End, 0, body, ride).unwrap();
            if !early {
                acks.send((n, Some(ack))).unwrap();
            }
            if n.is_multiple_of(BURST) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    });
    let mut out = std::io::stdout().lock();
    for (n, ack) in waiting {
        if ack.is_none_or(|ack| ack.wait().is_ok()) {
            writeln!(out, "\nack {n}").unwrap();
        }
    }
}

fn spawn_child(dir: &Path, early: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "ledger::tests::kill::child",
        "--nocapture",
        "--test-threads=1",
    ]);
    command
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    if early {
        command.env(EARLY, "1");
    }
    command.spawn().unwrap()
}

/// Runs a child until it has acknowledged so many calls, kills it a moment later, and says what it had
/// acknowledged by then. How fast the machine is does not matter.
fn killed(dir: &Path, calls: usize, early: bool) -> Vec<u64> {
    let mut child = spawn_child(dir, early);
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines = out.lines().map_while(Result::ok);
    let mut acked = lines.filter_map(|line| line.strip_prefix("ack ")?.parse().ok());
    let mut seen: Vec<u64> = acked.by_ref().take(calls).collect();
    std::thread::sleep(Duration::from_micros(fastrand::u64(..MOMENT_US)));
    child.kill().unwrap();
    child.wait().unwrap();
    seen.extend(acked);
    seen
}

/// At least [`CALLS_MIN`].
fn calls() -> usize {
    CALLS_MIN + fastrand::usize(..CALLS_MIN)
}

/// The acknowledged numbers that are not in the rows.
fn missing(acked: &[u64], rows: &[u64]) -> Vec<u64> {
    let rows: std::collections::BTreeSet<&u64> = rows.iter().collect();
    acked
        .iter()
        .filter(|n| !rows.contains(n))
        .copied()
        .collect()
}

#[test]
fn a_killed_process_loses_nothing_it_acknowledged() {
    let dir = TempDir::new().unwrap();
    let mut acked = Vec::new();
    for round in 0..ROUNDS {
        acked.extend(killed(dir.path(), calls(), false));
        if round % LOOK_EVERY != LOOK_EVERY - 1 {
            // The next child opens what the killed one left.
            continue;
        }
        let house = House::open(dir.path());
        assert!(house.recovery.rebuilt.is_none(), "round {round}");
        assert!(house.recovery.lost_rows.is_none(), "round {round}");
        let journal_end = journal::last_seq(&dir.path().join("journal")).unwrap();
        assert_eq!(house.ledger.watermark(), journal_end);
        let rows = numbers(&house.ledger);
        assert_eq!(missing(&acked, &rows), [0; 0], "round {round}");
        let unique: std::collections::BTreeSet<&u64> = rows.iter().collect();
        assert_eq!(unique.len(), rows.len(), "every row once, round {round}");
        assert_rows_are_totals(&house.ledger);
        house.close();
    }
    let rounds = usize::try_from(ROUNDS).unwrap();
    assert!(acked.len() >= rounds * CALLS_MIN, "a child ended by itself");
}

#[test]
fn an_acknowledgement_before_the_write_is_seen_as_loss() {
    let dir = TempDir::new().unwrap();
    let lost = (0..EARLY_ROUNDS).any(|_| {
        let acked = killed(dir.path(), calls(), true);
        let rows = numbers(&House::open(dir.path()).ledger);
        !missing(&acked, &rows).is_empty()
    });
    assert!(lost, "the test cannot see loss");
}
