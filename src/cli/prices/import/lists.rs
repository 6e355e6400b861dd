//! What the maps call the vendors, and what our price lists call them.

/// Their names and ours; a vendor that is not here keeps the map's name. The endings of `LiteLLM`'s
/// names for parts of Vertex AI and the like are cut before.
const LISTS: [(&str, &str); 25] = [
    ("amazon-bedrock", "bedrock"),
    ("aws", "bedrock"),
    ("azure_ai", "azure"),
    ("azure_text", "azure"),
    ("azure-cognitive-services", "azure"),
    ("bedrock_converse", "bedrock"),
    ("bedrock_mantle", "bedrock"),
    ("cohere_chat", "cohere"),
    ("dashscope", "alibaba"),
    ("fireworks-ai", "fireworks"),
    ("fireworks_ai", "fireworks"),
    ("gemini", "google"),
    ("google-vertex", "google"),
    ("google-vertex-anthropic", "google"),
    ("moonshot", "moonshotai"),
    ("novita-ai", "novita"),
    ("text-completion-codestral", "mistral"),
    ("codestral", "mistral"),
    ("text-completion-openai", "openai"),
    ("together_ai", "together"),
    ("togetherai", "together"),
    ("vertex_ai", "google"),
    ("volcengine", "bytedance"),
    ("voyage", "voyageai"),
    ("xai", "x-ai"),
];

/// Our list for a vendor of a map.
pub(super) fn list(vendor: &str) -> &str {
    let part_of_vertex = vendor.starts_with("vertex_ai-");
    let vendor = if part_of_vertex { "vertex_ai" } else { vendor };
    let vendor = vendor.strip_suffix("-embedding-models").unwrap_or(vendor);
    let known = LISTS.iter().find(|(theirs, _)| *theirs == vendor);
    known.map_or(vendor, |(_, ours)| ours)
}

/// Which of two vendors of one list has the list's own prices: the API that is named after it.
pub(super) fn resells(vendor: &str) -> bool {
    vendor.starts_with("vertex_ai") || vendor.starts_with("google-vertex") || vendor == "azure_ai"
}
