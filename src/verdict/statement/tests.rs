//! A statement is what was written, to the last digit, and says so in words.

use jiff::civil::date;
use serde_json::json;

use super::{
    ApiPrice, Broken, Change, Counted, Days, DemandSeal, FORMAT, Scored, Side, Statement, Track,
    opened, sealed,
};

/// A made switch to hosting.
pub(crate) fn made() -> Statement {
    let days = |first, last| Days {
        first: date(2026, 9, first),
        last: date(2026, 9, last),
    };
    let counted = |day| Counted {
        day: date(2026, 9, day),
        ratio: 0.284,
        pessimistic_ratio: 0.05,
        coverage: 1.0,
        may_enter: true,
    };
    Statement {
        statement: FORMAT,
        tollgate: "0.1.0".into(),
        kind: "selfhost".into(),
        name: "llama/../70b".into(),
        decided: date(2026, 9, 28),
        from: Side::Off,
        to: Side::On,
        changed: vec![Change {
            key: "gpus".into(),
            was: json!(4),
            is: json!(2),
        }],
        window: days(15, 28),
        before: days(1, 14),
        counted: [26, 27, 28].map(counted).into(),
        figures: json!({
            "hours": 336.0,
            "api_usd": 6_000.0,
            "cost_usd": {"expected": 4_000.0},
            "savings_usd": {"pessimistic": -100.0, "expected": 2_000.0, "optimistic": 3_000.0},
            "replicas": {"mean": 2.0, "peak": 3.0},
            "evidence": {"coverage": 1.0, "doubtful_share": 0.0},
        }),
        stands_on: json!({"sources": [], "moved": []}),
        demand: DemandSeal {
            days: days(1, 28),
            sha256: "00".into(),
            stream_minutes: 40_320,
            calls: 1_000_000,
            observed: vec![(1, 2)],
        },
        settings: json!({}),
        api_prices: vec![ApiPrice {
            kind: "api".into(),
            name: "openai/gpt-4o".into(),
            as_of: date(2026, 9, 1),
            age_days: 27,
        }],
        prices_sha256: "11".into(),
        catalogue_sha256: "22".into(),
        priced_again: 0,
        servers: Vec::new(),
    }
}

#[test]
fn a_statement_reads_back_as_it_was() {
    let (text, sum) = sealed(&made()).unwrap();
    let (read, stated) = opened(&text).unwrap();
    assert_eq!((read, stated), (made(), sum));
}

#[test]
fn a_byte_changed_anywhere_is_found() {
    let (text, _) = sealed(&made()).unwrap();
    for at in 0..text.len() {
        let mut touched = text.clone().into_bytes();
        touched[at] ^= 1;
        let touched = String::from_utf8(touched).unwrap();
        assert!(opened(&touched).is_err(), "{}", &touched[at..]);
    }
    for more in [
        format!("{text} "),
        format!(" {text}"),
        text.replace('\n', "\r\n"),
    ] {
        assert!(opened(&more).is_err());
    }
    assert!(matches!(
        opened(&text[..text.len() - 1]),
        Err(Broken::Unsealed)
    ));
}

#[test]
fn a_newer_form_is_told_as_one() {
    let newer = Statement {
        statement: FORMAT + 1,
        ..made()
    };
    let (text, _) = sealed(&newer).unwrap();
    assert!(matches!(opened(&text), Err(Broken::Form { found: 2 })));
}

#[test]
fn its_file_stays_in_its_folder_whatever_a_plan_is_called() {
    assert_eq!(
        made().file_name(),
        "2026-09-28-selfhost-llama_.._70b-on.json"
    );
}

