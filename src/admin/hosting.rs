//! What own hosting cost in the time of a report, and what it saved.

use serde_json::{Value, json};

use crate::verdict::HostingWindow;

/// A plan that ran in a period of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Hosting {
    /// The configured name of the plan.
    pub plan: String,
    /// The day, month or hour, as rows name it; nothing where the report tells no times apart.
    pub period: Option<String>,
    /// What it cost and saved.
    pub seen: HostingWindow,
}

impl Hosting {
    /// Estimates are numbers; what an API would have taken is exact, and a string.
    fn json(&self) -> Value {
        let Self { plan, period, seen } = self;
        json!({
            "plan": plan,
            "period": period,
            "hours": seen.ran.hours,
            "replica_hours": seen.ran.replica_hours,
            "calls": seen.ran.calls,
            "tokens": seen.tokens,
            "cost_usd": seen.cost_usd,
            "would_cost_usd": seen.api_cost,
            "saving_usd": seen.saving_usd,
            "usd_per_mtok": seen.usd_per_mtok,
            "api_usd_per_mtok": seen.api_usd_per_mtok,
            "busy": seen.busy,
        })
    }
}

/// The totals with own hosting beside them, which is in none of their sums; as they are where none runs.
#[must_use]
pub fn with_hosting(mut totals: Value, hosting: &[Hosting]) -> Value {
    if let Some(fields) = totals.as_object_mut().filter(|_| !hosting.is_empty()) {
        let hosting: Vec<Value> = hosting.iter().map(Hosting::json).collect();
        fields.insert("hosting".to_owned(), hosting.into());
    }
    totals
}
