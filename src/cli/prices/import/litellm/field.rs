//! The names of `LiteLLM`'s price fields: a part, then in any order the length of the input, the
//! lifetime of a cache write, and the tier: `cache_creation_input_token_cost_above_1hr_flex`.

use super::super::found::Reason;
use crate::call::LineKind;

/// A field, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) part: Part,
    /// Only for calls with more input tokens.
    pub(super) above: Option<u64>,
    /// As calls say it: `batch`, `flex`, `priority` …
    pub(super) tier: Option<&'a str>,
}

/// What a field is the price of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// One of ours, whatever the model does.
    Kind(LineKind),
    /// A cache write of the default lifetime.
    CacheWrite,
    /// Cache reads once more, by the name that `DeepSeek` had for them.
    CacheHit,
    /// Depends on what the model does.
    Unit(Unit),
    /// None of ours.
    Not(Reason),
}

/// What is billed by number, before it is known what the model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    InputImage,
    OutputImage,
    InputSecond,
    OutputSecond,
    Character,
    Query,
}

/// The beginnings of fields; of two that fit, the longer one counts.
const PARTS: [(&str, Part); 44] = [
    ("input_cost_per_token", Part::Kind(LineKind::Input)),
    ("output_cost_per_token", Part::Kind(LineKind::Output)),
    (
        "cache_read_input_token_cost",
        Part::Kind(LineKind::CacheRead),
    ),
    ("cache_creation_input_token_cost", Part::CacheWrite),
    ("input_cost_per_token_cache_hit", Part::CacheHit),
    (
        "output_cost_per_reasoning_token",
        Part::Kind(LineKind::Reasoning),
    ),
    (
        "input_cost_per_audio_token",
        Part::Kind(LineKind::InputAudio),
    ),
    (
        "output_cost_per_audio_token",
        Part::Kind(LineKind::OutputAudio),
    ),
    (
        "cache_read_input_audio_token_cost",
        Part::Kind(LineKind::CacheReadAudio),
    ),
    (
        "cache_creation_input_audio_token_cost",
        Part::Not(Reason::NoPart),
    ),
    (
        "input_cost_per_image_token",
        Part::Kind(LineKind::InputImage),
    ),
    (
        "output_cost_per_image_token",
        Part::Kind(LineKind::OutputImage),
    ),
    (
        "cache_read_input_image_token_cost",
        Part::Kind(LineKind::CacheReadImage),
    ),
    (
        "input_cost_per_video_token",
        Part::Kind(LineKind::InputVideo),
    ),
    ("output_cost_per_video_token", Part::Not(Reason::NoPart)),
    (
        "explicit_cache_read_input_token_cost",
        Part::Not(Reason::NoPart),
    ),
    ("citation_cost_per_token", Part::Not(Reason::NoPart)),
    ("input_dbu_cost_per_token", Part::Not(Reason::Currency)),
    ("output_dbu_cost_per_token", Part::Not(Reason::Currency)),
    ("input_cost_per_request", Part::Kind(LineKind::Request)),
    ("input_cost_per_image", Part::Unit(Unit::InputImage)),
    ("output_cost_per_image", Part::Unit(Unit::OutputImage)),
    ("input_cost_per_second", Part::Unit(Unit::InputSecond)),
    ("output_cost_per_second", Part::Unit(Unit::OutputSecond)),
    ("cost_per_second", Part::Unit(Unit::InputSecond)),
    (
        "output_cost_per_video_per_second",
        Part::Kind(LineKind::VideoSeconds),
    ),
    ("input_cost_per_character", Part::Unit(Unit::Character)),
    ("input_cost_per_query", Part::Unit(Unit::Query)),
    ("ocr_cost_per_page", Part::Kind(LineKind::Pages)),
    ("annotation_cost_per_page", Part::Not(Reason::Depends)),
    ("ocr_cost_per_credit", Part::Not(Reason::Unseen)),
    (
        "code_interpreter_cost_per_session",
        Part::Kind(LineKind::CodeInterpreter),
    ),
    (
        "google_maps_grounding_cost_per_query",
        Part::Not(Reason::NoPart),
    ),
    ("input_cost_per_pixel", Part::Not(Reason::Unseen)),
    ("output_cost_per_pixel", Part::Not(Reason::Unseen)),
    ("output_cost_per_character", Part::Not(Reason::Unseen)),
    ("input_cost_per_audio_per_second", Part::Not(Reason::Unseen)),
    ("input_cost_per_video_per_second", Part::Not(Reason::Unseen)),
    ("input_cost_per_text_message", Part::Not(Reason::Unseen)),
    ("guardrail_cost_per_unit", Part::Not(Reason::Unseen)),
    (
        "computer_use_input_cost_per_1k_tokens",
        Part::Not(Reason::NoPart),
    ),
    (
        "computer_use_output_cost_per_1k_tokens",
        Part::Not(Reason::NoPart),
    ),
    ("file_search_cost_per_gb_per_day", Part::Not(Reason::NoPart)),
    (
        "vector_store_cost_per_gb_per_day",
        Part::Not(Reason::NoPart),
    ),
];

