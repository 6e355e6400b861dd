//! What a request comes to, by hand from the rules: a message is 3 and its role, a request 3.

use crate::tokens::{
    Asked, Basis, Bound, Family, Model, Request, TEXT_BYTES_MAX, Thinking, Tokenizer,
};

fn request<'a>(family: Family, model: &'a str, body: &'a str) -> Request<'a> {
    Request {
        family,
        model: Model::of(model),
        body: body.as_bytes(),
    }
}

#[track_caller]
fn check(family: Family, model: &str, body: &str, tokens: u64, bound: Bound) {
    let counted = Tokenizer
        .input(&request(family, model, body))
        .unwrap()
        .counted;
    assert_eq!((counted.tokens, counted.bound), (tokens, bound));
}

const HELLO: &str = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;

#[test]
fn a_chat_is_its_messages_and_what_closes_it() {
    check(Family::Chat, "gpt-4o", HELLO, 3 + 1 + 1 + 3, Bound::Whole);
    check(Family::Chat, "azure/gpt-4o-mini", HELLO, 8, Bound::Whole);
    check(Family::Chat, "o3-mini", HELLO, 7, Bound::Whole);
    let parts = r#"{"messages":[{"role":"user","content":[{"type":"text","text":"Hello"}]}]}"#;
    check(Family::Chat, "gpt-4o", parts, 8, Bound::Whole);
}

#[test]
fn converse_is_its_texts_and_tools_whoever_answers() {
    let converse = |body, tokens, bound| check(Family::Converse, "gpt-4o", body, tokens, bound);
    let hello = r#"{"messages":[{"role":"user","content":[{"text":"Hello"},{"cachePoint":{"type":"default"}}]}]}"#;
    converse(hello, 8, Bound::Whole);
    let system = r#"{"system":[{"text":"Hello"}],"messages":[]}"#;
    converse(system, 8, Bound::Whole);
    let image = r#"{"messages":[{"role":"user","content":[{"text":"Hello"},{"image":{}}]}]}"#;
    converse(image, 8, Bound::AtLeast);
    let tools = r#"{"messages":[{"role":"user","content":[{"text":"Hello"}]}],"toolConfig":{"tools":[{"systemTool":{"name":"nova_grounding"}}]}}"#;
    converse(tools, 8, Bound::AtLeast);
    let used = r#"{"messages":[{"role":"user","content":[{"toolUse":{"name":"Hello","input":{}}},{"toolResult":{"content":[{"text":"Hello"}]}}]}]}"#;
    converse(used, 3 + 1 + 1 + 1 + 1 + 3, Bound::Whole);
    // What is invoked is a vendor's own.
    converse(r#"{"inputText":"Hello"}"#, 1, Bound::Whole);
    let claude = r#"{"anthropic_version":"bedrock-2023-05-31","messages":[{"role":"user","content":"Hello"}]}"#;
    converse(claude, 8, Bound::Whole);
    let nothing = request(Family::Converse, "gpt-4o", r#"{"texts":["Hello"]}"#);
    assert!(Tokenizer.input(&nothing).is_none());
}

#[test]
fn responses_count_instructions_as_one_more_message() {
    let body = r#"{"input":"Hello","instructions":"Hello"}"#;
    check(Family::Responses, "gpt-4o", body, 5 + 5 + 3, Bound::Whole);
}

#[test]
fn embeddings_and_completions_are_their_text_alone() {
    let texts = r#"{"input":["Hello","Hello"]}"#;
    check(
        Family::Embeddings,
        "text-embedding-3-small",
        texts,
        2,
        Bound::Whole,
    );
    let numbers = r#"{"prompt":[[9906,9906,9906]]}"#;
    check(
        Family::Completions,
        "gpt-3.5-turbo-instruct",
        numbers,
        3,
        Bound::Whole,
    );
}

#[test]
fn what_a_request_names_and_does_not_carry_makes_it_a_lower_bound() {
    let earlier = r#"{"input":"Hello","previous_response_id":"resp_1"}"#;
    check(Family::Responses, "gpt-4o", earlier, 8, Bound::AtLeast);
    let remote = r#"{"messages":[{"role":"user","content":[
        {"type":"text","text":"Hello"},{"type":"image_url","image_url":{"url":"https://a/b"}}]}]}"#;
    check(Family::Chat, "gpt-4o", remote, 8, Bound::AtLeast);
    let low = remote.replace("\"https://a/b\"", "\"https://a/b\",\"detail\":\"low\"");
    check(Family::Chat, "gpt-4o", &low, 8 + 85, Bound::Whole);
}

