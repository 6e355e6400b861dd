#![expect(
    clippy::float_arithmetic,
    clippy::float_cmp,
    reason = "the figures of a test are made here; equal plans cost the same"
)]
//! Edits over three days of made traffic.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;

use super::*;
use crate::app::made;

/// One replica of two GPUs at 2.69 dollars an hour; the examples' plan with nothing in doubt.
const PLAN: &str = r#"
[plans.llama]
replaces = ["gpt-4o"]
serves = "128k"
model = "llama-3.3-70b"
gpu = "H100-SXM"
gpus = 2
precision = "fp8"
throughput = { source = "published" }
offer = "runpod/secure SXM"
tpot_limit_seconds = 0.05
policy = "hybrid"

[endpoints.rented]
replaces = ["gpt-4o"]
serves = "128k"
model = "llama-3.3-70b"
input_usd_per_mtok = "0.5"
output_usd_per_mtok = "1.0"
price_as_of = 2026-08-01
price_source = "quote"
"#;
/// What people cost a month in the middle.
const PEOPLE: f64 = 8_333.0;
/// What the calls cost a month on the API: 60 a minute at half a cent.
const API: f64 = 0.005 * 60.0 * 60.0 * 730.0;

struct Made {
    made: made::Made,
    now: Timestamp,
}

impl Made {
    fn new() -> Self {
        let now: Timestamp = "2026-09-04T00:00:00Z".parse().unwrap();
        let began = now - SignedDuration::from_hours(72);
        let made = made::Made::new(PLAN, vec![began..now], |_| false);
        Self { made, now }
    }

    fn ask(&self, edits: &[(&str, &str)]) -> Result<Value, String> {
        let owned = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
        let edits: BTreeMap<_, _> = edits.iter().map(owned).collect();
        let edits = Edits::read(edits).map_err(|problem| problem.to_string())?;
        let answer = json(&self.made.config, &self.made.ledger, &edits, self.now);
        answer.map_err(|error| error.to_string())
    }

    /// A way's cost a month with the edits.
    #[track_caller]
    fn cost(&self, name: &str, edits: &[(&str, &str)]) -> f64 {
        cost(&self.ask(edits).unwrap(), name, "edited").unwrap()
    }

    #[track_caller]
    fn costs(&self, name: &str, edits: &[(&str, &str)], expected: f64) {
        let seen = self.cost(name, edits);
        assert!(
            (seen - expected).abs() < 0.01,
            "{name} costs {seen}, not {expected}"
        );
    }

    #[track_caller]
    fn refused(&self, edits: &[(&str, &str)], says: &str) {
        let said = self.ask(edits).unwrap_err();
        assert!(said.contains(says), "{said}");
    }
}

fn cost(answer: &Value, name: &str, side: &str) -> Option<f64> {
    let ways = answer["alternatives"].as_array().unwrap();
    let way = ways.iter().find(|way| way["name"] == name)?;
    way[side]["cost_usd_per_month"].as_f64()
}

#[test]
fn without_an_edit_both_sides_are_the_arms_of_the_verdict() {
    let made = Made::new();
    let answer = made.ask(&[]).unwrap();
    assert_eq!(answer["base"], answer["edited"]);
    let verdict = crate::verdict::Verdict::new(
        settings::verdict(&made.made.config),
        crate::verdict::States::default(),
    );
    demand::kept(&made.made.ledger, made.now, |kept, up| {
        verdict.load(kept, up);
    })
    .unwrap();
    verdict.tick(made.now);
    let verdict = crate::app::breakeven::json(&priced(&verdict.report(), &made.made.config));
    let windows = verdict["windows"].as_array().unwrap();
    let month = windows.iter().find(|window| window["window"] == "30d");
    assert_eq!(month.unwrap(), &answer["base"]);
    assert_eq!(answer["until"], "2026-09-04T00:00:00Z");
    let words = answer["words"].as_str().unwrap();
    assert!(
        words.contains("259200 calls for $13,140 a month"),
        "{words}"
    );
    assert!(
        words.contains("Staying: $13,140 a month, as it is."),
        "{words}"
    );
}

