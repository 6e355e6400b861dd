//! Where third-party recordings are: beside the repository, never in it.

use std::env;
use std::path::PathBuf;

/// The folder of recorded exchanges. `None` where nobody counts on it: then the reason is printed.
///
/// # Panics
/// If the folder is missing although `CI`, `TOLLGATE_SHARED` or `TOLLGATE_RECORDED` promise it.
pub(crate) fn recorded() -> Option<PathBuf> {
    let folder = variable("TOLLGATE_RECORDED").map_or_else(
        || shared().join("fixtures/recorded"),
        |folder| root().join(folder),
    );
    if folder.is_dir() {
        return Some(folder);
    }
    let promised = variable("CI").is_some_and(|ci| ci == "true")
        || variable("TOLLGATE_SHARED").is_some()
        || variable("TOLLGATE_RECORDED").is_some();
    assert!(!promised, "no recorded exchanges in {}", folder.display());
    println!("skipped: no recorded exchanges in {}", folder.display());
    None
}

fn shared() -> PathBuf {
    root().join(variable("TOLLGATE_SHARED").unwrap_or_else(|| "../shared".to_owned()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
