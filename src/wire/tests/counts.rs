//! What is read from a usage object is what `serde_json` reads from it, for any text.

use proptest::prelude::*;
use serde_json::Value;

use super::super::counts::Usage;
use super::all_fixtures;

const KEYS: [&str; 5] = ["a", "b", "input_tokens", "größe", ""];

/// All that can be asked at a key: the count and whether it is odd, the text, whether it is an
/// object, the list's length.
type Answer = (Option<u64>, bool, Option<String>, bool, Option<usize>);

/// The answers of a usage object, under the keys of `prefix`; none for `null`, and none at all for
/// what is no object.
#[derive(Debug, PartialEq)]
enum Answers {
    Given(Vec<Answer>),
    Null,
    NotAnObject,
}

fn asked(raw: &[u8], prefix: &[&str]) -> Answers {
    let answer = |key: &&str| {
        let usage = Usage::read(raw).unwrap().unwrap();
        let counts = prefix
            .iter()
            .fold(usage.counts(), |counts, key| counts.part(key));
        let (count, text) = (counts.at(key), counts.text(key).map(str::to_owned));
        let list = counts
            .list(key)
            .map(|list| list.map(|entry| entry.at("a")).collect::<Vec<_>>());
        let is_object = counts.object(key).is_some();
        (
            count,
            usage.is_odd(),
            text,
            is_object,
            list.map(|list| list.len()),
        )
    };
    match Usage::read(raw) {
        Ok(Some(_)) => Answers::Given(KEYS.iter().map(answer).collect()),
        Ok(None) => Answers::Null,
        Err(_) => Answers::NotAnObject,
    }
}

/// The same, asked of a parsed value.
fn parsed(raw: &[u8], prefix: &[&str]) -> Answers {
    if raw == b"null" {
        return Answers::Null;
    }
    let Ok(root @ Value::Object(_)) = serde_json::from_slice(raw) else {
        return Answers::NotAnObject;
    };
    let part = prefix.iter().try_fold(&root, |value, key| value.get(key));
    let answer = |key: &&str| {
        let value = part.and_then(|part| part.get(key));
        let list = value.and_then(Value::as_array);
        let inside = list
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.get("a"));
        let is_odd = |value: &Value| !value.is_null() && whole(value).is_none();
        let odd = value.into_iter().chain(inside).any(is_odd);
        let text = value.and_then(Value::as_str).map(str::to_owned);
        let is_object = value.is_some_and(Value::is_object);
        (
            value.and_then(whole),
            odd,
            text,
            is_object,
            list.map(Vec::len),
        )
    };
    Answers::Given(KEYS.iter().map(answer).collect())
}

fn whole(value: &Value) -> Option<u64> {
    let Value::Number(number) = value else {
        return None;
    };
    number
        .as_u64()
        .or_else(|| number.to_string().strip_suffix(".0")?.parse().ok())
}

fn agree(raw: &[u8]) -> Result<(), TestCaseError> {
    for prefix in [&[][..], &["a"], &["b"], &["a", "b"]] {
        let text = String::from_utf8_lossy(raw);
        prop_assert_eq!(
            asked(raw, prefix),
            parsed(raw, prefix),
            "{} at {:?}",
            text,
            prefix
        );
    }
    Ok(())
}

/// Scalars as they are written, whole and broken.
const SCALARS: &[&str] = &[
    "0",
    "7",
    "-0",
    "-1",
    "00",
    "01",
    "1.5",
    "12.0",
    "1e3",
    "1E+2",
    "1.",
    "1e400",
    "-",
    "+1",
    "999999999999999999",
    "1000000000000000000",
    "18446744073709551615",
    "18446744073709551616",
    "9007199254740993.0",
    "1e15",
    "1e16",
    "true",
    "false",
    "null",
    "nul",
    "tru",
    "\"\"",
    "\"x\"",
    "\"größe\"",
    "\"a\\\"b\"",
    "\"\\u0061\"",
    "\"\\ud800\"",
    "\"\\x\"",
    "\"a\nb\"",
    "\"\u{7f}\"",
    "\"\\",
    "",
];

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(SCALARS).prop_map(str::to_owned),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
    ]
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", "", "", " ", "\n\t\r "])
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(10, 40, 4, |inner| {
        let elements = prop::collection::vec((blank(), inner.clone()), 0..3);
        let written = |(blank, value)| format!("{blank}{value}{blank}");
        let list = elements.prop_map(move |all| {
            format!(
                "[{}]",
                all.into_iter().map(written).collect::<Vec<_>>().join(",")
            )
        });
        prop_oneof![3 => object(inner), 1 => list]
    })
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let keys = vec!["a", "a", "b", "b", "input_tokens", "größe", "\\u0061", ""];
    let member = (prop::sample::select(keys), blank(), value);
    let written = |(key, blank, value)| format!("{blank}\"{key}\"{blank}:{blank}{value}{blank}");
    prop::collection::vec(member, 0..4).prop_map(move |all| {
        format!(
            "{{{}}}",
            all.into_iter().map(written).collect::<Vec<_>>().join(",")
        )
    })
}

proptest! {
    #[test]
    fn any_json_and_nearly_json_counts_the_same(text in object(value()), after in blank()) {
        agree(format!("{after}{text}{after}").as_bytes())?;
    }

    #[test]
    fn any_broken_json_counts_the_same(
        text in object(value()),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut raw = text.into_bytes();
        if !raw.is_empty() {
            let place = place.index(raw.len());
            raw[place] = byte;
        }
        agree(&raw)?;
    }
}

#[test]
fn every_scalar_counts_the_same_wherever_it_stands() {
    for scalar in SCALARS {
        for text in [
            "{\"a\":@}",
            "{ \"a\" : @ }",
            "{\"a\":{\"b\":@},\"b\":1,\"b\":@}",
            "{\"a\":[@,{\"a\":@}]}",
            "@",
        ] {
            agree(text.replace('@', scalar).as_bytes()).unwrap();
        }
    }
}

#[test]
fn deep_nesting_counts_the_same() {
    for depth in [7, 8, 9, 10, 126, 127, 128, 129] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let inside = open.repeat(depth) + "1" + &close.repeat(depth);
            agree(format!("{{\"a\":{inside}}}").as_bytes()).unwrap();
        }
    }
}

#[test]
fn every_cut_of_a_fixture_is_read_the_same() {
    for sample in all_fixtures() {
        let body = &sample.body;
        for start in (0..body.len()).filter(|start| body[*start] == b'{') {
            for end in [body.len(), start + 1, start + 100, start + 300] {
                agree(&body[start..end.min(body.len())]).unwrap();
            }
            let ends = (start..body.len()).filter(|end| body[*end] == b'}').take(8);
            ends.for_each(|end| agree(&body[start..=end]).unwrap());
        }
    }
}
