//! What functions, calls, results and answer formats come to, by hand from the rules.

use crate::tokens::{Encoding, Family, Model, Request, Tokenizer};

const F: &str = r#"{"name":"f","description":"Do.","parameters":{}}"#;
const SECTION: &str = "# Tools\n\n## functions\n\nnamespace functions {\n\n\
                       // Do.\ntype f = () => any;\n\n} // namespace functions";

fn n(text: &str) -> u64 {
    Tokenizer.count(Encoding::O200k, text)
}

#[track_caller]
fn check(family: Family, model: &str, body: &str, tokens: u64) {
    let request = Request {
        family,
        model: Model::of(model),
        body: body.as_bytes(),
    };
    let counted = Tokenizer.input(&request).unwrap().counted;
    assert_eq!(counted.tokens, tokens);
}

/// A chat of `messages` and what else its body has, without what closes it.
#[track_caller]
fn chat(model: &str, messages: &str, rest: &str, tokens: u64) {
    let body = format!(r#"{{"messages":[{messages}]{rest}}}"#);
    let close = if model.starts_with("gpt-5") { 2 } else { 3 };
    check(Family::Chat, model, &body, tokens + close);
}

const SYSTEM: &str = r#"{"role":"system","content":"Help."}"#;
const USER: &str = r#"{"role":"user","content":"Hello"}"#;

#[test]
fn functions_stand_behind_the_system_message_or_in_one_of_their_own() {
    let tools = format!(r#","tools":[{{"function":{F}}}]"#);
    let with_system = 4 + n(&format!("Help.\n\n{SECTION}")) - 1;
    chat(
        "gpt-4o",
        &format!("{SYSTEM},{USER}"),
        &tools,
        with_system + 5,
    );
    chat("gpt-4o", USER, &tools, 5 + 4 + n(SECTION) - 1);
    chat("gpt-5", USER, &tools, 5 + n(SECTION) + 85);
}

#[test]
fn a_call_and_its_result_both_name_the_function() {
    let turn = r#"{"role":"assistant","content":null,"tool_calls":[
        {"id":"1","function":{"name":"get_weather_in_city","arguments":"{\"city\": \"Rome\"}"}}]},
        {"role":"tool","tool_call_id":"1","content":"sunny"}"#;
    let call = 4 + n(" to=functions") + n("get_weather_in_city") + n(r#"{"city":"Rome"}"#);
    let result = 3 + n("functions.get_weather_in_city") + n("sunny");
    chat("gpt-4o", turn, "", call + 2 + result);
    chat("gpt-5", turn, "", call + 2 + 6 + result);
}

#[test]
fn calls_of_one_turn_share_a_tool_and_a_result() {
    let turn = r#"{"role":"assistant","tool_calls":[
        {"id":"1","function":{"name":"f","arguments":"{}"}},
        {"id":"2","function":{"name":"g","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"1","content":"one"},
        {"role":"tool","tool_call_id":"2","content":"two"}"#;
    let list = r#"{"tool_uses":[{"recipient_name":"functions.f","parameters":{}},{"recipient_name":"functions.g","parameters":{}}]}"#;
    let together = 4 + n(" to=multi_tool_use.parallel") + n(list) + 14;
    chat("gpt-4o", turn, "", together + n("one") + n("two"));
}

#[test]
fn the_name_of_a_format_heads_every_answer() {
    let format = r#","response_format":{"type":"json_schema","json_schema":{"name":"Age","schema":{"type":"object"}}}"#;
    let section = "# Response Formats\n\n## Age\n\n{\"type\":\"object\"}";
    let heading = 2 + n("Age");
    let first = 5 + 4 + n(section);
    chat("gpt-4o", USER, format, first + heading);
    let answered = format!(r#"{USER},{{"role":"assistant","content":"{{}}"}}"#);
    chat(
        "gpt-4o",
        &answered,
        format,
        first + heading + 4 + 1 + heading,
    );
}

#[test]
fn a_function_that_has_to_be_called_is_named() {
    let choice = r#","tool_choice":{"function":{"name":"get_weather"}}"#;
    chat("gpt-4o", USER, choice, 5 + 7 + n("get_weather"));
}

#[test]
fn responses_have_the_functions_beside_their_messages() {
    let tools = F.replacen('{', r#"{"type":"function","#, 1);
    let body = format!(r#"{{"input":"Hello","instructions":"Help.","tools":[{tools}]}}"#);
    let messages = 5 + 4 + n("Help.");
    check(
        Family::Responses,
        "gpt-4o",
        &body,
        messages + n(SECTION) - 3 + 3,
    );
    check(
        Family::Responses,
        "gpt-5",
        &body,
        messages + n(SECTION) + 3 + 2,
    );
}
