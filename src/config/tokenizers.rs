//! `[tokenizers.NAME]`: the models whose own `tokenizer.json` the operator has.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::prices::names;
use super::section::Section;
use super::value::Value;
use crate::pricing::{Layer, is_pattern, patterns_tie};
use crate::tokens::{Encoding, FileError, FileTokenizer, TOKENIZER_FILE_BYTES_MAX};

/// Each is up to some hundred megabytes of memory.
const TOKENIZERS_MAX: usize = 32;

/// A tokenizer that counts some models.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    /// What rows call it.
    pub name: String,
    /// The models: as prices, by name or with one `*`.
    pub models: Vec<String>,
    /// Where its file is.
    pub path: PathBuf,
    /// What the file says.
    pub file: Arc<FileTokenizer>,
}

impl Tokenizer {
    /// Reads all tables, and the files they name.
    pub(super) fn read_all(root: &mut Section<'_>) -> Vec<Self> {
        let sections = root.named("tokenizers");
        if let Some((_, further)) = sections.get(TOKENIZERS_MAX) {
            further.problem(&format!("is more than {TOKENIZERS_MAX} tokenizers"));
            return Vec::new();
        }
        let mut all: Vec<Self> = Vec::new();
        for (name, section) in sections {
            all.extend(Self::read(name, section, &all));
        }
        all
    }

    fn read(name: &str, mut section: Section<'_>, others: &[Self]) -> Option<Self> {
        if Encoding::ALL.iter().any(|known| known.name() == name) {
            section.problem("is the name of a tokenizer that is there already; choose another");
        }
        let models = section.require("match", "match = [\"llama-3*\"]", |value| {
            let models = names(value, Layer::Overlay);
            for model in &models {
                tell_of_tie(value, model, others);
            }
            Some(models)
        });
        let file = section.require("file", "file = \"llama3/tokenizer.json\"", |value| {
            let path = value.path()?;
            let told = |message: String| value.is_not::<()>(&message);
            let file = read(name, &path).map_err(told).ok()?;
            Some((path, Arc::new(file)))
        });
        section.finish(&[]);
        let (path, file) = file?;
        Some(Self {
            name: name.to_owned(),
            models: models?,
            path,
            file,
        })
    }
}

/// Two tokenizers of one model: nobody knows which is meant.
fn tell_of_tie(value: &Value<'_>, model: &str, others: &[Tokenizer]) {
    let ties =
        |other: &&String| is_pattern(other) == is_pattern(model) && patterns_tie(other, model);
    let claimed = others.iter().find_map(|other| {
        let name = other.models.iter().find(ties)?;
        Some((&other.name, name))
    });
    if let Some((other, name)) = claimed {
        value.problem(&format!(
            "\"{model}\" names models that tokenizers.{other} names as \"{name}\"; keep one of them"
        ));
    }
}

/// What the file at `path` says, or what it is not, with a remedy.
fn read(name: &str, path: &Path) -> Result<FileTokenizer, String> {
    let unreadable = |error: std::io::Error| format!("a file that can be read: {error}");
    // Before it is opened: a pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("a file".to_owned());
    }
    if metadata.len() > TOKENIZER_FILE_BYTES_MAX {
        let most = TOKENIZER_FILE_BYTES_MAX >> 20;
        return Err(format!("a file of at most {most} MiB"));
    }
    let mut json = Vec::new();
    let mut file = File::open(path)
        .map_err(unreadable)?
        .take(TOKENIZER_FILE_BYTES_MAX);
    file.read_to_end(&mut json).map_err(unreadable)?;
    FileTokenizer::read(name, &json).map_err(remedy)
}

fn remedy(error: FileError) -> String {
    match error {
        FileError::NotBuilt => "something this build can read; build tollgate with its default \
             features, which have `tokenizers`, or leave the table out"
            .to_owned(),
        FileError::Malformed { reason } => format!(
            "a tokenizer.json of the `tokenizers` library ({reason}); take the file of that name \
             from the model's folder"
        ),
        FileError::Incomplete => "a tokenizer for any text: it knows neither single bytes nor an \
             unknown token; take the file that the model is served with"
            .to_owned(),
    }
}
