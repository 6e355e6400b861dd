//! Weeks of real traffic through the binary, a price cut among them: states switch on the days on which
//! the pure rule does, and every figure is that of the pure functions and of `backtest`.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use crate::clock::{BEGIN, Clock, DAY};
use crate::figures;
use crate::lanes::Lanes;
use crate::looks::look;
use crate::pencil::Pencil;
use crate::provider::{Call, Provider};
use crate::record;
use crate::season;
use crate::support::tollgate::{Home, Tollgate};

/// Days that are replayed.
const DAYS: i64 = 37;
/// At its beginning all figures are compared: two windows, and no price has changed yet.
const COMPARED: i64 = 28;
/// Minutes after which a day has closed.
const CLOSES: i64 = 15;
/// A look decides at most seven days that have closed since the last one.
const LOOK_DAYS: i64 = 5;

/// Two ways of hosting and a harder rival.
pub(crate) const PLANS: &str = "
[plans.chosen]
replaces = [\"replayed-1\"]
serves = \"8k\"
model = \"llama-3.3-70b\"
gpu = \"H100-SXM\"
gpus = 2
precision = \"fp8\"
gpu_usd_per_hour = 2.50
price_as_of = 2026-02-01
price_source = \"made\"
policy = \"hybrid\"
tpot_limit_seconds = 0.05
qualifying_share = 1.0
utilisation = 0.7
ops_usd_per_month = [2000, 1667, 1667]
alert = true
throughput = { source = \"measured\", a = 2e-2, b = 2e-2, c = 1e-6, as_of = 2026-02-01, cite = \"made\" }
basis = { basis = \"made\", by = \"test\", date = 2026-02-01 }

[plans.constant]
replaces = [\"replayed-1\"]
serves = \"8k\"
model = \"llama-3.3-70b\"
gpu = \"H100-SXM\"
gpus = 2
precision = \"fp8\"
gpu_usd_per_hour = 2.50
price_as_of = 2026-02-01
price_source = \"made\"
policy = \"fixed\"
replicas = 1
qualifying_share = 1.0
ops_usd_per_month = [3000, 2500, 2000]
tpot_limit_seconds = 0.05
alert = true
throughput = { source = \"measured\", a = 2e-2, b = 2e-2, c = 1e-6, as_of = 2026-02-01, cite = \"made\" }
basis = { basis = \"made\", by = \"test\", date = 2026-02-01 }

[endpoints.sold]
replaces = [\"replayed-1\"]
serves = \"8k\"
model = \"llama-3.3-70b-versatile\"
input_usd_per_mtok = 140
output_usd_per_mtok = 580
price_as_of = 2026-02-01
price_source = \"made\"
alert = true
";

/// The state of every plan, by name.
type States = BTreeMap<String, bool>;

fn states(verdict: &Value) -> States {
    let states = verdict["states"].as_array().unwrap().iter();
    let hosting = states.filter(|state| state["kind"] == "selfhost");
    let state = |state: &Value| {
        let name = state["name"].as_str().unwrap().to_owned();
        (name, state["cheaper"].as_bool().unwrap())
    };
    hosting.map(state).collect()
}

/// What every plan's state must be once a day has closed.
fn expected(switches: &BTreeMap<String, Vec<(i64, bool)>>, last: i64) -> States {
    let state = |(name, switches): (&String, &Vec<(i64, bool)>)| {
        let past = switches.iter().rfind(|(day, _)| *day <= last);
        (name.clone(), past.is_some_and(|(_, cheaper)| *cheaper))
    };
    switches.iter().map(state).collect()
}

/// The days after which it is looked: those of a switch, those before, and enough others.
fn looked_at(switches: &BTreeMap<String, Vec<(i64, bool)>>) -> Vec<i64> {
    let switching = |day: i64| {
        let mut all = switches.values().flatten();
        all.any(|(at, _)| *at == day || *at == day + 1)
    };
    let wanted = |day: &i64| *day % LOOK_DAYS == LOOK_DAYS - 1 || switching(*day);
    (0..DAYS - 1).filter(wanted).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_switch_and_figures_are_as_the_pure_functions_and_a_backtest_say() {
    let provider = Provider::start().await;
    let home = Home::new(&format!("{}{PLANS}", provider.configured()));
    let calls = season::calls(DAYS);
    let pencil = Pencil::new(&home, &calls, DAYS);
    let of = |plan: &tollgate::economics::HostPlan| (plan.name.clone(), pencil.switches(plan));
    let switches: BTreeMap<_, _> = pencil.plans().iter().map(of).collect();
    println!("{} calls; the pure rule: {switches:?}", calls.len());
    assert!(
        matches!(switches["chosen"][..], [(_, true), (_, false)]),
        "{switches:?}"
    );
    let clock = Clock::at(BEGIN);
    let tollgate = clock.serve(&home).await;
    let mut lanes = Lanes::new(&clock, &provider, &tollgate);
    let days = looked_at(&switches);
    let began = Instant::now();
    let mut last_minute = BEGIN;
    for call in &calls {
        let minute = call.at_ms / 60_000;
        if minute > last_minute {
            last_minute = minute;
            let past = minute - BEGIN;
            if past == COMPARED * DAY {
                compare(&mut lanes, &home, &tollgate, (&pencil, call)).await;
                continue;
            }
            let day = past / DAY - 1;
            if past % DAY == CLOSES {
                // The next tick decides the day, and a busy machine records calls later than that.
                lanes.settle().await;
                if days.contains(&day) {
                    let verdict = look(&mut lanes, &tollgate, call).await;
                    println!("{:?}: day {day}: {:?}", began.elapsed(), states(&verdict));
                    assert_eq!(states(&verdict), expected(&switches, day), "day {day}");
                    continue;
                }
            }
        }
        lanes.send(call).await;
    }
    println!("{:?}", began.elapsed());
    let names = statements(&switches);
    record::compare(&tollgate, &pencil, names.len()).await;
    assert_eq!(frozen(&home), names);
    record::verify(&home, &tollgate, &names);
    assert!(tollgate.terminate().success());
    record::outlived(&home, &names);
    println!("{:?}", began.elapsed());
}

/// The statements in the data directory, by their names.
fn frozen(home: &Home) -> Vec<String> {
    let files = std::fs::read_dir(home.data_dir().join("verdicts")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// One for each switch that was looked at.
fn statements(switches: &BTreeMap<String, Vec<(i64, bool)>>) -> Vec<String> {
    let of = |(name, switches): (&String, &Vec<(i64, bool)>)| {
        let seen = switches.iter().filter(|(day, _)| *day < DAYS - 1);
        let named = |(day, cheaper): &(i64, bool)| {
            let at = jiff::Timestamp::from_second((BEGIN + day * DAY) * 60).unwrap();
            let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
            let to = if *cheaper { "on" } else { "off" };
            format!("{date}-selfhost-{name}-{to}.json")
        };
        seen.map(named).collect::<Vec<_>>()
    };
    let mut names: Vec<String> = switches.iter().flat_map(of).collect();
    names.sort();
    names
}

/// Everything that is said on one midnight.
async fn compare(
    lanes: &mut Lanes<'_>,
    home: &Home,
    tollgate: &Tollgate,
    (pencil, call): (&Pencil, &Call),
) {
    let verdict = look(lanes, tollgate, call).await;
    let metrics = tollgate.ask_admin("/metrics").await.unwrap().text();
    figures::compare(pencil, COMPARED, &verdict, &metrics);
    crate::ledger::compare(home, tollgate, &verdict);
}
