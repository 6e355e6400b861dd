//! What a state is about: its own settings, and when it switches. A state never counts days that were
//! decided by others.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::settings::Settings;
use super::statement::{Change, hex};
use crate::economics::projection::AlternativeKind;

/// A checksum of all settings, and of the release that computes by them. What a plan has to beat is
/// not what its state is about, but a day that was counted beside other rivals is another day.
pub(super) fn checksum(settings: &Settings) -> String {
    let text = serde_json::to_string(settings).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    hex(&Sha256::digest(format!("{version} {text}")))
}

/// The settings that one state is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    pub(super) kind: AlternativeKind,
    pub(super) name: String,
    /// Them as JSON, keys in order.
    pub(super) text: String,
}

impl About {
    /// Every state of the settings.
    pub(super) fn all(settings: &Settings) -> Vec<Self> {
        let about = |kind, name: &str, own: Option<Map<String, Value>>| {
            let Settings {
                rule,
                doubtful_share_max,
                capture_ratio_min,
                sees_all_traffic,
                ..
            } = settings;
            let rules = json!({
                "rule": rule,
                "doubtful_share_max": doubtful_share_max,
                "capture_ratio_min": capture_ratio_min,
                "sees_all_traffic": sees_all_traffic,
            });
            let mut whole = own.unwrap_or_default();
            whole.insert("states".to_owned(), rules);
            Self {
                kind,
                name: name.to_owned(),
                text: Value::Object(whole).to_string(),
            }
        };
        let plans = settings
            .plans
            .iter()
            .map(|plan| about(AlternativeKind::Selfhost, &plan.name, object(plan)));
        let endpoints = settings.endpoints.iter().map(|endpoint| {
            about(
                AlternativeKind::Endpoint,
                &endpoint.arm.name,
                object(endpoint),
            )
        });
        let running = settings.running.iter();
        let running = running.map(|it| about(AlternativeKind::Api, &it.plan.name, object(it)));
        plans.chain(endpoints).chain(running).collect()
    }

    /// A setting by its place, such as `price.usd_per_hour`.
    pub(super) fn value(&self, key: &str) -> Option<Value> {
        let whole = serde_json::from_str(&self.text).ok()?;
        let mut names = key.split('.');
        names.try_fold(whole, |at: Value, name| at.get(name).cloned())
    }

    /// What is another setting than in `was`. What an earlier release did not know is no change.
    pub(super) fn changed_from(&self, was: &str) -> Vec<Change> {
        let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text);
        let (Ok(was), Ok(is)) = (read(was), read(&self.text)) else {
            return Vec::new();
        };
        let mut changes = Vec::new();
        for (key, is) in &is {
            if let Some(was) = was.get(key) {
                compare(key, was, is, &mut changes);
            }
        }
        changes
    }
}

/// A structure as the JSON object that it is.
fn object(of: &impl Serialize) -> Option<Map<String, Value>> {
    match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => Some(fields),
        Ok(_) | Err(_) => None,
    }
}

/// Adds what differs, as deep as both sides have the same keys.
fn compare(key: &str, was: &Value, is: &Value, changes: &mut Vec<Change>) {
    match (was, is) {
        (Value::Object(was), Value::Object(is)) if was.keys().eq(is.keys()) => {
            for ((name, was), is) in was.iter().zip(is.values()) {
                compare(&format!("{key}.{name}"), was, is, changes);
            }
        }
        _ if was == is || is_a_note(key) => {}
        _ => changes.push(Change {
            key: key.to_owned(),
            was: was.clone(),
            is: is.clone(),
        }),
    }
}

/// Whether a setting only says when or where a price was read: no figure follows from it.
fn is_a_note(key: &str) -> bool {
    let key = key.strip_prefix("plan.").unwrap_or(key);
    matches!(
        key,
        "price.as_of"
            | "price.source"
            | "arm.as_of"
            | "arm.source"
            | "throughput.as_of"
            | "throughput.cite"
    )
}
