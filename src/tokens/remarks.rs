//! Comments that stand beside a rendered type: title, description, default and limits.

use super::json::Json;

/// What of a schema is said behind its type, as the renderer names it.
const LIMITS: [&str; 12] = [
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
];

/// `text` as comment lines: each line trimmed, an empty one a bare mark. Found on descriptions of
/// several lines, where every line more is one token more, and on some that end in a space.
pub(super) fn lines(text: &str) -> String {
    let mut out = String::new();
    for line in text.trim().lines().map(str::trim) {
        out.push_str(if line.is_empty() { "//" } else { "// " });
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// Title and description of a schema, an empty comment between the two.
pub(super) fn above(schema: &Json<'_>) -> String {
    let text = |name| schema.text_of(name).unwrap_or_default().trim();
    match (text("title"), text("description")) {
        ("", description) => lines(description),
        (title, "") => lines(title),
        (title, description) => format!("{}//\n{}", lines(title), lines(description)),
    }
}

/// What a value is when it is not given. A default of null is one.
pub(super) fn default(schema: &Json<'_>) -> Option<String> {
    let value = schema.field("default")?;
    Some(format!("default: {}", value.compact()))
}

/// Default and limits, as they stand behind a type.
pub(super) fn behind(schema: &Json<'_>) -> String {
    let limit = |name: &&str| Some(format!("{name}: {}", schema.get(name)?.compact()));
    let all: Vec<String> = default(schema)
        .into_iter()
        .chain(LIMITS.iter().filter_map(limit))
        .collect();
    all.join(", ")
}
