//! Which entries a model's name leads to, best first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::book::BookProblem;
use super::by_name::ByName;
use super::entry::{Layer, PriceEntry, Terms};
use super::names::{Pattern, is_pattern};
use crate::call::without_snapshot;

/// Positions of the entries of one name, newest first; of one day, the most special first.
pub(super) type Chain = Vec<usize>;

/// Entries by price list and name.
#[derive(Debug, Default)]
pub(super) struct Index {
    lists: ByName<List>,
}

#[derive(Debug, Default)]
struct List {
    overlay: ByName<Chain>,
    catalogue: ByName<Chain>,
    /// By the length of what they fix, longest first, then by their text.
    patterns: BTreeMap<(Reverse<usize>, String), (Pattern, Chain)>,
}

impl Index {
    /// Indexes the entries that are `wanted`; ambiguous ones are told and the first of them kept.
    pub(super) fn new(
        entries: &[PriceEntry],
        wanted: impl Fn(&Terms) -> bool,
    ) -> (Self, Vec<BookProblem>) {
        let mut index = Self::default();
        let wanted = |(_, entry): &(usize, &PriceEntry)| wanted(&entry.terms);
        for (position, entry) in entries.iter().enumerate().filter(wanted) {
            index.lists.change(&entry.list, |list| {
                for name in &entry.names {
                    list.add(entry.layer, name, position);
                }
            });
        }
        let mut problems = Vec::new();
        for (_, list) in index.lists.iter_mut() {
            list.sort(entries, &mut problems);
        }
        problems.sort_by_key(BookProblem::entry);
        problems.dedup_by_key(|problem| problem.entry());
        (index, problems)
    }

    /// The chains a model's name leads to, best first: the user's own name, the catalogue's, then
    /// patterns. In a layer the exact name hides the name without its snapshot date.
    pub(super) fn chains<'a, 'm>(
        &'a self,
        list: &str,
        model: &'m str,
    ) -> impl Iterator<Item = &'a Chain> + use<'a, 'm> {
        let list = self.lists.get(list);
        let base = without_snapshot(model);
        let named = move |names: &'a ByName<Chain>| names.get(model).or_else(|| names.get(base?));
        let overlay = list.and_then(|list| named(&list.overlay));
        let catalogue = list.and_then(|list| named(&list.catalogue));
        let patterns = list
            .into_iter()
            .flat_map(|list| &list.patterns)
            .filter(move |(_, (pattern, _))| pattern.matches(model))
            .map(|(_, (_, chain))| chain);
        overlay.into_iter().chain(catalogue).chain(patterns)
    }

    /// Whether there is no entry at all.
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Whether any entry belongs to the list.
    pub(super) fn has_list(&self, list: &str) -> bool {
        self.lists.get(list).is_some()
    }
}

impl List {
    /// Puts an entry into the chain of a name.
    fn add(&mut self, layer: Layer, name: &str, position: usize) {
        if is_pattern(name) {
            let pattern = Pattern::new(name);
            let key = (Reverse(pattern.literal_len()), name.to_owned());
            let place = self.patterns.entry(key);
            let (_, chain) = place.or_insert_with(|| (pattern, Chain::new()));
            return chain.push(position);
        }
        let names = match layer {
            Layer::Overlay => &mut self.overlay,
            Layer::Catalogue => &mut self.catalogue,
        };
        names.change(name, |chain| chain.push(position));
    }

    /// Orders chains and patterns and tells what cannot be ordered.
    fn sort(&mut self, entries: &[PriceEntry], problems: &mut Vec<BookProblem>) {
        for (name, chain) in self.overlay.iter_mut().chain(self.catalogue.iter_mut()) {
            sort_chain(name, chain, entries, problems);
        }
        for ((_, name), (_, chain)) in &mut self.patterns {
            sort_chain(name, chain, entries, problems);
        }
        for (at, ((_, name), (pattern, chain))) in self.patterns.iter().enumerate() {
            let before = self.patterns.values().take(at);
            for (_, others) in before.filter(|(other, _)| pattern.ties_with(other)) {
                tell(name, others, chain, problems);
            }
        }
    }
}

/// Newest first, then the one that is asked first; two for the same day and calls are a problem.
fn sort_chain(
    name: &str,
    chain: &mut Chain,
    entries: &[PriceEntry],
    problems: &mut Vec<BookProblem>,
) {
    chain.sort_by(|a, b| {
        let (Some(one), Some(two)) = (entries.get(*a), entries.get(*b)) else {
            return a.cmp(b);
        };
        let newer = two.since.date().cmp(&one.since.date());
        newer
            .then_with(|| one.conditions.before(&two.conditions))
            .then(a.cmp(b))
    });
    for (at, position) in chain.iter().enumerate() {
        let before = chain.iter().take(at);
        let clash = before.filter_map(|other| {
            let (one, two) = (entries.get(*position)?, entries.get(*other)?);
            let same_day = one.since.date() == two.since.date();
            let (entry, other, name) = (*position, *other, name.to_owned());
            if same_day && one.conditions == two.conditions {
                Some(BookProblem::Ambiguous { entry, other, name })
            } else if same_day && one.conditions.overlap(&two.conditions) {
                // Told at the later of the two, whichever is asked first.
                let (entry, other) = (entry.max(other), entry.min(other));
                Some(BookProblem::Overlapping { entry, other, name })
            } else {
                None
            }
        });
        problems.extend(clash.take(1));
    }
}

/// Two patterns that fit some name equally well.
fn tell(name: &str, others: &Chain, chain: &Chain, problems: &mut Vec<BookProblem>) {
    if let (Some(one), Some(two)) = (others.first(), chain.first()) {
        problems.push(BookProblem::Ambiguous {
            entry: *one.max(two),
            other: *one.min(two),
            name: name.to_owned(),
        });
    }
}
