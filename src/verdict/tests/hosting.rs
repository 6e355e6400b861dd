#![expect(
    clippy::float_arithmetic,
    reason = "the figures of a test are made here"
)]
//! Hosting that runs: what it costs, what an API would take, and when leaving is cheaper.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;

use super::made::{TODAY, certain, closed, endpoint, minute, minutes, plan, report};
use crate::economics::HostPlan;
use crate::economics::Stream;
use crate::economics::hosting::Step;
use crate::economics::projection::{AlternativeKind, FORTNIGHT};
use crate::money::Pico;
use crate::verdict::{
    DAY_MINUTES, HostingWindow, Report, RunningPlan, RunningUpstream, Servers, ServersOf, Settings,
    States, TokenRates, Verdict, words,
};

pub(super) const ALWAYS: Step = Step {
    from_minute: i64::MIN,
    day: None,
    replicas: 2,
};

/// Two replicas at so much an hour, and nothing else.
pub(super) fn hosting(
    usd_per_hour: f64,
    steps: &[Step],
    change: impl FnOnce(&mut HostPlan),
) -> Settings {
    let mut plan = plan(certain);
    plan.name = "llama".into();
    plan.price.usd_per_hour = usd_per_hour;
    change(&mut plan);
    let upstreams = vec![RunningUpstream {
        name: "vllm".into(),
        list: "openai".into(),
        model: "gpt-4o".into(),
        since_minute: None,
    }];
    Settings {
        running: vec![RunningPlan {
            plan,
            steps: steps.to_vec(),
            upstreams,
        }],
        ..Settings::default()
    }
}

/// One call a minute, each worth a cent at the API, through the last `days` days.
pub(super) fn busy(settings: Settings, days: i64) -> Verdict {
    busy_since(settings, days, States::default())
}

/// The same, with the states that were stored.
pub(super) fn busy_since(settings: Settings, days: i64, states: States) -> Verdict {
    let verdict = Verdict::new(settings, states);
    let stream = Stream {
        upstream: "vllm".into(),
        model: "llama-3.3-70b".into(),
        capability: "8k".parse().unwrap(),
    };
    for at in minutes(TODAY - days..TODAY) {
        verdict.load_hosted(&stream, at, &minute(1, 10_000));
    }
    verdict.load([], []);
    verdict
}

fn fortnight(report: &Report) -> &HostingWindow {
    report.hosting[0].window(FORTNIGHT.label).unwrap()
}

#[track_caller]
fn is(seen: f64, expected: f64) {
    assert!((seen - expected).abs() < 1e-6, "{seen} is not {expected}");
}

