//! A table of a file, read key by key; what nobody asked for is an unknown key.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::closest::closest;
use super::document::{Document, kind};
use super::problem::{Context, Problem};
use super::value::Value;

/// The table at one place of a file; an absent table reads as an empty one.
pub(super) struct Section<'d> {
    pub(super) context: &'d Context<'d>,
    pub(super) document: &'d Document,
    /// Such as `upstreams.openai` or `prices[0]`; empty for the root.
    pub(super) path: String,
    table: Option<&'d DeTable<'d>>,
    /// Where it begins, if it was written.
    offset: Option<usize>,
    asked: Vec<String>,
}

impl<'d> Section<'d> {
    /// The whole file.
    pub(super) fn root(
        context: &'d Context<'d>,
        document: &'d Document,
        table: &'d DeTable<'d>,
    ) -> Self {
        Self {
            context,
            document,
            path: String::new(),
            table: Some(table),
            offset: None,
            asked: Vec::new(),
        }
    }

    /// The value of a key, if it is written.
    pub(super) fn value(&mut self, key: &str) -> Option<Value<'d>> {
        self.asked.push(key.to_owned());
        let item = self.table?.get(key)?;
        Some(Value {
            context: self.context,
            document: self.document,
            key: self.join(key),
            item,
        })
    }

    /// The value of a key as `read` understands it; `read` tells what is wrong with it.
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Value<'d>) -> Option<T>,
    ) -> Option<T> {
        self.value(key).and_then(|value| read(&value))
    }

    /// The same for a key that must be there; `such_as` is an example of its line.
    pub(super) fn require<T>(
        &mut self,
        key: &str,
        such_as: &str,
        read: impl FnOnce(&Value<'d>) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key);
        if value.is_none() {
            self.problem(&format!("{key} is missing; add a line such as {such_as}"));
        }
        value.and_then(|value| read(&value))
    }

    /// The table of a key, empty if it is not written.
    pub(super) fn section(&mut self, key: &str) -> Section<'d> {
        match self.value(key) {
            Some(value) => value.section(),
            None => self.absent(key),
        }
    }

    /// The tables of a key by the names the user gave them: `[upstreams.NAME]`.
    pub(super) fn named(&mut self, key: &str) -> Vec<(&'d str, Section<'d>)> {
        let section = self.section(key);
        let entries = section.table.into_iter().flatten();
        entries
            .map(|(name, item)| {
                let name: &str = name.get_ref();
                (name, section.child(name, item).section())
            })
            .collect()
    }

    /// The values of a key by the names the user gave them: `dimensions = { team = "x-team" }`.
    pub(super) fn pairs(&mut self, key: &str) -> Vec<(&'d str, Value<'d>)> {
        let section = self.section(key);
        let entries = section.table.into_iter().flatten();
        entries
            .map(|(name, item)| {
                let name: &str = name.get_ref();
                (name, section.child(name, item))
            })
            .collect()
    }

    /// The tables of a list: `[[prices]]`.
    pub(super) fn list(&mut self, key: &str) -> Vec<Section<'d>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        value.items().iter().map(Value::section).collect()
    }

    /// The values whose keys `accept` understands, such as a rate in any currency.
    pub(super) fn matching<T>(
        &mut self,
        accept: impl Fn(&str) -> Option<T>,
    ) -> Vec<(T, Value<'d>)> {
        let entries = self.table.into_iter().flatten();
        let found: Vec<_> = entries
            .filter_map(|(key, item)| {
                let key: &str = key.get_ref();
                Some((accept(key)?, key, item))
            })
            .collect();
        found
            .into_iter()
            .map(|(what, key, item)| {
                self.asked.push(key.to_owned());
                (what, self.child(key, item))
            })
            .collect()
    }

    /// Tells of every key that nobody asked for; `also` are keys that would have been understood.
    pub(super) fn finish(self, also: &[String]) {
        let known: Vec<&str> = self.asked.iter().chain(also).map(String::as_str).collect();
        let entries = self.table.into_iter().flatten();
        for (key, item) in entries.filter(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            let name: &str = key.get_ref();
            let child = self.child(name, item);
            let remedy = match closest(name, known.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the keys here are {}", sorted(&known)),
            };
            self.context.tell(Problem {
                file: self.document.name.clone(),
                line: Some(self.document.line(key.span().start)),
                key: child.key,
                message: format!("unknown key; {remedy}"),
            });
        }
    }

    /// Tells what is wrong with the table as a whole.
    pub(super) fn problem(&self, message: &str) {
        self.context.tell(Problem {
            file: self.document.name.clone(),
            line: self.line(),
            key: self.path.clone(),
            message: message.to_owned(),
        });
    }

    /// Tells what is wrong with a key in the table, such as `throughput.as_of`: at its place if it
    /// is written, else at the innermost table that is. A key that could not be read is not told
    /// again.
    pub(super) fn problem_at(&self, key: &str, message: &str) {
        let path = self.join(key);
        if self.context.knows_of(&self.document.name, &path) {
            return;
        }
        let mut table = self.table;
        let mut offset = self.offset;
        for part in key.split('.') {
            let Some(item) = table.and_then(|table| table.get(part)) else {
                break;
            };
            offset = Some(item.span().start);
            table = item.get_ref().as_table();
        }
        self.context.tell(Problem {
            file: self.document.name.clone(),
            line: offset.map(|offset| self.document.line(offset)),
            key: path,
            message: message.to_owned(),
        });
    }

    /// The line the table begins at, if it was written.
    pub(super) fn line(&self) -> Option<usize> {
        self.offset.map(|offset| self.document.line(offset))
    }

    fn child(&self, name: &str, item: &'d Spanned<DeValue<'d>>) -> Value<'d> {
        Value {
            context: self.context,
            document: self.document,
            key: self.join(name),
            item,
        }
    }

    fn absent(&self, key: &str) -> Section<'d> {
        Section {
            context: self.context,
            document: self.document,
            path: self.join(key),
            table: None,
            offset: None,
            asked: Vec::new(),
        }
    }

    fn join(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

impl<'d> Value<'d> {
    /// The value as a table; anything else is told and reads as an empty one.
    pub(super) fn section(&self) -> Section<'d> {
        let table = self.item.get_ref().as_table();
        if table.is_none() {
            let found = kind(self.item.get_ref());
            self.problem(&format!("must be a table, not {found}"));
        }
        Section {
            context: self.context,
            document: self.document,
            path: self.key.clone(),
            table,
            offset: Some(self.item.span().start),
            asked: Vec::new(),
        }
    }
}

fn sorted(words: &[&str]) -> String {
    let mut words = words.to_vec();
    words.sort_unstable();
    words.dedup();
    words.join(", ")
}
