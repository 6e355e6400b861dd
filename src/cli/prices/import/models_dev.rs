//! The `api.json` of models.dev: a vendor a key with its models, dollars for a million tokens.

use super::found::{Found, Model, Price, Reason, over};
use super::json::{Json, Table};
use super::lists;
use super::number::Per;
use crate::call::LineKind;
use crate::pricing::{Conditions, Rates, Since};

/// The fields of `cost`.
const PARTS: [(&str, LineKind); 7] = [
    ("input", LineKind::Input),
    ("output", LineKind::Output),
    ("reasoning", LineKind::Reasoning),
    ("cache_read", LineKind::CacheRead),
    ("cache_write", LineKind::CacheWrite),
    ("input_audio", LineKind::InputAudio),
    ("output_audio", LineKind::OutputAudio),
];
/// The beginning of the field that older files have in place of `tiers`.
const OVER: &str = "context_over_";

/// Whether a file is such a map.
pub(super) fn is_one(root: &Table<'_>) -> bool {
    let mut vendors = root.values.values().take(8);
    vendors.any(|json| {
        let vendor = json.table();
        vendor.is_some_and(|vendor| vendor.get("models").and_then(Json::table).is_some())
    })
}

/// Reads all models.
pub(super) fn read(root: &Table<'_>, since: Since) -> Found {
    let mut found = Found::default();
    for (vendor, json) in &root.values {
        let models = json.table().unwrap_or_default();
        let models = models
            .get("models")
            .and_then(Json::table)
            .unwrap_or_default();
        for (name, json) in &models.values {
            found.models.push(model(vendor, name, *json, since));
        }
        let twice = models.twice.iter().map(|name| twice(vendor, name));
        found.models.extend(twice);
    }
    let twice = root.twice.iter().map(|vendor| twice(vendor, "*"));
    found.models.extend(twice);
    found
}

fn twice(vendor: &str, name: &str) -> Model {
    let key = format!("{vendor}.models.{name}");
    let mut model = Model::new(&key, lists::list(vendor), vec![name.to_owned()]);
    model.tell("", Reason::Twice);
    model
}

fn model(vendor: &str, name: &str, json: Json<'_>, since: Since) -> Model {
    let key = format!("{vendor}.models.{name}");
    let mut model = Model::new(&key, lists::list(vendor), vec![name.to_owned()]);
    model.resold = lists::resells(vendor);
    let table = json.table().unwrap_or_default();
    if table.get("experimental").is_some() {
        model.tell("experimental", Reason::NoWay);
    }
    let Some(cost) = table.get("cost") else {
        return model;
    };
    let Some(cost) = cost.table() else {
        model.tell("cost", Reason::NotANumber);
        return model;
    };
    let base = rates(&mut model, "cost", &cost);
    let mut steps = tiers(&mut model, &cost);
    // Where both are there, the older field is a copy with a length that may not be the vendor's.
    let older: Vec<_> = cost
        .values
        .keys()
        .filter(|key| key.starts_with(OVER))
        .collect();
    for field in older {
        let json = cost.get(field).and_then(Json::table);
        match (json, length(field)) {
            _ if cost.get("tiers").is_some() => model.tell(field, Reason::Superseded),
            (Some(step), Some(above)) => steps.push((above, rates(&mut model, field, &step))),
            _ => model.tell(field, Reason::Steps),
        }
    }
    let steps = steps.into_iter();
    let steps = steps.map(|(above, step)| (Some(above), over(&base, &step, |_| true)));
    let all = std::iter::once((None, base.clone())).chain(steps);
    model.prices = all
        .map(|(above_input_tokens, rates)| Price {
            since,
            conditions: Conditions {
                above_input_tokens,
                ..Conditions::default()
            },
            rates,
        })
        .collect();
    model.prices.retain(|price| !price.rates.is_empty());
    model
}

/// `tiers`: rates above so much context.
fn tiers(model: &mut Model, cost: &Table<'_>) -> Vec<(u64, Rates)> {
    let Some(tiers) = cost.get("tiers") else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    for json in tiers.list().unwrap_or_default() {
        let step = json.table().unwrap_or_default();
        let tier = step.get("tier").and_then(Json::table).unwrap_or_default();
        let of_context = tier.get("type").and_then(Json::text).as_deref() == Some("context");
        match tier.get("size").and_then(Json::whole) {
            Some(above) if of_context => steps.push((above, rates(model, "tiers", &step))),
            _ => model.tell("tiers", Reason::Steps),
        }
    }
    steps
}

fn rates(model: &mut Model, place: &str, table: &Table<'_>) -> Rates {
    for field in &table.twice {
        model.tell(field, Reason::Twice);
    }
    let mut rates = Rates::default();
    for (name, json) in &table.values {
        let field = format!("{place}.{name}");
        let known = PARTS.iter().find(|(part, _)| part == name);
        let elsewhere = name.starts_with(OVER) || name == "tiers" || name == "tier";
        let Some((_, kind)) = known.filter(|_| !json.is_null()) else {
            if !elsewhere && known.is_none() {
                model.tell(&field, Reason::Unknown);
            }
            continue;
        };
        let Some(rate) = model.rate(&field, *json, Per::Million) else {
            continue;
        };
        // Its writes last five minutes unless they are paid as the longer ones.
        if *kind == LineKind::CacheWrite && model.list == "anthropic" {
            rates.set(LineKind::CacheWrite5m, rate);
        } else {
            rates.set(*kind, rate);
        }
    }
    rates
}

/// `context_over_200k`.
fn length(field: &str) -> Option<u64> {
    let number = field.strip_prefix(OVER)?;
    let thousands = number
        .strip_suffix('k')
        .or_else(|| number.strip_suffix('K'))?;
    thousands.parse::<u64>().ok()?.checked_mul(1_000)
}
