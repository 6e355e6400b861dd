//! What holds for any bytes that a client or an upstream sends, a property a file.
//!
//! The fuzz targets search for input that breaks them; `tests/properties.rs` tries a few in every run
//! of the tests, and so keeps them compiling.

pub mod answers;
pub mod cut;
pub mod decode;
pub mod form;
pub mod frames;
pub mod measured;
pub mod scanner;
pub mod sse;
pub mod strip;
pub mod tokens;
pub mod usage_request;
