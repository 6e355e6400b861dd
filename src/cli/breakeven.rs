//! `breakeven`: the verdict in words, or everything behind it.

use serde_json::Value;

use super::admin::Admin;
use super::args::{Breakeven, BreakevenFormat};
use super::house::{House, Options};
use super::{Failure, output};

/// Asks for the verdict and writes it.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    breakeven: &Breakeven,
    quiet: bool,
) -> Result<(), Failure> {
    let settings = house.settings(options)?;
    let admin = Admin::of(&settings)?;
    let verdict = if let Some(verdict) = admin.json("/api/v1/breakeven").await? {
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
        house.breakeven(options)?
    };
    match breakeven.format {
        BreakevenFormat::Text => output::print(output::wrapped(&words(&verdict), "")),
        BreakevenFormat::Json => output::print(format!("{verdict:#}\n")),
    }
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
mod tests {
    use super::*;

    #[test]
    fn the_verdicts_own_words_come_first_and_then_each_plans() {
        let verdict = serde_json::json!({
            "plans": [{ "name": "a", "words": ["A is dearer.", "By far."] }, { "words": "B is cheaper." }],
            "words": "Stay.",
        });
        assert_eq!(
            words(&verdict),
            "Stay.\nA is dearer.\nBy far.\nB is cheaper.\n"
        );
    }

    #[test]
    fn no_verdict_is_said_and_not_invented() {
        assert!(words(&serde_json::json!({"plans": []})).starts_with("No verdict yet"));
    }
}
