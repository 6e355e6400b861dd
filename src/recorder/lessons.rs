//! What reported calls that were counted as well have taught: how vendors count, and how far off
//! our counts are.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sides::Sides;
use crate::meter::STUDIED_MODELS_MAX;
use crate::metrics::DriftGauge;
use crate::tokens::{Basis, Bound, Counted, Learned, Model, Side, Vocabulary};
use crate::usage::TokenUsage;

/// So many calls of a model are learned from, one and all; then a share of them.
const LESSONS: u32 = 50;

/// Everything that is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Lessons {
    learned: Learned,
    /// Calls studied, by model.
    studied: BTreeMap<String, u32>,
    /// Second counts, by upstream and then model.
    audited: BTreeMap<String, BTreeMap<String, Audited>>,
}

/// Tokens of all audited calls of a model at an upstream.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Audited {
    input: Sums,
    output: Sums,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sums {
    calls: u64,
    counted: u64,
    reported: u64,
}

impl Lessons {
    /// The counts in the tokens of the model's vendor.
    pub(super) fn estimated(&self, model: Model<'_>, sides: Sides) -> Sides {
        let line = line(model);
        let estimate = |side, counted| self.learned.estimate(&line, side, counted);
        Sides {
            input: sides.input.map(|counted| estimate(Side::Input, counted)),
            output: sides.output.map(|counted| estimate(Side::Output, counted)),
        }
    }

    /// Compares a call with what was reported, then learns from it; true once the model is known.
    pub(super) fn study(
        &mut self,
        upstream: &str,
        model: Model<'_>,
        sides: Sides,
        reported: &TokenUsage,
    ) -> bool {
        let is_new = !self.studied.contains_key(model.name);
        if is_new && self.studied.len() >= STUDIED_MODELS_MAX {
            return true;
        }
        // What was thought, heard or seen is in no text.
        let in_text = |count: Option<u64>, besides: [Option<u64>; 2]| {
            count.filter(|_| besides.iter().all(|part| part.unwrap_or(0) == 0))
        };
        let told = Told {
            // A count is there to be priced, so it learns what is billed.
            input: in_text(
                reported.billed_input.or(reported.input),
                [reported.input_audio, reported.tool_prompt],
            ),
            output: in_text(
                reported.billed_output.or(reported.output),
                [reported.reasoning, reported.output_audio],
            ),
        };
        self.audit(upstream, model.name, self.estimated(model, sides), told);
        let line = line(model);
        let mut learn = |side, counted: Option<Counted>, told: Option<u64>| {
            if let (Some(counted), Some(told)) = (counted, told) {
                self.learned.learn(&line, side, counted, told);
            }
        };
        learn(Side::Input, sides.input, told.input);
        learn(Side::Output, sides.output, told.output);
        let studied = self.studied.entry(model.name.to_owned()).or_default();
        *studied = studied.saturating_add(1);
        let by_rule = sides
            .output
            .is_some_and(|counted| counted.basis == Basis::Rule);
        by_rule || *studied >= LESSONS
    }

    /// The models of which enough is known.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        let known = self
            .studied
            .iter()
            .filter(|(_, studied)| **studied >= LESSONS);
        known.map(|(model, _)| model.as_str())
    }

    /// What was audited.
    pub(super) fn drift(&self) -> Vec<DriftGauge> {
        let rows = self.audited.iter().flat_map(|(upstream, models)| {
            models.iter().flat_map(move |(model, audited)| {
                let classes = [("input", audited.input), ("output", audited.output)];
                classes.map(|(class, sums)| (upstream, model, class, sums))
            })
        });
        rows.filter(|(.., sums)| sums.reported > 0)
            .map(|(upstream, model, class, sums)| DriftGauge {
                upstream: upstream.clone(),
                model: model.clone(),
                class,
                calls: sums.calls,
                counted: sums.counted,
                reported: sums.reported,
            })
            .collect()
    }

    fn audit(&mut self, upstream: &str, model: &str, sides: Sides, told: Told) {
        let models = self.audited.entry(upstream.to_owned()).or_default();
        let audited = models.entry(model.to_owned()).or_default();
        audited.input.add(sides.input, told.input);
        audited.output.add(sides.output, told.output);
    }
}

