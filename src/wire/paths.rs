//! The named paths of a format, as a small tree that the scanner walks along.

/// What to do with the value at a named path.
#[derive(Clone, Copy, Debug)]
pub enum Action<F> {
    /// Hand over its raw bytes.
    Keep(F),
    /// Say so as soon as it is seen not to be empty: not `null`, `false`, `""`, `{}` or `[]`.
    Notice(F),
    /// The same, and where texts are gathered hand it over piece by piece.
    Gather(F),
}

impl<F> Action<F> {
    /// The same with what is found there called otherwise.
    pub(super) fn map<G>(self, name: impl FnOnce(F) -> G) -> Action<G> {
        match self {
            Self::Keep(field) => Action::Keep(name(field)),
            Self::Notice(field) => Action::Notice(name(field)),
            Self::Gather(field) => Action::Gather(name(field)),
        }
    }
}

/// The named paths of one format; `F` names what is found there.
#[derive(Debug)]
pub struct Paths<F> {
    /// A handful at most, so looking at each is faster than any order.
    keys: Vec<(&'static [u8], Self)>,
    element: Option<Box<Self>>,
    action: Option<Action<F>>,
}

impl<F> Default for Paths<F> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
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
            root.name(path, action);
        }
        root
    }

    fn name(&mut self, path: &'static str, action: Action<F>) {
        let (step, rest) = path
            .split_once('.')
            .map_or((path, None), |(step, rest)| (step, Some(rest)));
        let mut child = self.take(step);
        match rest {
            Some(rest) => child.name(rest, action),
            None => child.action = Some(action),
        }
        if step == "*" {
            self.element = Some(Box::new(child));
        } else {
            self.keys.push((step.as_bytes(), child));
        }
    }

    /// The child of that step as far as it is built.
    fn take(&mut self, step: &str) -> Self {
        if step == "*" {
            return self
                .element
                .take()
                .map_or_else(Self::default, |element| *element);
        }
        let known = self
            .keys
            .iter()
            .position(|(key, _)| *key == step.as_bytes());
        known.map_or_else(Self::default, |place| self.keys.swap_remove(place).1)
    }

    pub(super) fn key(&self, key: &[u8]) -> Option<&Self> {
        self.keys
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, child)| child)
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
