//! The input of Google's `generateContent` and its embeddings: the visible text, for a yardstick.

use super::json::Json;
use super::prompt::Prompt;

/// Adds up a request. `None` if it has none of the texts that one of these has.
pub(super) fn contents(body: &Json<'_>, prompt: &mut Prompt<'_>) -> Option<()> {
    let first = |keys: [&str; 2]| keys.into_iter().find_map(|key| body.get(key));
    let texts = ["contents", "requests", "instances", "content"];
    let texts = texts.into_iter().find_map(|key| body.get(key))?;
    let system = first(["systemInstruction", "system_instruction"]);
    for one in system.into_iter().chain(listed(texts)) {
        content(one, prompt);
    }
    // An earlier cache is named and not carried.
    if first(["cachedContent", "cached_content"]).is_some() {
        prompt.tally.unseen();
    }
    for tool in body.items_of("tools") {
        let declared = ["functionDeclarations", "function_declarations"];
        match declared.into_iter().find_map(|key| tool.get(key)) {
            Some(functions) => prompt.tally.text(&functions.compact()),
            // The vendor's own tools bring instructions of their own.
            None => prompt.tally.unseen(),
        }
    }
    prompt.close();
    Some(())
}

/// The elements of a list, or what stands in its place.
fn listed<'a, 'b>(texts: &'a Json<'b>) -> Vec<&'a Json<'b>> {
    match texts.items() {
        [] => vec![texts],
        items => items.iter().collect(),
    }
}

/// A content, or a request for the vector of one.
fn content(one: &Json<'_>, prompt: &mut Prompt<'_>) {
    let content = one.get("content").unwrap_or(one);
    if let Some(text) = content.text() {
        prompt.tally.text(text);
    }
    let Some(parts) = content.get("parts") else {
        return;
    };
    prompt.role(content.text_of("role").unwrap_or("user"));
    for part in listed(parts) {
        self::part(part, prompt);
    }
}

fn part(part: &Json<'_>, prompt: &mut Prompt<'_>) {
    if let Some(text) = part.text_of("text") {
        prompt.tally.text(text);
        return;
    }
    let data = ["functionCall", "functionResponse"];
    let called = data.into_iter().find_map(|key| part.get(key));
    match called {
        Some(called) => prompt.tally.text(&called.compact()),
        // Images, sound, video and files: what they come to is Google's to say.
        None => prompt.tally.unseen(),
    }
}
