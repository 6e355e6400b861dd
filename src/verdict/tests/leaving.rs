//! A switch of hosting that runs is frozen, checked and held to what came, as every other one is.

use std::sync::Arc;

use super::hosting::{ALWAYS, busy, busy_since, hosting};
use super::made::{TODAY, closed, minute, minutes};
use crate::economics::Stream;
use crate::economics::projection::AlternativeKind;
use crate::verdict::report::day_of;
use crate::verdict::statement::{
    Beside, Counted, Gathered, Gathering, Holds, ServersDay, Side, Statement, compared, days_of,
    kind_of, opened, sealed,
};
use crate::verdict::{News, Servers, ServersOf, Settings, Switch, Verdict};

/// Two replicas for 2 dollars an hour, against calls of 0.60.
fn dear() -> Settings {
    hosting(1.0, &[ALWAYS], |_| {})
}

/// The one switch of three days.
fn switch() -> Switch {
    let verdict = busy(dear(), 17);
    for day in TODAY - 3..TODAY {
        assert!(verdict.tick(closed(day)));
    }
    switched(&verdict)
}

/// The one switch that is told.
fn switched(verdict: &Verdict) -> Switch {
    let news = verdict.take_news().into_iter();
    let mut switches = news.filter_map(|news| match news {
        News::Switched(switch) => Some(switch),
        News::Changed { .. } | News::Dropped { .. } => None,
    });
    switches.next().unwrap()
}

fn stream(upstream: &str) -> Stream {
    Stream {
        upstream: upstream.into(),
        model: "llama-3.3-70b".into(),
        capability: "8k".parse().unwrap(),
    }
}

/// The demand of the days up to one, at so much a call.
fn gathered(switch: &Switch, last: i64, micro_usd: i128) -> Gathered {
    let days = days_of(switch.counted.first().map(|day| day.day), last);
    let kind = kind_of("api").unwrap();
    let settings = Arc::new(dear());
    let mut gathering = Gathering::new(&settings, (kind, "llama"), days).unwrap();
    assert!(gathering.is_own());
    assert!(!gathering.wants(&stream("openai")));
    for at in minutes(TODAY - 17..TODAY) {
        gathering.add(&stream("vllm"), at, &minute(1, micro_usd));
        gathering.add(&stream("openai"), at, &minute(1, 5_000));
    }
    // A day after the decision on which nothing was served.
    minutes(TODAY..TODAY + 1).for_each(|at| gathering.up(at));
    gathering.finish()
}

fn nothing_beside() -> Beside {
    Beside {
        api_prices: Vec::new(),
        prices_sha256: String::new(),
        catalogue_sha256: String::new(),
        priced_again: 0,
    }
}

/// The statement, and the figures that differ where a call would have cost so much.
fn frozen(micro_usd: i128) -> (Statement, Vec<String>) {
    let switch = switch();
    let beside = nothing_beside();
    let gathered = |micro_usd| gathered(&switch, switch.day, micro_usd);
    let statement = gathered(10_000).statement(&switch, beside).unwrap();
    let (text, _) = sealed(&statement).unwrap();
    let (statement, _) = opened(&text).unwrap();
    let again = gathered(micro_usd).recomputed(&statement).unwrap();
    let all = compared(&statement, &again).into_iter();
    let differ = all
        .filter(|it| it.holds != Holds::Equal)
        .map(|it| it.name)
        .collect();
    (statement, differ)
}

