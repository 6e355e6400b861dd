//! Sums under labels that an enum gives: few, all there from the start, shown in their order.

/// A sum for each label. Looked through from the start: a tree would compare as many texts, and
/// compare them for their order.
#[derive(Debug)]
pub(super) struct ByLabel<T>(Vec<(&'static str, T)>);

impl<T: Default> ByLabel<T> {
    /// Nothing yet under each of the labels.
    pub(super) fn new(labels: impl IntoIterator<Item = &'static str>) -> Self {
        let mut sums = Self(Vec::new());
        for label in labels {
            sums.change(label, |_| ());
        }
        sums
    }

    /// Changes the sum under a label.
    pub(super) fn change(&mut self, label: &'static str, change: impl FnOnce(&mut T)) {
        if let Some((_, sum)) = self.0.iter_mut().find(|(known, _)| *known == label) {
            return change(sum);
        }
        let mut sum = T::default();
        change(&mut sum);
        let place = self.0.partition_point(|(known, _)| *known < label);
        self.0.insert(place, (label, sum));
    }

    /// All sums, in the order of their labels.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &T)> {
        self.0.iter().map(|(label, sum)| (*label, sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_shown_in_the_order_of_their_labels_the_untouched_ones_too() {
        let mut sums: ByLabel<u64> = ByLabel::new(["b", "c", "b"]);
        for label in ["c", "a", "c"] {
            sums.change(label, |sum| *sum += 1);
        }
        let shown: Vec<_> = sums.iter().collect();
        assert_eq!(shown, [("a", &1), ("b", &0), ("c", &2)]);
    }
}
