//! The files that a configuration came from, and whether they still say the same.
//!
//! Told by their content alone: a Kubernetes volume swaps a symlink, NFS and bind mounts keep times
//! and inodes of their own, and some of them tell nobody of a change.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// So much of a file is compared; no configuration, and no bundle of certificates, is as long.
const COMPARED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What a file says, without saying it: secrets are among them.
type Print = u64;

/// Of this process alone, so that no print tells of a secret.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Files by their paths, each with what it says; none for what is no file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<PathBuf, Option<Print>>);

impl Files {
    /// Adds a file as it is. Before it is read: of what changes meanwhile the reading may have seen
    /// more, never less.
    pub(super) fn add(&mut self, path: &Path) {
        self.0.insert(path.to_owned(), print(path));
    }

    /// The same files as they are now. One that is empty is just being written, or could not be: it
    /// counts for what it was.
    #[must_use]
    pub fn again(&self) -> Self {
        let now = self.0.iter().map(|(path, before)| {
            let is_empty = regular(path).is_some_and(|file| file.len() == 0);
            let now = if is_empty { *before } else { print(path) };
            (path.clone(), now)
        });
        Self(now.collect())
    }

    /// Those that say something else than before.
    pub fn changed<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a Path> {
        let other = |(path, print): &(&PathBuf, &Option<Print>)| before.0.get(*path) != Some(print);
        let changed = self.0.iter().filter(other);
        changed.map(|(path, _)| path.as_path())
    }
}

/// A pipe or a device gives what it has only once: it is nothing to look at again.
fn regular(path: &Path) -> Option<Metadata> {
    let metadata = std::fs::metadata(path).ok();
    metadata.filter(Metadata::is_file)
}

fn print(path: &Path) -> Option<Print> {
    regular(path)?;
    let mut text = Vec::new();
    let mut file = File::open(path).ok()?.take(COMPARED_BYTES_MAX);
    file.read_to_end(&mut text).ok()?;
    Some(KEYS.hash_one(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_changed_when_it_says_something_else_and_is_not_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        let mut files = Files::default();
        files.add(&path);
        let gone = files.clone();
        let changed = |files: &Files| files.again().changed(files).count();
        assert_eq!(changed(&files), 0, "still not there");
        write("one");
        assert_eq!(files.again().changed(&files).next(), Some(path.as_path()));
        files.add(&path);
        write("one");
        assert_eq!(changed(&files), 0, "written again");
        write("");
        assert_eq!(changed(&files), 0, "being written");
        write("two");
        assert_eq!(changed(&files), 1);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(files.again(), gone);
    }

    #[test]
    fn what_is_no_file_is_not_looked_into() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let mut files = Files::default();
        // Whoever opens it waits for a writer.
        files.add(&pipe);
        assert_eq!(files.again(), files);
    }
}