#[test]
fn leaving_is_frozen_and_follows_from_what_the_calls_would_have_cost() {
    let (statement, differ) = frozen(10_000);
    assert_eq!(differ, Vec::<String>::new());
    assert_eq!((statement.kind.as_str(), statement.to), ("api", Side::On));
    assert_eq!(statement.counted.len(), 3);
    assert_eq!(statement.demand.calls, 17 * 1_440);
    let said = statement.words();
    for part in [
        ": going back to the API from llama is cheaper.",
        "hosting cost $1,460 a month, used or idle; leaving would have cost $438. The API would have \
         taken $438 for the same tokens.",
        "That is $1,022 a month less",
        "Nothing else takes its calls for less than the API.",
        "70 % of what hosting costs saved by leaving",
        "- price of a machine's hour: ",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn another_imagined_price_is_another_statement() {
    let (_, differ) = frozen(10_001);
    for name in [
        "demand.sha256",
        "figures.would_cost_usd",
        "figures.savings_usd.expected",
    ] {
        assert!(differ.iter().any(|it| it == name), "{differ:?}");
    }
    let (_, differ) = frozen(100_000);
    assert!(differ.iter().any(|it| it == "decision"), "{differ:?}");
}

#[test]
fn what_servers_said_is_frozen_and_must_let_the_days_count() {
    let switch = switch();
    let said = |captured: f64| {
        let day = |counted: &Counted| ServersDay {
            day: counted.day,
            compared_ratio: Some(1.0),
            capture_ratio: Some(captured),
        };
        let switch = Switch {
            servers: switch.counted.iter().map(day).collect(),
            ..switch.clone()
        };
        let gathered = gathered(&switch, switch.day, 10_000);
        let statement = gathered.statement(&switch, nothing_beside()).unwrap();
        let (text, _) = sealed(&statement).unwrap();
        let (statement, _) = opened(&text).unwrap();
        let again = gathered.recomputed(&statement).unwrap();
        (statement, again.decision == Holds::Equal)
    };
    let (statement, switches) = said(0.96);
    assert!(switches);
    assert_eq!(statement.servers.len(), 3);
    let words = statement.words();
    let line = "Its servers were compared with what was metered in 100 % of the time: 96 % of the tokens \
                that they counted were metered.";
    assert!(words.contains(line), "{words}");
    assert!(!said(0.9).1);
}

#[test]
fn what_servers_said_of_a_day_is_what_they_said_when_it_was_decided() {
    let said = |compared| Servers {
        compared_ratio: Some(compared),
        ..Servers::default()
    };
    let asked = |verdict: &Verdict| {
        verdict.see_servers(vec![ServersOf {
            plan: "llama".into(),
            windows: Vec::new(),
            days: [(TODAY - 3, said(0.0)), (TODAY - 2, said(1.0))].into(),
        }]);
    };
    let verdict = busy(dear(), 17);
    verdict.tick(closed(TODAY - 3));
    asked(&verdict);
    verdict.tick(closed(TODAY - 2));
    // They are asked no longer; a stop forgets nothing of it.
    let stored = serde_json::to_string(&verdict.stored()).unwrap();
    let verdict = busy_since(dear(), 17, serde_json::from_str(&stored).unwrap());
    verdict.tick(closed(TODAY - 1));
    let switch = switched(&verdict);
    assert_eq!(switch.counted.len(), 3);
    let gathered = gathered(&switch, switch.day, 10_000);
    let statement = gathered.statement(&switch, nothing_beside()).unwrap();
    let asked: Vec<_> = statement.servers.iter().map(|said| said.day).collect();
    assert_eq!(asked, [day_of(TODAY - 2)]);
    assert_eq!(
        gathered.recomputed(&statement).unwrap().decision,
        Holds::Equal
    );
}

#[test]
fn what_came_of_leaving_is_scored_on_days_with_calls_only() {
    let gathered = gathered(&switch(), TODAY, 10_000);
    let scored = gathered.scored(day_of(TODAY - 1)).unwrap();
    // 48 dollars of machines, 14.40 at the API.
    assert!((scored.api_usd - 48.0).abs() < 1e-6, "{scored:?}");
    assert!((scored.cost_usd - 14.4).abs() < 1e-6, "{scored:?}");
    assert_eq!(gathered.scored(day_of(TODAY)), None);
}

#[test]
fn hosting_that_does_not_run_has_no_statement() {
    let settings = Arc::new(dear());
    let of = (AlternativeKind::Api, "other");
    assert!(Gathering::new(&settings, of, days_of(None, TODAY)).is_none());
}
