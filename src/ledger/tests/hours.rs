//! Hours have what their minutes had, whenever minutes go and the process dies.

use super::*;
use crate::call::Again;
use crate::economics::DemandHour;
use crate::ledger::demand::DemandKey;
use crate::ledger::hours::first_of_hour;

/// Calls over some eighty hours: several commits of minutes that become hours.
const CALLS: u64 = 900;

type Hours = BTreeMap<(u32, String), DemandHour>;

fn spread(n: u64) -> CallRecord {
    CallRecord {
        started_at: start() + SignedDuration::from_secs(i64::try_from(n * 331).unwrap()),
        ..call(n)
    }
}

/// Another call of the stream and the minute of one.
fn late(n: u64) -> CallRecord {
    CallRecord {
        started_at: spread(n).started_at,
        ..call(CALLS + n)
    }
}

fn filled(dir: &Path) -> House {
    let house = House::open(dir);
    fill(&house, (0..CALLS).map(spread));
    house
}

fn fill(house: &House, calls: impl Iterator<Item = CallRecord>) {
    calls.for_each(|call| house.end(&call));
    house.count(97);
}

fn hours(ledger: &Ledger) -> Hours {
    let ever = Timestamp::UNIX_EPOCH..Timestamp::MAX;
    let found = ledger.demand_hours(ever).unwrap().map(Result::unwrap);
    let named = found.map(|found| {
        let stream = format!("{} {:?} {}", found.upstream, found.model, found.capability);
        ((found.hour, stream), found.demand)
    });
    named.collect()
}

fn hours_of(minutes: &Demand) -> Hours {
    let mut hours = Hours::new();
    for ((minute, stream), demand) in minutes {
        let hour = hours.entry((minute / 60, stream.clone())).or_default();
        hour.add_minute(*minute, demand);
    }
    hours
}

/// After the last call, in minutes since 1970.
fn end() -> u32 {
    first_of_hour(demand::minute_of(spread(CALLS).started_at)) + 60
}

fn fold(ledger: &Ledger) {
    ledger.fold_demand(end(), &|| true).unwrap();
    assert!(stored_demand(ledger).is_empty());
}

/// A kill leaves no more than what is dropped without a word.
fn again(house: House, dir: &Path) -> House {
    drop(house);
    House::open(dir)
}

#[test]
fn hours_are_the_sums_of_their_minutes_wherever_the_process_dies() {
    let base = TempDir::new().unwrap();
    let house = filled(base.path());
    let expected = hours_of(&recounted_demand(&house.ledger));
    assert_eq!(hours(&house.ledger), expected);
    house.close();
    for commits in 0.. {
        let dir = TempDir::new().unwrap();
        super::super::upkeep::copy_folder(base.path(), dir.path()).unwrap();
        let house = House::open(dir.path());
        let left = std::cell::Cell::new(commits);
        let go_on = || left.replace(left.get() - 1) > 0;
        house.ledger.fold_demand(end(), &go_on).unwrap();
        let is_all = stored_demand(&house.ledger).is_empty();
        assert_eq!(hours(&house.ledger), expected, "after {commits} commits");
        let house = again(house, dir.path());
        assert_eq!(hours(&house.ledger), expected, "after {commits} commits");
        fold(&house.ledger);
        assert_eq!(hours(&house.ledger), expected);
        house.close();
        if is_all {
            assert!(commits >= 4, "{commits} commits");
            return;
        }
    }
}

#[test]
fn an_asked_stretch_has_the_hours_that_begin_in_it() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let whole = hours(&house.ledger);
    let at = |hour: i64, minute: i64| start() + SignedDuration::from_mins(10 + 60 * hour + minute);
    let asked = |from, to| {
        let found = house.ledger.demand_hours(from..to).unwrap();
        found
            .map(|it| it.unwrap().hour)
            .collect::<std::collections::BTreeSet<_>>()
    };
    let first = demand::minute_of(at(0, 0)) / 60;
    fold(&house.ledger);
    assert_eq!(hours(&house.ledger), whole);
    assert_eq!(asked(at(0, 0), at(2, 0)), [first, first + 1].into());
    assert_eq!(asked(at(0, 1), at(2, 1)), [first + 1, first + 2].into());
    assert_eq!(asked(at(500, 0), at(900, 0)), [].into());
}

