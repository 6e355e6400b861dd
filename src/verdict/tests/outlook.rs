//! How volume moves, and when hosting wins by it.

use super::made::{TODAY, certain, endpoint, minute, minutes, plan, report, settings, stream};
use crate::economics::assumptions::{Parameter, Range};
use crate::economics::projection::{DAY, FORTNIGHT, MONTH, Outlook, Projection, WEEK};
use crate::verdict::{Settings, States, Verdict, words};

/// Days of demand up to today, `calls` a minute by the day's place, oldest first; prices fall a year by
/// `declines` of the API's and of machines.
fn grown(days: i64, declines: (f64, f64), calls: impl Fn(i64) -> u64) -> Verdict {
    let plan = plan(|draft| {
        certain(draft);
        let (api, gpu) = declines;
        let decline = |parameter, value| (parameter, Range::certain(value));
        draft.ranges.push(decline(Parameter::ApiPriceDecline, api));
        draft.ranges.push(decline(Parameter::GpuPriceDecline, gpu));
    });
    loaded(settings(vec![plan], vec![]), days, 1_000, calls)
}

/// The same with other ways beside the plan, at `micro_usd` a call.
fn loaded(settings: Settings, days: i64, micro_usd: i128, calls: impl Fn(i64) -> u64) -> Verdict {
    let verdict = Verdict::new(settings, States::default());
    let name = stream("gpt-4o", "8k");
    for day in 0..days {
        let at = TODAY - days + day;
        let demand = minute(calls(day), micro_usd);
        verdict.load(
            minutes(at..at + 1).map(|minute| (name.clone(), minute, demand)),
            [],
        );
    }
    verdict
}

fn fortnight(verdict: &Verdict) -> Projection {
    report(verdict).window(FORTNIGHT).unwrap().plans[0].clone()
}

/// 30 calls a minute that grow by 1 % a day: 1.80 to 2.33 dollars an hour, against 5.38 for a replica
/// that is full at 168 calls a minute, 10.08 dollars.
#[expect(clippy::float_arithmetic, reason = "a made trend")]
fn one_percent(day: i64) -> u64 {
    let tenths = 300.0 * (0.01 * f64::from(u32::try_from(day).unwrap())).exp();
    format!("{:.0}", tenths / 10.0).parse().unwrap()
}

#[test]
fn with_steady_prices_the_day_is_when_volume_reaches_the_breakeven() {
    let verdict = grown(28, (0.0, 0.0), one_percent);
    let projection = fortnight(&verdict);
    let Outlook { days, trend } = projection.outlook.unwrap();
    let trend = trend.unwrap();
    assert_eq!(days, 28);
    let growth = trend.growth;
    assert!((growth.per_day - 0.01).abs() < 5e-4, "{growth:?}");
    let scale = projection.breakeven.unwrap().first.unwrap();
    let spread = trend.breakeven_days;
    for (days, per_day) in [
        (spread.pessimistic, growth.low),
        (spread.expected, growth.per_day),
        (spread.optimistic, growth.high),
    ] {
        assert!((days.unwrap() - scale.ln() / per_day).abs() < 1e-6);
    }
    assert!(spread.optimistic < spread.expected && spread.expected < spread.pessimistic);
}

#[test]
fn falling_prices_move_the_day_as_the_closed_form_says() {
    let verdict = grown(28, (0.5, 0.2), one_percent);
    let projection = fortnight(&verdict);
    let trend = projection.outlook.unwrap().trend.unwrap();
    // One replica that is not full is all own cost: ln(own/api)/(g + ln(1-d)/365 - ln(1-d_own)/365).
    let scale = projection.breakeven.unwrap().first.unwrap();
    let closed = scale.ln() / (trend.growth.per_day + (0.5_f64.ln() - 0.8_f64.ln()) / 365.0);
    assert!((trend.breakeven_days.expected.unwrap() - closed).abs() < 1e-6);
    let said = words(&verdict.report());
    let phrase = "Volume grew by 1 % a day (0.97 % to 1.03 %, from 28 days).";
    assert!(said.contains(phrase), "{said}");
    assert!(
        said.contains("hosting beats every other way: from about 2026-"),
        "{said}"
    );
}

