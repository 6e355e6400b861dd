//! Things by name, made for looking up: every call asks for its model two or three times.

/// Sorted by the length of the names, then by their text: most are told apart by a number.
#[derive(Debug)]
pub(super) struct ByName<T>(Vec<(String, T)>);

/// By hand, because nothing needs no `T`.
impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByName<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        let at = self.find(name).ok()?;
        self.0.get(at).map(|(_, thing)| thing)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Changes what is under the name, made where it is missing.
    pub(super) fn change(&mut self, name: &str, change: impl FnOnce(&mut T))
    where
        T: Default,
    {
        let at = self.find(name).unwrap_or_else(|gap| {
            self.0.insert(gap, (name.to_owned(), T::default()));
            gap
        });
        if let Some((_, thing)) = self.0.get_mut(at) {
            change(thing);
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut T)> {
        self.0
            .iter_mut()
            .map(|(name, thing)| (name.as_str(), thing))
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| {
            let by_length = known.len().cmp(&name.len());
            by_length.then_with(|| known.as_str().cmp(name))
        })
    }
}
