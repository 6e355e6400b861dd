//! The capturing scanner, on its own small set of paths.

use std::sync::LazyLock;

use super::*;

static PATHS: LazyLock<Paths<char>> = LazyLock::new(|| {
    Paths::new([
        ("kept", Action::Keep('k')),
        ("a.b", Action::Keep('b')),
        ("list", Action::Notice('l')),
        ("list.*.name", Action::Keep('n')),
        ("noticed", Action::Notice('!')),
    ])
});

/// What is found, as text, and how the scanner stands at the end.
fn found(pieces: &[&[u8]]) -> (Vec<String>, &'static str) {
    let mut scanner = Scanner::new(&*PATHS);
    let mut all = Vec::new();
    for piece in pieces {
        scanner.feed(piece, &mut |seen| {
            all.push(match seen {
                Seen::Value(field, raw) => format!("{field}{}", String::from_utf8_lossy(raw)),
                Seen::Filled(field) => field.to_string(),
                Seen::TooLong(field) => format!("{field} too long"),
                Seen::Text(field, raw) => format!("{field}+{}", String::from_utf8_lossy(raw)),
            });
        });
    }
    let end = match (scanner.is_malformed(), scanner.is_complete()) {
        (true, _) => "malformed",
        (false, true) => "complete",
        (false, false) => "open",
    };
    (all, end)
}

#[track_caller]
fn check(json: &str, expected: &[&str], end: &str) {
    let bytes = json.as_bytes();
    let (all, stands) = found(&[bytes]);
    assert_eq!(
        (all.as_slice(), stands),
        (expected.map_to_owned().as_slice(), end),
        "{json}"
    );
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        assert_eq!(
            found(&[head, tail]),
            (all.clone(), stands),
            "{json} split at {cut}"
        );
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(found(&single), (all, stands), "{json} byte by byte");
}

trait MapToOwned {
    fn map_to_owned(&self) -> Vec<String>;
}

