//! Function definitions as `OpenAI` puts them before a model: a TypeScript namespace.
//!
//! The form is not published. Models repeat it when asked to, and such texts are public: the rules
//! for unions, arrays and limits are theirs; all of it was then compared with reported counts, and
//! docs/accuracy.md has how close it comes.

use super::json::Json;
use super::remarks;

/// Deeper schemas are cut off here.
const DEPTH_MAX: usize = 32;
/// References can make a small schema endless; what is beyond these bytes is cut off.
pub(super) const BYTES_MAX: usize = 1 << 20;

/// The section of `functions`, each an object with `name`, `description` and `parameters`.
pub(super) fn section(functions: &[&Json<'_>]) -> String {
    let mut out = "# Tools\n\n## functions\n\nnamespace functions {\n\n".to_owned();
    let mut left = BYTES_MAX;
    for function in functions {
        let root = function.get("parameters").unwrap_or(&Json::Null);
        let mut rendering = Rendering { root, left };
        out.push_str(&rendering.function(function));
        left = rendering.left;
    }
    out.push_str("} // namespace functions");
    out
}

/// The schema whose references are followed, and the bytes it may still become.
struct Rendering<'j> {
    root: &'j Json<'j>,
    left: usize,
}

/// One line of an object.
struct Row {
    above: String,
    key: String,
    kind: String,
    behind: String,
}

/// One type of a union.
struct Member {
    above: String,
    kind: String,
    behind: String,
}

impl<'j> Rendering<'j> {
    fn function(&mut self, function: &Json<'_>) -> String {
        let text = |name| function.text_of(name).unwrap_or_default();
        let (description, name) = (remarks::lines(text("description")), text("name"));
        let takes = match self.root.get("properties") {
            Some(properties) if !properties.fields().is_empty() => {
                let object = self.object(self.root, properties, 0);
                format!("_: {}{object}", remarks::above(self.root))
            }
            Some(_) | None => String::new(),
        };
        format!("{description}type {name} = ({takes}) => any;\n\n")
    }

    /// A line for each property, or all in one line where nothing is said about any.
    fn object(&mut self, schema: &Json<'_>, properties: &'j Json<'j>, depth: usize) -> String {
        let required = schema.items_of("required");
        let is_required = |name: &str| required.iter().any(|item| item.text() == Some(name));
        let mut rows = Vec::new();
        for (name, property) in properties.fields() {
            let mark = if is_required(name) { "" } else { "?" };
            let row = self.row(format!("{name}{mark}:"), property, depth);
            self.left = self.left.saturating_sub(row.key.len() + row.above.len());
            rows.push(row);
        }
        if rows.iter().all(Row::is_bare) {
            let bare: Vec<String> = rows.iter().map(Row::bare).collect();
            return format!("{{{}}}", bare.join(", "));
        }
        let lines: String = rows.iter().map(Row::line).collect();
        format!("{{\n{lines}}}")
    }

    fn row(&mut self, key: String, property: &'j Json<'j>, depth: usize) -> Row {
        let meant = self.meant(property);
        let kind = self.kind(property, depth + 1);
        let either = |remark: fn(&Json<'_>) -> String| {
            let own = remark(property);
            if own.is_empty() { remark(meant) } else { own }
        };
        let mut above = either(remarks::above);
        // Behind a union of several lines there is no room for the default.
        if kind.starts_with('\n') {
            let default = remarks::default(property).map(|default| format!("// {default}\n"));
            above.push_str(&default.unwrap_or_default());
            let behind = String::new();
            return Row {
                above,
                key,
                kind,
                behind,
            };
        }
        let behind = either(remarks::behind);
        Row {
            above,
            key,
            kind,
            behind,
        }
    }

