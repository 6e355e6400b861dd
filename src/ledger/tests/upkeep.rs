//! What is done to a ledger at rest leaves all that it knows as it was.

use super::*;

/// All that a ledger can be asked.
#[derive(Debug, PartialEq)]
struct Known {
    sums: Sums,
    demand: Demand,
    up: Vec<u32>,
    rows: Vec<u64>,
    kept: Option<String>,
    watermark: u64,
    open: Vec<u64>,
}

impl Known {
    fn of(ledger: &Ledger, recovery: &Recovery) -> Self {
        Self {
            sums: stored(ledger),
            demand: stored_demand(ledger),
            up: ledger
                .minutes_up(Timestamp::UNIX_EPOCH..Timestamp::MAX)
                .unwrap(),
            rows: numbers(ledger),
            kept: ledger.kept("verdict").unwrap(),
            watermark: ledger.watermark(),
            open: recovery.orphans.iter().map(|orphan| orphan.seq).collect(),
        }
    }
}

/// A ledger with a hole in its journal, a call that never ended, and more keys than one commit takes.
fn filled(dir: &Path) -> Known {
    let house = House::open(dir);
    for n in 0..600 {
        house.begin(id(n));
        house.end(&call(n));
    }
    house.begin(id(600));
    house.count(50);
    house.ledger.beat(start()).unwrap();
    house.ledger.keep("verdict", "a state").unwrap();
    house.close();
    let journal = dir.join("journal");
    let second = journal::segments(&journal).unwrap()[1];
    std::fs::remove_file(journal::segment_path(&journal, second)).unwrap();
    assert!(journal::mend(&journal, second - 1).unwrap().is_some());
    known(&settings(dir))
}

fn known(settings: &Settings) -> Known {
    let (ledger, recovery) = Ledger::open(settings.clone()).unwrap();
    let known = Known::of(&ledger, &recovery);
    ledger.close().unwrap();
    known
}

#[test]
fn a_compacted_ledger_knows_the_same() {
    let dir = TempDir::new().unwrap();
    let before = filled(dir.path());
    assert!(before.demand.len() > 1 && before.up.len() == 1 && before.open == [1_201]);
    assert!(before.rows.len() < 600, "some rows are in the hole");
    let keys = before.sums.len() + before.demand.len();
    assert!(
        !keys.is_multiple_of(256),
        "the last commit is not a full one"
    );
    compact(&settings(dir.path())).unwrap();
    assert_eq!(known(&settings(dir.path())), before);
}

#[test]
fn a_backup_knows_the_same() {
    let (dir, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let before = filled(dir.path());
    let (ledger, _) = Ledger::open(settings(dir.path())).unwrap();
    let done = ledger.back_up(&settings(other.path()), start()).unwrap();
    assert_eq!(done.calls, ledger.grand_total().calls);
    drop(ledger);
    assert_eq!(known(&settings(other.path())), before);
}

#[test]
fn a_backup_whose_totals_are_others_is_refused() {
    let (dir, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    filled(dir.path());
    // Another ledger was there, and its database still is.
    let house = House::open(other.path());
    (0..900).for_each(|n| house.end(&call(n)));
    house.count(100);
    house.close();
    std::fs::remove_dir_all(other.path().join("journal")).unwrap();
    let (ledger, _) = Ledger::open(settings(dir.path())).unwrap();
    let refused = ledger.back_up(&settings(other.path()), start());
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("the copy has other totals"), "{refused}");
}

#[test]
fn a_rebuilt_ledger_knows_the_same() {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    (0..600).for_each(|n| house.end(&call(n)));
    house.count(50);
    house.close();
    let before = known(&settings(dir.path()));
    let (ledger, recovery) = Ledger::rebuild(settings(dir.path())).unwrap();
    assert!(recovery.rebuilt.is_some());
    assert_eq!(recovery.replayed, 600, "it was counted, not only opened");
    let after = Known {
        up: before.up.clone(),
        ..Known::of(&ledger, &recovery)
    };
    assert_eq!(after, before);
}
