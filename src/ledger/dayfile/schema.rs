//! The schema of a day file, declared by the columns themselves.

use std::fmt::Write;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor};

use super::cell::Cell;
use super::columns::{self, Columns, Repeated, Unfit};

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum Shape {
    /// The calls of a day, as they were booked.
    Day,
    /// Calls that were priced again, each with what its money was. All columns of a day come first,
    /// so whoever reads can ask any file for these.
    Pass,
}

/// The schema that every new file of a shape has.
pub(super) fn schema(shape: Shape) -> Result<SchemaDescPtr, ParquetError> {
    let message = parse_message_type(&text(shape))?;
    Ok(Arc::new(SchemaDescriptor::new(Arc::new(message))))
}

/// The schema as Parquet writes one.
fn text(shape: Shape) -> String {
    let mut declared = Declared("message call {\n".to_owned());
    let mut row = columns::no_row();
    // Declaring has no value that could be unfit.
    let _ = match shape {
        Shape::Day => columns::all(&mut declared, &mut row),
        Shape::Pass => columns::repriced(&mut declared, &mut row),
    };
    declared.0.push('}');
    declared.0
}

/// Writes down what is declared.
struct Declared(String);

impl Declared {
    fn column<T: Cell>(&mut self, repetition: &str, column: &str) {
        let (physical, annotation) = T::TYPE;
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{repetition} {physical} {column} {annotation};");
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

impl Columns for Declared {
    fn required<T: Cell>(&mut self, column: &'static str, _: &mut T) -> Result<(), Unfit> {
        self.column::<T>("required", column);
        Ok(())
    }

    fn optional<T: Cell>(&mut self, column: &'static str, _: &mut Option<T>) -> Result<(), Unfit> {
        self.column::<T>("optional", column);
        Ok(())
    }

    fn repeated<T: Clone>(
        &mut self,
        (column, shape): (&'static str, Repeated),
        _: &mut Vec<T>,
        blank: &T,
        each: fn(&mut Self, &mut T) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let (kind, inner) = match shape {
            Repeated::Pairs => ("MAP", "repeated group key_value {"),
            Repeated::Values | Repeated::Groups => ("LIST", "repeated group list {"),
        };
        self.line(&format!("required group {column} ({kind}) {{"));
        self.line(inner);
        let grouped = shape == Repeated::Groups;
        if grouped {
            self.line("required group element {");
        }
        each(self, &mut blank.clone())?;
        self.line(if grouped { "} } }" } else { "} }" });
        Ok(())
    }
}
