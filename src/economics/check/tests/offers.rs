//! Facts about the offer a plan refers to.

use super::{refused, small};
use crate::economics::PlanDraft;
use crate::economics::examples::{checked, plan_draft};

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
fn an_owner_pays_for_idle_machines_too() {
    let owner = |plan: &mut PlanDraft| {
        plan.offer = Some("owner/hyperscaler TCO".into());
        plan.policy = Some("auto".into());
    };
    refused(owner, "policy", "idle machines");
}

#[test]
fn an_offer_that_others_contradict_says_so_in_the_plan() {
    let mut draft = plan_draft("qwen3-235b-8xh100");
    draft.offer = Some("aws-ec2/p5.48xlarge".into());
    let price = checked(draft).unwrap().price;
    assert!(price.source.contains("CONFLICT"), "{}", price.source);
    assert_eq!(price.as_of.to_string(), "2026-03");
}