#[test]
fn it_says_in_words_what_was_decided_and_why() {
    let said = made().words();
    for part in [
        "2026-09-28: hosting by the plan llama/../70b is cheaper.",
        "The calls of 2026-09-15 to 2026-09-28 cost $13,036 a month on the API; this way they would \
         have cost $8,690.",
        "That is $4,345 a month less; with all that is not known, between $217 more and $6,518 less.",
        "Its settings had changed: gpus was 4, is 2.",
        "- API price of openai/gpt-4o: read on 2026-09-01, 27 days before",
        "- 2026-09-26: 28.4 % of the API cost saved beyond the best other way, 5 % at worst",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

const SCORED: Scored = Scored {
    coverage: 1.0,
    hours: 24.0,
    api_usd: 400.0,
    cost_usd: 280.0,
};

#[test]
fn what_came_is_told_beside_what_was_said_and_days_unseen_are_left_out() {
    let mut track = Track::default();
    track.add(&made(), "a.json".into(), "aa".into(), date(2026, 9, 28));
    // A start that decides the day again finds it there.
    track.add(&made(), "a.json".into(), "aa".into(), date(2026, 9, 28));
    let [record] = &mut track.records[..] else {
        panic!("{track:?}")
    };
    assert!(
        record
            .words()
            .ends_with("a month; no day has been scored since.")
    );
    record.came(date(2026, 9, 29), SCORED);
    record.came(date(2026, 9, 30), SCORED);
    record.unseen(date(2026, 10, 1));
    record.unseen(date(2026, 10, 2));
    assert_eq!(record.looked_at, date(2026, 10, 2));
    assert_eq!(
        record.words(),
        "On 2026-09-28 tollgate said that hosting by the plan llama/../70b is cheaper: it saves \
         $4,345 (-$217 to $6,518) a month; what came since, 2 days: $3,650 a month; 2 days were not \
         observed well enough and are left out."
    );
}

#[test]
fn the_next_switch_of_a_state_ends_the_record_of_the_one_before() {
    let off = Statement {
        to: Side::Off,
        from: Side::On,
        decided: date(2026, 10, 9),
        ..made()
    };
    let other = Statement {
        name: "other".into(),
        ..made()
    };
    let mut track = Track::default();
    track.add(&made(), "a.json".into(), "aa".into(), date(2026, 9, 28));
    track.add(&other, "b.json".into(), "bb".into(), date(2026, 9, 28));
    track.add(&off, "c.json".into(), "cc".into(), date(2026, 10, 9));
    let until: Vec<_> = track.records.iter().map(|record| record.until).collect();
    assert_eq!(until, [Some(date(2026, 10, 9)), None, None]);
    assert!(track.records[2].words().contains("is no longer cheaper"));
}

#[test]
fn no_more_switches_are_remembered_than_there_is_room_for() {
    let mut track = Track::default();
    for number in 0..300 {
        track.add(
            &made(),
            String::new(),
            number.to_string(),
            date(2026, 9, 28),
        );
    }
    assert_eq!(track.records.len(), 200);
    assert_eq!(track.records[0].sha256, "100");
}

#[test]
fn a_day_counts_for_one_of_two_switches_whose_days_were_decided_again() {
    let off = Statement {
        to: Side::Off,
        from: Side::On,
        decided: date(2026, 10, 4),
        ..made()
    };
    let mut track = Track::default();
    track.add(&made(), "a.json".into(), "aa".into(), date(2026, 9, 28));
    // Other settings on the 10th decide the 4th again, which the one before has been held to.
    track.add(&off, "b.json".into(), "bb".into(), date(2026, 10, 9));
    let [before, since] = &track.records[..] else {
        panic!("{track:?}")
    };
    assert_eq!(before.until, Some(date(2026, 10, 9)));
    assert_eq!(since.looked_at, date(2026, 10, 9));
}

#[test]
fn a_clock_that_was_ahead_stops_no_record() {
    let mut track = Track::default();
    track.add(&made(), "a.json".into(), "aa".into(), date(2026, 9, 28));
    let [record] = &mut track.records[..] else {
        panic!("{track:?}")
    };
    record.came(date(2026, 9, 29), SCORED);
    let right = record.clone();
    for day in 1..=20 {
        record.unseen(date(2026, 10, day));
    }
    record.go_back(date(2026, 10, 19));
    assert_eq!(
        (record.looked_at, record.unseen_days),
        (date(2026, 10, 19), 19)
    );
    record.until = Some(date(2026, 10, 19));
    record.go_back(date(2026, 9, 30));
    let ends = (record.looked_at, record.until);
    assert_eq!(ends, (date(2026, 9, 30), Some(date(2026, 9, 30))));
    assert_eq!(record.unseen_days, 0);
    assert_eq!(record.days, right.days);
}

#[test]
fn a_clock_that_was_hours_ahead_keeps_no_day_but_a_scored_one() {
    let mut track = Track::default();
    track.add(&made(), "a.json".into(), "aa".into(), date(2026, 9, 28));
    let [record] = &mut track.records[..] else {
        panic!("{track:?}")
    };
    // What decided it does not count for it, wherever the clock goes.
    record.go_back(date(2026, 9, 27));
    assert_eq!(record.looked_at, date(2026, 9, 28));
    // It had just begun when it was taken to be over.
    record.unseen(date(2026, 9, 29));
    record.until = Some(date(2026, 9, 29));
    record.go_back(date(2026, 9, 28));
    assert_eq!(record.until, Some(date(2026, 9, 29)));
    assert_eq!(
        (record.looked_at, record.unseen_days),
        (date(2026, 9, 28), 0)
    );
    record.came(date(2026, 9, 29), SCORED);
    record.unseen(date(2026, 9, 30));
    record.unseen(date(2026, 10, 1));
    record.go_back(date(2026, 9, 28));
    assert_eq!(record.looked_at, date(2026, 9, 29));
    assert_eq!((record.days, record.unseen_days), (1, 0));
}

#[test]
fn days_whose_calls_went_to_own_hosting_without_a_plan_are_told_and_no_saving_is_made_of_them() {
    let mut track = Track::default();
    track.add(&made(), "a.json".into(), "aa".into(), date(2026, 9, 28));
    let [record] = &mut track.records[..] else {
        panic!("{track:?}")
    };
    record.came(date(2026, 9, 29), SCORED);
    record.went_elsewhere(date(2026, 9, 30));
    assert_eq!(record.looked_at, date(2026, 9, 30));
    assert!(
        record.words().ends_with(
            "what came since, 1 days: $3,650 a month; on 1 days own hosting served the calls, and none \
             of its upstreams has this plan and would_cost_as: they are left out."
        ),
        "{}",
        record.words()
    );
}
