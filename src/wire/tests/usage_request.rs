//! A request that is made to ask for its usage differs in nothing else.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn applied(body: &str, edit: &Edit) -> String {
    let Edit { replaced, text } = edit;
    [&body[..replaced.start], text, &body[replaced.end..]].concat()
}

#[track_caller]
fn check(body: &str, expected: &str) {
    let UsageRequest::Missing(edit) = UsageRequest::of(body.as_bytes()) else {
        panic!("{body} is left as it is");
    };
    assert_eq!(applied(body, &edit), expected);
    let now = UsageRequest::of(expected.as_bytes());
    assert_eq!(now, UsageRequest::Needless, "{expected} does not ask");
}

#[track_caller]
fn check_left(bodies: &[&str], expected: &UsageRequest) {
    for body in bodies {
        assert_eq!(UsageRequest::of(body.as_bytes()), *expected, "{body}");
    }
}

#[test]
fn a_stream_that_says_nothing_of_usage_gains_one_key() {
    check(
        r#"{"stream":true}"#,
        r#"{"stream_options":{"include_usage":true},"stream":true}"#,
    );
    check(
        " \n{ \"model\": \"m\",\r\n\t\"stream\" : true } ",
        " \n{\"stream_options\":{\"include_usage\":true}, \"model\": \"m\",\r\n\t\"stream\" : true } ",
    );
    check(
        r#"{"messages":[{"stream_options":{"include_usage":true},"text":"{\"stream\":false}"}],"stream":true}"#,
        r#"{"stream_options":{"include_usage":true},"messages":[{"stream_options":{"include_usage":true},"text":"{\"stream\":false}"}],"stream":true}"#,
    );
}

#[test]
fn other_options_of_the_stream_stay() {
    check(
        r#"{"stream":true,"stream_options":{"include_obfuscation":false}}"#,
        r#"{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}"#,
    );
    check(
        r#"{"stream_options": { } ,"stream":true}"#,
        r#"{"stream_options": {"include_usage":true } ,"stream":true}"#,
    );
}

#[test]
fn a_no_becomes_a_yes() {
    check(
        r#"{"stream":true,"stream_options":{"include_usage": false,"x":1}}"#,
        r#"{"stream":true,"stream_options":{"include_usage": true,"x":1}}"#,
    );
    check(
        r#"{"stream":true,"stream_options":{"x":{"include_usage":1},"include_usage":null}}"#,
        r#"{"stream":true,"stream_options":{"x":{"include_usage":1},"include_usage":true}}"#,
    );
    check(
        r#"{"stream_options":null,"stream":true}"#,
        r#"{"stream_options":{"include_usage":true},"stream":true}"#,
    );
}

#[test]
fn what_needs_no_usage_chunk_is_left() {
    check_left(
        &[
            "{}",
            r#"{"stream":false}"#,
            r#"{"stream":null,"stream_options":7}"#,
            r#"{"stream":"true"}"#,
            r#"{"metadata":{"stream":true}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#,
        ],
        &UsageRequest::Needless,
    );
}

#[test]
fn what_can_be_meant_in_two_ways_is_left() {
    check_left(
        &[
            "",
            "[]",
            "true",
            r#"{"stream":true"#,
            r#"{"stream":true}}"#,
            r#"{"stream":true,}"#,
            r#"{"stream":true} {"#,
            "\u{feff}{\"stream\":true}",
            r#"{"stream":false,"stream":true}"#,
            r#"{"str\u0065am":true}"#,
            r#"{"stream":true,"stream_\u006fptions":{}}"#,
            r#"{"stream":true,"stream_options":{},"stream_options":{}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":false,"include_usage":false}}"#,
            r#"{"stream":true,"stream_options":{"include\u005fusage":false}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":0}}"#,
            r#"{"stream":true,"stream_options":[]}"#,
            r#"{"stream":true,"stream_options":"x"}"#,
            r#"{"stream":true,"stream_options":true}"#,
        ],
        &UsageRequest::InDoubt,
    );
}

#[test]
fn an_escaped_key_that_is_none_of_ours_casts_no_doubt() {
    check(
        r#"{"meta\u0064ata":{},"stream":true}"#,
        r#"{"stream_options":{"include_usage":true},"meta\u0064ata":{},"stream":true}"#,
    );
}

