//! What the usage objects of compatible vendors say beside their tokens: the tier, and what is billed
//! by number.

use super::super::counts::Counts;
use super::super::findings::Findings;
use super::super::named::short;

/// xAI's counts of its own tools, and what they are called here; searches of attached documents cost
/// something else than those of collections, and posts and users are billed one by one
/// (<https://docs.x.ai/developers/pricing>). Calls to MCP servers bill nothing of their own.
const TOOLS: [(&str, &str); 8] = [
    ("web_search_calls", "web_search"),
    ("x_search_calls", "x_search"),
    ("code_interpreter_calls", "code_interpreter"),
    ("file_search_calls", "file_search"),
    ("document_search_calls", "document_search"),
    ("image_generation_calls", "images"),
    ("x_posts_fetched", "x_posts"),
    ("x_users_fetched", "x_users"),
];

/// Tools that xAI has used and does not name.
const UNNAMED: &str = "server_side_tools";

/// Puts it into the report; of several usages the last that says something wins.
pub(super) fn tell(counts: Counts<'_>, findings: &mut Findings) {
    // Most say nothing of the kind: one look at the keys for all of them.
    let mut keys = counts.keys();
    if !keys.any(is_one) {
        return;
    }
    // Mistral's; others say it beside the usage.
    if let Some(tier) = short(counts.text("service_tier")) {
        findings.report.service_tier = Some(tier);
    }
    let units = &mut findings.report.units;
    for (unit, count) in [
        // Perplexity's.
        ("web_search", counts.at("num_search_queries")),
        // Mistral's.
        ("audio_seconds", counts.rounded_up("prompt_audio_seconds")),
    ] {
        if let Some(count) = count {
            units.insert(unit.to_owned(), count);
        }
    }
    perplexitys(counts, findings);
    xais(counts, findings);
}

fn is_one(key: &[u8]) -> bool {
    matches!(
        key,
        b"service_tier"
            | b"num_search_queries"
            | b"prompt_audio_seconds"
            | b"reasoning_tokens"
            | b"citation_tokens"
            | b"num_sources_used"
            | b"num_server_side_tools_used"
    )
}

/// Perplexity's deep research bills what it thought and what it cited beside its totals.
fn perplexitys(counts: Counts<'_>, findings: &mut Findings) {
    let output = counts.at("completion_tokens");
    let beside = |count: &u64| output.is_some_and(|output| *count > output);
    let thought = counts.at("reasoning_tokens").filter(beside);
    for (unit, count) in [
        ("reasoning_tokens", thought),
        (
            "citation_tokens",
            counts.at("citation_tokens").filter(|_| thought.is_some()),
        ),
    ] {
        if let Some(count) = count {
            findings.report.units.insert(unit.to_owned(), count);
        }
    }
}

/// xAI bills the sources of a live search, or the calls to its tools where it counts those: by what they
/// are, or in earlier answers all together.
fn xais(counts: Counts<'_>, findings: &mut Findings) {
    let units = &mut findings.report.units;
    let Some(all) = counts.at("num_server_side_tools_used") else {
        if let Some(sources) = counts.at("num_sources_used") {
            units.insert("sources".to_owned(), sources);
        }
        return;
    };
    let tools = counts.part("server_side_tool_usage_details");
    let mut named = tools.at("mcp_calls").unwrap_or(0);
    for (key, unit) in TOOLS {
        let count = tools.at(key);
        match count {
            Some(count) => drop(units.insert(unit.to_owned(), count)),
            // What the output shows is told otherwise.
            None => drop(units.remove(unit)),
        }
        let is_call = key.ends_with("_calls");
        named = named.saturating_add(count.filter(|_| is_call).unwrap_or(0));
    }
    let unnamed = all.saturating_sub(named);
    if unnamed > 0 {
        units.insert(UNNAMED.to_owned(), unnamed);
    }
    findings.tools_are_told = true;
}
