//! Writes a small ledger of this release, which later ones must open: `tests/fixtures/ledger-VERSION`.

use std::fs;

use super::*;

/// Four days of calls, one an hour.
const CALLS: u64 = 96;
/// Two days in files, two in the journal.
const CLOSED_AT: [&str; 2] = ["2025-03-02T08:00:00Z", "2025-03-03T08:00:00Z"];
const FIRST_AT: &str = "2025-03-01T00:30:00Z";
/// Small, so that two days are several segments.
const SEGMENT_BYTES: u64 = 16 * 1024;

/// `cargo test --lib ledger::tests::fixture -- --ignored`, once for each release, before it.
#[test]
#[ignore = "writes the fixture of this release"]
fn write() {
    let version = env!("CARGO_PKG_VERSION");
    let home = format!(
        "{}/tests/fixtures/ledger-{version}/data",
        env!("CARGO_MANIFEST_DIR")
    );
    let dir = Path::new(&home);
    assert!(
        !dir.exists(),
        "a ledger of a release is never written again"
    );
    let house = House::with_segments(settings(dir), SEGMENT_BYTES);
    let first: Timestamp = FIRST_AT.parse().unwrap();
    let mut closings = CLOSED_AT
        .iter()
        .map(|at| at.parse::<Timestamp>().unwrap())
        .peekable();
    for n in 0..CALLS {
        let started_at = first + SignedDuration::from_hours(i64::try_from(n).unwrap());
        if let Some(at) = closings.next_if(|at| *at < started_at) {
            house.ledger.close_days(at, &|| true).unwrap();
        }
        house.begin(id(n));
        house.end(&CallRecord {
            started_at,
            ..call(n)
        });
        house.count(10);
        house.ledger.beat(started_at).unwrap();
    }
    house.close();
    for lock in ["ledger/lock", "journal/lock"] {
        fs::remove_file(dir.join(lock)).unwrap();
    }
}
