//! Streams by their names, found where the names stand: the same few come again and again.

use std::collections::BTreeMap;

use crate::economics::Stream;
use crate::usage::Capability;

/// The names of a stream, without a copy of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamName<'a> {
    pub(super) upstream: &'a str,
    pub(super) model: &'a str,
    pub(super) capability: Capability,
}

impl From<StreamName<'_>> for Stream {
    fn from(name: StreamName<'_>) -> Self {
        Self {
            upstream: name.upstream.to_owned(),
            model: name.model.to_owned(),
            capability: name.capability,
        }
    }
}

impl<'a> From<&'a Stream> for StreamName<'a> {
    fn from(stream: &'a Stream) -> Self {
        Self {
            upstream: &stream.upstream,
            model: &stream.model,
            capability: stream.capability,
        }
    }
}

/// The models of an upstream, each with the classes of its streams.
type Models<T> = BTreeMap<String, BTreeMap<Capability, T>>;

/// Something of each stream.
#[derive(Debug)]
pub(super) struct Streams<T> {
    upstreams: BTreeMap<String, Models<T>>,
    len: usize,
}

impl<T> Default for Streams<T> {
    fn default() -> Self {
        Self {
            upstreams: BTreeMap::new(),
            len: 0,
        }
    }
}

impl<T> Streams<T> {
    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get_mut(&mut self, name: StreamName<'_>) -> Option<&mut T> {
        let models = self.upstreams.get_mut(name.upstream)?;
        models.get_mut(name.model)?.get_mut(&name.capability)
    }

    pub(super) fn insert(&mut self, name: StreamName<'_>, of: T) {
        let models = self.upstreams.entry(name.upstream.to_owned()).or_default();
        let classes = models.entry(name.model.to_owned()).or_default();
        if classes.insert(name.capability, of).is_none() {
            self.len = self.len.saturating_add(1);
        }
    }

    /// Each model of each upstream, with what there is of its classes.
    pub(super) fn models(&self) -> impl Iterator<Item = (&str, &str, impl Iterator<Item = &T>)> {
        self.upstreams.iter().flat_map(|(upstream, models)| {
            let models = models.iter();
            models.map(|(model, of)| (upstream.as_str(), model.as_str(), of.values()))
        })
    }

    /// What there is of each.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let models = self.upstreams.values_mut().flat_map(BTreeMap::values_mut);
        models.flat_map(BTreeMap::values_mut)
    }

    /// All of them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (StreamName<'_>, &mut T)> {
        self.upstreams.iter_mut().flat_map(|(upstream, models)| {
            models.iter_mut().flat_map(move |(model, classes)| {
                classes.iter_mut().map(move |(capability, of)| {
                    let name = StreamName {
                        upstream,
                        model,
                        capability: *capability,
                    };
                    (name, of)
                })
            })
        })
    }
}
