//! Money: the rows are the totals for any grouping, however the calls came in batches, wherever the
//! ledger was opened anew, whatever day was closed, database lost, or zone of days taken.

mod calls;
mod house;

use std::collections::BTreeMap;

use proptest::prelude::*;
use tempfile::TempDir;
use tollgate::ledger::Rollup;

use self::calls::{Drawn, drawn};
use self::house::{House, ZONES};

/// What can happen to a ledger.
#[derive(Clone, Debug)]
enum Step {
    /// Calls come and are counted in batches of a size.
    Count(Vec<Drawn>, usize),
    /// Calls come; before they are counted the process ends, and the next one replays them.
    Replay(Vec<Drawn>),
    /// The days that are over get their files, and the journal loses them.
    CloseDays,
    /// The database is gone; the next start computes it again.
    LoseDatabase,
    /// Days are those of another zone.
    Zone(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let calls = || proptest::collection::vec(drawn(), 1..40);
    prop_oneof![
        3 => (calls(), 1_usize..50).prop_map(|(calls, batch)| Step::Count(calls, batch)),
        2 => calls().prop_map(Step::Replay),
        1 => Just(Step::CloseDays),
        1 => Just(Step::LoseDatabase),
        1 => (0..ZONES.len()).prop_map(Step::Zone),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::setting("TOLLGATE_MONEY_CASES", 10)))]

    #[test]
    fn rows_are_totals_for_any_grouping_batch_and_replay(
        steps in proptest::collection::vec(step(), 1..7)
    ) {
        let dir = TempDir::new().unwrap();
        let mut house = House::open(dir.path(), 0);
        let mut given = Vec::new();
        for step in steps {
            house = take(house, &step, &mut given);
            prop_assert_eq!(house.calls().len(), given.len());
            for grouping in 0..house::GROUPINGS {
                prop_assert_eq!(house.summed(grouping), house.recounted(grouping), "{:?}", step);
            }
        }
        // The same calls, counted at once by a ledger that nothing happened to.
        let other = TempDir::new().unwrap();
        let mut plain = House::open(other.path(), house.zone());
        plain.write(&given);
        plain.count(usize::MAX);
        prop_assert_eq!(by_name(house.rollups()), by_name(plain.rollups()));
    }

    #[test]
    fn another_zone_and_back_changes_nothing(
        calls in proptest::collection::vec(drawn(), 1..60),
        zone in 1..ZONES.len(),
        closed in any::<bool>(),
    ) {
        let dir = TempDir::new().unwrap();
        let mut house = House::open(dir.path(), 0);
        house.write(&calls);
        house.count(7);
        if closed {
            house.close_days();
        }
        let before = by_name(house.rollups());
        house = house.reopened(zone);
        for grouping in 0..house::GROUPINGS {
            prop_assert_eq!(house.summed(grouping), house.recounted(grouping));
        }
        house = house.reopened(0);
        prop_assert_eq!(by_name(house.rollups()), before);
    }
}

fn take(mut house: House, step: &Step, given: &mut Vec<Drawn>) -> House {
    match step {
        Step::Count(calls, batch) => {
            house.write(calls);
            house.count(*batch);
            given.extend_from_slice(calls);
            house
        }
        Step::Replay(calls) => {
            house.write(calls);
            given.extend_from_slice(calls);
            let zone = house.zone();
            house.reopened(zone)
        }
        Step::CloseDays => {
            house.close_days();
            house
        }
        Step::LoseDatabase => house.without_database(),
        Step::Zone(zone) => house.reopened(*zone),
    }
}

/// Roll-ups in an order of their own; ids of names differ from ledger to ledger.
fn by_name(rollups: Vec<Rollup>) -> BTreeMap<String, Rollup> {
    let named = |rollup: Rollup| (format!("{:?}", (rollup.period, &rollup.group)), rollup);
    rollups.into_iter().map(named).collect()
}
