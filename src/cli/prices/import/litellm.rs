//! `LiteLLM`'s `model_prices_and_context_window.json`: a model a key, dollars for one token or unit, a
//! field for each part and condition.
//!
//! What a field of a length does not say holds as without it; a tier takes only fees from the standard
//! price. So the map's own code reads it.

mod field;
mod fields;
mod off_peak;

use super::found::{Found, Model, Price, Reason, over};
use super::json::{Json, Table};
use super::lists;
use crate::pricing::{Conditions, Rates, Since};
use fields::{Reading, Steps};

/// Keys that are no model.
const NO_MODELS: [&str; 2] = ["sample_spec", "fallback_generalizations"];

/// Whether a file is such a map.
pub(super) fn is_one(root: &Table<'_>) -> bool {
    let mut models = root.values.values().take(8);
    root.values.contains_key("sample_spec")
        || models.any(|json| {
            let table = json.table();
            table.is_some_and(|table| table.values.contains_key("litellm_provider"))
        })
}

/// Reads all models.
pub(super) fn read(root: &Table<'_>, since: Since) -> Found {
    let models = root.values.iter();
    let models = models.filter(|(key, _)| !NO_MODELS.contains(&key.as_str()));
    let mut models: Vec<Model> = models.map(|(key, json)| model(key, *json, since)).collect();
    models.extend(root.twice.iter().map(|key| {
        let mut model = Model::new(key, "?", vec![key.clone()]);
        model.tell("", Reason::Twice);
        model
    }));
    Found { models }
}

fn model(key: &str, json: Json<'_>, since: Since) -> Model {
    let table = json.table().unwrap_or_default();
    let text = |key: &str| table.get(key).and_then(Json::text).unwrap_or_default();
    let vendor = text("litellm_provider");
    let mut model = Model::new(key, lists::list(&vendor), names(key, &vendor));
    model.resold = lists::resells(&vendor);
    if vendor.is_empty() {
        model.tell("litellm_provider", Reason::NoVendor);
    }
    for field in &table.twice {
        model.tell(field, Reason::Twice);
    }
    let mut reading = Reading {
        model,
        vendor,
        mode: text("mode"),
        steps: Steps::new(),
    };
    reading.fields(&table, None);
    reading.searches(&table);
    reading.brackets(&table);
    let Reading {
        mut model, steps, ..
    } = reading;
    model.prices = prices(&mut model, &steps, since);
    off_peak::read(&mut model, &table, since);
    model
}

/// The names a model's calls carry: the key without the vendor that `LiteLLM` routes by. A model that
/// was made from `ft:gpt-4o` is called `ft:gpt-4o:organisation::id`.
fn names(key: &str, vendor: &str) -> Vec<String> {
    let name = match key.split_once('/') {
        Some((first, rest)) if vendor.starts_with(first) => rest,
        _ => key,
    };
    let mut names = vec![name.to_owned()];
    if name.starts_with("ft:") && !name.contains('*') {
        names.push(format!("{name}:*"));
    }
    names
}

/// The prices of all tiers and lengths, complete.
fn prices(model: &mut Model, steps: &Steps, since: Since) -> Vec<Price> {
    let none = Rates::default();
    let standard = steps.get(&(None, None)).unwrap_or(&none);
    let lengths = |tier| {
        let steps = steps.iter().filter(move |((of, _), _)| *of == tier);
        steps.filter_map(|((_, above), rates)| Some(((*above)?, rates)))
    };
    let mut tiers: Vec<Option<&'static str>> = steps.keys().map(|(tier, _)| *tier).collect();
    tiers.dedup();
    let mut prices = Vec::new();
    for tier in tiers {
        let own = steps.get(&(tier, None)).unwrap_or(&none);
        // At another tier a token costs what the tier says, or nobody knows what.
        let base = match tier {
            None => standard.clone(),
            Some(_) => over(standard, own, |kind| !kind.is_tokens()),
        };
        if tier.is_some()
            && !lengths(None).all(|(above, _)| lengths(tier).any(|own| own.0 == above))
        {
            model.tell(tier.unwrap_or_default(), Reason::NoSteps);
            continue;
        }
        let mut put = |above: Option<u64>, rates: Rates| {
            let conditions = Conditions {
                above_input_tokens: above,
                service_tier: tier.map(str::to_owned),
                ..Conditions::default()
            };
            prices.push(Price {
                since,
                conditions,
                rates,
            });
        };
        for (above, step) in lengths(tier) {
            put(Some(above), over(&base, step, |_| true));
        }
        put(None, base);
    }
    prices.retain(|price| !price.rates.is_empty());
    prices
}
