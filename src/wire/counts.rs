//! Reads counts out of a captured usage object.

use serde_json::Value;

/// A usage object, and whether everything read from it was a count.
#[derive(Debug)]
pub(super) struct Counts {
    root: Value,
    odd: bool,
}

impl Counts {
    /// `None` for `null`; an object that is none is `Err`.
    pub(super) fn read(raw: &[u8]) -> Result<Option<Self>, NotAnObject> {
        // Every chunk but one has it; that one alone is worth a parser.
        if raw == b"null" {
            return Ok(None);
        }
        match serde_json::from_slice(raw) {
            Ok(root @ Value::Object(_)) => Ok(Some(Self { root, odd: false })),
            Ok(_) | Err(_) => Err(NotAnObject),
        }
    }

    /// The count at a JSON pointer such as `/prompt_tokens_details/cached_tokens`.
    pub(super) fn at(&mut self, pointer: &str) -> Option<u64> {
        // `Value::pointer` copies each step twice to undo escapes, of which no name here has any.
        let mut steps = pointer.split('/').skip(1);
        let value = steps.try_fold(&self.root, |value, step| value.get(step))?;
        let count = whole(value);
        self.odd |= count.is_none() && !value.is_null();
        count
    }

    /// The text at a top-level key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.root.get(key).and_then(Value::as_str)
    }

    /// The objects of an array at a top-level key, each to be read by itself; `None` if absent.
    pub(super) fn list(&self, key: &str) -> Option<Vec<Self>> {
        let entries = self.root.get(key)?.as_array()?;
        Some(
            entries
                .iter()
                .map(|entry| Self {
                    root: entry.clone(),
                    odd: false,
                })
                .collect(),
        )
    }

    /// Whether the value at a top-level key is an object.
    pub(super) fn has_object(&self, key: &str) -> bool {
        self.root.get(key).is_some_and(Value::is_object)
    }

    /// Takes over what was noticed in a part of this object.
    pub(super) const fn note_odd(&mut self, odd: bool) {
        self.odd |= odd;
    }

    /// Whether something that should be a count was not.
    pub(super) const fn is_odd(&self) -> bool {
        self.odd
    }
}

/// A value where a usage object was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAnObject;

/// Some servers write counts as floats (`12.0`); anything else that is not whole is no count.
fn whole(value: &Value) -> Option<u64> {
    let Value::Number(number) = value else {
        return None;
    };
    number
        .as_u64()
        .or_else(|| number.to_string().strip_suffix(".0")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, count: Option<u64>, odd: bool) {
        let mut counts = Counts::read(format!("{{\"n\":{written}}}").as_bytes())
            .unwrap()
            .unwrap();
        assert_eq!(
            (counts.at("/n"), counts.is_odd()),
            (count, odd),
            "{written}"
        );
    }

    #[test]
    fn a_count_is_a_whole_number_that_is_not_negative() {
        check("0", Some(0), false);
        check("18446744073709551615", Some(u64::MAX), false);
        check("12.0", Some(12), false);
        check("1e3", Some(1000), false);
        for odd in [
            "-1",
            "1.5",
            "18446744073709551616",
            "1e30",
            "\"7\"",
            "true",
            "[]",
            "{}",
        ] {
            check(odd, None, true);
        }
    }

    #[test]
    fn null_and_absent_are_not_reported() {
        check("null", None, false);
        check("1, \"n\":null", None, false);
        let mut counts = Counts::read(b"{}").unwrap().unwrap();
        assert_eq!((counts.at("/a/b"), counts.is_odd()), (None, false));
    }

    #[test]
    fn of_two_same_keys_the_last_wins() {
        check("1, \"n\":2", Some(2), false);
    }

    #[test]
    fn only_an_object_is_read() {
        assert!(Counts::read(b"null").unwrap().is_none());
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for raw in ["7", "[]", "\"x\"", "{\"a\":}", &deep] {
            assert_eq!(Counts::read(raw.as_bytes()).unwrap_err(), NotAnObject);
        }
    }
}
