//! Holds the house to its plan: who may use whom, which rooms do no I/O, who keeps which crate, where
//! money stays exact.
//!
//! The plan is the table in ARCHITECTURE.md. A change of that table is a design decision and says
//! why in its commit; this test then follows it without being edited.

#[cfg(test)]
#[path = "architecture/exact.rs"]
mod exact;
#[cfg(test)]
#[path = "architecture/paths.rs"]
mod paths;
#[cfg(test)]
#[path = "architecture/planted.rs"]
mod planted;
#[cfg(test)]
#[path = "architecture/rules.rs"]
mod rules;
#[cfg(test)]
#[path = "architecture/sources.rs"]
mod sources;
#[cfg(test)]
#[path = "architecture/table.rs"]
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rules::violations;
use sources::{Source, settings_rooms, sources};

#[test]
fn the_house_is_as_its_table_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let rows = table::rows(&page).unwrap();
    let sources = sources(&root.join("src"));
    let settings = settings_rooms(&sources);
    let found: Vec<String> = sources
        .iter()
        .flat_map(|source| violations(source, &rows, &settings))
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_row_of_the_table_is_a_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let sources = sources(&root.join("src"));
    let rooms: BTreeSet<&str> = sources.iter().filter_map(Source::room).collect();
    let rows = table::rows(&page).unwrap();
    let empty = rows.iter().filter(|row| !rooms.contains(row.room.as_str()));
    let empty: Vec<&str> = empty.map(|row| row.room.as_str()).collect();
    assert!(empty.is_empty(), "rows without code: {}", empty.join(", "));
}