#[test]
fn text_beyond_the_budget_makes_it_a_lower_bound() {
    let text = "a ".repeat(TEXT_BYTES_MAX / 2);
    let body = format!(r#"{{"input":["{text}","{text}"]}}"#);
    let request = request(Family::Embeddings, "text-embedding-3-small", &body);
    let counted = Tokenizer.input(&request).unwrap().counted;
    assert_eq!(counted.bound, Bound::AtLeast);
    assert_eq!(
        counted.tokens,
        Tokenizer.count(crate::tokens::Encoding::Cl100k, &text)
    );
}

#[test]
fn what_google_is_asked_is_counted_where_it_is_text() {
    let count = |body: &str| {
        let request = request(Family::Contents, "gemini-2.5-flash", body);
        Tokenizer.input(&request).unwrap().counted
    };
    let hello = count(r#"{"contents":[{"role":"user","parts":[{"text":"hello there"}]}]}"#);
    assert_eq!(hello.bound, Bound::Whole);
    let told = count(
        r#"{"systemInstruction":{"parts":{"text":"be brief, and kind"}},
        "contents":[{"role":"user","parts":[{"text":"hello there"}]}]}"#,
    );
    assert!(told.tokens > hello.tokens + 4, "{told:?}");
    let image = count(
        r#"{"contents":[{"parts":[{"text":"hello there"},
        {"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}]}"#,
    );
    assert_eq!(image.bound, Bound::AtLeast);
    let batch = count(
        r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"hello there"}]}},
        {"content":{"parts":[{"text":"hello there"}]}}]}"#,
    );
    assert!(batch.tokens > hello.tokens, "{batch:?}");
    let body = r#"{"model":"gemini-2.5-flash"}"#;
    assert!(
        Tokenizer
            .input(&request(Family::Contents, "m", body))
            .is_none()
    );
}

#[test]
fn other_vendors_are_measured_by_a_yardstick() {
    let plain = |body: &str| {
        let request = request(Family::Messages, "claude-sonnet-4-5", body);
        Tokenizer.input(&request).unwrap().counted.basis
    };
    let text = Basis::Yardstick {
        beside: 0,
        plain: true,
    };
    assert_eq!(plain(HELLO), text);
    let tools = HELLO.replace(
        "{\"messages\"",
        r#"{"tools":[{"name":"f","input_schema":{}}],"messages""#,
    );
    assert_eq!(
        plain(&tools),
        Basis::Yardstick {
            beside: 500,
            plain: false
        }
    );
}

#[test]
fn a_body_that_is_none_of_its_family_has_no_count() {
    let deep = "[".repeat(1 << 20);
    let input = |body: &str| Tokenizer.input(&request(Family::Chat, "gpt-4o", body));
    for body in ["", "{}", "[]", "{\"messages\":", "\u{0}", &deep] {
        assert_eq!(input(body), None);
    }
    let odd =
        r#"{"messages":[7,{"role":[],"content":{"type":3}},{"content":[[],{"type":"text"}]}]}"#;
    assert!(input(odd).is_some());
}

#[test]
fn what_is_asked_is_read_in_every_family() {
    let asked = |family, body| Asked::of(&request(family, "gpt-4o", body));
    let chat = asked(
        Family::Chat,
        r#"{"tools":[{"function":{}}],"tool_choice":{"type":"function","function":{"name":"f"}},
            "response_format":{"type":"json_schema"},"reasoning_effort":"none"}"#,
    );
    let responses = asked(
        Family::Responses,
        r#"{"tools":[{"type":"function"}],"tool_choice":{"type":"function","name":"f"},
            "text":{"format":{"type":"json_schema"}},"reasoning":{"effort":"none"}}"#,
    );
    let all = Asked {
        family: Family::Chat,
        tools: true,
        hosted: false,
        named_tool: true,
        json_schema: true,
        thinking: Thinking::Off,
    };
    assert_eq!(chat, all);
    assert_eq!(
        responses,
        Asked {
            family: Family::Responses,
            ..all
        }
    );
    let messages = asked(Family::Messages, r#"{"thinking":{"type":"enabled"}}"#);
    assert_eq!(messages.thinking, Thinking::On);
    assert_eq!(asked(Family::Chat, "no JSON"), Asked::default());
}

#[test]
fn a_prompt_for_a_template_is_its_texts_and_images_are_not_seen() {
    let check = |body, tokens, bound| check(Family::Templated, "gpt-4o", body, tokens, bound);
    check(
        r#"{"prompt":"Hello","system":"","context":[]}"#,
        1,
        Bound::Whole,
    );
    check(r#"{"prompt":"Hello","system":"Hello"}"#, 2, Bound::Whole);
    check(r#"{"prompt":"Hello","images":["aGk="]}"#, 1, Bound::AtLeast);
    check(r#"{"prompt":"Hello","context":[1,2]}"#, 1, Bound::AtLeast);
    check(r#"{"input":["Hello","Hello"]}"#, 2, Bound::Whole);
    check(HELLO, 3 + 1 + 1 + 3, Bound::Whole);
    let images = r#"{"messages":[{"role":"user","content":"Hello","images":["aGk="]}]}"#;
    check(images, 3 + 1 + 1 + 3, Bound::AtLeast);
}
