//! The sources of `src/`, each with its room and what it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::exact::floats;
use crate::paths::{NamedPath, paths};

/// One source file of `src/`.
pub(crate) struct Source {
    /// Its path below `src/`, with `/`.
    pub(crate) file: String,
    pub(crate) paths: Vec<NamedPath>,
    /// Where it names floating point.
    pub(crate) floats: Vec<(usize, String)>,
    /// Whether only a test build compiles it, for it was declared under `#[cfg(test)]`.
    pub(crate) is_test: bool,
}

impl Source {
    pub(crate) fn new(file: &str, text: &str) -> Result<Self, String> {
        let told = |error| format!("{file}: {error}");
        let (paths, floats) = (paths(text).map_err(told)?, floats(text).map_err(told)?);
        Ok(Self {
            file: file.to_owned(),
            paths,
            floats,
            is_test: false,
        })
    }

    /// The room the file belongs to; `None` for the crate roots.
    pub(crate) fn room(&self) -> Option<&str> {
        let first = self.file.split('/').next()?;
        let room = first.strip_suffix(".rs").unwrap_or(first);
        (!matches!(room, "lib" | "main")).then_some(room)
    }

    pub(crate) fn defines_settings(&self) -> bool {
        let is = |path: &NamedPath, name: &str| path.segments == [name];
        self.paths
            .windows(2)
            .any(|pair| is(&pair[0], "struct") && is(&pair[1], "Settings"))
    }

    /// How many `super` lead from the file's own level to the crate's root.
    pub(crate) fn depth(&self) -> usize {
        let folders = self.file.matches('/').count();
        folders + usize::from(!self.file.ends_with("/mod.rs") && self.room().is_some())
    }

    /// The modules in files of their own that only a test build has, as `wire/tests`.
    fn test_modules(&self) -> impl Iterator<Item = String> {
        let parent = self.file.trim_end_matches(".rs").trim_end_matches("/mod");
        self.paths
            .windows(2)
            .filter_map(move |pair| match &pair[0].segments[..] {
                [word] if word == "mod" && pair[0].in_test => {
                    Some(format!("{parent}/{}", pair[1].segments.first()?))
                }
                _ => None,
            })
    }

    pub(crate) fn at(&self, path: &NamedPath) -> String {
        format!(
            "src/{}:{}: {}",
            self.file,
            path.line,
            path.segments.join("::")
        )
    }
}

/// The rooms whose settings `config` fills.
pub(crate) fn settings_rooms(sources: &[Source]) -> BTreeSet<String> {
    let defining = sources.iter().filter(|source| source.defines_settings());
    defining
        .filter_map(|source| source.room().map(str::to_owned))
        .collect()
}

/// Every Rust source below `folder`, in order of its path.
pub(crate) fn sources(folder: &Path) -> Vec<Source> {
    let mut pending = vec![folder.to_owned()];
    let mut files = BTreeSet::new();
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.insert(path);
            }
        }
    }
    let source = |path: &PathBuf| {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
        Source::new(name, &fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut sources: Vec<Source> = files.iter().map(source).collect();
    mark_tests(&mut sources);
    sources
}

/// A file is test code when its declaration is, or that of a module around it.
pub(crate) fn mark_tests(sources: &mut [Source]) {
    let modules: BTreeSet<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in sources {
        let name = source.file.trim_end_matches(".rs").trim_end_matches("/mod");
        let mut around = name.match_indices('/').map(|(end, _)| &name[..end]);
        source.is_test = modules.contains(name) || around.any(|module| modules.contains(module));
    }
}
