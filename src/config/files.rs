//! The files that a configuration came from, and whether they still say the same.
//!
//! Told by their content: a Kubernetes volume swaps a symlink, NFS and bind mounts keep times and
//! inodes of their own, and some of them tell nobody of a change. Only what is too long to be read
//! every second, such as a tokenizer, is told by its length and time.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The longest file whose content is compared; no configuration, and no bundle of certificates, is
/// as long.
const COMPARED_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What a file says, without saying it: secrets are among them.
type Print = u64;

/// Of this process alone, so that no print tells of a secret.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Files by their paths, each with what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// None for what is no file.
    prints: BTreeMap<PathBuf, Option<Print>>,
    /// The configuration itself, which names all others.
    main: Option<PathBuf>,
    is_emptied: bool,
}

impl Files {
    /// Adds a file as it is. Before it is read: of what changes meanwhile the reading may have seen
    /// more, never less. One that is read a second time is as it was at the first.
    pub(super) fn add(&mut self, path: &Path) {
        let known = self.prints.entry(path.to_owned());
        known.or_insert_with(|| print(path));
    }

    /// Adds the file that is the configuration itself.
    pub(super) fn add_main(&mut self, path: &Path) {
        self.main = Some(path.to_owned());
        self.add(path);
    }

    /// The same files as they are now.
    #[must_use]
    pub fn again(&self) -> Self {
        let now = self.prints.keys().map(|path| (path.clone(), print(path)));
        let prints: BTreeMap<_, _> = now.collect();
        let emptied = |path: &PathBuf| {
            let is_empty = regular(path).is_some_and(|file| file.len() == 0);
            is_empty && prints.get(path) != self.prints.get(path)
        };
        Self {
            is_emptied: self.main.as_ref().is_some_and(emptied),
            main: self.main.clone(),
            prints,
        }
    }

    /// The configuration itself, if it has become empty. It is being written, or the disk is full:
    /// nobody empties it to have every default. An empty file of prices or plans says that there are
    /// none, and is a change like any other.
    #[must_use]
    pub fn emptied(&self) -> Option<&Path> {
        self.main.as_deref().filter(|_| self.is_emptied)
    }

    /// Those that say something else than before.
    pub fn changed<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a Path> {
        let other =
            |(path, print): &(&PathBuf, &Option<Print>)| before.prints.get(*path) != Some(print);
        let changed = self.prints.iter().filter(other);
        changed.map(|(path, _)| path.as_path())
    }
}

/// A pipe or a device gives what it has only once: it is nothing to look at again.
fn regular(path: &Path) -> Option<Metadata> {
    let metadata = std::fs::metadata(path).ok();
    metadata.filter(Metadata::is_file)
}

fn print(path: &Path) -> Option<Print> {
    let metadata = regular(path)?;
    if metadata.len() > COMPARED_BYTES_MAX {
        return Some(KEYS.hash_one((metadata.len(), metadata.modified().ok())));
    }
    let mut text = Vec::new();
    let mut file = File::open(path).ok()?.take(COMPARED_BYTES_MAX);
    file.read_to_end(&mut text).ok()?;
    Some(KEYS.hash_one(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_changed_when_it_says_something_else() {
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
        let mut files = Files::default();
        files.add(&path);
        write("one");
        assert_eq!(changed(&files), 0, "written again");
        write("");
        assert_eq!(changed(&files), 1, "it says that there is nothing");
        write("two");
        assert_eq!(changed(&files), 1);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(files.again(), gone);
    }

    #[test]
    fn a_long_file_has_changed_when_its_length_or_its_time_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let put = |text: String| std::fs::write(&path, text).unwrap();
        let long = usize::try_from(COMPARED_BYTES_MAX).unwrap() + 1;
        put("a".repeat(long));
        let mut files = Files::default();
        files.add(&path);
        let changed = |files: &Files| files.again().changed(files).count();
        assert_eq!(changed(&files), 0);
        put("a".repeat(long + 1));
        assert_eq!(changed(&files), 1, "longer");
        put("a".repeat(long));
        let file = File::options().append(true).open(&path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(changed(&files), 1, "of another time");
    }

    #[test]
    fn only_the_configuration_itself_is_told_to_be_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let [main, other] = ["tollgate.toml", "prices.toml"].map(|name| folder.path().join(name));
        let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
        write(&main, "one");
        write(&other, "one");
        let mut files = Files::default();
        files.add_main(&main);
        files.add(&other);
        write(&other, "");
        assert_eq!(files.again().emptied(), None);
        write(&main, "");
        assert_eq!(files.again().emptied(), Some(main.as_path()));
        let mut files = Files::default();
        files.add_main(&main);
        assert_eq!(files.again().emptied(), None, "was read as empty");
    }

    #[test]
    fn a_file_that_is_named_twice_is_as_it_was_at_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let mut files = Files::default();
        std::fs::write(&path, "one").unwrap();
        files.add(&path);
        std::fs::write(&path, "two").unwrap();
        files.add(&path);
        assert_eq!(files.again().changed(&files).count(), 1);
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
