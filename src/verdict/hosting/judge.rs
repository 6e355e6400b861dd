//! Hosting that runs on one closed day, with every figure that the day says: what a statement freezes.

use serde_json::{Value, json};

use super::day::{Looked, looked, minutes_of};
use super::look::window;
use super::{Hosted, HostingWindow};
use crate::economics::hosting::Owed;
use crate::economics::projection::DAY;
use crate::verdict::figures;
use crate::verdict::pass::Judged;
use crate::verdict::seen::{Observed, Seen};
use crate::verdict::settings::Settings;
use crate::verdict::statement::Scored;

/// What a closed UTC day says about leaving the hosting at a place of the settings.
pub(in crate::verdict) fn judge(
    settings: &Settings,
    (hosted, seen): (&Hosted, &Seen),
    at: usize,
    day: i64,
) -> Option<Judged> {
    let running = settings.running.get(at)?;
    let Looked { window, hours, day } = looked(settings, (hosted, seen), (at, running), day);
    Some(Judged {
        day,
        figures: stated(&window, hours),
    })
}

/// What hosting cost on a closed UTC day, and what leaving would have cost.
pub(in crate::verdict) fn score(
    settings: &Settings,
    (hosted, seen): (&Hosted, &Seen),
    at: usize,
    day: i64,
) -> Option<Scored> {
    let running = settings.running.get(at)?;
    let observed = Observed::of(seen, minutes_of(day));
    let window = window(settings, hosted, (at, running), (DAY.label, &observed));
    // By the frozen settings the machines run on. Without a call nobody knows whether they still do, or
    // hosting was left: then leaving would be said to save all of it every day.
    (window.evidence.calls > 0.0).then(|| Scored {
        coverage: observed.coverage(),
        hours: observed.hours(),
        api_usd: window.cost_usd,
        cost_usd: window.leaving.expected.cost_usd,
    })
}

fn stated(window: &HostingWindow, hours: f64) -> Value {
    let owed = |Owed { usd, avoidable }: &Owed| json!({ "cost_usd": usd, "avoidable": avoidable.to_string() });
    let mut all = json!({
        "hours": hours,
        "replica_hours": window.ran.replica_hours,
        "hosting_usd": window.cost_usd,
        "would_cost_usd": window.api_cost,
        "api_usd": window.api_cost.to_f64(),
        "owed": window.owed.iter().map(owed).collect::<Vec<_>>(),
        "busy": window.busy,
        "evidence": figures::evidence(&window.evidence),
        "rival": figures::rival(&window.rival),
    });
    figures::put(&mut all, figures::banded(&window.leaving));
    all
}
