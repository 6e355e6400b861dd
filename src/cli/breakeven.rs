//! `breakeven`: the verdict in words, or everything behind it; on measured traffic, or on calls that
//! nobody has made.

mod asked;
mod figures;
mod json;
mod text;

use jiff::Timestamp;
use serde_json::Value;

use super::admin::Admin;
use super::args::{Breakeven, BreakevenFormat};
use super::house::{House, Options};
use super::reprice::escaped;
use super::{Failure, output};
use crate::config::Config;
use crate::economics::whatif::compare;

/// Asks for the verdict and writes it.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    breakeven: &Breakeven,
    quiet: bool,
) -> Result<(), Failure> {
    if breakeven.what_if.is_asked() {
        let config = house.config(options)?;
        return output::print(what_if(&config, breakeven, super::now())?);
    }
    let query = query(&breakeven.edits);
    let path = match &query {
        Some(query) => format!("/api/v1/whatif?{query}"),
        None => "/api/v1/breakeven".to_owned(),
    };
    let settings = house.settings(options)?;
    let admin = Admin::of(&settings)?;
    let verdict = if let Some(verdict) = admin.json(&path).await? {
        output::note(
            quiet,
            format!("from the running tollgate at {}", admin.base()),
        );
        verdict
    } else {
        let dir = settings.data_dir.display();
        output::note(
            quiet,
            format!("nothing runs at {}; reading {dir}", admin.base()),
        );
        match &query {
            Some(query) => house.what_if(options, query)?,
            None => house.breakeven(options)?,
        }
    };
    match breakeven.format {
        BreakevenFormat::Text => output::print(output::wrapped(&words(&verdict), "")),
        BreakevenFormat::Json => output::print(format!("{verdict:#}\n")),
    }
}

/// The edits as the query that asks for them; none without edits.
fn query(edits: &[(String, String)]) -> Option<String> {
    let pair = |(key, value): &(String, String)| format!("{}={}", escaped(key), escaped(value));
    let pairs: Vec<String> = edits.iter().map(pair).collect();
    (!pairs.is_empty()).then(|| pairs.join("&"))
}

/// The answer about calls that nobody has made, at the prices of `now`.
fn what_if(config: &Config, flags: &Breakeven, now: Timestamp) -> Result<String, Failure> {
    let asked = asked::asked(config, &flags.what_if, now)?;
    let comparison = compare(&asked.question, &asked.arms);
    Ok(match flags.format {
        BreakevenFormat::Text => output::wrapped(&text::text(&asked, &comparison), ""),
        BreakevenFormat::Json => format!("{:#}\n", json::json(&asked, &comparison)),
    })
}

/// The paragraphs under every `words` of the verdict, in order; the verdict's own come first.
///
/// Whoever makes the verdict writes its words, so that page, alert and terminal say the same.
pub(super) fn words(verdict: &Value) -> String {
    let mut found = Vec::new();
    collect(verdict, &mut found);
    if found.is_empty() {
        return "No verdict yet: no plan has been compared with measured traffic.\n".to_owned();
    }
    let mut text = found.join("\n");
    text.push('\n');
    text
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            match fields.get("words") {
                Some(Value::String(words)) => found.push(words),
                Some(Value::Array(words)) => found.extend(words.iter().filter_map(Value::as_str)),
                Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                }
            }
            for value in fields.values() {
                collect(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
