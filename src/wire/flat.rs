//! A captured JSON value as a flat list in the order it is written: no maps, and few copies.
//!
//! What is plainly written, as nearly every usage object is, is read here; at the first byte that
//! needs a thought (an escape, a sign, a fraction, a fault) `serde_json` reads it all and decides.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::text::not_plain;

/// Usage objects have fewer values; a longer one only makes the list grow.
const NODES_USUAL: usize = 32;

/// A usage object is three deep; what is deeper is for a parser that guards its stack.
const PLAIN_DEPTH_MAX: usize = 8;

/// So many digits cannot overflow.
const PLAIN_DIGITS_MAX: usize = 18;

/// What a value is, as far as anyone asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Null,
    Count(u64),
    Text(Cow<'a, [u8]>),
    List,
    Object,
    /// A number between this count and the next.
    Above(u64),
    /// A truth, or another number that is no count.
    Other,
}

/// A value; those inside it follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node<'a> {
    /// Its key in the object around it; empty elsewhere.
    key: Cow<'a, [u8]>,
    pub(super) kind: Kind<'a>,
    /// How many nodes it is long, itself included.
    len: usize,
}

impl Node<'_> {
    /// Its key in the object around it; empty elsewhere.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

/// Reads a whole JSON text: the first node is its value, and all others are in that.
pub(super) fn read(raw: &[u8]) -> serde_json::Result<Vec<Node<'_>>> {
    match Plain::read(raw) {
        Some(nodes) => Ok(nodes),
        None => serde_json::from_slice(raw).map(parsed),
    }
}

/// The nodes of the value at a key of the object that `nodes` are; of two same keys the last wins.
pub(super) fn get<'t, 'a>(nodes: &'t [Node<'a>], key: &str) -> Option<&'t [Node<'a>]> {
    if !matches!(nodes.first()?.kind, Kind::Object) {
        return None;
    }
    let (mut at, mut found) = (1, None);
    while let Some(node) = nodes.get(at) {
        if *node.key == *key.as_bytes() {
            found = Some(at..at + node.len);
        }
        at += node.len;
    }
    nodes.get(found?)
}

/// The values directly inside the one that `nodes` are, each with what is in it.
pub(super) fn children<'t, 'a>(nodes: &'t [Node<'a>]) -> impl Iterator<Item = &'t [Node<'a>]> {
    let mut rest = nodes.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (child, after) = rest.split_at_checked(rest.first()?.len)?;
        rest = after;
        Some(child)
    })
}

fn push<'a>(nodes: &mut Vec<Node<'a>>, key: Cow<'a, [u8]>, kind: Kind<'a>) {
    nodes.push(Node { key, kind, len: 1 });
}

/// What was pushed from `place` on is one value.
fn close(nodes: &mut [Node<'_>], place: usize) {
    let len = nodes.len() - place;
    if let Some(node) = nodes.get_mut(place) {
        node.len = len;
    }
}

/// Reads what needs no thought; `None` says that this does.
struct Plain<'a> {
    rest: &'a [u8],
    nodes: Vec<Node<'a>>,
}