impl MapToOwned for [&str] {
    fn map_to_owned(&self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

#[test]
fn values_at_named_paths_are_kept_as_they_are_written() {
    check(
        r#" { "x":1, "kept" : {"y":[1, "}"]} , "z":"\"" } "#,
        &[r#"k{"y":[1, "}"]}"#],
        "complete",
    );
    check(r#"{"kept":-1.5e3}"#, &["k-1.5e3"], "complete");
    check(r#"{"kept":"a\"b"}"#, &[r#"k"a\"b""#], "complete");
    check(
        r#"{"kept":null,"a":{"b":true}}"#,
        &["knull", "btrue"],
        "complete",
    );
}

#[test]
fn only_the_whole_path_names_a_value() {
    check(
        r#"{"x":{"kept":1},"b":1,"a":[{"b":1}],"list":{"name":1}}"#,
        &["l"],
        "complete",
    );
    check(r#"[{"kept":1}]"#, &[], "complete");
    check(r#"{"a":"{\"b\":1}","keptx":1,"kep":1}"#, &[], "complete");
}

#[test]
fn elements_of_an_array_are_walked() {
    check(
        r#"{"list":[{"name":1},{},[],7,{"name":"x"}]}"#,
        &["l", "n1", "n\"x\""],
        "complete",
    );
}

#[test]
fn escaped_keys_are_the_same_keys_and_the_last_wins() {
    check(
        r#"{"kept":1,"k\u0065pt":2,"a":{"b":1},"a":{"b":2}}"#,
        &["k1", "k2", "b1", "b2"],
        "complete",
    );
}

#[test]
fn a_value_is_noticed_when_it_is_not_empty() {
    for empty in ["null", "false", r#""""#, "{}", "[]", "{ }", "[\n]"] {
        check(
            &format!("{{\"noticed\":{empty},\"list\":{empty}}}"),
            &[],
            "complete",
        );
    }
    for filled in [
        "true",
        "7",
        r#"" ""#,
        r#""x""#,
        r#"{"x":0}"#,
        "[ null ]",
        r#"["]"]"#,
    ] {
        check(&format!("{{\"noticed\":{filled}}}"), &["!"], "complete");
    }
}

#[test]
fn what_follows_an_empty_value_does_not_fill_it() {
    check(r#"{"list":[],"a":{"b":1}}"#, &["b1"], "complete");
    check(r#"{"noticed":null,"list":[7]}"#, &["l"], "complete");
}

#[test]
fn a_value_is_noticed_before_it_ends() {
    check(r#"{"noticed":"x"#, &["!"], "open");
    check(r#"{"noticed":[ "#, &[], "open");
}

#[test]
fn a_value_that_is_not_whole_is_not_given_out() {
    check(r#"{"kept":{"x":1"#, &[], "open");
    check(r#"{"kept":12"#, &[], "open");
    check(r#"{"kept":12}"#, &["k12"], "complete");
}

#[test]
fn a_value_over_its_bytes_is_dropped_and_said_so() {
    for (bytes, expected) in [
        (VALUE_BYTES_MAX - 2, None),
        (VALUE_BYTES_MAX - 1, Some("k too long")),
    ] {
        let json = format!(r#"{{"kept":"{}","a":{{"b":1}}}}"#, "x".repeat(bytes));
        for size in [json.len(), 1000, 1] {
            let pieces: Vec<&[u8]> = json.as_bytes().chunks(size).collect();
            let (all, end) = found(&pieces);
            assert_eq!((all.len(), all[1].as_str(), end), (2, "b1", "complete"));
            assert!(
                expected.is_none_or(|text| all[0] == text),
                "{bytes} in {size}"
            );
            assert!(expected.is_some() || all[0].len() == VALUE_BYTES_MAX + 1);
        }
    }
}

#[test]
fn what_is_not_json_is_malformed() {
    for json in [
        "x",
        "}",
        "{]",
        r#"{"list":[}"#,
        "{,}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a" 1}"#,
        "{1:2}",
        r#"{"a":1,}"#,
        r#"{"kept":1 2}"#,
        r#"{"kept":1"x"}"#,
        r#"{"a":{]}"#,
        "{} x",
        "{}{}",
        r#"{"list":[1,]}"#,
        r#"{"list":[,1]}"#,
        r#"{"x":+1}"#,
        r#"{"a":1]"#,
        r#"{"a":{"b":1]}"#,
        r#"{"list":[{"name":1]}"#,
        r#"{"list":[1}"#,
        r#"{"kept":1]"#,
        "<html>",
    ] {
        let (all, end) = found(&[json.as_bytes()]);
        assert_eq!(end, "malformed", "{json} {all:?}");
        check(
            json,
            &all.iter().map(String::as_str).collect::<Vec<_>>(),
            end,
        );
    }
    assert_eq!(found(&[b"\xff{}"]).1, "malformed");
    assert_eq!(found(&[b"\xfe\xff\0{\0}"]).1, "malformed");
}

#[test]
fn a_byte_order_mark_is_passed_and_blanks_are_nothing() {
    check("\u{feff}{\"kept\":1}", &["k1"], "complete");
    check(" \r\n\t", &[], "open");
    check("", &[], "open");
}

#[test]
fn a_reset_scanner_is_a_new_one() {
    for before in [
        "{\"kept\":[1,",
        "{\"noticed\":[",
        "{\"k",
        "x",
        "{}",
        "{\"list\":[{\"name\":\"a",
    ] {
        let mut scanner = Scanner::new(&*PATHS);
        scanner.feed(before.as_bytes(), &mut |_| {});
        scanner.reset();
        assert!(scanner.is_blank() && !scanner.is_malformed() && !scanner.is_complete());
        let mut kept = Vec::new();
        scanner.feed(br#"{"kept":7,"list":[{"name":8}]}"#, &mut |seen| {
            if let Seen::Value(_, raw) = seen {
                kept.extend_from_slice(raw);
            }
        });
        assert_eq!(
            (kept.as_slice(), scanner.is_complete()),
            (&b"78"[..], true),
            "{before}"
        );
    }
}
