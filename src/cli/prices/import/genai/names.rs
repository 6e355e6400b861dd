//! `match`: which names a model has. Here a name is exact or followed by a date.

use super::super::found::{Model, Reason};
use super::super::json::Json;

/// Clauses inside clauses are followed so far; real ones have two levels.
const DEPTH_MAX: usize = 8;
/// What stands for the date of a snapshot in a regular expression of the map.
const DATES: [&str; 2] = [r"-\d{8}$", r"(-\d{8})?$"];

/// Adds the names of a clause, or tells why they cannot be said.
pub(super) fn read(model: &mut Model, clause: Json<'_>) {
    let mut names = Vec::new();
    clauses(model, clause, DEPTH_MAX, &mut names);
    for name in names {
        if !model.names.contains(&name) {
            model.names.push(name);
        }
    }
}

fn clauses(model: &mut Model, clause: Json<'_>, depth: usize, names: &mut Vec<String>) {
    let table = clause.table().unwrap_or_default();
    let only = table
        .values
        .iter()
        .next()
        .filter(|_| table.values.len() == 1);
    let Some((verb, json)) = only.filter(|_| depth > 0) else {
        return model.tell("match", Reason::Names);
    };
    match (verb.as_str(), json.text()) {
        ("or", _) => {
            for clause in json.list().unwrap_or_default() {
                clauses(model, clause, depth.saturating_sub(1), names);
            }
        }
        ("equals", Some(name)) if is_name(&name) => names.push(name),
        ("starts_with", Some(name)) if is_name(&name) => {
            model.tell("match.starts_with", Reason::Prefix);
            names.push(name);
        }
        ("regex", Some(text)) => match dated(&text) {
            Some(name) => names.push(name),
            None => model.tell("match.regex", Reason::Names),
        },
        (verb, _) => model.tell(&format!("match.{verb}"), Reason::Names),
    }
}

/// A name alone is written so: a star would be a pattern.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('*')
}

/// The name in `^claude-fable-5-\d{8}$`.
fn dated(regex: &str) -> Option<String> {
    let text = regex.strip_prefix('^')?;
    let name = DATES.iter().find_map(|date| text.strip_suffix(date))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == ':' || c == '/';
    (!name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
}
