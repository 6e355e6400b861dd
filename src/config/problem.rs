//! What is wrong with a configuration: where, which key, what was found, what would do.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;

use super::files::Files;

/// One thing to change before tollgate starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, or `environment`.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: Option<usize>,
    /// The key, such as `prices[0].from`; empty where the file itself is meant.
    pub key: String,
    /// What was found and what would do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// By file and line; never empty.
    pub all: Vec<Problem>,
    /// Where they may be mended.
    pub files: Files,
}

impl Problems {
    /// Each problem as its line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.all.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.all.iter().enumerate() {
            let newline = if i == 0 { "" } else { "\n" };
            write!(f, "{newline}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// What all files of one configuration share: the environment, and what was read and found so far.
pub(super) struct Context<'c> {
    /// Reads an environment variable.
    pub(super) env: &'c dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<Problem>>,
    files: RefCell<Files>,
}

impl<'c> Context<'c> {
    pub(super) fn new(env: &'c dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            env,
            problems: RefCell::default(),
            files: RefCell::default(),
        }
    }

    /// Notes that the configuration depends on a file, before it is read.
    pub(super) fn reads(&self, path: &Path) {
        self.files.borrow_mut().add(path);
    }

    /// Notes the file that is the configuration itself, before it is read.
    pub(super) fn begins_with(&self, path: &Path) {
        self.files.borrow_mut().add_main(path);
    }

    pub(super) fn tell(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Whether something is wrong at this key already: what follows from it need not be told.
    pub(super) fn knows_of(&self, file: &str, key: &str) -> bool {
        let problems = self.problems.borrow();
        problems.iter().any(|p| p.file == file && p.key == key)
    }

    /// The problems, in the order a reader of the files meets them, and these files.
    pub(super) fn into_problems(self) -> Problems {
        let (mut all, files) = (self.problems.into_inner(), self.files.into_inner());
        all.sort();
        all.dedup();
        Problems { all, files }
    }
}
