//! Facts about the room as a whole.

mod segments;
