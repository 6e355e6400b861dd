//! Facts about the rows a plan refers to: model, GPU, precision and throughput.

use super::{refused, small, written};
use crate::economics::PlanDraft;
use crate::economics::draft::ThroughputDraft;
use crate::economics::examples::{checked, plan_draft};

#[test]
fn a_model_or_gpu_nobody_knows_is_refused_with_the_nearest_and_a_remedy() {
    let model = |plan: &mut PlanDraft| plan.model = Some("Llama-3.1-8B-Instruct".into());
    refused(model, "model", "did you mean llama-3.1-8b");
    refused(model, "model", "add a [[model]] row");
    let gpu = |plan: &mut PlanDraft| plan.gpu = Some("H100".into());
    refused(gpu, "gpu", "did you mean H100-SXM?");
    refused(gpu, "gpu", "add a [[gpu]] row");
    let precision = |plan: &mut PlanDraft| plan.precision = Some("fp6".into());
    refused(precision, "precision", "bf16, fp8, int8, fp4, int4");
}

#[test]
fn a_precision_without_a_figure_has_no_roofline_but_can_be_measured() {
    let int4 = |plan: &mut PlanDraft| {
        written(plan);
        plan.gpu = Some("A10G".into());
        plan.precision = Some("int4".into());
    };
    let mut measured = small();
    int4(&mut measured);
    let plan = checked(measured).unwrap();
    assert!(plan.throughput.coefficients.decode.unwrap().weights_seconds > 0.0);
    let estimated = |plan: &mut PlanDraft| {
        int4(plan);
        plan.throughput = ThroughputDraft {
            source: Some("roofline".into()),
            ..ThroughputDraft::default()
        };
    };
    refused(estimated, "precision", "no arithmetic figure for int4");
}

#[test]
fn weights_that_do_not_fit_are_an_error_with_both_sizes_and_what_would_fit() {
    let mut draft = plan_draft("llama-70b-2xh100");
    draft.gpus = Some(1);
    draft.precision = Some("bf16".into());
    let problems = checked(draft).unwrap_err();
    let [problem] = &problems[..] else {
        panic!("not one problem: {problems:?}");
    };
    assert_eq!(problem.key, "gpus");
    assert_eq!(
        problem.message,
        "llama-3.3-70b does not fit: 141 GB of weights at bf16, 72 GB usable on 1 x H100-SXM; gpus = \
         2 or more, or a smaller precision"
    );
}

#[test]
fn published_figures_are_of_the_same_replica_or_of_none() {
    let plan = checked(plan_draft("llama-70b-2xh100")).unwrap();
    assert!((plan.throughput.coefficients.a - 6.862_786e-5).abs() < 1e-12);
    assert_eq!(plan.throughput.as_of.to_string(), "2025-09-24");
    let four = |plan: &mut PlanDraft| plan.gpus = Some(4);
    refused(
        four,
        "throughput.source",
        "1 x H100-SXM at fp8, 1 x H200-SXM at fp8;",
    );
    let other = |plan: &mut PlanDraft| plan.model = Some("mistral-7b".into());
    refused(other, "throughput.source", "nothing of this model is");
    let cited = |plan: &mut PlanDraft| plan.throughput.cite = Some("mine".into());
    refused(cited, "throughput.cite", "leave it out");
}

#[test]
fn published_figures_may_be_written_out() {
    let mut draft = small();
    written(&mut draft);
    draft.throughput.source = Some("published".into());
    let plan = checked(draft).unwrap();
    assert_eq!(plan.throughput.cite, "load test");
    // c0 is c without the memory factor: 8.03 GB of weights leave 63.97 of 72.
    let decode = plan.throughput.coefficients.decode.unwrap();
    assert!((decode.c0 - 3e-8 / (1.0 + 8.03 / 63.97)).abs() < 1e-15);
}

#[test]
fn a_roofline_computes_its_coefficients() {
    let mut draft = small();
    draft.throughput.source = Some("roofline".into());
    let plan = checked(draft).unwrap();
    let published = checked(small()).unwrap();
    let (mine, theirs) = (
        plan.throughput.coefficients,
        published.throughput.coefficients,
    );
    assert!((mine.a / theirs.a - 1.0).abs() < 0.01);
    assert!((mine.c / theirs.c - 1.0).abs() < 0.1);
    // As old as the oldest of what it is made of.
    assert_eq!(plan.throughput.as_of.to_string(), "2025-09-24");
    let given = |plan: &mut PlanDraft| {
        written(plan);
        plan.throughput.source = Some("roofline".into());
        plan.throughput.as_of = None;
        plan.throughput.cite = None;
    };
    refused(given, "throughput.a", "comes with the roofline");
}

#[test]
fn the_naive_figure_makes_no_verdict_and_the_problem_says_why() {
    let naive = |plan: &mut PlanDraft| plan.throughput.source = Some("naive".into());
    refused(naive, "throughput.source", "no verdict is made of it");
    let guessed = |plan: &mut PlanDraft| plan.throughput.source = Some("guessed".into());
    refused(guessed, "throughput.source", "guessed is not one of");
}