impl<'a> Plain<'a> {
    fn read(raw: &'a [u8]) -> Option<Vec<Node<'a>>> {
        let mut plain = Self {
            rest: raw,
            nodes: Vec::with_capacity(NODES_USUAL),
        };
        plain.value(b"", 0)?;
        plain.rest.is_empty().then_some(plain.nodes)
    }

    fn value(&mut self, key: &'a [u8], depth: usize) -> Option<()> {
        let kind = match self.next_byte()? {
            b'"' => Kind::Text(Cow::Borrowed(self.text()?)),
            b'{' => return self.inside(key, Kind::Object, depth),
            b'[' => return self.inside(key, Kind::List, depth),
            digit @ b'0'..=b'9' => Kind::Count(self.count(digit)?),
            b'n' => self.word(b"ull", Kind::Null)?,
            b't' => self.word(b"rue", Kind::Other)?,
            b'f' => self.word(b"alse", Kind::Other)?,
            _ => return None,
        };
        push(&mut self.nodes, Cow::Borrowed(key), kind);
        Some(())
    }

    /// Reads what an object or a list holds, and its closing bracket.
    fn inside(&mut self, key: &'a [u8], kind: Kind<'a>, depth: usize) -> Option<()> {
        let keyed = kind == Kind::Object;
        let closer = if keyed { b'}' } else { b']' };
        let place = self.nodes.len();
        push(&mut self.nodes, Cow::Borrowed(key), kind);
        self.skip_blanks();
        let mut open = depth < PLAIN_DEPTH_MAX && self.rest.first()? != &closer;
        if !open {
            self.next_byte().filter(|byte| *byte == closer)?;
        }
        while open {
            let key = if keyed { self.key()? } else { b"" };
            self.value(key, depth + 1)?;
            open = match self.next_byte()? {
                b',' => true,
                byte if byte == closer => false,
                _ => return None,
            };
        }
        close(&mut self.nodes, place);
        Some(())
    }

    fn key(&mut self) -> Option<&'a [u8]> {
        self.next_byte().filter(|byte| *byte == b'"')?;
        let key = self.text()?;
        self.next_byte().filter(|byte| *byte == b':')?;
        Some(key)
    }

    /// The text up to its closing quote, if it is ASCII and has no escapes.
    fn text(&mut self) -> Option<&'a [u8]> {
        let (text, after) = self.rest.split_at_checked(not_plain(self.rest)?)?;
        self.rest = after.strip_prefix(b"\"")?;
        Some(text)
    }

    /// A whole number as JSON writes it: what follows it must end it.
    fn count(&mut self, first: u8) -> Option<u64> {
        let mut count = u64::from(first - b'0');
        let mut digits = 1;
        while let Some(digit @ b'0'..=b'9') = self.rest.first() {
            count = count * 10 + u64::from(digit - b'0');
            digits += 1;
            if digits > PLAIN_DIGITS_MAX || first == b'0' {
                return None;
            }
            self.rest = self.rest.get(1..)?;
        }
        Some(count)
    }

    fn word(&mut self, tail: &[u8], kind: Kind<'a>) -> Option<Kind<'a>> {
        self.rest = self.rest.strip_prefix(tail)?;
        Some(kind)
    }

    /// The next byte that is no blank.
    fn next_byte(&mut self) -> Option<u8> {
        self.skip_blanks();
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn skip_blanks(&mut self) {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
}

fn parsed(value: Value) -> Vec<Node<'static>> {
    let mut nodes = Vec::new();
    flatten(String::new(), value, &mut nodes);
    nodes
}

fn flatten(key: String, value: Value, nodes: &mut Vec<Node<'static>>) {
    let place = nodes.len();
    let kind = match &value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Other,
        Value::Number(number) => counted(number),
        Value::String(text) => Kind::Text(Cow::Owned(text.as_bytes().to_vec())),
        Value::Array(_) => Kind::List,
        Value::Object(_) => Kind::Object,
    };
    push(nodes, Cow::Owned(key.into_bytes()), kind);
    match value {
        Value::Array(list) => {
            for value in list {
                flatten(String::new(), value, nodes);
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                flatten(key, value, nodes);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    close(nodes, place);
}

fn counted(number: &Number) -> Kind<'static> {
    let part = || {
        let text = number.to_string();
        let (whole, part) = text.split_once('.')?;
        let is_plain = part.bytes().all(|byte| byte.is_ascii_digit());
        whole.parse().ok().filter(|_| is_plain)
    };
    match whole(number) {
        Some(count) => Kind::Count(count),
        None => part().map_or(Kind::Other, Kind::Above),
    }
}

/// Some servers write counts as floats (`12.0`); anything else that is not whole is no count.
fn whole(number: &Number) -> Option<u64> {
    number
        .as_u64()
        .or_else(|| number.to_string().strip_suffix(".0")?.parse().ok())
}
