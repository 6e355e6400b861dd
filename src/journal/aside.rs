//! What is damaged is put aside under a name with the time in it, and never deleted.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// A free name beside `path`: `state.damaged-20261122T194503Z`.
#[must_use]
pub fn aside(path: &Path) -> PathBuf {
    beside(path, "damaged")
}

/// The same for what is not damaged, such as a database that made way for a smaller one.
#[must_use]
pub fn beside(path: &Path, what: &str) -> PathBuf {
    let at = now().strftime("%Y%m%dT%H%M%SZ");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let first = path.with_file_name(format!("{name}.{what}-{at}"));
    // More than one a second is a loop that somebody must see; each keeps what it found.
    let more = (2_u32..).map(|n| path.with_file_name(format!("{name}.{what}-{at}-{n}")));
    std::iter::once(first.clone())
        .chain(more)
        .find(|free| !free.exists())
        .unwrap_or(first)
}

#[expect(
    clippy::disallowed_methods,
    reason = "only a name depends on it, and only of what is damaged"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
