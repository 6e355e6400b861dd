//! Function definitions as `OpenAI` puts them before a model: a TypeScript namespace.
//!
//! Found by comparing with reported counts; docs/accuracy.md has how close it comes.

use super::json::Json;

/// Deeper schemas are cut off here.
const DEPTH_MAX: usize = 32;
/// References can make a small schema endless; what is beyond these bytes is cut off.
const BYTES_MAX: usize = 4 << 20;

/// The namespace of `functions`, each an object with `name`, `description` and `parameters`.
pub(super) fn namespace(functions: &[&Json<'_>]) -> String {
    let mut out = "namespace functions {\n\n".to_owned();
    for function in functions {
        let schema = function.get("parameters").unwrap_or(&Json::Null);
        out = Rendering { root: schema, out }.function(function);
    }
    out.push_str("} // namespace functions");
    out
}

/// The text so far, and the schema whose references are followed.
struct Rendering<'j> {
    root: &'j Json<'j>,
    out: String,
}

impl<'j> Rendering<'j> {
    fn function(mut self, function: &Json<'_>) -> String {
        self.description(function, 0);
        self.out.push_str("type ");
        self.out
            .push_str(function.text_of("name").unwrap_or_default());
        match self.root.get("properties") {
            Some(properties) if !properties.fields().is_empty() => {
                self.out.push_str(" = (_: ");
                self.title(self.root, 0);
                self.description(self.root, 0);
                self.out.push_str("{\n");
                self.properties(self.root, properties, 0);
                self.out.push_str("}) => any;\n\n");
            }
            Some(_) | None => self.out.push_str(" = () => any;\n\n"),
        }
        self.out
    }

    /// A line for each property of an object's schema.
    fn properties(&mut self, schema: &Json<'_>, properties: &Json<'_>, depth: usize) {
        let required = schema.items_of("required");
        for (name, property) in properties.fields() {
            self.title(property, depth);
            self.description(property, depth);
            self.indent(depth);
            self.out.push_str(name);
            if !required.iter().any(|item| item.text() == Some(name)) {
                self.out.push('?');
            }
            self.out.push_str(": ");
            self.kind(property, depth);
            self.out.push(',');
            if let Some(default) = property.get("default") {
                self.out.push_str(" // default: ");
                match default.text() {
                    Some(text) => self.out.push_str(text),
                    None => self.out.push_str(&default.compact()),
                }
            }
            self.out.push('\n');
        }
    }

    /// The type of a value.
    fn kind(&mut self, schema: &Json<'_>, depth: usize) {
        let union = schema.get("anyOf").or_else(|| schema.get("oneOf"));
        if depth >= DEPTH_MAX || self.out.len() > BYTES_MAX {
            self.out.push_str("any");
        } else if let Some(meant) = self.referred(schema) {
            self.kind(meant, depth + 1);
        } else if let Some(values) = schema.get("enum") {
            self.joined(values.items(), |this, value| {
                this.out.push_str(&value.compact());
            });
        } else if let Some(kinds) = union {
            self.joined(kinds.items(), |this, kind| this.kind(kind, depth + 1));
        } else if let Some(Json::List(names)) = schema.get("type") {
            self.joined(names, |this, name| this.out.push_str(word(name.text())));
        } else {
            self.plain(schema, depth);
        }
    }

    fn plain(&mut self, schema: &Json<'_>, depth: usize) {
        let properties = schema
            .get("properties")
            .filter(|inner| !inner.fields().is_empty());
        match (schema.text_of("type"), properties, schema.get("items")) {
            (Some("object"), Some(properties), _) => {
                self.out.push_str("{\n");
                self.properties(schema, properties, depth + 1);
                self.indent(depth);
                self.out.push('}');
            }
            (Some("array"), _, Some(items)) => {
                self.kind(items, depth + 1);
                self.out.push_str("[]");
            }
            (name, ..) => self.out.push_str(word(name)),
        }
    }

    /// What a `$ref` such as `#/$defs/Name` stands for.
    fn referred(&self, schema: &Json<'_>) -> Option<&'j Json<'j>> {
        let path = schema.text_of("$ref")?.strip_prefix("#/")?;
        path.split('/').try_fold(self.root, |at, name| at.get(name))
    }

    fn joined<'i>(&mut self, items: &'i [Json<'i>], each: impl Fn(&mut Self, &'i Json<'i>)) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push_str(" | ");
            }
            each(self, item);
        }
    }

    fn title(&mut self, schema: &Json<'_>, depth: usize) {
        if let Some(title) = schema.text_of("title") {
            self.comment(title, depth);
            if schema.get("description").is_some() {
                self.indent(depth);
                self.out.push_str("//\n");
            }
        }
    }

    fn description(&mut self, schema: &Json<'_>, depth: usize) {
        let text = schema.text_of("description");
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.comment(text, depth);
        }
    }

    /// Further lines of a text are not marked.
    fn comment(&mut self, text: &str, depth: usize) {
        self.indent(depth);
        self.out.push_str("// ");
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.out.push_str("  ");
        }
    }
}

fn word(name: Option<&str>) -> &'static str {
    match name {
        Some("string") => "string",
        Some("number" | "integer") => "number",
        Some("boolean") => "boolean",
        Some("null") => "null",
        Some("object") => "object",
        Some("array") => "any[]",
        Some(_) | None => "any",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(function: &str, expected: &str) {
        let function = Json::parse(function.as_bytes()).unwrap();
        let text = namespace(&[&function]);
        let inner = text.strip_prefix("namespace functions {\n\n").unwrap();
        assert_eq!(
            inner.strip_suffix("\n\n} // namespace functions").unwrap(),
            expected
        );
    }

    #[test]
    fn a_function_without_properties_takes_nothing() {
        check(
            r#"{"name":"now","description":"The time.","parameters":{"type":"object","properties":{}}}"#,
            "// The time.\ntype now = () => any;",
        );
    }

    #[test]
    fn properties_have_their_title_description_type_and_default() {
        check(
            r#"{"name":"f","parameters":{"title":"Args","properties":{
                "city":{"type":"string","title":"City","description":"Which."},
                "unit":{"enum":["c","f"],"default":"c"},
                "days":{"anyOf":[{"type":"integer"},{"type":"null"}]}},"required":["city"]}}"#,
            "type f = (_: // Args\n{\n// City\n//\n// Which.\ncity: string,\n\
             unit?: \"c\" | \"f\", // default: c\ndays?: number | null,\n}) => any;",
        );
    }

    #[test]
    fn objects_in_lists_are_indented_and_references_followed() {
        check(
            r##"{"name":"f","parameters":{"$defs":{"T":{"type":"object","properties":{"a":{"type":"boolean"}}}},
                "properties":{"all":{"type":"array","items":{"$ref":"#/$defs/T"}}}}}"##,
            "type f = (_: {\nall?: {\n      a?: boolean,\n    }[],\n}) => any;",
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let circle = r##"{"name":"f","parameters":{"$defs":{"T":{"anyOf":[{"$ref":"#/$defs/T"},
            {"$ref":"#/$defs/T"}]}},"properties":{"a":{"$ref":"#/$defs/T"}}}}"##;
        let function = Json::parse(circle.as_bytes()).unwrap();
        assert!(namespace(&[&function]).len() < BYTES_MAX * 2);
    }
}
