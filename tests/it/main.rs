//! The integration tests: one binary, so that it is linked once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "clippy takes helpers of integration tests for no tests"
)]

mod app;
mod proxy;
mod support;
