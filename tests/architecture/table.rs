//! The room table of ARCHITECTURE.md: which room may use which. The page is read by people and by
//! this test, so it stays true.

use std::collections::BTreeSet;

/// What stands for every room that has settings to fill.
const SETTINGS: &str = "the rooms that define a `Settings`";

/// One row: a room and what it may use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) room: String,
    pub(crate) uses: Uses,
}

/// The last column of a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Uses {
    /// Exactly these; `–` is none.
    Rooms {
        named: BTreeSet<String>,
        /// And "the rooms that define a `Settings`", which the source says.
        settings: bool,
    },
    /// "all above": every row before this one.
    AllAbove,
}

/// The rows of the first table whose header begins with "room".
pub(crate) fn rows(page: &str) -> Result<Vec<Row>, String> {
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| room |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(row)
        .collect::<Result<Vec<Row>, String>>()?;
    if rows.is_empty() {
        return Err("ARCHITECTURE.md has no table that begins with `| room |`".to_owned());
    }
    lowest_first(&rows)?;
    Ok(rows)
}

fn row(line: &str) -> Result<Row, String> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [room, .., uses] = cells.as_slice() else {
        return Err(format!("not a row of the room table: {line}"));
    };
    let room = room.trim_matches('`').to_owned();
    Ok(Row {
        room,
        uses: uses_of(uses),
    })
}

fn uses_of(cell: &str) -> Uses {
    if cell == "all above" {
        return Uses::AllAbove;
    }
    let items = || cell.split(", ").filter(|item| *item != "–");
    Uses::Rooms {
        named: items()
            .filter(|item| *item != SETTINGS)
            .map(str::to_owned)
            .collect(),
        settings: items().any(|item| item == SETTINGS),
    }
}

/// A row may only name rows before it: so the table has no cycle.
fn lowest_first(rows: &[Row]) -> Result<(), String> {
    let mut above = BTreeSet::new();
    for Row { room, uses } in rows {
        if let Uses::Rooms { named, .. } = uses
            && let Some(unknown) = named.iter().find(|name| !above.contains(name.as_str()))
        {
            return Err(format!(
                "`{room}` uses `{unknown}`, which is no row above it"
            ));
        }
        if !above.insert(room.as_str()) {
            return Err(format!("`{room}` has two rows"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "text\n| room | its one sentence | types | uses |\n|---|---|---|---|\n";

    #[track_caller]
    fn check(body: &str, expected: Result<&[&str], &str>) {
        let found = rows(&format!("{HEAD}{body}\n\n| other | table |"));
        let names = found.map(|rows| rows.into_iter().map(|row| row.room).collect::<Vec<_>>());
        assert_eq!(
            names.as_deref().map_err(String::as_str),
            expected
                .map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>())
                .as_deref()
                .map_err(|error| *error)
        );
    }

    #[test]
    fn rows_are_read_in_order() {
        check("| `a` | x | T | – |\n| `b` | y | U | a |", Ok(&["a", "b"]));
    }

    #[test]
    fn a_row_cannot_use_a_later_one() {
        check(
            "| `a` | x | T | b |\n| `b` | y | U | – |",
            Err("`a` uses `b`, which is no row above it"),
        );
    }

    #[test]
    fn a_room_has_one_row() {
        check(
            "| `a` | x | T | – |\n| `a` | y | U | – |",
            Err("`a` has two rows"),
        );
    }
}
