//! Hosting that runs, as an answer of the API.

use serde_json::{Value, json};

use super::{band, evidence, sensitivity};
use crate::economics::hosting::{Owed, Ran};
use crate::economics::projection::AlternativeKind;
use crate::verdict::{Beside, HostingReport, HostingWindow, Pair, Report};

/// Every plan that runs; what an API would have taken is exact and a string.
pub(super) fn hosting(report: &Report) -> Value {
    let one = |running: &HostingReport| {
        let HostingReport {
            plan,
            upstreams,
            replicas,
            usd_per_hour,
            windows,
        } = running;
        let of = |(name, api): &(String, String)| json!({ "upstream": name, "would_cost_as": api });
        let mut states = report.states.iter();
        let state = states.find(|it| it.kind == AlternativeKind::Api && it.name == *plan);
        json!({
            "plan": plan,
            "upstreams": upstreams.iter().map(of).collect::<Vec<_>>(),
            "replicas": replicas,
            "usd_per_hour": usd_per_hour,
            "api_cheaper": state.map(super::state),
            "windows": windows.iter().map(window).collect::<Vec<_>>(),
        })
    };
    report.hosting.iter().map(one).collect()
}

fn window(seen: &HostingWindow) -> Value {
    let HostingWindow {
        window,
        evidence: known,
        ran,
        cost_usd,
        api_cost,
        saving_usd,
        tokens,
        usd_per_mtok,
        full_usd_per_mtok,
        api_usd_per_mtok,
        busy,
        beside,
        owed: _,
        rival,
        leaving,
    } = seen;
    let Ran {
        hours,
        replica_hours,
        calls: _,
    } = ran;
    let owed = |Owed { usd, avoidable }: &Owed| json!({ "cost_usd": usd, "avoidable": avoidable.to_string() });
    json!({
        "window": window,
        "evidence": evidence(known),
        "hours": hours,
        "replica_hours": replica_hours,
        "cost_usd": cost_usd,
        "would_cost_usd": api_cost,
        "saving_usd": saving_usd,
        "tokens": tokens,
        "usd_per_mtok": usd_per_mtok,
        "usd_per_mtok_at_full_use": full_usd_per_mtok,
        "api_usd_per_mtok": api_usd_per_mtok,
        "busy": busy,
        "servers": beside.as_ref().map(servers),
        "owed": seen.owed.iter().map(owed).collect::<Vec<_>>(),
        "leaving": {
            "rival": super::rival(rival, api_cost.to_f64()),
            "scenarios": band(leaving),
            "sensitivity": sensitivity(leaving),
        },
    })
}

/// What servers say beside what is computed of them; the verdict uses the second.
fn servers(beside: &Beside) -> Value {
    let Beside {
        servers,
        load,
        replicas,
        usd_per_hour,
    } = beside;
    let pair = |pair: &Pair| {
        let Pair { modelled, measured } = pair;
        json!({ "modelled": modelled, "measured": measured, "ratio": pair.ratio() })
    };
    json!({
        "compared_ratio": servers.compared_ratio,
        "capture_ratio": servers.capture_ratio,
        "busy_replicas": pair(load),
        "replicas": pair(replicas),
        "usd_per_hour": pair(usd_per_hour),
        "verdict_uses": "modelled",
    })
}
