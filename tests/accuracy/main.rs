//! How far off tollgate's own counts are, measured on recorded exchanges of real providers: the
//! reported usage is withheld, counted from the texts, and compared.
//!
//! docs/accuracy.md holds the tables; `scripts/accuracy` writes them anew. The recordings are not
//! part of the repository: without them all of this says that it was skipped.

#[cfg(test)]
mod answer;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod input;
#[cfg(test)]
mod learning;
#[cfg(test)]
mod output;
#[cfg(test)]
mod page;
#[cfg(test)]
mod streams;

#[cfg(test)]
use tollgate::tokens::Bound;

/// Kinds of request, and the least share of exact counts, in percent.
#[cfg(test)]
const INPUT: [(&str, f64); 11] = [
    ("chat, text only", 97.0),
    ("chat, tool messages only", 95.0),
    ("chat, tools declared", 92.0),
    ("chat, tools and tool messages", 92.0),
    ("chat, JSON schema", 95.0),
    ("chat, tools declared, gpt-5", 95.0),
    ("chat, tools and tool messages, gpt-5", 95.0),
    ("responses, text only", 90.0),
    ("responses, tools or tool messages", 75.0),
    ("completions", 97.0),
    ("embeddings", 97.0),
];
/// Kinds of answer, and the least share within one token.
#[cfg(test)]
const OUTPUT: [(&str, f64); 5] = [
    ("chat, text", 98.0),
    ("chat, function calls", 70.0),
    ("responses, text", 90.0),
    ("responses, function calls", 80.0),
    ("completions, text", 97.0),
];

#[test]
fn the_page_has_what_is_measured() {
    if let Some(exchanges) = exchange::load() {
        page::holds(&exchanges);
    }
}

#[test]
fn no_share_of_exact_counts_has_dropped() {
    let Some(exchanges) = exchange::load() else {
        return;
    };
    let input = input::rows(&exchanges, Bound::Whole);
    let (output, _) = output::rows(&exchanges);
    for (kind, least) in INPUT {
        let share = input.get(kind).within(0);
        assert!(share >= least, "input, {kind}: {share:.1} % exact");
    }
    for (kind, least) in OUTPUT {
        let share = output.get(kind).within(1);
        assert!(share >= least, "output, {kind}: {share:.1} % within one");
    }
    let cut = streams::cut(&exchanges).running.within(0);
    assert!(cut >= 100.0, "streams cut off: {cut:.1} % exact");
}
