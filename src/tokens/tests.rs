//! Facts about the room as a whole.

mod answers;
mod conversations;
#[cfg(feature = "tokenizers")]
mod files;
mod learned;
mod rendering;
mod requests;
mod segments;
