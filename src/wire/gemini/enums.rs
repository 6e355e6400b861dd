//! Google's enumerations, which come as names or, where a client asks for it
//! (`$alt=json;enum-encoding=int`), as numbers.

use super::super::counts::Counts;
use super::super::findings::{Findings, Report};

/// `Candidate.FinishReason`, as far as both APIs number it alike.
pub(super) const FINISHED: &[&str] = &["", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION"];
/// `Modality`.
const MODALITIES: &[&str] = &["", "TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT"];
/// `GenerateContentResponse.UsageMetadata.TrafficType` (Vertex AI).
const TRAFFIC: &[&str] = &[
    "",
    "ON_DEMAND",
    "PROVISIONED_THROUGHPUT",
    "ON_DEMAND_PRIORITY",
    "ON_DEMAND_FLEX",
];

/// Puts a name in its place; a number that is none of `known` stands for itself.
pub(super) fn name(
    raw: &[u8],
    known: &[&str],
    findings: &mut Findings,
    place: impl FnOnce(&mut Report) -> &mut Option<String>,
) {
    let digits = str::from_utf8(raw).ok();
    let Some(number) = digits.and_then(|digits| digits.parse::<usize>().ok()) else {
        findings.name(raw, place);
        return;
    };
    if let Some(name) = named(known, number) {
        *place(&mut findings.report) = Some(name);
    }
}

/// Zero is "unspecified", and names nothing.
fn named(known: &[&str], number: usize) -> Option<String> {
    let name = known.get(number).copied();
    let name = name.map_or_else(|| number.to_string(), str::to_owned);
    (!name.is_empty()).then_some(name)
}

/// A modality, in capitals.
pub(super) fn modality(counts: Counts<'_>) -> Option<String> {
    let name = counts.text("modality").map(str::to_ascii_uppercase);
    name.or_else(|| named(MODALITIES, usize::try_from(counts.at("modality")?).ok()?))
}

/// The tier that served a call: `serviceTier` of the Gemini API, `trafficType` of Vertex AI, whose
/// words for on-demand tiers begin so. In the house's spelling: in small letters.
pub(super) fn tier(counts: Counts<'_>) -> Option<String> {
    let key = ["serviceTier", "trafficType"];
    let key = key.into_iter().find(|key| counts.has(key))?;
    let name = counts.text(key).map(str::to_owned);
    let number = || named(TRAFFIC, usize::try_from(counts.at(key)?).ok()?);
    let name = name.or_else(number)?.to_ascii_lowercase();
    let short = name.strip_prefix("on_demand_").map(str::to_owned);
    Some(short.unwrap_or(name)).filter(|name| name.len() <= TIER_BYTES_MAX)
}

/// A longer name is no tier.
const TIER_BYTES_MAX: usize = 64;
