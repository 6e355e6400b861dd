//! What becomes of roll-ups: months, hours, dimensions and the largest bills.

use std::sync::Arc;

use super::*;
use crate::call::{Role, Settled};
use crate::money::Pico;

fn rollup(period: Period, model: &str, team: Option<&str>, cost: i128) -> Rollup {
    Rollup {
        period,
        group: Group {
            origin: Origin::Live,
            role: Role::Provider,
            settled: Settled::Invoice,
            currency: None,
            upstream: Some("openai".into()),
            model: Some(model.into()),
            tenant: None,
            dimensions: team.into_iter().map(Arc::from).collect(),
        },
        totals: Totals {
            calls: 1,
            cost_usd: Pico(cost),
            ..Totals::default()
        },
    }
}

fn on(day: &str) -> Period {
    Period::Day(day.parse().unwrap())
}

fn at(hour: &str) -> Period {
    Period::Hour(hour.parse().unwrap())
}

/// Groups roll-ups and shows each row as its cells, its calls and its cost in picodollars.
#[track_caller]
fn check(by: &[By], top: Option<usize>, read: &[Rollup], expected: &[&str]) {
    let asked = TotalsQuery {
        grain: Grain::Day,
        since: None,
        until: None,
        by: by.to_vec(),
        top,
    };
    let answer = totals(
        &asked,
        &TimeZone::get("Europe/Berlin").unwrap(),
        read,
        &[],
        &[],
    );
    let said = |row: &Value| {
        let cells = by.iter().map(|by| row[by.label()].as_str().unwrap_or("-"));
        let cells: Vec<&str> = cells.collect();
        let others = row["others"].as_u64();
        let others = others.map_or_else(String::new, |many| format!(" others {many}"));
        let gateway = if row["in_total"] == false {
            " gateway"
        } else {
            ""
        };
        let cost: Pico = row["cost_usd"].as_str().unwrap().parse().unwrap();
        format!(
            "{}{others}{gateway} {} {}",
            cells.join(" "),
            row["calls"],
            cost.0
        )
    };
    let rows: Vec<String> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(said)
        .collect();
    assert_eq!(rows, expected);
    // Nothing is lost on the way from roll-ups to rows.
    let counts = |row: &Value| row["calls"].as_u64().unwrap();
    let in_total = answer["rows"].as_array().unwrap().iter();
    let in_total = in_total.filter(|row| row["in_total"] != false);
    assert_eq!(in_total.map(counts).sum::<u64>(), counts(&answer["total"]));
}

#[test]
fn days_are_summed_by_month() {
    let days = ["2026-10-31", "2026-11-01", "2026-11-30"];
    let read = days.map(|day| rollup(on(day), "m", None, 1));
    check(&[By::Month], None, &read, &["2026-10 1 1", "2026-11 2 2"]);
}

#[test]
fn an_hour_that_comes_twice_is_two_rows_in_their_order() {
    let hours = [
        "2026-10-25T00:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-10-25T22:00:00Z",
    ];
    let read = hours.map(|hour| rollup(at(hour), "m", None, 1));
    let expected = [
        "2026-10-25T02:00+02:00 1 1",
        "2026-10-25T02:00+01:00 1 1",
        "2026-10-25T23:00+01:00 1 1",
    ];
    check(&[By::Hour], None, &read, &expected);
    check(&[By::Day], None, &read, &["2026-10-25 3 3"]);
}

#[test]
fn a_dimension_is_told_by_its_value() {
    let day = on("2026-11-22");
    let read = [
        rollup(day, "m", Some("team=a=b"), 1),
        rollup(day, "m", Some("feature=x"), 2),
        rollup(day, "m", Some("other"), 4),
        rollup(day, "m", None, 8),
    ];
    let team = By::Dimension("team".into());
    check(&[team], None, &read, &["- 2 10", "a=b 1 1", "other 1 4"]);
}

#[test]
fn beside_the_largest_bills_there_is_one_row_of_the_others() {
    let day = on("2026-11-22");
    let read = [("a", 1), ("b", 9), ("c", 2), ("d", 5), ("b", 1)];
    let read = read.map(|(model, cost)| rollup(day, model, None, cost));
    let expected = ["b 2 10", "d 1 5", "- others 2 2 3"];
    check(&[By::Model], Some(2), &read, &expected);
    check(
        &[By::Model],
        Some(4),
        &read,
        &["a 1 1", "b 2 10", "c 1 2", "d 1 5"],
    );
}

#[test]
fn the_largest_are_the_same_on_every_day() {
    let (first, second) = (on("2026-11-21"), on("2026-11-22"));
    let read = [
        rollup(first, "a", None, 1),
        rollup(first, "b", None, 9),
        rollup(first, "c", None, 3),
        rollup(second, "a", None, 100),
    ];
    let expected = [
        "2026-11-21 a 1 1",
        "2026-11-21 - others 2 2 12",
        "2026-11-22 a 1 100",
    ];
    check(&[By::Day, By::Model], Some(1), &read, &expected);
    let expected = ["2026-11-22 1 100", "- others 1 3 13"];
    check(&[By::Day], Some(1), &read, &expected);
}

#[test]
fn a_gateway_is_no_part_of_the_others() {
    let day = on("2026-11-22");
    let mut gateway = rollup(day, "m", None, 7);
    gateway.group.role = Role::Gateway;
    let read = [
        rollup(day, "m", None, 9),
        rollup(day, "n", None, 1),
        gateway,
    ];
    let expected = [
        "openai m 1 9",
        "- - others 1 1 1",
        "- - others 1 gateway 1 7",
    ];
    check(&[By::Upstream, By::Model], Some(1), &read, &expected);
    check(&[By::Model], None, &read, &["m 1 9", "n 1 1"]);
}

/// Roll-ups of one model, paid so.
fn paid(settled: Settled, cost: i128) -> Rollup {
    let mut rollup = rollup(on("2026-11-22"), "m", None, cost);
    rollup.group.settled = settled;
    rollup
}

#[test]
fn what_no_invoice_bills_is_told_apart_and_only_what_is_paid_is_spent() {
    let mut imported = paid(Settled::Invoice, 70);
    imported.group.origin = Origin::Imported;
    let read = [
        paid(Settled::Invoice, 100),
        paid(Settled::FreeQuota, 20),
        paid(Settled::Prepaid, 3),
        paid(Settled::Reserved, 4),
        imported,
    ];
    let asked = TotalsQuery {
        grain: Grain::Day,
        since: None,
        until: None,
        by: vec![By::Model],
        top: None,
    };
    let answer = totals(&asked, &TimeZone::UTC, &read, &[], &[]);
    for sums in [&answer["total"], &answer["rows"][0]] {
        for (name, pico) in [
            ("cost_usd", "0.000000000197"),
            ("imported_cost_usd", "0.00000000007"),
            ("free_quota_cost_usd", "0.00000000002"),
            ("prepaid_cost_usd", "0.000000000003"),
            ("reserved_cost_usd", "0.000000000004"),
        ] {
            assert_eq!(sums[name], pico, "{name}");
        }
    }
    assert_eq!(answer["rows"].as_array().unwrap().len(), 1);
    assert_eq!(
        answer["spend"],
        json!({
            "invoice_usd": "0.0000000001",
            "prepaid_usd": "0.000000000003",
            "reserved_usd": "0",
            "total_usd": "0.000000000103",
            "total_without_reserved_usd": "0.000000000103",
        })
    );
}
