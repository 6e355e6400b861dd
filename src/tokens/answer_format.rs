//! The schema an answer has to follow, as `OpenAI` puts it before a model.
//!
//! The heading and the compact JSON are public, for models repeat them when asked to. What of the
//! schema is left out and how the rest is written was found by comparing with reported counts.

use std::borrow::Cow;

use super::json::Json;

/// What holds the answer by itself, and so is not said to the model: found on schemas that have
/// `required`, `additionalProperties`, `default`, `minimum`, `maximum` and `maxItems`. The others
/// are limits of the same kind.
const UNSAID: [&str; 13] = [
    "required",
    "additionalProperties",
    "default",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "multipleOf",
];
/// Fields whose own fields are names that the client chose.
const NAMING: [&str; 3] = ["properties", "$defs", "definitions"];

/// The format a request asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerFormat<'j> {
    name: &'j str,
    description: &'j str,
    schema: &'j Json<'j>,
}

impl<'j> AnswerFormat<'j> {
    /// The format that `named` describes: an object with `name` and `schema`.
    pub(super) fn of(named: Option<&'j Json<'j>>) -> Option<Self> {
        let named = named?;
        Some(Self {
            name: named.text_of("name").unwrap_or_default(),
            description: named.text_of("description").unwrap_or_default(),
            schema: named.get("schema")?,
        })
    }

    pub(super) fn name(self) -> &'j str {
        self.name
    }

    /// What is put before the model.
    pub(super) fn section(self) -> String {
        let description = match self.description {
            "" => String::new(),
            text => format!("// {text}\n"),
        };
        let schema = ascii(&said(self.schema, false).compact());
        format!(
            "# Response Formats\n\n## {}\n\n{description}{schema}",
            self.name
        )
    }
}

/// `schema` without what is not said. Its depth is bounded by the parser of the body.
fn said<'j>(schema: &'j Json<'j>, names: bool) -> Json<'j> {
    match schema {
        Json::Object(fields) => {
            let kept = fields
                .iter()
                .filter(|(key, _)| names || !UNSAID.contains(&key.as_ref()));
            let field = |(key, value): &'j (Cow<'j, str>, Json<'j>)| {
                let naming = !names && NAMING.contains(&key.as_ref());
                (Cow::Borrowed(key.as_ref()), said(value, naming))
            };
            Json::Object(kept.map(field).collect())
        }
        Json::List(items) => Json::List(items.iter().map(|item| said(item, false)).collect()),
        Json::Text(text) => Json::Text(Cow::Borrowed(text)),
        Json::Null | Json::Bool(_) | Json::Number(_) => schema.clone(),
    }
}

/// JSON with `\u2014` for what is not ASCII: found on a description with a dash.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        let units = c.encode_utf16(&mut [0; 2]).to_vec();
        out.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(named: &str, expected: &str) {
        let named = Json::parse(named.as_bytes()).unwrap();
        let section = AnswerFormat::of(Some(&named)).unwrap().section();
        let headed = section.strip_prefix("# Response Formats\n\n## ").unwrap();
        assert_eq!(headed, expected);
    }

    #[test]
    fn a_schema_says_what_an_answer_means_and_not_what_holds_it() {
        check(
            r#"{"name":"Age","schema":{"properties":{"age":{"default":1,"minimum":0,"type":"integer"}},
                "required":["age"],"title":"Age","type":"object","additionalProperties":false}}"#,
            r#"Age

{"properties":{"age":{"type":"integer"}},"title":"Age","type":"object"}"#,
        );
    }

    #[test]
    fn a_property_may_be_called_as_a_limit_is() {
        check(
            r#"{"name":"f","schema":{"properties":{"default":{"type":"string"}}}}"#,
            "f\n\n{\"properties\":{\"default\":{\"type\":\"string\"}}}",
        );
    }

    #[test]
    fn a_description_stands_above_and_other_letters_are_escaped() {
        check(
            r#"{"name":"f","description":"Said.","schema":{"title":"a — 😀"}}"#,
            "f\n\n// Said.\n{\"title\":\"a \\u2014 \\ud83d\\ude00\"}",
        );
    }
}