#[test]
fn it_costs_its_hours_and_saves_what_an_api_would_have_taken() {
    let verdict = busy(hosting(1.0, &[ALWAYS], |_| {}), 14);
    let report = report(&verdict);
    let seen = fortnight(&report);
    // 14 days of 24 hours of 2 replicas at a dollar; 20,160 calls at a cent.
    is(seen.cost_usd, 672.0);
    assert_eq!(seen.api_cost, "201.6".parse::<Pico>().unwrap());
    is(seen.saving_usd, -470.4);
    is(seen.leaving.expected.savings_usd, 470.4);
    is(seen.tokens, 20_160.0 * 2_500.0);
    is(seen.usd_per_mtok.unwrap(), 672.0 / 50.4);
    assert!(seen.full_usd_per_mtok.unwrap() < seen.usd_per_mtok.unwrap());
    is(report.hosting[0].usd_per_hour, 2.0);
    // Nobody was paid for them: they are in no total of the API.
    assert_eq!(report.window(FORTNIGHT).unwrap().api_cost, Pico::ZERO);
    let said = words(&report);
    for line in [
        "Hosting that runs, llama: 2 replicas for $2.00 an hour, used or idle.",
        "it costs $1,460 a month; openai/gpt-4o would take $438 for the same tokens: it costs $1,022 a \
         month more.",
        "Keep it: leaving for the API would save $1,022 a month",
    ] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn an_hour_without_calls_costs_the_same() {
    let verdict = Verdict::new(hosting(1.0, &[ALWAYS], |_| {}), States::default());
    verdict.load([], minutes(TODAY - 1..TODAY));
    let report = report(&verdict);
    let day = report.hosting[0].window("1d").unwrap();
    is(day.cost_usd, 48.0);
    is(day.saving_usd, -48.0);
    assert_eq!((day.busy, day.usd_per_mtok), (Some(0.0), None));
}

#[test]
fn replicas_of_a_later_day_leave_the_past_as_it_was() {
    let from = |days_ago: i64, replicas| Step {
        from_minute: (TODAY - days_ago) * DAY_MINUTES,
        day: None,
        replicas,
    };
    let report = report(&busy(hosting(1.0, &[from(10, 1), from(2, 3)], |_| {}), 14));
    // Eight days of one, two of three; before that nothing ran.
    is(fortnight(&report).cost_usd, 24.0 * (8.0 + 6.0));
    is(fortnight(&report).ran.hours, 240.0);
    assert_eq!(report.hosting[0].replicas, 3);
}

/// The state after three closed days.
fn state(settings: Settings) -> (bool, Arc<Report>) {
    let verdict = busy(settings, 17);
    for day in TODAY - 3..TODAY {
        assert!(verdict.tick(closed(day)));
    }
    let report = verdict.report();
    let mut states = report.states.iter();
    let state = states.find(|it| it.kind == AlternativeKind::Api);
    (state.unwrap().cheaper, report)
}

#[test]
fn leaving_is_said_to_be_cheaper_only_if_it_is() {
    assert!(state(hosting(1.0, &[ALWAYS], |_| {})).0);
    // 134 dollars against 202.
    assert!(!state(hosting(0.2, &[ALWAYS], |_| {})).0);
    // 269 against 202: 146 a month are not worth it.
    assert!(!state(hosting(0.4, &[ALWAYS], |_| {})).0);
    assert!(
        state(hosting(0.4, &[ALWAYS], |plan| plan
            .min_saving_usd_per_month =
            100.0))
        .0
    );
    assert!(!state(hosting(1.0, &[ALWAYS], |plan| plan.alert = false)).0);
}

/// The state after three closed days on which servers said so.
fn state_by(servers: Servers) -> (bool, Arc<Report>) {
    let verdict = busy(hosting(1.0, &[ALWAYS], |_| {}), 17);
    verdict.see_servers(vec![ServersOf {
        plan: "llama".into(),
        windows: vec![(FORTNIGHT.label, servers)],
        days: (TODAY - 3..TODAY).map(|day| (day, servers)).collect(),
    }]);
    for day in TODAY - 3..TODAY {
        assert!(verdict.tick(closed(day)));
    }
    let report = verdict.report();
    (report.states.iter().any(|it| it.cheaper), report)
}

#[test]
fn what_servers_say_can_keep_a_state_from_switching_and_is_its_reason() {
    let said = |compared: f64, captured: Option<f64>| Servers {
        compared_ratio: Some(compared),
        capture_ratio: captured,
        ..Servers::default()
    };
    assert!(state_by(said(0.95, Some(0.95))).0);
    assert!(state_by(said(1.0, None)).0);
    for (servers, reason) in [
        (
            said(0.9, None),
            "No verdict on leaving yet: its servers could be compared in 90 % of the time, 95 % are needed.",
        ),
        (
            said(1.0, Some(0.7)),
            "No verdict on leaving yet: 70 % of the tokens that its servers counted were metered, 95 % \
             are needed: the others pass tollgate by.",
        ),
    ] {
        let (cheaper, report) = state_by(servers);
        assert!(!cheaper, "{reason}");
        let said = words(&report);
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn what_servers_say_stands_beside_what_is_computed_and_changes_no_figure() {
    // A call a minute of 2,000 tokens in and 500 out is 33.3 and 8.33 a second.
    let rates = |times: f64| TokenRates {
        input: 2_000.0 / 60.0 * times,
        cached: None,
        output: 500.0 / 60.0 * times,
    };
    let (_, report) = state_by(Servers {
        compared_ratio: Some(1.0),
        capture_ratio: Some(1.0),
        tokens: Some(rates(1.0)),
        replicas: Some(1.5),
        usd_per_hour: Some(2.2),
    });
    let seen = fortnight(&report);
    is(seen.cost_usd, seen.ran.replica_hours);
    let beside = seen.beside.unwrap();
    is(beside.load.ratio().unwrap(), 1.0);
    is(beside.load.modelled.unwrap(), 2.0 * seen.busy.unwrap());
    is(beside.replicas.ratio().unwrap(), 0.75);
    is(beside.usd_per_hour.ratio().unwrap(), 1.1);
    let said = words(&report);
    let line = "1.50 replicas measured against 2.00 computed (0.75 times); $2.20 an hour measured against \
                $2.00 computed (1.10 times). The verdict uses what is computed.";
    assert!(said.contains(line), "{said}");
}

#[test]
fn a_state_is_not_decided_on_days_in_which_nothing_ran() {
    let late = Step {
        from_minute: (TODAY - 10) * DAY_MINUTES,
        ..ALWAYS
    };
    let (cheaper, report) = state(hosting(1.0, &[late], |_| {}));
    assert!(!cheaper);
    assert!(words(&report).contains("No verdict on leaving yet: 10 of 14 days were seen"));
}

#[test]
fn days_before_the_first_call_of_hosting_are_not_held_against_it() {
    let settings = hosting(1.0, &[ALWAYS], |_| {});
    let verdict = busy(settings, 3);
    // tollgate was up long before, for other calls.
    verdict.load([], minutes(TODAY - 20..TODAY));
    for day in TODAY - 3..TODAY {
        assert!(verdict.tick(closed(day)));
    }
    let report = verdict.report();
    assert!(report.states.iter().all(|it| !it.cheaper));
    assert!(words(&report).contains("No verdict on leaving yet: 3 of 14 days were seen"));
}

#[test]
fn what_is_owed_for_the_machines_is_not_saved_until_it_ends() {
    let reserved = |plan: &mut HostPlan| {
        plan.price.owed_usd_per_hour = 1.0;
        plan.price.term_months = Some(12);
    };
    let day = date(1970, 1, 1).saturating_add(jiff::Span::new().days(TODAY - 100));
    let since = Step {
        from_minute: (TODAY - 100) * DAY_MINUTES,
        day: Some(day),
        ..ALWAYS
    };
    let (cheaper, report) = state(hosting(1.0, &[since], reserved));
    assert!(!cheaper);
    is(fortnight(&report).owed[0].usd, fortnight(&report).cost_usd);
    let end = day.saturating_add(jiff::Span::new().months(12));
    let said = words(&report);
    assert!(
        said.contains(&format!("is owed until {end}; leaving saves none of it")),
        "{said}"
    );
    // The term is over: nothing is owed any more.
    let over = Step {
        day: Some(day.saturating_sub(jiff::Span::new().months(12))),
        ..since
    };
    assert!(state(hosting(1.0, &[over], reserved)).0);
}

#[test]
fn an_endpoint_that_is_cheaper_than_the_api_is_what_hosting_must_beat() {
    // 134 dollars a fortnight against 202 at the API, and a fraction of that at the endpoint.
    let mut settings = hosting(0.2, &[ALWAYS], |plan| plan.min_saving_usd_per_month = 1.0);
    settings.endpoints = vec![endpoint(|draft| {
        draft.replaces = vec!["gpt-4o".into()];
    })];
    let (_, report) = state(settings);
    let seen = fortnight(&report);
    assert_eq!(seen.rival.names(), "groq-llama-70b");
    let elsewhere = seen.api_cost.to_f64() - seen.rival.saved_usd();
    is(seen.leaving.expected.savings_usd, seen.cost_usd - elsewhere);
    assert!(seen.leaving.expected.savings_usd > 0.0, "{seen:?}");
}

#[test]
fn counters_begin_at_nothing_and_advance_with_each_closed_minute() {
    let verdict = busy(hosting(60.0, &[ALWAYS], |_| {}), 1);
    let at = |minute: i64| {
        let second = (TODAY * DAY_MINUTES + minute) * 60;
        verdict.tick(Timestamp::from_second(second).unwrap());
        verdict.counted().get("llama").copied().unwrap_or_default()
    };
    is(at(0).cost_usd, 0.0);
    // Two replicas at a dollar a minute.
    is(at(1).cost_usd, 2.0);
    is(at(2).cost_usd, 4.0);
    // A pause in which nobody looked is not observed, and not counted.
    is(at(10).cost_usd, 6.0);
    // A wait in which tollgate was up is: seven minutes at once.
    verdict.load([], (11..17).map(|minute| TODAY * DAY_MINUTES + minute));
    is(at(17).cost_usd, 20.0);
    // Another one takes its place: it counts on, and keeps what it has loaded.
    let again = busy(hosting(60.0, &[ALWAYS], |_| {}), 1).following(&verdict);
    is(again.counted()["llama"].cost_usd, 20.0);
    let midnight = Timestamp::from_second(TODAY * DAY_MINUTES * 60).unwrap();
    assert!(again.tick(midnight));
    is(
        again.report().hosting[0].window("1d").unwrap().tokens,
        1_440.0 * 2_500.0,
    );
}

#[test]
fn minutes_that_were_held_against_another_call_are_no_evidence_for_leaving() {
    let mut settings = hosting(1.0, &[ALWAYS], |_| {});
    settings.running[0].upstreams[0].since_minute = Some((TODAY - 5) * DAY_MINUTES);
    let (cheaper, report) = state(settings);
    assert!(!cheaper);
    assert!(words(&report).contains("No verdict on leaving yet: 5 of 14 days were seen"));
}
