//! Marginal rates: what is beyond a length costs something else than what is before it.

use super::entry::PriceEntry;
use super::rates::Rates;
use crate::call::LineKind;

/// The kinds as the model meets them, input first: what comes from the cache begins a prompt, and a
/// model thinks before it answers.
const ORDER: [LineKind; 16] = [
    LineKind::CacheRead,
    LineKind::CacheReadAudio,
    LineKind::CacheReadImage,
    LineKind::CacheWrite,
    LineKind::CacheWrite5m,
    LineKind::CacheWrite30m,
    LineKind::CacheWrite1h,
    LineKind::CacheWrite12h,
    LineKind::Input,
    LineKind::InputAudio,
    LineKind::InputImage,
    LineKind::InputVideo,
    LineKind::Reasoning,
    LineKind::Output,
    LineKind::OutputAudio,
    LineKind::OutputImage,
];

/// Cuts the parts of a bill at each length from which on other rates hold.
///
/// `beyond` has the entries that hold for some of the call's tokens. The pieces are in the order of a
/// bill; those of a part follow each other.
pub(super) fn cut<'a>(
    parts: &[(LineKind, u64)],
    base: &'a Rates,
    beyond: &[&'a PriceEntry],
) -> Vec<(LineKind, u64, &'a Rates)> {
    let mut pieces = Vec::new();
    let (mut read, mut written) = (0_u64, 0_u64);
    for kind in ORDER {
        let count = parts.iter().find(|(part, _)| *part == kind);
        let count = count.map_or(0, |(_, count)| *count);
        let position = if kind.is_input() {
            &mut read
        } else {
            &mut written
        };
        let end = position.saturating_add(count);
        let steps = steps(kind.is_input(), base, beyond);
        for (at, (start, rates)) in steps.iter().enumerate() {
            let next = steps.get(at.saturating_add(1)).map_or(end, |step| step.0);
            let until = next.min(end);
            let from = (*start).max(*position);
            if until > from {
                pieces.push((kind, until.saturating_sub(from), *rates));
            }
        }
        *position = end;
    }
    pieces.sort_by_key(|(kind, _, _)| *kind);
    pieces
}

/// From which token on which rates hold on a side, ascending.
fn steps<'a>(input: bool, base: &'a Rates, beyond: &[&'a PriceEntry]) -> Vec<(u64, &'a Rates)> {
    let further = beyond.iter().filter_map(|entry| {
        let conditions = &entry.conditions;
        let length = if input {
            conditions.above_input_tokens
        } else {
            conditions.above_output_tokens
        };
        Some((length?, entry.terms.rates()?))
    });
    let mut steps: Vec<_> = std::iter::once((0, base)).chain(further).collect();
    steps.sort_by_key(|(start, _)| *start);
    steps
}