/// The tiers of the API, as fields and calls say them.
const TIERS: [(&str, &str); 5] = [
    ("_batches", "batch"),
    ("_flex", "flex"),
    ("_priority", "priority"),
    ("_ultrafast", "ultrafast"),
    ("_balanced", "balanced"),
];

/// Understands a field that says a price; `None` for one of which nothing is known.
pub(super) fn parse(field: &str) -> Option<Field<'static>> {
    let fits = PARTS.iter().filter_map(|(name, part)| {
        let rest = field.strip_prefix(name)?;
        Some((name.len(), read(*part, rest)?))
    });
    fits.max_by_key(|(length, _)| *length)
        .map(|(_, field)| field)
}

/// Reads what stands behind a part.
fn read(part: Part, rest: &str) -> Option<Field<'static>> {
    let mut field = Field {
        part,
        above: None,
        tier: None,
    };
    let mut rest = rest;
    while !rest.is_empty() {
        rest = match (lifetime(rest), tier(rest)) {
            (Some((kind, rest)), _) if field.part == Part::CacheWrite => {
                field.part = Part::Kind(kind);
                rest
            }
            (_, Some((word, rest))) if field.tier.is_none() => {
                field.tier = Some(word);
                rest
            }
            _ => {
                let (tokens, rest) = above(rest).or_else(|| special(rest, &mut field.part))?;
                field.above = tokens.or(field.above);
                rest
            }
        };
    }
    Some(field)
}

fn lifetime(rest: &str) -> Option<(LineKind, &str)> {
    let hour = rest.strip_prefix("_above_1hr");
    let half_day = || rest.strip_prefix("_above_12hr");
    hour.map(|rest| (LineKind::CacheWrite1h, rest))
        .or_else(|| half_day().map(|rest| (LineKind::CacheWrite12h, rest)))
}

fn tier(rest: &str) -> Option<(&'static str, &str)> {
    TIERS
        .iter()
        .find_map(|(end, word)| Some((*word, rest.strip_prefix(end)?)))
}

/// `_above_200k_tokens`.
fn above(rest: &str) -> Option<(Option<u64>, &str)> {
    let (number, rest) = rest.strip_prefix("_above_")?.split_once("_tokens")?;
    let (digits, times) = match number.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => (number, 1),
    };
    let tokens: u64 = digits.parse().ok()?;
    Some((Some(tokens.checked_mul(times)?), rest))
}

/// Ends that make a part one that cannot be told apart: sizes, lengths of video, an API of its own.
fn special<'a>(rest: &'a str, part: &mut Part) -> Option<(Option<u64>, &'a str)> {
    let size = |word: &str| {
        let digits = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        digits.len() < word.len() && matches!(digits, "" | "p" | "k" | "K")
    };
    let word = rest.strip_prefix('_')?;
    let reason = if word == "decisions" {
        Reason::NoWay
    } else if size(word) || word.ends_with("s_interval") {
        Reason::Depends
    } else {
        return None;
    };
    // What no answer shows at all is worse than what it does not tell apart.
    if *part != Part::Not(Reason::Unseen) {
        *part = Part::Not(reason);
    }
    Some((None, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<(Part, Option<u64>, Option<&str>)>) {
        let found = parse(name).map(|field| (field.part, field.above, field.tier));
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn a_field_names_part_length_and_tier_in_any_order() {
        let input = Part::Kind(LineKind::Input);
        check("input_cost_per_token", Some((input, None, None)));
        check(
            "input_cost_per_token_above_200k_tokens",
            Some((input, Some(200_000), None)),
        );
        for name in [
            "input_cost_per_token_above_272k_tokens_flex",
            "input_cost_per_token_flex_above_272k_tokens",
        ] {
            check(name, Some((input, Some(272_000), Some("flex"))));
        }
        check(
            "output_cost_per_token_batches",
            Some((Part::Kind(LineKind::Output), None, Some("batch"))),
        );
        check(
            "cache_creation_input_token_cost_above_1hr_above_200k_tokens",
            Some((Part::Kind(LineKind::CacheWrite1h), Some(200_000), None)),
        );
        check(
            "input_cost_per_token_cache_hit",
            Some((Part::CacheHit, None, None)),
        );
        let image = Part::Kind(LineKind::InputImage);
        check("input_cost_per_image_token", Some((image, None, None)));
        check(
            "output_cost_per_second_1080p",
            Some((Part::Not(Reason::Depends), None, None)),
        );
        check(
            "input_cost_per_token_decisions",
            Some((Part::Not(Reason::NoWay), None, None)),
        );
        check("input_cost_per_token_on_sundays", None);
        check("output_cost_per_token_above_1hr", None);
        check(
            "input_cost_per_token_above_99999999999999999999k_tokens",
            None,
        );
        check("cost", None);
    }
}
