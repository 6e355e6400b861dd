//! One file of the configuration: its text, its tables, and the place of everything in it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Context, Problem};

/// Longest piece of a file that a problem repeats.
const SHOWN_CHARS_MAX: usize = 60;

/// A file as it was written.
pub(super) struct Document {
    /// As people know it: the path they gave.
    pub(super) name: String,
    /// What relative paths in it start from.
    pub(super) dir: PathBuf,
    pub(super) text: String,
    /// Where its lines end: a file of prices has thousands of entries, and each knows its line.
    line_ends: Vec<usize>,
}

impl Document {
    fn new(name: String, dir: PathBuf, text: String) -> Self {
        let line_ends = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
        Self {
            name,
            dir,
            text,
            line_ends,
        }
    }

    /// A text that is part of the binary, or none at all.
    pub(super) fn embedded(name: &str, text: &str) -> Self {
        Self::new(name.to_owned(), PathBuf::new(), text.to_owned())
    }

    /// The file at `path`, or the text that is part of the binary where none is named.
    pub(super) fn catalogue(
        path: Option<&Path>,
        (name, text): (&str, &str),
        context: &Context<'_>,
    ) -> Option<Self> {
        match path {
            Some(path) => Self::open(path, context),
            None => Some(Self::embedded(name, text)),
        }
    }

    /// Reads a file; one that cannot be read is a problem.
    pub(super) fn open(path: &Path, context: &Context<'_>) -> Option<Self> {
        let name = path.display().to_string();
        context.reads(path);
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let dir = path.parent().map(Path::to_owned).unwrap_or_default();
                Some(Self::new(name, dir, text))
            }
            Err(error) => {
                let message = format!("cannot be read: {error}");
                context.tell(Problem {
                    file: name,
                    line: None,
                    key: String::new(),
                    message,
                });
                None
            }
        }
    }

    /// The root table; a text that is not TOML is a problem with line, column and a caret.
    pub(super) fn parse(&self, context: &Context<'_>) -> Option<Spanned<DeTable<'_>>> {
        DeTable::parse(&self.text)
            .map_err(|error| {
                context.tell(Problem {
                    file: self.name.clone(),
                    line: error.span().map(|span| self.line(span.start)),
                    key: String::new(),
                    message: error.to_string().trim_end().to_owned(),
                });
            })
            .ok()
    }

    /// The line of a byte offset, counted from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        let before = self.line_ends.partition_point(|end| *end < offset);
        before.saturating_add(1)
    }

    /// What was written there, shortened to one line.
    pub(super) fn shown(&self, span: Range<usize>) -> String {
        let written = self.text.get(span).unwrap_or("").trim();
        let line = written.lines().next().unwrap_or("");
        let mut shown: String = line.chars().take(SHOWN_CHARS_MAX).collect();
        if shown.len() < written.len() {
            shown.push('…');
        }
        shown
    }

    /// A path written in this file: relative to it.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.dir.join(path)
    }
}

/// What kind of thing a value is, in words for people.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