/// Under which name a model's lines are kept: what o200k taught says nothing of another vocabulary.
fn line(model: Model<'_>) -> Cow<'_, str> {
    match model.vocabulary {
        Vocabulary::Encoding(_) => Cow::Borrowed(model.name),
        Vocabulary::File(file) => Cow::Owned(format!("{} in {}", model.name, file.name())),
    }
}

/// What the provider said of each side, where all of it is in the texts.
#[derive(Clone, Copy)]
struct Told {
    input: Option<u64>,
    output: Option<u64>,
}

impl Sums {
    fn add(&mut self, counted: Option<Counted>, told: Option<u64>) {
        let whole = counted.filter(|counted| counted.bound == Bound::Whole);
        if let (Some(counted), Some(told)) = (whole, told) {
            self.calls = self.calls.saturating_add(1);
            self.counted = self.counted.saturating_add(counted.tokens);
            self.reported = self.reported.saturating_add(told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "tokenizers")]
    use crate::tokens::FileTokenizer;

    fn sides(input: u64, output: u64, basis: Basis) -> Sides {
        let counted = |tokens| {
            Some(Counted {
                tokens,
                basis,
                bound: Bound::Whole,
            })
        };
        Sides {
            input: counted(input),
            output: counted(output),
        }
    }

    fn reported(input: u64, output: u64) -> TokenUsage {
        TokenUsage {
            input: Some(input),
            output: Some(output),
            ..TokenUsage::default()
        }
    }

    const YARDSTICK: Basis = Basis::Yardstick {
        beside: 0,
        plain: true,
    };

    #[test]
    fn a_model_is_known_after_so_many_calls_or_by_its_rules_at_once() {
        let mut lessons = Lessons::default();
        let told = reported(100, 100);
        for call in 1..=LESSONS {
            let is_known =
                lessons.study("up", Model::of("claude"), sides(90, 90, YARDSTICK), &told);
            assert_eq!(is_known, call == LESSONS, "{call}");
        }
        assert!(lessons.study(
            "up",
            Model::of("gpt-4o"),
            sides(100, 100, Basis::Rule),
            &told
        ));
        assert_eq!(lessons.known().collect::<Vec<_>>(), ["claude"]);
    }

    #[test]
    fn what_was_learned_is_kept_and_read_again() {
        let mut lessons = Lessons::default();
        for _ in 0..LESSONS {
            lessons.study(
                "up",
                Model::of("m"),
                sides(100, 100, YARDSTICK),
                &reported(200, 150),
            );
        }
        let text = serde_json::to_string(&lessons).unwrap();
        let again: Lessons = serde_json::from_str(&text).unwrap();
        let Sides { input, output } = again.estimated(Model::of("m"), sides(1000, 1000, YARDSTICK));
        assert!(input.unwrap().tokens.abs_diff(2000) < 200, "{input:?}");
        assert!(output.unwrap().tokens.abs_diff(1500) < 150, "{output:?}");
    }

    #[cfg(feature = "tokenizers")]
    #[test]
    fn what_one_vocabulary_taught_is_not_said_of_another() {
        let tiny = include_bytes!("../../tests/fixtures/tokenizers/tiny.json");
        let file = FileTokenizer::read("tiny", tiny).unwrap();
        let own = Model {
            vocabulary: Vocabulary::File(&file),
            ..Model::of("m")
        };
        let mut lessons = Lessons::default();
        for _ in 0..LESSONS {
            let told = reported(200, 200);
            lessons.study("up", Model::of("m"), sides(100, 100, YARDSTICK), &told);
        }
        let input = |lessons: &Lessons, model| {
            let sides = lessons.estimated(model, sides(1000, 1000, YARDSTICK));
            sides.input.unwrap().tokens
        };
        assert_eq!(input(&lessons, own), 1000);
        assert!(input(&lessons, Model::of("m")) > 1800);
        for _ in 0..LESSONS {
            let told = reported(105, 100);
            lessons.study("up", own, sides(100, 100, Basis::Vocabulary), &told);
            lessons.study("up", own, sides(100, 100, YARDSTICK), &told);
        }
        assert!(input(&lessons, own) > 1020);
        // An output in the model's own tokens is what it is.
        let counted = sides(1000, 1000, Basis::Vocabulary);
        let output = lessons.estimated(own, counted).output;
        assert_eq!(output.unwrap().tokens, 1000);
    }

    #[test]
    fn what_is_billed_is_learned_where_that_is_not_what_was_read() {
        let mut lessons = Lessons::default();
        let told = TokenUsage {
            billed_input: Some(100),
            billed_output: Some(100),
            ..reported(300, 140)
        };
        for _ in 0..LESSONS {
            lessons.study("up", Model::of("m"), sides(100, 100, YARDSTICK), &told);
        }
        let Sides { input, output } = lessons.estimated(Model::of("m"), sides(100, 100, YARDSTICK));
        assert!(input.unwrap().tokens.abs_diff(100) < 10, "{input:?}");
        assert!(output.unwrap().tokens.abs_diff(100) < 10, "{output:?}");
    }

    #[test]
    fn a_second_count_is_shown_over_what_was_reported() {
        let mut lessons = Lessons::default();
        lessons.study(
            "up",
            Model::of("gpt-4o"),
            sides(100, 90, Basis::Rule),
            &reported(100, 100),
        );
        lessons.study(
            "up",
            Model::of("gpt-4o"),
            sides(100, 80, Basis::Rule),
            &reported(100, 100),
        );
        let shown: Vec<_> = lessons.drift();
        let shown: Vec<_> = shown
            .iter()
            .map(|row| (row.class, format!("{:.2}", row.ratio())))
            .collect();
        assert_eq!(
            shown,
            [("input", "1.00".to_owned()), ("output", "0.85".to_owned())]
        );
    }

    #[test]
    fn what_was_thought_teaches_nothing_of_what_was_said() {
        let mut lessons = Lessons::default();
        let thought = TokenUsage {
            reasoning: Some(400),
            ..reported(100, 500)
        };
        lessons.study("up", Model::of("m"), sides(100, 100, YARDSTICK), &thought);
        assert!(lessons.drift().iter().all(|row| row.class == "input"));
    }
}
