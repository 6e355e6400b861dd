//! A clock that is wrong for a while costs nothing that is kept.

use jiff::civil::Date;

use super::*;

const CALLS: u64 = 96;

/// Days whose rows are kept.
const KEPT_DAYS: u32 = 10;

/// A call every six hours, for twenty-four days.
fn sparse(n: u64) -> CallRecord {
    CallRecord {
        started_at: start() + SignedDuration::from_hours(i64::try_from(n * 6).unwrap()),
        duration_ms: 10,
        ..call(n)
    }
}

fn short(dir: &Path) -> Settings {
    Settings {
        retention: Retention {
            days: KEPT_DAYS,
            bytes: None,
            hours_days: 7,
            minutes_days: 4,
        },
        ..settings(dir)
    }
}

/// All calls, and a tollgate that has run all the time.
fn filled(dir: &Path) -> House {
    let house = House::with(short(dir));
    for n in 0..CALLS {
        house.end(&sparse(n));
        house.count(1);
        house.look(sparse(n).started_at);
    }
    house
}

impl House {
    fn look(&self, clock: Timestamp) -> Closed {
        self.ledger.close_days(clock, &|| true).unwrap()
    }

    /// Everything that is kept: totals of each grain, demand, rows and the days that have a file.
    fn kept(&self) -> (Sums, Demand, Vec<u64>, Vec<String>) {
        let calls = &self.ledger.settings.calls_dir;
        let mut files = shelf::names(calls).unwrap();
        files.sort_unstable();
        (
            stored(&self.ledger),
            stored_demand(&self.ledger),
            numbers(&self.ledger),
            files,
        )
    }

    fn reached(&self) -> Date {
        self.ledger.belief().reached.unwrap()
    }
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn utc_day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// The last moment of the last call, and ten years later.
fn right_and_wrong() -> (Timestamp, Timestamp) {
    let right = sparse(CALLS - 1).started_at;
    (right, right + hours(24 * 3_650))
}

#[test]
fn retention_follows_a_clock_that_runs_a_day_at_a_time() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let (right, _) = right_and_wrong();
    assert_eq!(house.reached(), utc_day(right));
    let (_, _, rows, files) = house.kept();
    assert_eq!((files.len(), &files[0]), (10, &first_file(right)));
    // Three of today, and four of each other day.
    assert_eq!(rows.first(), Some(&(CALLS - 3 - 40)));
    let begin = |grain| house.ledger.begin_of(grain).unwrap().unwrap();
    assert!(begin(Grain::Minute) > right - hours(5 * 24));
    assert!(begin(Grain::Hour) > right - hours(9 * 24));
    assert_eq!(grand(&house.ledger.all_time()).calls, CALLS * 2 / 3);
}

#[test]
fn a_clock_that_is_years_ahead_for_less_than_six_hours_deletes_nothing() {
    let dir = TempDir::new().unwrap();
    let mut house = filled(dir.path());
    let (right, wrong) = right_and_wrong();
    let before = house.kept();
    for ahead in [hours(0), hours(3), hours(5)] {
        let closed = house.look(wrong + ahead);
        assert!(closed.look_again <= wrong + hours(6), "{closed:?}");
        // Nor does a start in between.
        house = again(house, dir.path());
    }
    let (sums, demand, rows, files) = house.kept();
    assert!((sums, demand, rows) == (before.0, before.1, before.2));
    // The day that was not over has its file, too early; no other has.
    assert_eq!(files.len(), before.3.len() + 1);
    assert_eq!(files[..files.len() - 1], before.3);
    house.look(right);
    assert_eq!(house.reached(), utc_day(right));
    assert_eq!(house.kept().3, files);
}

#[test]
fn a_clock_that_goes_to_and_fro_deletes_nothing() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let (right, wrong) = right_and_wrong();
    house.look(right);
    house.look(wrong);
    let before = house.kept();
    for n in 0..20 {
        house.look(wrong + SignedDuration::from_mins(n));
        house.look(right + SignedDuration::from_secs(n));
    }
    assert_eq!(house.reached(), utc_day(right));
    assert!(house.kept() == before);
}

#[test]
fn a_clock_that_stays_wrong_deletes_a_day_for_each_six_hours() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let (right, wrong) = right_and_wrong();
    let first = |house: &House| house.kept().3[0].clone();
    let file = |days| first_file(right + hours(days * 24));
    assert_eq!(first(&house), file(0));
    for quarter in 0..24 {
        house.look(wrong + SignedDuration::from_mins(15 * quarter));
    }
    assert_eq!(first(&house), file(0));
    for days in 1..5 {
        house.look(wrong + hours(6 * days));
        assert_eq!(first(&house), file(days));
    }
    // It is set right: nothing more goes until the days have come.
    for days in 0..4 {
        for quarter in 0..4 {
            house.look(right + hours(days * 24 + quarter * 6));
        }
        assert_eq!(first(&house), file(4));
    }
}

#[test]
fn a_clock_that_was_behind_costs_no_retention() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let (right, _) = right_and_wrong();
    house.look(Timestamp::UNIX_EPOCH);
    house.look(right);
    assert_eq!(house.reached(), utc_day(right));
    house.look(right + hours(25));
    house.look(Timestamp::UNIX_EPOCH);
    house.look(right + hours(26));
    house.look(right + hours(32));
    assert_eq!(house.reached(), utc_day(right + hours(24)));
}

#[test]
fn who_was_off_for_a_month_is_there_in_ten_days() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let (right, _) = right_and_wrong();
    let on = right + hours(30 * 24);
    let mut now = on;
    loop {
        let closed = house.look(now);
        if house.reached() == utc_day(now) {
            break;
        }
        assert!(closed.look_again > now);
        now = closed.look_again;
    }
    let took = now.duration_since(on);
    assert!((hours(7 * 24)..hours(11 * 24)).contains(&took), "{took}");
}

#[test]
fn no_day_of_a_future_gets_a_file_that_nothing_could_follow() {
    let dir = TempDir::new().unwrap();
    let house = filled(dir.path());
    let (right, wrong) = right_and_wrong();
    let at = |started_at: Timestamp, n| CallRecord {
        started_at,
        ..sparse(n)
    };
    // Two calls while the clock is wrong, over a midnight.
    let wrong = wrong + hours(5);
    house.end(&at(wrong, CALLS));
    house.end(&at(wrong + hours(2), CALLS + 1));
    house.count(2);
    house.look(wrong + hours(3));
    assert!(house.kept().3.last().unwrap().starts_with("2026"));
    for n in 0..8 {
        house.end(&at(
            right + hours(n * 6),
            CALLS + 2 + u64::try_from(n).unwrap(),
        ));
        house.count(1);
        house.look(right + hours(n * 6));
    }
    house.look(right + hours(72));
    let last = format!("{}.parquet", utc_day(right + hours(42)));
    assert_eq!(house.kept().3.last(), Some(&last));
    let rows = numbers(&house.ledger);
    assert_eq!(rows.last(), Some(&(CALLS + 9)));
}

/// The oldest file that is kept by a clock.
fn first_file(clock: Timestamp) -> String {
    let days = jiff::Span::new().days(i64::from(KEPT_DAYS));
    format!("{}.parquet", utc_day(clock).saturating_sub(days))
}

fn again(house: House, dir: &Path) -> House {
    House::close(house);
    House::with(short(dir))
}
