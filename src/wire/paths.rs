//! The named paths of a format, as a small tree that the scanner walks along.

use std::collections::BTreeMap;

/// What to do with the value at a named path.
#[derive(Clone, Copy, Debug)]
pub enum Action<F> {
    /// Hand over its raw bytes.
    Keep(F),
    /// Say so as soon as it is seen not to be empty: not `null`, `false`, `""`, `{}` or `[]`.
    Notice(F),
}

/// The named paths of one format; `F` names what is found there.
#[derive(Debug)]
pub struct Paths<F> {
    keys: BTreeMap<&'static [u8], Self>,
    element: Option<Box<Self>>,
    action: Option<Action<F>>,
}

impl<F> Default for Paths<F> {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
            element: None,
            action: None,
        }
    }
}

impl<F> Paths<F> {
    /// Builds the tree from paths such as `choices.*.delta.content`; `*` is any element of an array.
    #[must_use]
    pub fn new(named: impl IntoIterator<Item = (&'static str, Action<F>)>) -> Self {
        let mut root = Self::default();
        for (path, action) in named {
            let mut node = &mut root;
            for step in path.split('.') {
                node = node.child_mut(step);
            }
            node.action = Some(action);
        }
        root
    }

    fn child_mut(&mut self, step: &'static str) -> &mut Self {
        if step == "*" {
            return self.element.get_or_insert_default();
        }
        self.keys.entry(step.as_bytes()).or_default()
    }

    pub(super) fn key(&self, key: &[u8]) -> Option<&Self> {
        self.keys.get(key)
    }

    pub(super) fn element(&self) -> Option<&Self> {
        self.element.as_deref()
    }

    pub(super) fn action(&self) -> Option<&Action<F>> {
        self.action.as_ref()
    }

    /// Whether a path leads on through an object here.
    pub(super) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }
}
