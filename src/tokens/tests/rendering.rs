//! How function definitions are written before a model.

use crate::tokens::json::Json;
use crate::tokens::rendering::{BYTES_MAX, section};

#[track_caller]
fn check(function: &str, expected: &str) {
    let function = Json::parse(function.as_bytes()).unwrap();
    let text = section(&[&function]);
    let (_, inner) = text.split_once("namespace functions {\n\n").unwrap();
    assert_eq!(
        inner.strip_suffix("\n\n} // namespace functions").unwrap(),
        expected
    );
}

#[test]
fn a_function_without_properties_takes_nothing() {
    check(
        r#"{"name":"now","description":"The time.\n\n  Now. ","parameters":{"type":"object","properties":{}}}"#,
        "// The time.\n//\n// Now.\ntype now = () => any;",
    );
}

#[test]
fn properties_that_say_nothing_are_in_one_line() {
    check(
        r#"{"name":"f","parameters":{"properties":{"a":{"type":"string"},"b":{"type":"array",
            "items":{"type":"object","properties":{"c":{"type":"integer"}}}}},"required":["a"]}}"#,
        "type f = (_: {a: string, b?: {c?: number}[]}) => any;",
    );
}

#[test]
fn properties_have_their_title_description_default_and_limits() {
    check(
        r#"{"name":"f","parameters":{"title":"Args","properties":{
            "city":{"type":"string","title":"City","description":"Which."},
            "unit":{"enum":["c","f"],"default":"c"},
            "days":{"type":"integer","minimum":1,"default":null}},"required":["city"]}}"#,
        "type f = (_: // Args\n{\n// City\n//\n// Which.\ncity: string,\n\
         unit?: \"c\" | \"f\", // default: \"c\"\n\
         days?: number, // default: null, minimum: 1\n}) => any;",
    );
}

#[test]
fn a_union_has_a_line_for_each_type_where_one_says_something() {
    check(
        r#"{"name":"f","parameters":{"properties":{
            "day":{"anyOf":[{"type":"string","format":"date"},{"type":"null"}],"default":null},
            "tool":{"type":["string","null"],"description":"Which."},
            "plain":{"type":["string","null"]}}}}"#,
        "type f = (_: {\n// default: null\nday?:\n | string // format: \"date\"\n | null\n,\n\
         // Which.\ntool?:\n// Which.\n | string\n// Which.\n | null\n,\n\
         plain?: string | null,\n}) => any;",
    );
}

#[test]
fn lists_of_described_objects_stand_apart_and_references_are_followed() {
    check(
        r##"{"name":"f","parameters":{"$defs":{"T":{"type":"object","title":"T","properties":{"a":{"type":"boolean"}}}},
            "properties":{"all":{"type":"array","items":{"$ref":"#/$defs/T"}}}}}"##,
        "type f = (_: {\nall?: Array<\n// T\n{a?: boolean}\n>,\n}) => any;",
    );
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    for circle in [
        r##"{"anyOf":[{"$ref":"#/$defs/T"},{"$ref":"#/$defs/T"}]}"##,
        r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/T"},"b":{"$ref":"#/$defs/T"}}}"##,
        r##"{"$ref":"#/$defs/T"}"##,
    ] {
        let function = format!(
            r##"{{"name":"f","parameters":{{"$defs":{{"T":{circle}}},
            "properties":{{"a":{{"$ref":"#/$defs/T"}}}}}}}}"##
        );
        let function = Json::parse(function.as_bytes()).unwrap();
        assert!(section(&[&function]).len() < BYTES_MAX * 2);
    }
}
