//! What servers said, from what is kept of it to the state of leaving them.

use super::*;
use crate::app::settings as made;
use crate::config::Overrides;
use crate::economics::demand::CallDemand;
use crate::economics::{DemandMinute, Stream};
use crate::money::Pico;
use crate::usage::TokenUsage;
use crate::verdict::{States, Verdict};

/// The day that runs, in days since 1970.
const TODAY: i64 = 20_780;
/// Minutes in a day.
const DAY_MINUTES: i64 = 1_440;
/// Tokens that the servers of a plan count in an hour.
const COUNTED: u64 = 100_000;

/// The moment at which a day has closed.
fn closed(day: i64) -> Timestamp {
    Timestamp::from_second((day + 1) * DAY_SECONDS + 900).unwrap()
}

/// Two upstreams on one plan, `batch` and `chat`, which names so many servers for both.
fn config(servers: u64) -> Config {
    let pages = (0..servers).map(|n| format!("\"http://10.0.0.{n}:8000\""));
    let pages = pages.collect::<Vec<_>>().join(", ");
    let own = "format = \"openai\"\nbase_url = \"http://a\"\nrole = \"own\"\nplan = \"ours\"\n\
               would_cost_as = \"openai/gpt-4o-mini\"\n";
    let text = format!(
        "[upstreams.batch]\n{own}[upstreams.chat]\n{own}measured_by = {{ vllm = [{pages}] }}\n\
         [plans.ours]\nreplaces = [\"nothing\"]\nmodel = \"llama-3.3-70b\"\ngpu = \"H100-SXM\"\ngpus = 2\n\
         precision = \"fp8\"\ngpu_usd_per_hour = 3\nserves = \"32k\"\nthroughput = {{ source = \"published\" }}\n\
         price_as_of = 2026-11-01\nprice_source = \"bill\"\npolicy = \"fixed\"\nreplicas = 2\nalert = true\n"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tollgate.toml");
    std::fs::write(&file, text).unwrap();
    crate::config::load(Some(&file), &Overrides::default()).unwrap()
}

/// The settings of a configuration's servers.
fn asked(config: &Config) -> Vec<Settings> {
    let upstreams = config.upstreams.iter();
    let own = upstreams.filter_map(|it| Some((it, it.measured_by.as_ref()?)));
    let own = own.map(|(it, by)| settings(it, together(it, &config.upstreams), by));
    own.collect::<Result<_, _>>().unwrap()
}

/// What was measured through the last 31 days: in each hour so many tokens were metered, and so many
/// servers answered on a day.
fn measured(config: &Config, metered: u64, up: impl Fn(i64) -> u64) -> Measured {
    let kept = |name: &str| {
        let slot: i64 = name.strip_prefix("measured/chat/")?.parse().ok()?;
        let mut days = TODAY - DAYS_KEPT + 1..=TODAY;
        let day = days.find(|day| day.rem_euclid(DAYS_KEPT) == slot)?;
        let up = up(day) * 60;
        let hour = json!({
            "seen_ms": 3_600_000, "server_input": COUNTED, "metered_input": metered,
            "rounds_all": 60, "up": up, "servers": up, "rounds": 60,
        });
        let hours = (day * 24..day * 24 + 24).map(|at| (at.to_string(), hour.clone()));
        let hours: serde_json::Map<String, Value> = hours.collect();
        Some(json!({ "hours": hours }).to_string())
    };
    let measured = Measured::default();
    measured.take(Measured::prepare(&asked(config), kept).unwrap());
    measured
}

/// A verdict on a small call a minute by `chat`, through the days of three fortnights.
fn verdict(config: &Config) -> Verdict {
    let usage = TokenUsage {
        input: Some(2_000),
        output: Some(500),
        ..TokenUsage::default()
    };
    let stream = Stream {
        upstream: "chat".into(),
        model: "llama-3.3-70b".into(),
        capability: "8k".parse().unwrap(),
    };
    let verdict = Verdict::new(made::verdict(config), States::default());
    for minute in (TODAY - 17) * DAY_MINUTES..TODAY * DAY_MINUTES {
        let mut demand = DemandMinute::default();
        demand.add(&CallDemand {
            started_ms: 0,
            duration_ms: 5_000,
            usage: &usage,
            side: &[],
            cost_usd: Some(Pico(10_000_000_000)),
            imported: false,
        });
        verdict.load_hosted(&stream, minute, &demand);
    }
    verdict.load([], []);
    verdict
}

/// Whether leaving is held to be cheaper after three days, by what the servers said when each had closed.
fn is_left(config: &Config, measured: &Measured) -> bool {
    let verdict = verdict(config);
    for day in TODAY - 3..TODAY {
        let plans = &verdict.settings().running;
        verdict.see_servers(servers(measured, plans, closed(day)));
        assert!(verdict.tick(closed(day)));
    }
    verdict.report().states.iter().any(|it| it.cheaper)
}

#[test]
fn leaving_waits_for_the_fortnights_of_closed_days_that_were_kept() {
    let config = config(2);
    let agree = measured(&config, COUNTED, |_| 2);
    assert!(is_left(&config, &agree));
    let pass_by = measured(&config, COUNTED / 2, |_| 2);
    assert!(!is_left(&config, &pass_by));
    let is_missing = measured(&config, COUNTED * 2, |_| 2);
    assert!(!is_left(&config, &is_missing));
}

#[test]
fn the_servers_of_a_plan_are_compared_with_the_calls_of_all_its_upstreams() {
    let config = config(2);
    let measured = measured(&config, COUNTED, |_| 2);
    let [seen] = measured.seen(closed(TODAY - 1)).try_into().unwrap();
    assert_eq!(
        (seen.upstream.as_str(), seen.upstreams),
        ("chat", vec!["batch".to_owned(), "chat".to_owned()])
    );
    let plans = made::verdict(&config).running;
    let [said] = servers(&measured, &plans, closed(TODAY - 1))
        .try_into()
        .unwrap();
    assert_eq!(said.plan, "ours");
    let said = said.days[&(TODAY - 1)];
    assert_eq!((said.capture_ratio, said.replicas), (Some(1.0), Some(2.0)));
}

#[test]
fn servers_that_were_added_did_not_answer_before() {
    let config = config(8);
    let grown = measured(&config, COUNTED, |day| if day < TODAY - 7 { 2 } else { 8 });
    let plans = made::verdict(&config).running;
    let [said] = servers(&grown, &plans, closed(TODAY - 1))
        .try_into()
        .unwrap();
    assert_eq!(said.days[&(TODAY - 1)].replicas, Some(5.0));
}
