//! What people read.

use super::made::{
    TODAY, certain, closed, endpoint, minute, minutes, plan, report, settings, steady, stream,
};
use crate::verdict::words::{age, count, dollars, percent};
use crate::verdict::{States, Verdict, words};

#[test]
fn a_verdict_in_words() {
    let both = settings(vec![plan(|_| {})], vec![endpoint(|_| {})]);
    let verdict = steady(both, 30, 60, 5_000);
    report(&verdict);
    let said = words(&verdict.report());
    println!("{said}");
    for phrase in [
        "No verdict yet: ",
        "On these figures moving to the endpoint groq-llama-70b is cheapest, at $4,139 a month \
         instead of $13,140 for the same calls: $9,001 less.\n",
        "Seen in the last 14 days: 1,209,600 calls for $6,048 on the API, $13,140 a month; 100 % of \
         the minutes were observed.\n\n",
        "llama-70b-2xh100 (llama-3.3-70b fp8, 2 x H100-SXM): $12,260 a month instead of $13,140; \
         $880 less a month (between",
        "1.0 replicas on average, 29.9 % used",
        "People: $8,333 a month.",
        "A call costs $0.005000 on the API and 0.300 s of a replica, which counts as full at 70 %: the \
         calls keep 0.30 busy on average, 0.30 in the busiest minute. By division alone 1 replica and \
         people, $403 a day, are earned at 80,616 calls a day; at most 201,887 can be carried: enough.",
        "Hosting beats every other way from 337,906 calls a day on; you are at 86,400.",
        "For the same calls the endpoint groq-llama-70b would take $4,139 a month.",
        "Throughput: published (TensorRT-LLM 1.0 performance overview",
        "Machines: $5.38 an hour a replica (runpod/secure SXM, on-demand: spheron.network runpod \
         H100 page; community 1.80-2.40, read on 2026-05-22, 105 days ago, which is old).",
        "What moves the saving most, a month: people (by ",
        "Not known:",
    ] {
        assert!(said.contains(phrase), "no {phrase:?} in:\n{said}");
    }
}

#[test]
fn a_price_of_a_month_is_as_old_as_it_can_be() {
    let rough = plan(|draft| draft.offer = Some("gcp/a3-high".into()));
    let verdict = steady(settings(vec![rough], vec![]), 30, 60, 5_000);
    let said = words(&report(&verdict));
    let phrase =
        "costnimbus.com GPU cost page, read in 2026-03, at most 187 days ago, which is old";
    assert!(said.contains(phrase), "{said}");
}

#[test]
fn a_price_of_the_future_is_not_fresh() {
    let on = |days: i64| {
        let today = jiff::civil::date(2026, 9, 4);
        age(
            today.checked_add(jiff::Span::new().days(days)).unwrap(),
            today,
        )
    };
    assert_eq!(on(0), "read today or yesterday");
    assert_eq!(on(1), "read today or yesterday", "in another zone");
    assert_eq!(on(2), "dated in the future, 2026-09-06");
    assert!(on(-100).ends_with("100 days ago, which is old"));
}

#[test]
fn thin_data_is_no_verdict_and_says_why() {
    let verdict = steady(settings(vec![plan(certain)], vec![]), 3, 60, 5_000);
    report(&verdict);
    let said = words(&verdict.report());
    assert!(
        said.starts_with("No verdict yet: 3 of 14 days were seen;"),
        "{said}"
    );
    assert!(
        said.contains("21.4 % of the minutes were observed"),
        "{said}"
    );
}

#[test]
fn a_switch_is_said_with_its_day() {
    let verdict = steady(settings(vec![plan(certain)], vec![]), 33, 60, 5_000);
    for day in TODAY - 3..TODAY {
        verdict.tick(closed(day));
    }
    let said = words(&verdict.report());
    assert!(
        said.starts_with(
            "llama-70b-2xh100 is cheaper since 2026-09-04. On these figures hosting by"
        ),
        "{said}"
    );
}

#[test]
fn imported_calls_are_named() {
    let mut demand = minute(60, 5_000);
    demand.imported_calls = 60;
    let verdict = Verdict::new(settings(vec![plan(certain)], vec![]), States::default());
    let name = stream("gpt-4o", "8k");
    verdict.load(
        minutes(TODAY - 30..TODAY).map(|at| (name.clone(), at, demand)),
        [],
    );
    report(&verdict);
    let said = words(&verdict.report());
    assert!(
        said.contains("imported history is true: 1,209,600 of the calls were not metered here"),
        "{said}"
    );
}

#[test]
fn a_moved_default_is_named_with_its_worth_and_its_author() {
    let verdict = steady(settings(vec![plan(certain)], vec![]), 30, 60, 5_000);
    report(&verdict);
    let said = words(&verdict.report());
    let people = "ops_usd_per_month was set in favour of hosting, worth $8,333 a month: made for a \
                  test (test, 2026-09-01).";
    assert!(said.contains(people), "{said}");
}

#[test]
fn nothing_seen_and_nothing_configured_are_said() {
    let empty = Verdict::new(settings(vec![], vec![]), States::default());
    assert!(words(&empty.report()).starts_with("No minute of traffic"));
    report(&empty);
    assert!(words(&empty.report()).starts_with("No plan and no endpoint"));
    let idle = Verdict::new(settings(vec![plan(certain)], vec![]), States::default());
    report(&idle);
    assert!(words(&idle.report()).starts_with("Not enough evidence: no priced call"));
}

#[test]
fn numbers_for_people() {
    assert_eq!(dollars(1_234_567.8), "$1,234,568");
    assert_eq!(dollars(-99.5), "-$99.50");
    assert_eq!(dollars(-0.001), "$0.00");
    assert_eq!(dollars(100.0), "$100");
    assert_eq!(count(999.6), "1,000");
    assert_eq!(percent(0.8999), "89.9 %");
    assert_eq!(percent(1.0), "100 %");
}

#[test]
fn the_headline_says_who_would_have_to_answer_as_well() {
    let verdict = steady(settings(vec![], vec![endpoint(|_| {})]), 14, 20, 5_000);
    let said = words(&report(&verdict));
    let headline = said.split("\n\n").next().unwrap();
    assert!(
        headline
            .contains("for granted that llama-3.3-70b-versatile answers these calls well enough"),
        "{said}"
    );
}