#[test]
fn each_edit_moves_the_cost_by_what_it_is_worth() {
    let made = Made::new();
    let machines = 5.38 * 730.0;
    made.costs("llama", &[], machines + PEOPLE);
    made.costs("llama", &[("people", "0")], machines);
    made.costs("llama", &[("people", "2000,1000,500")], machines + 1_000.0);
    let cheaper = [("people", "0"), ("gpu_usd_per_hour", "2.1")];
    made.costs("llama", &cheaper, 4.2 * 730.0);
    made.costs(
        "llama",
        &[("people", "0"), ("replicas", "3")],
        3.0 * machines,
    );
    let half = [("people", "0"), ("qualifying_share", "0.5")];
    made.costs("llama", &half, machines + API / 2.0);
    let repeated = [("people", "0"), ("escalation", "0.1")];
    made.costs("llama", &repeated, machines + API / 10.0);
    let spread = [("people", "0"), ("one_off_usd", "12000")];
    made.costs("llama", &spread, machines + 1_000.0);
    made.costs("stay", &[("volume", "2.5")], 2.5 * API);
    made.costs("stay", &[("api_price_percent", "-20")], 0.8 * API);
    let both = [("volume", "0.5"), ("api_price_percent", "30")];
    made.costs("stay", &both, 0.65 * API);
    // 60 calls a minute are 2,628,000 a month: 5,256 million tokens in and 1,314 million out.
    made.costs("rented", &[], 5_256.0 * 0.5 + 1_314.0);
    made.costs(
        "rented",
        &[("token_ratio_out", "1.5")],
        5_256.0 * 0.5 + 1_314.0 * 1.5,
    );
    // What the file has is beside it, unchanged.
    let answer = made.ask(&[("volume", "2"), ("people", "0")]).unwrap();
    assert!((cost(&answer, "llama", "base").unwrap() - machines - PEOPLE).abs() < 0.01);
    assert_eq!(answer["edits"]["volume"], "2");
}

#[test]
fn ten_times_the_volume_needs_the_replicas_of_ten_times_the_load() {
    let made = Made::new();
    let answer = made
        .ask(&[("volume", "10"), ("people", "0"), ("policy", "peak")])
        .unwrap();
    // A load of 2.496, published throughput taken 1.2 times, at 0.7: five replicas.
    let plan = &answer["edited"]["plans"][0];
    assert_eq!(plan["hosted"]["replicas"]["peak"], 5.0);
    let cost = cost(&answer, "llama", "edited").unwrap();
    assert!((cost - 5.0 * 5.38 * 730.0).abs() < 0.01);
    assert_eq!(plan["evidence"]["calls"], 2_592_000.0);
}

#[test]
fn a_model_nobody_uses_yet_is_priced_by_the_book() {
    let made = Made::new();
    let answer = made.ask(&[("api_model", "gpt-4o-mini")]).unwrap();
    let price = &answer["api_model"];
    assert_eq!(price["name"], "openai/gpt-4o-mini");
    let rate = |key: &str| price[key].as_f64().unwrap();
    let by_hand = 5_256.0 * rate("input_usd_per_mtok") + 1_314.0 * rate("output_usd_per_mtok");
    let seen = cost(&answer, "openai/gpt-4o-mini", "edited").unwrap();
    assert!((seen - by_hand).abs() < 0.01, "{seen} is not {by_hand}");
    assert_eq!(cost(&answer, "openai/gpt-4o-mini", "base"), None);
    made.refused(
        &[("api_model", "gpt-4o-minni")],
        "did you mean openai/gpt-4o-mini",
    );
}