#[test]
fn a_call_that_comes_late_is_in_its_hour_once() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    fold(&house.ledger);
    fill(&house, (0..50).map(late));
    let expected = hours_of(&recounted_demand(&house.ledger));
    let sums = |hours: &Hours| {
        let sums = hours.iter().map(|(key, hour)| (key.clone(), hour.sums));
        sums.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(sums(&hours(&house.ledger)), sums(&expected));
    fold(&house.ledger);
    assert_eq!(sums(&hours(&house.ledger)), sums(&expected));
    let house = again(house, dir.path());
    assert_eq!(sums(&hours(&house.ledger)), sums(&expected));
}

/// The newest minutes are in memory, too.
#[test]
fn minutes_that_became_hours_are_no_longer_in_memory() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    fold(&house.ledger);
    let again = CallRecord {
        call_id: id(CALLS),
        ..spread(CALLS - 3)
    };
    fill(&house, std::iter::once(again));
    let expected = hours_of(&recounted_demand(&house.ledger));
    let sums = |hours: Hours| hours.values().map(|hour| hour.sums).collect::<Vec<_>>();
    assert_eq!(sums(hours(&house.ledger)), sums(expected));
}

/// A price for what had none, and twice the price for the rest.
fn by(call: &CallRecord) -> Again {
    let mut now = call.clone();
    if !is_demand(call) {
        return Again::NotBilled;
    }
    let cost = Pico(i128::from(number(call.call_id)) + 1_000_000);
    now.pricing = Pricing::Priced;
    (now.cost_native, now.cost_usd) = (Some(cost), Some(cost));
    now.currency = Some(usd());
    Again::Changed(Box::new(now))
}

fn asked() -> Asked {
    Asked {
        words: "all".into(),
        since: Timestamp::MIN,
        until: Timestamp::MAX,
        models: Vec::new(),
        upstreams: Vec::new(),
        prices: "all".into(),
        dry_run: false,
        now: start(),
    }
}

fn priced_so_in_the_first_place(late_calls: u64) -> Hours {
    let dir = TempDir::new().unwrap();
    let house = House::open(dir.path());
    let calls = (0..CALLS).map(spread).chain((0..late_calls).map(late));
    fill(
        &house,
        calls.map(|call| match by(&call) {
            Again::Changed(now) => *now,
            Again::NotBilled | Again::Summed | Again::NoUpstream | Again::Same => call,
        }),
    );
    let hours = hours(&house.ledger);
    house.close();
    hours
}

/// What a price moves, without the busiest minute: calls that had no price were in none.
fn without_busiest(hours: Hours) -> Hours {
    let bare = hours.into_iter().map(|(key, hour)| {
        let busiest = None;
        (key, DemandHour { busiest, ..hour })
    });
    bare.collect()
}

#[test]
fn calls_that_are_priced_again_move_in_their_hours_wherever_the_process_dies() {
    let base = TempDir::new().unwrap();
    let house = filled(base.path());
    // A part of the minutes, by day and by hour: some hours of a pass are hours, some are minutes.
    house.ledger.fold_demand(end() - 20 * 60, &|| true).unwrap();
    house.close();
    let expected = without_busiest(priced_so_in_the_first_place(0));
    for commits in 0.. {
        let dir = TempDir::new().unwrap();
        super::super::upkeep::copy_folder(base.path(), dir.path()).unwrap();
        let house = House::open(dir.path());
        let still_reads = |at: Progress| at.phase == Phase::Reading;
        let stopped = house.ledger.reprice(&asked(), &by, &mut { still_reads });
        assert_eq!(stopped.unwrap_err().reason(), "stopped");
        let moved = (0..commits).all(|_| house.ledger.move_next().unwrap());
        // Minutes become hours while a pass is under way.
        fold(&house.ledger);
        let house = again(house, dir.path());
        assert_eq!(without_busiest(hours(&house.ledger)), expected, "{commits}");
        fold(&house.ledger);
        assert_eq!(without_busiest(hours(&house.ledger)), expected);
        house.close();
        if !moved {
            assert!(commits >= 10, "{commits} commits");
            return;
        }
    }
}

