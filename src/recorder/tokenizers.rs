//! Which models are counted by a tokenizer of the operator's.

use std::sync::Arc;

use crate::call::names_model;
use crate::pricing::{fits_pattern, is_pattern};
use crate::tokens::{FileTokenizer, Model, Vocabulary};

/// The operator's tokenizers, each with the names of its models; one `*` stands for any text.
#[derive(Clone, Debug, Default)]
pub struct Tokenizers {
    all: Vec<(Vec<String>, Arc<FileTokenizer>)>,
}

impl Tokenizers {
    /// No two may claim a name equally.
    #[must_use]
    pub const fn new(all: Vec<(Vec<String>, Arc<FileTokenizer>)>) -> Self {
        Self { all }
    }

    /// The model of a name, and what it is counted in: the name itself comes before the name without
    /// its date, that before a pattern, and the longest pattern before others.
    pub(super) fn model<'a>(&'a self, name: &'a str) -> Model<'a> {
        let fitting = self.all.iter().flat_map(|(names, file)| {
            let fits = names.iter().filter_map(|own| fit(own, name));
            fits.map(move |fit| (fit, file))
        });
        match fitting.max_by_key(|(fit, _)| *fit) {
            Some((_, file)) => Model {
                name,
                vocabulary: Vocabulary::File(file),
            },
            None => Model::of(name),
        }
    }
}

/// How well a configured name fits a model's, the better the greater.
fn fit(own: &str, name: &str) -> Option<usize> {
    if own == name {
        return Some(usize::MAX);
    }
    let fits = if is_pattern(own) {
        fits_pattern(own, name).then_some(own.len())
    } else {
        names_model(own, name).then_some(usize::MAX - 1)
    };
    fits.filter(|_| !name.is_empty())
}

#[cfg(test)]
#[cfg(feature = "tokenizers")]
mod tests {
    use super::*;

    const TINY: &[u8] = include_bytes!("../../tests/fixtures/tokenizers/tiny.json");

    #[test]
    fn of_several_names_the_one_that_says_most_decides() {
        let file = |name| Arc::new(FileTokenizer::read(name, TINY).unwrap());
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let tokenizers = Tokenizers::new(vec![
            (names(&["m-12*", "m-1-2026-01-01"]), file("long")),
            (names(&["m-1"]), file("base")),
            (names(&["m-1*", "*"]), file("any")),
        ]);
        let by = |model| match tokenizers.model(model).vocabulary {
            Vocabulary::File(file) => file.name().to_owned(),
            Vocabulary::Encoding(encoding) => encoding.name().to_owned(),
        };
        for (model, name) in [
            ("m-1", "base"),
            ("m-1-2026-02-02", "base"),
            ("m-1-2026-01-01", "long"),
            ("m-123", "long"),
            ("m-13", "any"),
            ("gpt-4o", "any"),
            // A call in which no model is seen has none.
            ("", "o200k_base"),
        ] {
            assert_eq!(by(model), name, "{model}");
        }
    }
}
