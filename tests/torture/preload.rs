//! Small C libraries that change what the real binary is told by its system, preloaded into it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

/// Variables of a process's environment.
pub(crate) type Environment = Vec<(&'static str, OsString)>;

static BUILT: LazyLock<Mutex<HashMap<String, PathBuf>>> = LazyLock::new(Mutex::default);

/// The variable that preloads these sources, by their place in this folder.
pub(crate) fn preloaded(sources: &[&str]) -> (&'static str, OsString) {
    let libraries: Vec<_> = sources.iter().map(|source| library(source)).collect();
    ("LD_PRELOAD", libraries.join(":".as_ref()))
}

/// Built once, by the compiler that every Rust build links with.
fn library(source: &str) -> OsString {
    let mut built = BUILT.lock().unwrap();
    let library = built.entry(source.to_owned()).or_insert_with(|| {
        let name = source.replace('/', "-");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}.so", std::process::id()));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"])
            .arg("-o")
            .args([&target, &folder.join(source)])
            .status();
        assert!(compiled.unwrap().success());
        target
    });
    library.clone().into_os_string()
}
