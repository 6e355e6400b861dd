//! The fields of a model as they are read: each to its tier, length and part.

use std::collections::BTreeMap;

use super::super::found::{Model, Reason};
use super::super::json::{Json, Table};
use super::super::number::Per;
use super::field::{self, Part, Unit};
use crate::call::LineKind;
use crate::money::RatePerMtok;
use crate::pricing::Rates;

/// Fields with a length where the price begins with it, not above it.
const INCLUSIVE: &str = "xai";

/// Fields with prices that are read by themselves.
const ELSEWHERE: [&str; 4] = [
    "search_context_cost_per_query",
    "file_search_cost_per_1k_calls",
    "tiered_pricing",
    "off_peak_pricing",
];

/// Rates by tier and length.
pub(super) type Steps = BTreeMap<(Option<&'static str>, Option<u64>), Rates>;

/// The fields of a model as they are read.
pub(super) struct Reading {
    pub(super) model: Model,
    pub(super) vendor: String,
    pub(super) mode: String,
    pub(super) steps: Steps,
}

impl Reading {
    /// Reads every field that says a price; those of a bracket are above its length.
    pub(super) fn fields(&mut self, table: &Table<'_>, bracket: Option<u64>) {
        for (name, json) in &table.values {
            let says_a_price = name.contains("cost") || name.contains("pric");
            if !says_a_price || json.is_null() || ELSEWHERE.contains(&name.as_str()) {
                continue;
            }
            match field::parse(name) {
                None => self.model.tell(name, Reason::Unknown),
                Some(field) => {
                    let above = field.above.map(|tokens| self.beyond(tokens)).or(bracket);
                    let kind = self.kind(field.part, table);
                    self.field((name, *json), kind, (field.tier, above));
                }
            }
        }
    }

    /// What a part is of ours; nothing if another field says it.
    fn kind(&self, part: Part, table: &Table<'_>) -> Result<Option<LineKind>, Reason> {
        match part {
            Part::Kind(kind) => Ok(Some(kind)),
            Part::CacheWrite => Ok(Some(self.written(table))),
            Part::CacheHit if table.values.contains_key("cache_read_input_token_cost") => Ok(None),
            Part::CacheHit => Ok(Some(LineKind::CacheRead)),
            Part::Unit(unit) => self.unit(unit, table).map(Some),
            Part::Not(reason) => Err(reason),
        }
    }

    fn field(
        &mut self,
        (name, json): (&str, Json<'_>),
        kind: Result<Option<LineKind>, Reason>,
        step: (Option<&'static str>, Option<u64>),
    ) {
        let Some(rate) = self.model.rate(name, json, Per::One) else {
            return;
        };
        match kind {
            Ok(Some(kind)) => self.put(name, step, kind, rate),
            Ok(None) => {}
            // A fee of nothing is none.
            Err(_) if rate == RatePerMtok::default() => {}
            Err(reason) => self.model.tell(name, reason),
        }
    }

    /// Puts a rate down; two fields for one part must agree, or one of them say nothing.
    fn put(
        &mut self,
        name: &str,
        step: (Option<&'static str>, Option<u64>),
        kind: LineKind,
        rate: RatePerMtok,
    ) {
        let rates = self.steps.entry(step).or_default();
        let zero = RatePerMtok::default();
        match rates.written(kind).filter(|known| *known != zero) {
            Some(known) if rate != zero && rate != known => {
                self.model.tell(name, Reason::Contradicted);
            }
            Some(_) => {}
            None => rates.set(kind, rate),
        }
    }

    /// Where another lifetime has a rate of its own, the default one is five minutes.
    fn written(&self, table: &Table<'_>) -> LineKind {
        let hour = "cache_creation_input_token_cost_above_1hr";
        if self.model.list == "anthropic" || table.values.contains_key(hour) {
            LineKind::CacheWrite5m
        } else {
            LineKind::CacheWrite
        }
    }

    /// What a unit is, by what the model does. Beside a price by the token, seconds and images are
    /// another account of the same.
    fn unit(&self, unit: Unit, table: &Table<'_>) -> Result<LineKind, Reason> {
        let by_token = table.get("input_cost_per_token").is_some();
        let mode = self.mode.as_str();
        match (unit, mode) {
            (Unit::InputSecond | Unit::OutputSecond, _) if by_token => Err(Reason::Superseded),
            (
                Unit::InputSecond | Unit::OutputSecond,
                "audio_transcription" | "audio_speech" | "realtime",
            ) => Ok(LineKind::AudioSeconds),
            (Unit::OutputSecond, "video_generation") => Ok(LineKind::VideoSeconds),
            (Unit::InputImage | Unit::OutputImage, _) if by_token && mode != "embedding" => {
                Err(Reason::Superseded)
            }
            (Unit::OutputImage, _) => Ok(LineKind::Images),
            (Unit::InputImage, "image_generation" | "image_edit")
                if table.get("output_cost_per_image").is_none() =>
            {
                Ok(LineKind::Images)
            }
            (Unit::Character, "audio_speech") => Ok(LineKind::Characters),
            (Unit::Query, "rerank") => Ok(LineKind::SearchUnits),
            (
                Unit::InputImage
                | Unit::InputSecond
                | Unit::OutputSecond
                | Unit::Character
                | Unit::Query,
                _,
            ) => Err(Reason::Unseen),
        }
    }

    /// The fees of web searches, where they do not depend on how much was searched.
    pub(super) fn searches(&mut self, table: &Table<'_>) {
        let field = "search_context_cost_per_query";
        let Some(json) = table.get(field) else {
            return;
        };
        let Some(sizes) = json.table() else {
            return self.model.tell(field, Reason::NotANumber);
        };
        let rates: Vec<_> = sizes.values.values().collect();
        let rates: Vec<_> = rates
            .into_iter()
            .filter_map(|json| self.model.rate(field, *json, Per::One))
            .collect();
        match rates.split_first() {
            Some((first, others)) if others.iter().all(|other| other == first) => {
                self.put(field, (None, None), LineKind::WebSearch, *first);
            }
            Some(_) => self.model.tell(field, Reason::Depends),
            None => {}
        }
        let calls = "file_search_cost_per_1k_calls";
        if let Some(json) = table.get(calls)
            && let Some(rate) = self.model.rate(calls, json, Per::Thousand)
        {
            self.put(calls, (None, None), LineKind::FileSearch, rate);
        }
    }

    /// `tiered_pricing`: whole prices by the length of the input, each from a length on.
    pub(super) fn brackets(&mut self, table: &Table<'_>) {
        let field = "tiered_pricing";
        let Some(json) = table.get(field) else {
            return;
        };
        for bracket in json.list().unwrap_or_default() {
            let bracket = bracket.table().unwrap_or_default();
            let range = bracket.get("range").and_then(Json::list);
            let begin = range.and_then(|range| range.first().copied()?.whole());
            match begin {
                Some(0) => self.fields(&bracket, None),
                Some(tokens) => self.fields(&bracket, Some(tokens)),
                None => self.model.tell(field, Reason::NotANumber),
            }
        }
    }

    /// More tokens than these; one vendor counts the length itself among them.
    fn beyond(&self, tokens: u64) -> u64 {
        if self.vendor == INCLUSIVE {
            tokens.saturating_sub(1)
        } else {
            tokens
        }
    }
}