#[test]
fn a_late_minute_goes_into_its_hour_when_its_calls_are_priced_again() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    fold(&house.ledger);
    fill(&house, (0..50).map(late));
    house.ledger.reprice(&asked(), &by, &mut |_| true).unwrap();
    let expected = without_busiest(priced_so_in_the_first_place(50));
    assert_eq!(without_busiest(hours(&house.ledger)), expected);
    fold(&house.ledger);
    assert_eq!(without_busiest(hours(&house.ledger)), expected);
}

fn rebuilt(dir: &Path) -> Ledger {
    once_free(|| match Ledger::rebuild(settings(dir)) {
        Err(LedgerError::InUse { .. }) => None,
        opened => Some(opened.unwrap().0),
    })
}

#[test]
fn hours_survive_a_rebuild_a_compaction_and_a_backup() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    believe(&house.ledger);
    let expected = hours(&house.ledger);
    // 41 days later some of the minutes are hours.
    let now = start() + SignedDuration::from_hours(41 * 24 + 12);
    house.ledger.close_days(now, &|| true).unwrap();
    let minutes = stored_demand(&house.ledger);
    assert!(!minutes.is_empty() && hours_of(&minutes) != expected);
    assert_eq!(hours(&house.ledger), expected);
    let copy = TempDir::new().unwrap();
    let to = settings(copy.path());
    house.ledger.back_up(&to, now).unwrap();
    house.close();
    let copy = once_free(|| Ledger::open(to.clone()).ok()).0;
    assert_eq!(hours(&copy), expected);
    once_free(|| compact(&settings(dir.path())).ok());
    let ledger = rebuilt(dir.path());
    assert_eq!(hours(&ledger), expected);
    ledger.close().unwrap();
    drop(ledger);
    let checked = once_free(|| check(&settings(dir.path()), &|_, _| {}).ok());
    assert!(checked.is_fine(), "{checked:?}");
    // From row one, without any checkpoint.
    std::fs::remove_dir_all(dir.path().join("checkpoints")).unwrap();
    let ledger = rebuilt(dir.path());
    assert_eq!(hours(&ledger), expected);
    fold(&ledger);
    assert_eq!(hours(&ledger), expected);
}

#[test]
fn a_ledger_without_hours_gets_them_from_the_minutes_that_are_there() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let expected = hours(&house.ledger);
    // An earlier release had deleted the first minutes, and noted nothing.
    let store = house.ledger.status.store().unwrap();
    let oldest = stored_demand(&house.ledger).into_keys().next().unwrap().0;
    let first = first_of_hour(oldest) + 600;
    let gone = store.scan(
        store::In::Demand,
        DemandKey::first_of(0).encode()..DemandKey::first_of(first).encode(),
    );
    for found in gone {
        let key = found.unwrap().0.to_vec();
        store.commit(&[(store::In::Demand, key, None)]).unwrap();
    }
    let unsaid = (store::In::Meta, b"demand_from".to_vec(), None);
    store.commit(&[unsaid]).unwrap();
    drop(store);
    house.close();
    let house = House::open(dir.path());
    let left: Hours = expected
        .into_iter()
        .filter(|((hour, _), _)| *hour >= first / 60)
        .collect();
    assert_eq!(hours(&house.ledger), left);
    fold(&house.ledger);
    assert_eq!(hours(&house.ledger), left);
    // What is not there is not moved either.
    let done = house.ledger.reprice(&asked(), &by, &mut |_| true).unwrap();
    assert!(done.is_applied);
    let now = hours(&house.ledger);
    assert!(
        now.keys().all(|(hour, _)| *hour >= first / 60),
        "made of nothing"
    );
    assert!(now != left);
}
