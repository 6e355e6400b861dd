//! Facts about the offer a plan refers to.

use super::{refused, small};
use crate::economics::catalogue::OfferKind;
use crate::economics::examples::{CATALOGUE, checked, plan_draft};
use crate::economics::{HostPlan, PlanDraft};

#[test]
fn an_offer_brings_price_date_and_source() {
    let price = checked(plan_draft("llama-70b-2xh100")).unwrap().price;
    assert!((price.usd_per_hour - 5.38).abs() < 1e-12);
    assert_eq!(price.as_of.to_string(), "2026-05-22");
    assert!(price.source.starts_with("runpod/secure SXM, on-demand: "));
    let offer = |name: &'static str| move |plan: &mut PlanDraft| plan.offer = Some(name.into());
    refused(
        offer("runpod/secure"),
        "offer",
        "runpod/secure SXM, aws-ec2/p5.48xlarge",
    );
    refused(offer("aws-ec2/p5.48xlarge"), "offer", "8 GPUs at a time");
    let twice = |plan: &mut PlanDraft| plan.gpu_usd_per_hour = Some(2.0);
    refused(twice, "gpu_usd_per_hour", "offer is there too");
    let dated = |plan: &mut PlanDraft| plan.price_as_of = "2026".parse().ok();
    refused(dated, "price_as_of", "comes with the offer");
}

#[test]
fn an_offer_for_three_years_is_owed_for_three_years() {
    let mut draft = small();
    draft.gpu = Some("A100-80GB".into());
    draft.precision = Some("bf16".into());
    draft.throughput.source = Some("roofline".into());
    draft.offer = Some("azure/3-year reserved".into());
    let price = checked(draft).unwrap().price;
    assert_eq!(price.term_months, Some(36));
    assert_eq!(price.as_of.to_string(), "2024-01");
}

#[test]
fn what_an_hour_costs_an_owner_is_no_offer_and_the_problem_says_what_is() {
    let owner = |plan: &mut PlanDraft| plan.offer = Some("owner/hyperscaler TCO".into());
    refused(
        owner,
        "offer",
        "[plans.llama-8b-1xh100.owned] with capex_usd",
    );
    let wrong = |plan: &mut PlanDraft| plan.offer = Some("nobody/nothing".into());
    let mut draft = small();
    wrong(&mut draft);
    let told = checked(draft).unwrap_err()[0].to_string();
    assert!(!told.contains("owner/"), "{told}");
}

#[test]
fn serverless_is_paid_by_the_price_of_what_is_billed_while_in_use() {
    let serverless = |plan: &mut PlanDraft| {
        plan.policy = Some("serverless".into());
        plan.min_replicas = None;
    };
    refused(serverless, "offer", "runpod/secure SXM is on-demand");
    let mut draft = small();
    serverless(&mut draft);
    draft.gpu = Some("L40S".into());
    draft.throughput.source = Some("roofline".into());
    draft.offer = Some("modal/serverless".into());
    let price = checked(draft).unwrap().price;
    assert!(price.source.starts_with("modal/serverless, serverless: "));
}

#[test]
fn a_price_of_what_may_be_taken_away_says_so() {
    let mut rows = CATALOGUE.clone();
    let row = rows
        .offers
        .iter_mut()
        .find(|row| row.label() == "runpod/secure SXM");
    row.unwrap().kind = OfferKind::Spot;
    let price = HostPlan::check(small(), &rows).unwrap().price;
    let marked = "runpod/secure SXM, spot: may be taken away: ";
    assert!(price.source.starts_with(marked), "{}", price.source);
}

#[test]
fn an_offer_that_others_contradict_says_so_in_the_plan() {
    let mut draft = plan_draft("qwen3-235b-8xh100");
    draft.offer = Some("aws-ec2/p5.48xlarge".into());
    let price = checked(draft).unwrap().price;
    assert!(price.source.contains("CONFLICT"), "{}", price.source);
    assert_eq!(price.as_of.to_string(), "2026-03");
}
