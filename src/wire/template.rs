//! What a path has in common with others of its kind: ids and names in it are replaced, so that kinds
//! are few and say nothing of anybody.

/// Segments of a template; deeper ones are one `…`. The longest paths of either vendor have seven.
const SEGMENTS_MAX: usize = 8;

/// A longer segment is no word of an API.
const WORD_BYTES_MAX: usize = 32;

/// Stands for an id or a name.
const ID: &str = "{id}";

/// Behind these stands what somebody named, in whatever letters.
const NAMED_BEHIND: [&str; 14] = [
    "deployments",
    "models",
    "model",
    "engines",
    "projects",
    "locations",
    "publishers",
    "users",
    "organizations",
    "workspaces",
    "accounts",
    "gateways",
    "endpoints",
    "tenants",
];

/// The kind of a path, such as `/v1/threads/{id}/runs`: at most some 300 bytes, without the query.
#[must_use]
pub fn path_template(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut template = String::new();
    let mut before = "";
    for (place, segment) in segments.enumerate() {
        template.push('/');
        if place == SEGMENTS_MAX {
            template.push('…');
            return template;
        }
        let is_kept = is_word(segment) && !NAMED_BEHIND.contains(&before);
        template.push_str(if is_kept { segment } else { ID });
        before = segment;
    }
    if template.is_empty() {
        template.push('/');
    }
    template
}

/// APIs are written in lower-case words and versions; what else is in a path was made or named.
fn is_word(segment: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-' | b'.');
    is_version(segment) || (segment.len() <= WORD_BYTES_MAX && segment.bytes().all(is_plain))
}

/// `v1`, `v4`, `v1beta`.
fn is_version(segment: &str) -> bool {
    let Some(number) = segment.strip_prefix('v') else {
        return false;
    };
    let word = number.trim_start_matches(|digit: char| digit.is_ascii_digit());
    number.len() - word.len() <= 2 && matches!(word, "" | "alpha" | "beta")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, template: &str) {
        assert_eq!(path_template(path), template, "{path}");
    }

    #[test]
    fn ids_and_names_are_replaced() {
        check("/v1/chat/completions", "/v1/chat/completions");
        check("/v1beta/fine_tuning/jobs", "/v1beta/fine_tuning/jobs");
        check("/v1/threads/thread_a1/runs/", "/v1/threads/{id}/runs");
        check(
            "/openai/deployments/ours/chat/completions?api-version=1",
            "/openai/deployments/{id}/chat/completions",
        );
        check("/v1/models/gpt", "/v1/models/{id}");
        check("/model/our-tune/invoke", "/model/{id}/invoke");
        check(
            "/v1/projects/acme-takeover/locations/global/endpoints/openapi/chat",
            "/v1/projects/{id}/locations/{id}/endpoints/{id}/chat",
        );
        check("/x/sk-Secret/y", "/x/{id}/y");
        check("/x/a%20b/größe/v123/vision", "/x/{id}/{id}/{id}/vision");
        check("//", "/");
    }

    #[test]
    fn a_template_is_short_whatever_the_path() {
        let long = "a".repeat(33);
        check(&format!("/{long}"), "/{id}");
        let deep = path_template(&"/word".repeat(1_000));
        assert_eq!(deep, format!("{}/…", "/word".repeat(8)));
    }
}
