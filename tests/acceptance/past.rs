//! `tollgate verdict past`: months that are over, by the plans as they are now, through the real binary.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde_json::Value;

use super::support::rows::pico;
use super::support::tollgate::Home;
use super::support::totals::Totals;

/// A host that takes the calls of the bill.
const PLAN: &str = "[plans.small]
replaces = [\"gpt-4o-mini\"]
serves = \"32k+schema\"
model = \"llama-3.1-8b\"
gpu = \"H100-SXM\"
gpus = 1
precision = \"fp8\"
throughput = { source = \"published\" }
gpu_usd_per_hour = 2.00
price_as_of = \"2026-10-01\"
price_source = \"test\"
policy = \"hybrid\"
min_replicas = 1
";

/// The first day of the month so many before this one, UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "what can be imported is of the days before the binary's own"
)]
fn month(back: i32) -> jiff::civil::Date {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    today.first_of_month().saturating_sub(back.months())
}

/// Three days of each of two months that are over.
fn bill() -> String {
    let header = "date,model,upstream,calls,input_tokens,cached_input_tokens,output_tokens,cost\n";
    let days = [3, 1]
        .into_iter()
        .flat_map(|back| (4..7).map(move |day| month(back) + day.days()));
    let row = |date| format!("{date},gpt-4o-mini,openai,1000,2000000,500000,300000,12.34\n");
    header.to_owned() + &days.map(row).collect::<String>()
}

#[track_caller]
fn said(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn past(home: &Home, more: &[&str]) -> Value {
    let text = said(
        home,
        &[&["verdict", "past", "--format", "json"][..], more].concat(),
    );
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn months_that_are_over_cost_what_the_report_says_at_rest_and_running() {
    let home = Home::new(PLAN);
    let path = home.config().with_file_name("bill.csv");
    std::fs::write(&path, bill()).unwrap();
    said(&home, &["import", "usage", path.to_str().unwrap()]);
    let at_rest = past(&home, &[]);
    let months = at_rest["months"].as_array().unwrap();
    let names: Vec<_> = months
        .iter()
        .map(|it| it["month"].as_str().unwrap())
        .collect();
    let expected = [3, 1].map(|back| month(back).strftime("%Y-%m").to_string());
    assert_eq!(names, expected);
    let paid = |month: &Value| pico(month["api_cost_usd"].as_str().unwrap());
    let report = said(&home, &["report", "--all", "--format", "json"]);
    let report = Totals::parse(&serde_json::from_str(&report).unwrap());
    assert_eq!(months.iter().map(paid).sum::<i128>(), report.cost_pico);
    for month in months {
        assert_eq!(paid(month), 37_020_000_000_000);
        assert_eq!(
            (&month["calls"], &month["running"]),
            (&3_000.into(), &false.into())
        );
        assert_eq!(month["imported_share"], 1.0);
    }
    // A dearer machine changes both months, and not what was paid.
    home.write_config(&PLAN.replace("= 2.00", "= 3.00"));
    let dearer = past(&home, &[]);
    for (was, now) in months.iter().zip(dearer["months"].as_array().unwrap()) {
        let cost = |month: &Value| month["plans"][0]["hosted"]["cost_usd"]["expected"].as_f64();
        assert!(cost(was).unwrap() + 1.0 < cost(now).unwrap(), "{was} {now}");
        assert_eq!(paid(was), paid(now));
    }
    let table = said(&home, &["verdict", "past", "--since", names[1]]);
    assert!(
        table.contains(names[1]) && !table.contains(names[0]),
        "{table}"
    );
    assert!(
        table.contains("$37.02") && table.contains("small"),
        "{table}"
    );
    let tollgate = home.serve().await;
    let answer = tollgate.ask_admin("/api/v1/verdict/past").await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        serde_json::from_slice::<Value>(&answer.body).unwrap(),
        dearer
    );
    let refused = tollgate
        .ask_admin("/api/v1/verdict/past?plan=smal")
        .await
        .unwrap();
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("did you mean small?"));
    assert!(tollgate.terminate().success());
}
