//! The rates of one price: a number a part, or one with others above lengths of the input.

use super::super::found::{Model, Reason, over};
use super::super::json::Json;
use super::super::number::Per;
use crate::call::LineKind;
use crate::pricing::Rates;

/// The fields of prices.
const PARTS: [(&str, LineKind, Per); 24] = [
    ("input_mtok", LineKind::Input, Per::Million),
    ("output_mtok", LineKind::Output, Per::Million),
    ("cache_read_mtok", LineKind::CacheRead, Per::Million),
    ("cache_write_mtok", LineKind::CacheWrite, Per::Million),
    ("cache_write_5m_mtok", LineKind::CacheWrite5m, Per::Million),
    ("cache_write_1h_mtok", LineKind::CacheWrite1h, Per::Million),
    ("input_audio_mtok", LineKind::InputAudio, Per::Million),
    ("output_audio_mtok", LineKind::OutputAudio, Per::Million),
    (
        "cache_audio_read_mtok",
        LineKind::CacheReadAudio,
        Per::Million,
    ),
    ("input_image_mtok", LineKind::InputImage, Per::Million),
    ("output_image_mtok", LineKind::OutputImage, Per::Million),
    (
        "cache_image_read_mtok",
        LineKind::CacheReadImage,
        Per::Million,
    ),
    ("input_video_mtok", LineKind::InputVideo, Per::Million),
    ("output_reasoning_mtok", LineKind::Reasoning, Per::Million),
    ("web_searches_kcount", LineKind::WebSearch, Per::Thousand),
    ("social_searches_kcount", LineKind::XSearch, Per::Thousand),
    (
        "storage_searches_kcount",
        LineKind::FileSearch,
        Per::Thousand,
    ),
    (
        "rerank_searches_kcount",
        LineKind::SearchUnits,
        Per::Thousand,
    ),
    ("requests_kcount", LineKind::Request, Per::Thousand),
    ("audio_hours", LineKind::AudioSeconds, Per::Hour),
    ("input_audio_hours", LineKind::AudioSeconds, Per::Hour),
    ("output_audio_hours", LineKind::AudioSeconds, Per::Hour),
    ("input_mchars", LineKind::Characters, Per::Million),
    ("input_document_kpages", LineKind::Pages, Per::Thousand),
];

/// A price by the length of the input.
pub(super) type ByLength = Vec<(Option<u64>, Rates)>;

/// The rates of a price: each a number, or one and others above lengths.
pub(super) fn rates(model: &mut Model, prices: Json<'_>) -> ByLength {
    let table = prices.table().unwrap_or_default();
    for field in &table.twice {
        model.tell(field, Reason::Twice);
    }
    let mut steps: ByLength = vec![(None, Rates::default())];
    for (field, json) in table.values.iter().filter(|(_, json)| !json.is_null()) {
        let Some((_, kind, per)) = PARTS.iter().find(|(part, _, _)| part == field) else {
            model.tell(field, unsaid(field));
            continue;
        };
        // Writes last five minutes unless they are paid as the longer ones.
        let five = model.list == "anthropic" || table.get("cache_write_1h_mtok").is_some();
        let kind = if *kind == LineKind::CacheWrite && five {
            LineKind::CacheWrite5m
        } else {
            *kind
        };
        for (above, json) in by_length(model, field, *json) {
            let Some(rate) = model.rate(field, json, *per) else {
                continue;
            };
            match steps.iter_mut().find(|(length, _)| *length == above) {
                Some((_, rates)) if rates.written(kind).is_some_and(|known| known != rate) => {
                    model.tell(field, Reason::Contradicted);
                }
                Some((_, rates)) => rates.set(kind, rate),
                None => steps.push((above, [(kind, rate)].into_iter().collect())),
            }
        }
    }
    // What a length does not say anew stays as before it.
    steps.sort_by_key(|(above, _)| *above);
    lay(&steps, &Vec::new())
}

/// A price that is no number is one with steps.
fn by_length<'a>(model: &mut Model, field: &str, json: Json<'a>) -> Vec<(Option<u64>, Json<'a>)> {
    let Some(table) = json.table() else {
        return vec![(None, json)];
    };
    let mut steps: Vec<_> = table
        .get("base")
        .map(|base| (None, base))
        .into_iter()
        .collect();
    for tier in table.get("tiers").and_then(Json::list).unwrap_or_default() {
        let tier = tier.table().unwrap_or_default();
        let start = tier.get("start").and_then(Json::whole);
        match (start, tier.get("price")) {
            (Some(start), Some(price)) => steps.push((Some(start), price)),
            _ => model.tell(field, Reason::NotANumber),
        }
    }
    if steps.is_empty() {
        model.tell(field, Reason::NotANumber);
    }
    steps
}

/// Why a part of theirs is none of ours.
fn unsaid(field: &str) -> Reason {
    let parts = [
        "citation",
        "tool",
        "write",
        "video",
        "reasoning",
        "text",
        "executions",
    ];
    let fees = ["messages", "gpixels"];
    let has = |words: &[&str]| words.iter().any(|word| field.contains(word));
    if has(&fees) {
        Reason::Unseen
    } else if field.contains("annotated") {
        Reason::Depends
    } else if has(&parts) {
        Reason::NoPart
    } else {
        Reason::Unknown
    }
}

/// One price by length over another: what is not said anew stays.
pub(super) fn lay(base: &ByLength, over_it: &ByLength) -> ByLength {
    let lengths = base.iter().chain(over_it).map(|(above, _)| *above);
    let mut lengths: Vec<Option<u64>> = lengths.collect();
    lengths.sort_unstable();
    lengths.dedup();
    let at = |prices: &ByLength, above: Option<u64>| {
        let reached = prices.iter().filter(|(length, _)| *length <= above);
        reached.fold(Rates::default(), |rates, (_, step)| {
            over(&rates, step, |_| true)
        })
    };
    let laid = lengths.into_iter();
    laid.map(|above| (above, over(&at(base, above), &at(over_it, above), |_| true)))
        .collect()
}
