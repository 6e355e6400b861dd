//! Records into leaves, and leaves into records.

use parquet::schema::types::SchemaDescriptor;

use super::cell::Cell;
use super::columns::{self, Columns, Numbered, Repeated, Unfit};
use super::leaf::Leaf;
use super::schema::Shape;

/// Rows taken apart into leaves, in the order of the columns.
#[derive(Debug)]
pub(super) struct Apart {
    leaves: Vec<Leaf>,
    /// The leaf of the next column.
    at: usize,
    /// The levels of what is written now.
    def: i16,
    rep: i16,
    /// Only places are written: the list that the columns belong to is empty.
    empty: bool,
}

impl Apart {
    /// No rows of a schema; `None` if it has a type that day files do not use.
    pub(super) fn of(schema: &SchemaDescriptor) -> Option<Self> {
        let leaves = schema.columns().iter().map(|column| Leaf::of(column));
        Some(Self {
            leaves: leaves.collect::<Option<_>>()?,
            at: 0,
            def: 0,
            rep: 0,
            empty: false,
        })
    }

    /// Adds a row of a shape.
    pub(super) fn add(&mut self, shape: Shape, row: &mut Numbered) -> Result<(), Unfit> {
        self.at = 0;
        match shape {
            Shape::Day => columns::all(self, row),
            Shape::Pass => columns::repriced(self, row),
        }
    }

    pub(super) fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    pub(super) fn clear(&mut self) {
        self.leaves.iter_mut().for_each(Leaf::clear);
    }

    fn place<T: Cell>(
        &mut self,
        column: &'static str,
        above: i16,
        value: Option<&T>,
    ) -> Result<(), Unfit> {
        let unfit = Unfit { column };
        let leaf = self.leaves.get_mut(self.at).ok_or(unfit)?;
        self.at = self.at.saturating_add(1);
        let value = value.filter(|_| !self.empty);
        leaf.put_level(self.def.saturating_add(above), self.rep);
        let Some(value) = value else { return Ok(()) };
        let raw = value.raw().ok_or(unfit)?;
        leaf.put(raw).ok_or(unfit)
    }
}

impl Columns for Apart {
    fn required<T: Cell>(&mut self, column: &'static str, value: &mut T) -> Result<(), Unfit> {
        self.place(column, 0, Some(value))
    }

    fn optional<T: Cell>(
        &mut self,
        column: &'static str,
        value: &mut Option<T>,
    ) -> Result<(), Unfit> {
        let above = i16::from(value.is_some() && !self.empty);
        self.place(column, above, value.as_ref())
    }

    fn repeated<T: Clone>(
        &mut self,
        _: (&'static str, Repeated),
        values: &mut Vec<T>,
        blank: &T,
        each: fn(&mut Self, &mut T) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        if values.is_empty() {
            self.empty = true;
            each(self, &mut blank.clone())?;
            self.empty = false;
            return Ok(());
        }
        let first = self.at;
        self.def = 1;
        for value in values {
            self.at = first;
            each(self, value)?;
            self.rep = 1;
        }
        (self.def, self.rep) = (0, 0);
        Ok(())
    }
}

/// Leaves that are put together to rows again.
#[derive(Debug)]
pub(super) struct Together<'a> {
    /// In the order of the columns; `None` for one that the file does not have.
    leaves: &'a mut [Option<Leaf>],
    at: usize,
    /// How far the list that the columns belong to is defined.
    def: i16,
    empty: bool,
}

impl<'a> Together<'a> {
    pub(super) const fn of(leaves: &'a mut [Option<Leaf>]) -> Self {
        Self {
            leaves,
            at: 0,
            def: 0,
            empty: false,
        }
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Numbered, Unfit> {
        self.at = 0;
        let mut row = columns::no_row();
        columns::repriced(self, &mut row)?;
        Ok(row)
    }

    /// The leaf of the next column, if the file has it.
    fn leaf(&mut self, unfit: Unfit) -> Result<Option<&mut Leaf>, Unfit> {
        let at = self.at;
        self.at = at.saturating_add(1);
        Ok(self.leaves.get_mut(at).ok_or(unfit)?.as_mut())
    }
}

impl Columns for Together<'_> {
    fn required<T: Cell>(&mut self, column: &'static str, value: &mut T) -> Result<(), Unfit> {
        let unfit = Unfit { column };
        let empty = self.empty;
        match self.leaf(unfit)? {
            None if empty => {}
            None => return Err(unfit),
            Some(leaf) => {
                leaf.take_def().ok_or(unfit)?;
                if !empty {
                    *value = leaf.take().and_then(|raw| T::of(&raw)).ok_or(unfit)?;
                }
            }
        }
        Ok(())
    }

    fn optional<T: Cell>(
        &mut self,
        column: &'static str,
        value: &mut Option<T>,
    ) -> Result<(), Unfit> {
        let unfit = Unfit { column };
        let (def, empty) = (self.def, self.empty);
        // A file that is older than the column says nothing about it.
        let Some(leaf) = self.leaf(unfit)? else {
            return Ok(());
        };
        if leaf.take_def().ok_or(unfit)? > def && !empty {
            *value = Some(leaf.take().and_then(|raw| T::of(&raw)).ok_or(unfit)?);
        }
        Ok(())
    }

    fn repeated<T: Clone>(
        &mut self,
        (column, _): (&'static str, Repeated),
        values: &mut Vec<T>,
        blank: &T,
        each: fn(&mut Self, &mut T) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let (unfit, first) = (Unfit { column }, self.at);
        let levels = |columns: &Self| match columns.leaves.get(first) {
            Some(Some(leaf)) => leaf.next_levels(),
            Some(None) | None => None,
        };
        let present = match self.leaves.get(first).ok_or(unfit)? {
            Some(leaf) => leaf.next_levels().ok_or(unfit)?.0 > 0,
            None => false,
        };
        if !present {
            self.empty = true;
            each(self, &mut blank.clone())?;
            self.empty = false;
            return Ok(());
        }
        self.def = 1;
        loop {
            self.at = first;
            let mut value = blank.clone();
            each(self, &mut value)?;
            values.push(value);
            // Another one of the same row repeats.
            if levels(self).is_none_or(|(_, rep)| rep == 0) {
                self.def = 0;
                return Ok(());
            }
        }
    }
}