#[test]
fn nesting_however_deep_is_passed_over() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"x":{deep},"stream":true}}"#);
    assert!(matches!(
        UsageRequest::of(body.as_bytes()),
        UsageRequest::Missing(_)
    ));
}

#[test]
fn only_completions_of_openai_lack_it() {
    let lacks = may_lack_usage_request;
    let (post, get) = (&Method::POST, &Method::GET);
    for path in [
        "/v1/chat/completions",
        "/v1/completions",
        "/openai/deployments/gpt-4o/chat/completions",
        "/v1/chat/completions/",
    ] {
        assert!(lacks(post, path), "{path}");
        assert!(!lacks(get, path), "GET {path}");
    }
    for path in [
        "/v1/responses",
        "/v1/messages",
        "/v1/embeddings",
        "/v1/chat/completions/id",
    ] {
        assert!(!lacks(post, path), "{path}");
    }
}

/// Any JSON, small.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof![
            Just("stream".to_owned()),
            Just("usage{".to_owned()),
            ".{0,6}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What clients write for `stream_options`, and what they do not.
fn any_options() -> impl Strategy<Value = Option<Value>> {
    let asked = prop_oneof![
        Just(None),
        Just(Some(json!(false))),
        Just(Some(json!(null))),
        Just(Some(json!(true))),
        any_json().prop_map(Some),
    ];
    prop_oneof![
        Just(None),
        any_json().prop_map(Some),
        (asked, prop::option::of(any_json())).prop_map(|(asked, other)| {
            let mut options = json!({});
            if let Some(other) = other {
                options["a"] = other;
            }
            if let Some(asked) = asked {
                options["include_usage"] = asked;
            }
            Some(options)
        }),
    ]
}

/// One member of an object, with blanks around its parts.
fn member((name, value): (String, Value), blank: &str) -> String {
    let value = serde_json::to_string_pretty(&value).unwrap();
    format!("{blank}{}{blank}:{blank}{value}{blank}", Value::from(name))
}

proptest! {
    #[test]
    fn an_edit_adds_the_question_and_nothing_else(
        others in prop::collection::btree_map("[a-r]{1,8}", any_json(), 0..4),
        stream in prop_oneof![4 => Just(json!(true)), 1 => any_json()],
        options in any_options(),
        turn in 0_usize..6,
        blank in "[ \n\r\t]{0,3}",
    ) {
        let mut members: Vec<(String, Value)> = others.into_iter().collect();
        members.push(("stream".into(), stream.clone()));
        members.extend(options.clone().map(|options| ("stream_options".into(), options)));
        let turn = turn % members.len();
        members.rotate_left(turn);
        let members: Vec<_> = members.into_iter().map(|it| member(it, &blank)).collect();
        let body = format!("{blank}{{{}}}{blank}", members.join(","));
        let mut meant: Value = serde_json::from_str(&body).unwrap();
        if let UsageRequest::Missing(edit) = UsageRequest::of(body.as_bytes()) {
            let asks = applied(&body, &edit);
            if meant["stream_options"].is_null() {
                meant["stream_options"] = json!({});
            }
            meant["stream_options"]["include_usage"] = json!(true);
            prop_assert_eq!(serde_json::from_str::<Value>(&asks).unwrap(), meant);
            let was = &body[edit.replaced.clone()];
            prop_assert!(["", "null", "false"].contains(&was));
            prop_assert_eq!(asks.replacen(edit.text, was, 1).len(), body.len());
        } else {
            let asked = options.as_ref().and_then(|options| options.get("include_usage"));
            let is_odd = options.as_ref().is_some_and(|it| !it.is_object() && !it.is_null());
            let odd_ask = asked.is_some_and(|asked| !asked.is_boolean() && !asked.is_null());
            prop_assert!(stream != json!(true) || is_odd || odd_ask || asked == Some(&json!(true)));
        }
    }

    #[test]
    fn no_bytes_are_too_odd_for_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(!matches!(UsageRequest::of(&bytes), UsageRequest::Missing(_)));
    }
}
