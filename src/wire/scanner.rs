//! The capturing scanner: JSON fed in pieces of any size, of which only named values are kept.
//!
//! It follows the structure along the named paths and passes over everything else, so its memory
//! is bounded by the longest named path and one value of [`VALUE_BYTES_MAX`], whatever the nesting
//! or the size. It validates what it follows; what it passes over only has to close its brackets.

use super::gap::Gap;
use super::key::Key;
use super::paths::{Action, Paths};
use super::skip::Skip;

mod passing;

/// No usage object, name or id a provider sends comes near; a longer value is dropped and said so.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;

/// What the scanner found at a named path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a, F> {
    /// The raw bytes of a whole value, quotes and escapes as they came.
    Value(F, &'a [u8]),
    /// A value to be noticed is not empty.
    Filled(F),
    /// A value longer than [`VALUE_BYTES_MAX`] was dropped.
    TooLong(F),
    /// The next piece of a value to be gathered, raw: of a string without its quotes, of anything
    /// else without its first bracket.
    Text(F, &'a [u8]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Value,
    FirstElement,
    FirstKey,
    Key,
    InKey,
    Colon,
    /// Before the first byte inside a value to be noticed; it closes with this byte.
    Peek(u8),
    Passing,
    AfterValue,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Object,
    Array,
}

/// Reads one JSON text at a time.
#[derive(Debug)]
pub struct Scanner<F: 'static> {
    root: &'static Paths<F>,
    state: State,
    /// The open containers a path leads through; never more than the longest path has steps.
    open: Vec<(&'static Paths<F>, Container)>,
    /// Where the next value is named, if it is.
    next: Option<&'static Paths<F>>,
    key: Key,
    skip: Option<Skip>,
    keep: Option<F>,
    /// The part of the value to be kept that came in earlier pieces.
    kept: Vec<u8>,
    notice: Option<F>,
    /// Whether values to be gathered are handed over, or only noticed.
    gathers: bool,
    gather: Option<Gather<F>>,
    complete: bool,
    malformed: bool,
}

/// A value that is handed over piece by piece.
#[derive(Clone, Copy, Debug)]
struct Gather<F> {
    field: F,
    is_text: bool,
}

impl<F: Copy> Scanner<F> {
    /// A scanner before the first byte.
    #[must_use]
    pub fn new(paths: &'static Paths<F>) -> Self {
        Self {
            root: paths,
            state: State::Start,
            open: Vec::new(),
            next: Some(paths),
            key: Key::new(),
            skip: None,
            keep: None,
            kept: Vec::new(),
            notice: None,
            gathers: false,
            gather: None,
            complete: false,
            malformed: false,
        }
    }

    /// Hands values to be gathered over from now on, or only notices them.
    pub(super) const fn set_gathers(&mut self, gathers: bool) {
        self.gathers = gathers;
    }

    /// Forgets the text so far and stands before the next one; keeps its memory.
    pub fn reset(&mut self) {
        self.state = State::Start;
        self.open.clear();
        self.next = Some(self.root);
        self.skip = None;
        self.keep = None;
        self.kept.clear();
        self.notice = None;
        self.gather = None;
        self.complete = false;
        self.malformed = false;
    }

    /// Whether the top-level value has ended.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether what came is not JSON; the rest is then ignored.
    #[must_use]
    pub const fn is_malformed(&self) -> bool {
        self.malformed
    }

    /// Whether nothing but blanks has come.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.state == State::Start
    }

    /// What may stand here otherwise without being found.
    pub(super) fn gap(&self) -> Option<Gap> {
        let in_text = self.skip.as_ref().is_some_and(Skip::is_in_text);
        let is_free = in_text && self.keep.is_none();
        match self.state {
            // In the middle of a text that is gathered: what came of it would not be told again.
            State::Passing if self.gather.is_some() => None,
            State::Passing if is_free => Some(Gap::Text),
            State::Peek(b'"') if is_free && self.gather.is_some() => Some(Gap::Told),
            State::Peek(b'"') if is_free => Some(Gap::Filled),
            State::AfterValue => Some(Gap::Blanks),
            State::Start
            | State::Value
            | State::FirstElement
            | State::FirstKey
            | State::Key
            | State::InKey
            | State::Colon
            | State::Peek(_)
            | State::Passing
            | State::Over => None,
        }
    }

    /// Takes the next bytes and says what is found in them.
    pub fn feed(&mut self, bytes: &[u8], found: &mut impl FnMut(Seen<'_, F>)) {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            let used = match self.state {
                State::Passing => self.pass(rest, found),
                State::InKey => self.read_key(rest, found),
                State::Peek(closer) => self.peek(byte, closer, found),
                State::Over if self.malformed => return,
                State::Start
                | State::Value
                | State::FirstElement
                | State::FirstKey
                | State::Key
                | State::Colon
                | State::AfterValue
                | State::Over => match byte {
                    b' ' | b'\n' | b'\r' | b'\t' => 1,
                    _ => self.token(byte, rest, found),
                },
            };
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Acts on a byte between values; says whether it is used up.
    fn token(&mut self, byte: u8, rest: &[u8], found: &mut impl FnMut(Seen<'_, F>)) -> usize {
        let inside = self.open.last().map(|(_, container)| *container);
        match (self.state, byte, inside) {
            // A byte order mark is allowed to be ignored (RFC 8259, section 8.1).
            (State::Start, 0xEF | 0xBB | 0xBF, _) => {}
            (State::FirstKey | State::AfterValue, b'}', Some(Container::Object))
            | (State::FirstElement | State::AfterValue, b']', Some(Container::Array)) => {
                self.close();
            }
            (State::FirstElement, _, _) => {
                self.say_filled(found);
                return self.value(byte, rest, found);
            }
            (State::Start | State::Value, _, _) => return self.value(byte, rest, found),
            (State::FirstKey | State::Key, b'"', _) => {
                self.say_filled(found);
                self.key.restart();
                self.state = State::InKey;
            }
            (State::Colon, b':', _) => self.state = State::Value,
            (State::AfterValue, b',', Some(Container::Object)) => self.state = State::Key,
            (State::AfterValue, b',', Some(Container::Array)) => self.expect_element(State::Value),
            _ => self.fail(),
        }
        1
    }

    /// Begins a value: enters it where a path leads on, else passes over it.
    fn value(&mut self, byte: u8, rest: &[u8], found: &mut impl FnMut(Seen<'_, F>)) -> usize {
        let node = self.next.take();
        match node.and_then(Paths::action) {
            Some(Action::Keep(field)) => self.keep = Some(*field),
            Some(Action::Notice(field)) => self.notice = Some(*field),
            Some(Action::Gather(field)) => self.gather(*field),
            None => {}
        }
        match (byte, node) {
            (b'{', Some(node)) if node.has_keys() && self.keep.is_none() => {
                self.open.push((node, Container::Object));
                self.state = State::FirstKey;
                1
            }
            (b'[', Some(node)) if node.element().is_some() && self.keep.is_none() => {
                self.open.push((node, Container::Array));
                self.expect_element(State::FirstElement);
                1
            }
            _ => self.begin_passing(byte, rest, found),
        }
    }

    fn gather(&mut self, field: F) {
        self.notice = Some(field);
        self.gather = self.gathers.then_some(Gather {
            field,
            is_text: false,
        });
    }

    fn after_value(&mut self) {
        self.complete = self.open.is_empty();
        self.state = if self.complete {
            State::Over
        } else {
            State::AfterValue
        };
    }

    fn close(&mut self) {
        self.notice = None;
        self.open.pop();
        self.after_value();
    }

    fn expect_element(&mut self, state: State) {
        self.next = self.open.last().and_then(|(node, _)| node.element());
        self.state = state;
    }

    fn read_key(&mut self, rest: &[u8], found: &mut impl FnMut(Seen<'_, F>)) -> usize {
        let parent = self.open.last().map(|(node, _)| *node);
        let used = if let Some(name) = self.key.whole(rest) {
            self.next = parent.and_then(|node| node.key(name));
            name.len() + 1
        } else {
            let Some(used) = self.key.feed(rest) else {
                return rest.len();
            };
            self.next = parent.and_then(|node| node.key(self.key.name()?));
            used
        };
        self.state = State::Colon;
        // The colon and the value nearly always follow at once.
        let Some([b':', value @ ..]) = rest.get(used..) else {
            return used;
        };
        self.state = State::Value;
        let begun = match (value.first(), self.next) {
            (None | Some(b' ' | b'\n' | b'\r' | b'\t'), _) => 0,
            (Some(byte), None) => self.pass_unnamed(*byte, value),
            (Some(byte), Some(_)) => self.value(*byte, value, found),
        };
        used + 1 + begun
    }

    fn say_filled(&mut self, found: &mut impl FnMut(Seen<'_, F>)) {
        if let Some(field) = self.notice.take() {
            found(Seen::Filled(field));
        }
    }

    fn fail(&mut self) {
        self.malformed = true;
        self.state = State::Over;
    }
}