    /// The type of a value.
    fn kind(&mut self, schema: &'j Json<'j>, depth: usize) -> String {
        if depth >= DEPTH_MAX || self.left == 0 {
            return "any".to_owned();
        }
        self.left = self.left.saturating_sub(8);
        let schema = self.meant(schema);
        let union = schema.get("anyOf").or_else(|| schema.get("oneOf"));
        if let Some(values) = schema.get("enum") {
            let values: Vec<String> = values.items().iter().map(Json::compact).collect();
            values.join(" | ")
        } else if let Some(value) = schema.get("const") {
            value.compact()
        } else if let Some(kinds) = union {
            let member = |kind| self.member(kind, depth + 1);
            joined(&kinds.items().iter().map(member).collect::<Vec<_>>())
        } else if let Some(Json::List(names)) = schema.get("type") {
            let member = |name: &'j Json<'j>| self.named_member(schema, name.text(), depth);
            joined(&names.iter().map(member).collect::<Vec<_>>())
        } else {
            self.named(schema, schema.text_of("type"), depth)
        }
    }

    fn member(&mut self, schema: &'j Json<'j>, depth: usize) -> Member {
        let meant = self.meant(schema);
        Member {
            above: remarks::above(meant),
            kind: self.kind(schema, depth),
            behind: remarks::behind(meant),
        }
    }

    /// One of several `type` names: each repeats what is said about all. Found on a nullable
    /// property, which counts its description three times.
    fn named_member(&mut self, schema: &'j Json<'j>, name: Option<&str>, depth: usize) -> Member {
        Member {
            above: remarks::above(schema),
            kind: self.named(schema, name, depth),
            behind: String::new(),
        }
    }

    fn named(&mut self, schema: &'j Json<'j>, name: Option<&str>, depth: usize) -> String {
        let properties = schema.get("properties");
        let properties = properties.filter(|inner| !inner.fields().is_empty());
        match (name, properties, schema.get("items")) {
            (Some("object") | None, Some(properties), _) => self.object(schema, properties, depth),
            (Some("array"), _, Some(items)) => self.list(items, depth),
            (name, ..) => word(name).to_owned(),
        }
    }

    fn list(&mut self, items: &'j Json<'j>, depth: usize) -> String {
        let meant = self.meant(items);
        let (kind, above) = (self.kind(items, depth + 1), remarks::above(meant));
        let titled = !above.is_empty() && meant.get("properties").is_some();
        if kind.contains('\n') || titled {
            format!("Array<\n{above}{kind}\n>")
        } else if kind.contains(" | ") {
            format!("Array<{kind}>")
        } else {
            format!("{kind}[]")
        }
    }

    /// `schema`, or what its `$ref` such as `#/$defs/Name` stands for.
    fn meant(&self, schema: &'j Json<'j>) -> &'j Json<'j> {
        let mut meant = schema;
        for _ in 0..DEPTH_MAX {
            let path = meant
                .text_of("$ref")
                .and_then(|path| path.strip_prefix("#/"));
            let at =
                path.and_then(|path| path.split('/').try_fold(self.root, |at, name| at.get(name)));
            let Some(at) = at else { break };
            meant = at;
        }
        meant
    }
}

impl Row {
    fn is_bare(&self) -> bool {
        self.above.is_empty() && self.behind.is_empty() && !self.kind.contains('\n')
    }

    fn bare(&self) -> String {
        format!("{} {}", self.key, self.kind)
    }

    fn line(&self) -> String {
        let Self {
            above,
            key,
            kind,
            behind,
        } = self;
        let space = if kind.starts_with('\n') { "" } else { " " };
        let mark = if behind.is_empty() { "" } else { " // " };
        format!("{above}{key}{space}{kind},{mark}{behind}\n")
    }
}

/// A union in one line, or a line for each member where something is said about one.
fn joined(members: &[Member]) -> String {
    let is_bare = |member: &Member| {
        member.above.is_empty() && member.behind.is_empty() && !member.kind.contains('\n')
    };
    if members.iter().all(is_bare) {
        let kinds: Vec<&str> = members.iter().map(|member| member.kind.as_str()).collect();
        return kinds.join(" | ");
    }
    let line = |member: &Member| {
        let mark = if member.behind.is_empty() { "" } else { " // " };
        format!(
            "\n{} | {}{mark}{}",
            member.above, member.kind, member.behind
        )
    };
    members.iter().map(line).collect::<String>() + "\n"
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
