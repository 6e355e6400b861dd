//! Months over days of made traffic.

use std::path::Path;

use crate::app::made;
use crate::economics::edits::Scale;
use crate::economics::projection::MONTH as THIRTY_DAYS;
use crate::verdict::WhatIf;

use super::*;

const PLANS: &str = r#"
[plans.llama]
replaces = ["gpt-4o"]
serves = "128k"
model = "llama-3.3-70b"
gpu = "H100-SXM"
gpus = 2
precision = "fp8"
throughput = { source = "published" }
gpu_usd_per_hour = 2.69
price_as_of = 2026-05-22
price_source = "quote"
tpot_limit_seconds = 0.05
policy = "hybrid"

[plans.llama-peak]
replaces = ["gpt-4o"]
serves = "128k"
model = "llama-3.3-70b"
gpu = "H100-SXM"
gpus = 2
precision = "fp8"
throughput = { source = "published" }
gpu_usd_per_hour = 2.69
price_as_of = 2026-05-22
price_source = "quote"
tpot_limit_seconds = 0.05
policy = "peak"

[endpoints.rented]
replaces = ["gpt-4o"]
serves = "128k"
model = "llama-3.3-70b"
input_usd_per_mtok = "0.5"
output_usd_per_mtok = "1.0"
price_as_of = 2026-08-01
price_source = "quote"
"#;

struct Made {
    made: made::Made,
    now: Timestamp,
}

impl Made {
    /// Days of calls of which every other one was imported.
    fn new(days: &[&str], now: &str) -> Self {
        let day = |day: &&str| {
            let start = format!("{day}T00:00:00Z").parse::<Timestamp>().unwrap();
            start..start + jiff::SignedDuration::from_hours(24)
        };
        let made = made::Made::new(PLANS, days.iter().map(day).collect(), |call| call % 2 == 0);
        Self {
            made,
            now: now.parse().unwrap(),
        }
    }

    fn ask(&self, query: &str, plans: &str) -> Value {
        let asked = PastQuery::read(Some(query)).unwrap();
        let config = self.made.config_of(plans);
        json(&config, &self.made.ledger, &asked, self.now).unwrap()
    }
}

fn months(answer: &Value) -> Vec<&str> {
    let months = answer["months"].as_array().unwrap().iter();
    months
        .map(|month| month["month"].as_str().unwrap())
        .collect()
}

fn costs(answer: &Value, way: &str) -> Vec<f64> {
    let months = answer["months"].as_array().unwrap().iter();
    let cost = |month: &Value| {
        let ways = month["alternatives"].as_array().unwrap();
        ways.iter().find(|it| it["name"] == way).unwrap()["cost_usd"]
            .as_f64()
            .unwrap()
    };
    months.map(cost).collect()
}

#[test]
fn a_month_whose_minutes_are_alike_is_the_live_projection_of_its_calls() {
    let made = Made::new(&["2026-09-01", "2026-09-02"], "2026-09-03T00:00:00Z");
    let answer = made.ask("", PLANS);
    let mut live = WhatIf::new(settings::verdict(&made.made.config), Scale::default());
    super::super::demand::kept(&made.made.ledger, made.now, |kept, up| live.load(kept, up))
        .unwrap();
    let live = live.report(THIRTY_DAYS, made.now);
    let live = &live.windows[0];
    let month = &answer["months"][0];
    assert_eq!(month["api_cost_usd"], serde_json::json!(live.api_cost));
    assert_eq!(month["calls"], 2 * 86_400);
    let ways = month["alternatives"].as_array().unwrap();
    assert_eq!(ways.len(), live.alternatives.len());
    for (past, live) in ways.iter().zip(&live.alternatives) {
        assert_eq!(past["name"], live.name.as_str());
        let (past, live) = (past["cost_usd"].as_f64().unwrap(), live.cost_usd);
        assert!((past - live).abs() < 1e-6 * live, "{past} is not {live}");
    }
    for (past, live) in month["plans"].as_array().unwrap().iter().zip(&live.plans) {
        let (past, live) = (&past["hosted"], live.hosted.as_ref().unwrap());
        assert_eq!(past["replicas_for_peak_at_most"], live.replicas.peak);
        assert_eq!(past["chosen_on"], "hindsight");
        let worst = past["cost_usd"]["pessimistic"].as_f64().unwrap();
        let expected = live.band.pessimistic.cost_usd;
        assert!(
            (worst - expected).abs() < 1e-6 * expected,
            "{worst} is not {expected}"
        );
    }
}

#[test]
fn months_without_a_call_are_absent_and_replicas_are_chosen_on_the_month_before() {
    let days = ["2026-06-30", "2026-08-31", "2026-09-01"];
    let made = Made::new(&days, "2026-09-02T00:00:00Z");
    let answer = made.ask("", PLANS);
    assert_eq!(months(&answer), ["2026-06", "2026-08", "2026-09"]);
    let chosen = |at: usize| answer["months"][at]["plans"][0]["hosted"]["chosen_on"].clone();
    assert_eq!(chosen(0), "hindsight");
    assert_eq!(chosen(1), "hindsight");
    assert_eq!(chosen(2), "previous_month");
    let month = |at: usize| &answer["months"][at];
    assert_eq!(
        (&month(1)["running"], &month(2)["running"]),
        (&false.into(), &true.into())
    );
    assert_eq!(month(0)["imported_share"], 0.5);
    assert!((month(0)["coverage"].as_f64().unwrap() * 30.0 - 1.0).abs() < 1e-9);
    // A part of them is the same part; what replicas are chosen on is read before it.
    let part = made.ask("since=2026-08&until=2026-09", PLANS);
    assert_eq!(months(&part), ["2026-08"]);
    assert_eq!(part["months"][0], *month(1));
    assert_eq!(made.ask("since=2026-09", PLANS)["months"][0], *month(2));
    assert_eq!(months(&made.ask("until=2026-06", PLANS)), [""; 0]);
}

#[test]
fn a_plan_with_another_price_changes_every_month_and_nothing_else() {
    let days = ["2026-08-31", "2026-09-01"];
    let made = Made::new(&days, "2026-09-02T00:00:00Z");
    let dearer = PLANS.replacen("gpu_usd_per_hour = 2.69", "gpu_usd_per_hour = 3.69", 1);
    let (was, now) = (made.ask("", PLANS), made.ask("", &dearer));
    let changed = costs(&was, "llama").into_iter().zip(costs(&now, "llama"));
    // One replica of two GPUs, a day of each month.
    let more_usd: Vec<f64> = changed.map(|(was, now)| now - was).collect();
    assert!(
        more_usd.iter().all(|more| (more - 48.0).abs() < 1e-6),
        "{more_usd:?}"
    );
    for other in ["stay", "rented", "llama-peak"] {
        assert_eq!(costs(&was, other), costs(&now, other), "{other}");
    }
    let one = made.ask("plan=llama", PLANS);
    assert_eq!(costs(&one, "llama"), costs(&was, "llama"));
    assert_eq!(one["plans"].as_array().unwrap().len(), 1);
}

/// `UPDATE_GOLDEN=1 cargo test --lib past` writes it anew.
#[test]
fn the_answer_has_every_month_with_every_way() {
    let days = ["2026-08-31", "2026-09-01"];
    let made = Made::new(&days, "2026-09-02T00:00:00Z");
    let answer = format!("{:#}\n", made.ask("", PLANS));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/verdict-past.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &answer).unwrap();
    }
    assert_eq!(answer, std::fs::read_to_string(golden).unwrap());
}
