//! Which known names look most like one that is not known.

use std::cmp::Reverse;
use std::collections::BTreeSet;

/// How many are named.
const NAMED_MAX: usize = 3;

/// The names that share most pairs of letters and digits with `name`, best first; each shares at
/// least a third of them. Letters are not told from capitals, and marks between them do not count.
#[must_use]
pub fn nearest(name: &str, known: impl Iterator<Item = String>) -> Vec<String> {
    let wanted = pairs(name);
    let mut alike: Vec<(Reverse<usize>, String)> = known
        .filter_map(|known| {
            let pairs = pairs(&known);
            let both = pairs.intersection(&wanted).count();
            let all = pairs.union(&wanted).count();
            // In thousandths: the order of two names needs no more.
            let share = both.saturating_mul(1_000).checked_div(all)?;
            (share > 333).then_some((Reverse(share), known))
        })
        .collect();
    alike.sort();
    alike.truncate(NAMED_MAX);
    alike.into_iter().map(|(_, known)| known).collect()
}

fn pairs(name: &str) -> BTreeSet<(char, char)> {
    let plain: Vec<char> = name
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    plain
        .iter()
        .copied()
        .zip(plain.iter().copied().skip(1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_people_write_them_lead_to_the_known_ones() {
        let known = [
            "H100-SXM",
            "H200-SXM",
            "A100-80GB",
            "llama-3.3-70b",
            "llama-3.1-8b",
        ];
        for (name, expected) in [
            ("H100", &["H100-SXM"][..]),
            ("h100_sxm5", &["H100-SXM"]),
            ("A100", &["A100-80GB"]),
            ("Llama-3.3-70B-Instruct", &["llama-3.3-70b"]),
            ("llama3-70b", &["llama-3.3-70b", "llama-3.1-8b"]),
            ("gemma", &[]),
        ] {
            let found = nearest(name, known.iter().map(ToString::to_string));
            assert_eq!(
                found.first().map(String::as_str),
                expected.first().copied(),
                "{name}: {found:?}"
            );
        }
    }
}