#[test]
fn a_plan_of_catalogue_rows_costs_what_the_same_plan_of_a_file_costs() {
    let made = Made::new();
    let rows = [
        ("host_model", "llama-3.3-70b"),
        ("gpu", "H100-SXM"),
        ("gpus", "2"),
        ("precision", "fp8"),
        ("serves", "128k"),
        ("tpot_limit_seconds", "0.05"),
        ("offer", "runpod/secure SXM"),
    ];
    let answer = made.ask(&rows).unwrap();
    let of = |name, side| cost(&answer, name, side).unwrap();
    assert_eq!(of("asked: llama-3.3-70b", "edited"), of("llama", "base"));
    // The plans of the file are not what is asked about.
    assert_eq!(of("llama", "edited"), of("llama", "base"));
    made.refused(&rows[..6], "gpu_usd_per_hour of plan asked: llama-3.3-70b");
    let unknown = [&rows[..], &[("gpu", "H100-SMX")]].concat();
    made.refused(&unknown, "H100-SXM");
}

#[test]
fn a_tighter_limit_needs_more_replicas_up_to_the_one_no_machine_holds() {
    let made = Made::new();
    let limit = |seconds| {
        let edits = [
            ("tpot_limit_seconds", seconds),
            ("volume", "10"),
            ("policy", "peak"),
        ];
        made.cost("llama", &edits)
    };
    assert!(limit("0.02") > limit("0.05"));
    made.refused(&[("tpot_limit_seconds", "0.001")], "takes 0.0150 s");
}

#[test]
fn more_volume_dearer_machines_and_more_people_never_cost_less() {
    let made = Made::new();
    for (key, rising) in [
        ("volume", ["0.1", "1", "3"]),
        ("people", ["0", "100", "20000"]),
        ("gpu_usd_per_hour", ["0.5", "2", "9"]),
        ("work_multiplier", ["0.5", "1", "4"]),
        ("token_ratio_out", ["0.5", "1", "4"]),
        ("escalation", ["0", "0.5", "1"]),
        ("api_price_percent", ["-50", "0", "80"]),
    ] {
        let costs = rising.map(|value| made.cost("llama", &[(key, value)]));
        assert!(costs.is_sorted(), "{key}: {costs:?}");
    }
}

#[test]
fn an_edit_is_for_the_plans_it_names() {
    let made = Made::new();
    made.costs("llama", &[("people", "0"), ("plan", "llama")], 5.38 * 730.0);
    made.refused(&[("plan", "lama"), ("people", "0")], "did you mean llama?");
}

#[test]
fn what_cannot_be_is_refused_with_its_key() {
    let made = Made::new();
    for (key, value, says) in [
        ("volume", "0", "volume: 0 is not between"),
        ("volume", "-1", "volume: -1 is not between"),
        ("volume", "inf", "no number that can be"),
        ("volume", "1e300", "is not between"),
        (
            "api_price_percent",
            "-100",
            "api_price_percent: -100 is not between",
        ),
        ("api_price_percent", "NaN", "no number that can be"),
        ("people", "-1", "ops_usd_per_month: -1 is not between"),
        ("people", "1,2", "write one value, or three"),
        ("people", "1,2,3", "pessimistic, expected, optimistic"),
        ("utilisation", "2", "utilisation: 2 is not between"),
        ("replicas", "-3", "replicas: \"-3\" is not such a number"),
        ("replicas", "99999999999", "is not such a number"),
        ("policy", "magic", "policy of plan llama"),
        ("policy", "fixed", "replicas of plan llama"),
        ("gpu_usd_per_hour", "0", "0 is not above 0"),
        ("offer", "nobody/nothing", "is no offer"),
        ("gpu", "", "gpu of plan llama"),
        ("precision", "fp999", "precision of plan llama"),
        ("throughput", "naive", "throughput.source of plan llama"),
        ("serves", "everything", "serves of plan llama"),
        ("host_model", "no-such-model", "asked: no-such-model"),
    ] {
        made.refused(&[(key, value)], says);
    }
    made.refused(&[("people", "0"), ("ops_usd_per_month", "0")], "keep one");
}
