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
    /// This instance sees only a part of the calls that the plan serves.
    pub part_of_traffic: bool,
    /// What it cost and saved.
    pub seen: HostingWindow,
}

impl Hosting {
    /// Estimates are numbers; what an API would have taken is exact, and a string. The whole cost is not
    /// set against a part of the calls.
    fn json(&self) -> Value {
        let Self {
            plan,
            period,
            part_of_traffic,
            seen,
        } = self;
        let of_all = |figure: Option<f64>| figure.filter(|_| !part_of_traffic);
        json!({
            "plan": plan,
            "period": period,
            "hours": seen.ran.hours,
            "replica_hours": seen.ran.replica_hours,
            "calls": seen.ran.calls,
            "tokens": seen.tokens,
            "cost_usd": seen.cost_usd,
            "would_cost_usd": seen.api_cost,
            "saving_usd": of_all(Some(seen.saving_usd)),
            "usd_per_mtok": of_all(seen.usd_per_mtok),
            "api_usd_per_mtok": seen.api_usd_per_mtok,
            "busy": of_all(seen.busy),
            "part_of_traffic": part_of_traffic,
        })
    }
}

/// The totals with own hosting beside them, which is in none of their sums, or with why it is missing.
#[must_use]
pub fn with_hosting(mut totals: Value, hosting: Result<Vec<Hosting>, String>) -> Value {
    let (name, said) = match hosting {
        Ok(all) => {
            let all: Vec<Value> = all.iter().map(Hosting::json).collect();
            ("hosting", all.into())
        }
        Err(why) => ("hosting_missing", why.into()),
    };
    if let Some(fields) = totals.as_object_mut() {
        fields.insert(name.to_owned(), said);
    }
    totals
}
