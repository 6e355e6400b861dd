//! Facts about the room as a whole.

mod answers;
mod conversations;
mod learned;
mod rendering;
mod requests;
mod segments;