#[test]
fn an_endpoint_that_is_cheaper_today_puts_the_day_off() {
    let plan = || {
        plan(|draft| {
            certain(draft);
            for parameter in [Parameter::ApiPriceDecline, Parameter::GpuPriceDecline] {
                draft.ranges.push((parameter, Range::certain(0.0)));
            }
        })
    };
    let date = |endpoints| {
        let verdict = loaded(settings(vec![plan()], endpoints), 28, 5_000, one_percent);
        let projection = fortnight(&verdict);
        let trend = projection.outlook.unwrap().trend.unwrap();
        let scale = projection.breakeven.unwrap().first.unwrap();
        (
            trend.breakeven_days.expected.unwrap(),
            scale.ln() / trend.growth.per_day,
        )
    };
    // 5.38 dollars an hour are below 11 on the API, and above 3.5 through the endpoint.
    assert_eq!(date(vec![]).0, 0.0);
    let (days, by_volume) = date(vec![endpoint(|_| {})]);
    assert!(days > 30.0 && (days - by_volume).abs() < 1e-6);
}

#[test]
fn volume_that_stands_still_never_gets_there_while_api_prices_fall() {
    let verdict = grown(20, (0.5, 0.2), |_| 60);
    let trend = fortnight(&verdict).outlook.unwrap().trend.unwrap();
    assert!(trend.growth.per_day.abs() < 1e-12);
    assert_eq!(trend.breakeven_days.expected, None);
    let said = words(&verdict.report());
    assert!(
        said.contains("Volume grew by 0 % a day (0 % to 0 %, from 20 days)."),
        "{said}"
    );
    assert!(
        said.contains("not within ten years; pessimistic: not"),
        "{said}"
    );
    // And gets there by itself when those of machines fall faster.
    let trend = fortnight(&grown(20, (0.0, 0.5), |_| 60));
    let trend = trend.outlook.unwrap().trend.unwrap();
    let halved = 365.0 * (5.38_f64 / 3.6).log2();
    assert!((trend.breakeven_days.expected.unwrap() - halved).abs() < 1e-6);
}

#[test]
fn what_wins_today_wins_already() {
    let verdict = grown(20, (0.5, 0.2), |_| 150);
    let trend = fortnight(&verdict).outlook.unwrap().trend.unwrap();
    assert_eq!(trend.breakeven_days.expected, Some(0.0));
    let said = words(&verdict.report());
    assert!(
        said.contains("hosting beats every other way: already"),
        "{said}"
    );
}

#[test]
fn a_gap_or_too_few_days_make_no_trend() {
    let few = grown(13, (0.5, 0.2), |_| 60);
    let outlook = fortnight(&few).outlook.unwrap();
    assert_eq!((outlook.days, outlook.trend), (13, None));
    let said = words(&few.report());
    assert!(said.contains("13 of 14 complete days in a row"), "{said}");
    // A day that was not observed cuts off what was before.
    let gap = grown(10, (0.5, 0.2), |_| 60);
    let name = stream("gpt-4o", "8k");
    let before = minutes(TODAY - 30..TODAY - 11);
    gap.load(before.map(|at| (name.clone(), at, minute(60, 1_000))), []);
    assert_eq!(fortnight(&gap).outlook.unwrap().days, 10);
    // A day that was observed, and without calls, has no logarithm.
    let idle = grown(10, (0.5, 0.2), |_| 60);
    idle.load([], minutes(TODAY - 20..TODAY - 10));
    let outlook = fortnight(&idle).outlook.unwrap();
    assert_eq!((outlook.days, outlook.trend), (20, None));
    let said = words(&idle.report());
    assert!(said.contains("a day was without calls"), "{said}");
}

#[test]
fn there_are_four_windows_and_each_minute_moves_all_of_them() {
    let verdict = grown(33, (0.5, 0.2), |_| 60);
    let first = report(&verdict);
    let spans: Vec<_> = first.windows.iter().map(|window| window.span).collect();
    assert_eq!(spans, [DAY, WEEK, FORTNIGHT, MONTH]);
    let hours = first.windows.iter().map(|window| window.hours);
    assert_eq!(hours.collect::<Vec<_>>(), [24.0, 168.0, 336.0, 720.0]);
    let at = |minutes| {
        let moment = jiff::Timestamp::from_second((TODAY * 1_440 + minutes) * 60).unwrap();
        assert!(verdict.tick(moment));
        verdict.report()
    };
    let (later, next) = (at(59), at(60));
    let calls = |report: &crate::verdict::Report, span| report.window(span).unwrap().evidence.calls;
    for span in [DAY, WEEK, FORTNIGHT, MONTH] {
        assert!(calls(&later, span) < calls(&first, span));
        assert!(calls(&next, span) < calls(&later, span));
    }
    // What is searched for holds for the hour.
    let breakeven = |report: &crate::verdict::Report| {
        let fortnight = report.window(FORTNIGHT).unwrap();
        fortnight.plans[0].breakeven
    };
    assert_eq!(breakeven(&later), breakeven(&first));
    assert_ne!(breakeven(&next), breakeven(&first));
    let outlook = next.window(FORTNIGHT).unwrap().plans[0].outlook.unwrap();
    assert_eq!(outlook.days, 33);
}
