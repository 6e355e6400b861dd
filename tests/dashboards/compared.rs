//! What is read side by side is of the same calls: of one instance, and of a plan's own calls or of all.

use super::{list, panels, text};

/// Figures that stand side by side, by the start of their metric's name, and how a query takes those
/// of one instance.
const OF_ONE_INSTANCE: [(&[&str], &str); 4] = [
    (
        &["tollgate_alternative_cost_usd{"],
        "and on (job, instance) topk(1, max by (job, instance) (tollgate_alternative_cost_usd{",
    ),
    (
        &[
            "tollgate_api_cost_usd_per_million_tokens{",
            "tollgate_selfhost_breakeven_",
            "tollgate_selfhost_cost_usd_per_million_tokens{",
            "tollgate_selfhost_plan_info{",
            "tollgate_selfhost_replicas{",
            "tollgate_selfhost_savings_",
            "tollgate_selfhost_sensitivity_",
            "tollgate_selfhost_short_ratio{",
            "tollgate_selfhost_utilization_ratio{",
            "tollgate_selfhost_window_api_cost_usd{",
            "tollgate_selfhost_window_cost_usd{",
        ],
        "and on (job, instance, plan) topk by (plan) (1, tollgate_selfhost_window_api_cost_usd{",
    ),
    (
        &[
            "tollgate_hosting_cost_",
            "tollgate_hosting_replicas{",
            "tollgate_hosting_savings_",
            "tollgate_hosting_utilization_ratio{",
        ],
        "and on (job, instance, plan) topk by (plan) (1, tollgate_hosting_cost_usd_per_hour{",
    ),
    (
        &["tollgate_hosting_measured_"],
        "and on (job, instance, upstream) topk by (upstream) (1, tollgate_hosting_measured_servers{",
    ),
];

#[test]
fn a_panel_compares_the_same_calls() {
    for (place, panel) in panels() {
        let queries = list(&panel["targets"]).iter();
        let all: String = queries.map(|target| text(target, "expr")).collect();
        let of_all = all.contains("tollgate_alternative_cost_usd");
        let of_a_plan = all.contains("tollgate_selfhost_window");
        assert!(
            !(of_all && of_a_plan),
            "{place}: all calls beside those of a plan"
        );
    }
}

#[test]
fn figures_that_stand_side_by_side_are_of_one_instance() {
    for (place, panel) in panels() {
        let says = text(&panel, "description").contains("Of several instances");
        for target in list(&panel["targets"]) {
            let query = text(target, "expr");
            // Of all instances together, or of the largest, and the panel says so.
            let of_all_calls = query.starts_with("sum(tollgate_alternative_cost_usd{")
                || query.starts_with("max(tollgate_alternative_cost_usd{") && says;
            for (figures, chosen) in OF_ONE_INSTANCE {
                let shown = figures.iter().any(|figure| query.contains(figure));
                assert!(
                    !shown || of_all_calls || query.contains(chosen),
                    "{place}: {query}"
                );
            }
        }
    }
}
