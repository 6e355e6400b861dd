//! Facts about the room as a whole.

mod answers;
mod learned;
mod requests;
mod segments;
