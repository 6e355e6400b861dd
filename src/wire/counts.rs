//! Reads counts out of a captured usage object.

use std::cell::Cell;

use super::flat::{self, Kind, Node};

/// A usage object, and whether everything read from it was a count.
#[derive(Debug)]
pub(super) struct Usage<'a> {
    nodes: Vec<Node<'a>>,
    odd: Cell<bool>,
}

impl<'a> Usage<'a> {
    /// `None` for `null`; an object that is none is `Err`.
    pub(super) fn read(raw: &'a [u8]) -> Result<Option<Self>, NotAnObject> {
        // Every chunk but one has it; that one alone is worth a parser.
        if raw == b"null" {
            return Ok(None);
        }
        let nodes = flat::read(raw).map_err(|_| NotAnObject)?;
        let is_object = nodes.first().is_some_and(|node| node.kind == Kind::Object);
        let odd = Cell::new(false);
        is_object
            .then_some(Some(Self { nodes, odd }))
            .ok_or(NotAnObject)
    }

    /// What it counts.
    pub(super) fn counts(&self) -> Counts<'_> {
        Counts {
            nodes: &self.nodes,
            odd: &self.odd,
        }
    }

    /// Whether something that should be a count was not.
    pub(super) const fn is_odd(&self) -> bool {
        self.odd.get()
    }
}

/// A count that stands alone; none for `null`.
pub(super) fn alone(raw: &[u8]) -> Result<Option<u64>, NotACount> {
    let object = [b"{\"n\":", raw, b"}"].concat();
    let Ok(Some(object)) = Usage::read(&object) else {
        return Err(NotACount);
    };
    let count = object.counts().at("n");
    if object.is_odd() {
        Err(NotACount)
    } else {
        Ok(count)
    }
}

/// A value where a count was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotACount;

/// A value where a usage object was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAnObject;

/// A usage object or an object in it; one that is absent counts nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts<'t> {
    nodes: &'t [Node<'t>],
    odd: &'t Cell<bool>,
}

impl<'t> Counts<'t> {
    /// The count at a key.
    pub(super) fn at(self, key: &str) -> Option<u64> {
        match self.kind(key)? {
            Kind::Count(count) => return Some(*count),
            Kind::Null => {}
            Kind::Text(_) | Kind::List | Kind::Object | Kind::Above(_) | Kind::Other => {
                self.odd.set(true);
            }
        }
        None
    }

    /// The measure at a key, of which a part counts as a whole.
    pub(super) fn rounded_up(self, key: &str) -> Option<u64> {
        if let Kind::Above(count) = self.kind(key)? {
            return count.checked_add(1);
        }
        self.at(key)
    }

    /// The text at a key.
    pub(super) fn text(self, key: &str) -> Option<&'t str> {
        match self.kind(key)? {
            Kind::Text(text) => str::from_utf8(text).ok(),
            Kind::Null
            | Kind::Count(_)
            | Kind::List
            | Kind::Object
            | Kind::Above(_)
            | Kind::Other => None,
        }
    }

    /// The object at a key.
    pub(super) fn object(self, key: &str) -> Option<Self> {
        let nodes = flat::get(self.nodes, key)?;
        let is_object = nodes.first()?.kind == Kind::Object;
        is_object.then_some(Self { nodes, ..self })
    }

    /// What the value at a key counts, be it there or not.
    pub(super) fn part(self, key: &str) -> Self {
        let nodes = flat::get(self.nodes, key).unwrap_or_default();
        Self { nodes, ..self }
    }

    /// The entries of an array at a key; `None` if there is none.
    pub(super) fn list(self, key: &str) -> Option<impl Iterator<Item = Self>> {
        let nodes = flat::get(self.nodes, key)?;
        let is_list = nodes.first()?.kind == Kind::List;
        is_list.then(|| flat::children(nodes).map(move |nodes| Self { nodes, ..self }))
    }

    /// The keys it has, in the order they are written.
    pub(super) fn keys(self) -> impl Iterator<Item = &'t [u8]> {
        flat::children(self.nodes).filter_map(|nodes| Some(nodes.first()?.key()))
    }

    /// Whether there is something at a key.
    pub(super) fn has(self, key: &str) -> bool {
        self.kind(key).is_some_and(|kind| *kind != Kind::Null)
    }

    fn kind(self, key: &str) -> Option<&'t Kind<'t>> {
        Some(&flat::get(self.nodes, key)?.first()?.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, count: Option<u64>, odd: bool) {
        let raw = format!("{{\"n\":{written}}}");
        let usage = Usage::read(raw.as_bytes()).unwrap().unwrap();
        assert_eq!(
            (usage.counts().at("n"), usage.is_odd()),
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
        let usage = Usage::read(b"{}").unwrap().unwrap();
        let counts = usage.counts();
        assert_eq!((counts.part("a").at("b"), usage.is_odd()), (None, false));
    }

    #[test]
    fn of_two_same_keys_the_last_wins() {
        check("1, \"n\":2", Some(2), false);
    }

    #[test]
    fn only_an_object_is_read() {
        assert!(Usage::read(b"null").unwrap().is_none());
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for raw in ["7", "[]", "\"x\"", "{\"a\":}", &deep] {
            assert_eq!(Usage::read(raw.as_bytes()).unwrap_err(), NotAnObject);
        }
    }
}
