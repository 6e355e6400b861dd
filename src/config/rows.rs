//! The catalogues that plans refer to: `hardware.toml` and `throughput.toml`, ours and the user's.
//!
//! A user's file adds to ours; a row of the same key takes the place of ours.

mod hardware;
mod throughput;

use std::path::Path;

use super::Catalogues;
use super::document::Document;
use super::problem::Context;
use super::section::Section;
use super::value::Value;
use crate::economics::catalogue::{self, Catalogue, Row};

/// The catalogues in the binary, and what problems call them.
const HARDWARE: (&str, &str) = (
    "config/hardware.toml (embedded)",
    include_str!("../../config/hardware.toml"),
);
const THROUGHPUT: (&str, &str) = (
    "config/throughput.toml (embedded)",
    include_str!("../../config/throughput.toml"),
);

/// Reads all rows.
pub(super) fn read(own: &Catalogues, context: &Context<'_>) -> Catalogue {
    let mut catalogue = Catalogue::default();
    let mut files = |embedded, own: Option<&Path>, read: fn(&mut Section<'_>, &mut Catalogue)| {
        for path in [None, own]
            .into_iter()
            .take(if own.is_some() { 2 } else { 1 })
        {
            file(path, embedded, context, |root| read(root, &mut catalogue));
        }
    };
    files(HARDWARE, own.hardware.as_deref(), hardware::read);
    files(THROUGHPUT, own.throughput.as_deref(), throughput::read);
    catalogue
}

fn file(
    path: Option<&Path>,
    embedded: (&str, &str),
    context: &Context<'_>,
    read: impl FnOnce(&mut Section<'_>),
) {
    let Some(document) = Document::catalogue(path, embedded, context) else {
        return;
    };
    if let Some(table) = document.parse(context) {
        let mut root = Section::root(context, &document, table.get_ref());
        read(&mut root);
        root.finish(&[]);
    }
}

/// The rows of a list, each once in a file.
fn list<R: Row>(
    root: &mut Section<'_>,
    key: &str,
    rows: &mut Vec<R>,
    read: impl Fn(&mut Section<'_>) -> Option<R>,
) {
    let mut seen = Vec::new();
    for mut section in root.list(key) {
        if let Some(row) = read(&mut section) {
            let key = row.key();
            if seen.contains(&key) {
                section.problem(&format!("{key} is in this file already; keep one of them"));
            }
            seen.push(key);
            catalogue::put(rows, row);
        }
        section.finish(&[]);
    }
}

fn words(section: &mut Section<'_>, key: &str, such_as: &str) -> Option<String> {
    let such_as = format!("{key} = {such_as}");
    section.require(key, &such_as, |value| value.text().map(str::to_owned))
}

fn positive(section: &mut Section<'_>, key: &str, such_as: &str) -> Option<f64> {
    section.require(key, &format!("{key} = {such_as}"), above_zero)
}

fn above_zero(value: &Value<'_>) -> Option<f64> {
    let number = value.number()?;
    let positive = (number > 0.0).then_some(number);
    positive.or_else(|| value.is_not("above zero"))
}

fn count(section: &mut Section<'_>, key: &str, such_as: &str) -> Option<u32> {
    section.require(key, &format!("{key} = {such_as}"), |value| {
        value.count()?.try_into().ok()
    })
}

/// A name that must be known; another one is told.
fn named<R: Row>(
    section: &mut Section<'_>,
    key: &str,
    such_as: &str,
    rows: &[R],
) -> Option<String> {
    section.require(key, &format!("{key} = {such_as}"), |value| {
        let name = value.text()?;
        let Err(nearest) = catalogue::find(rows, name) else {
            return Some(name.to_owned());
        };
        let near = match nearest.as_slice() {
            [] => "add its row".to_owned(),
            near => format!("add its row, or name {}", near.join(", ")),
        };
        value.is_not(&format!("a {key} of the catalogue; {near}"))
    })
}
