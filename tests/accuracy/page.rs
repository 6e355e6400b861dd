//! The tables of docs/accuracy.md, between their two marks.

use std::path::Path;
use std::{env, fs};

use tollgate::tokens::{Bound, Side};

use crate::exchange::Exchange;
use crate::{input, learning, output, streams};

const BEGIN: &str = "<!-- counts: scripts/accuracy -->\n";
const END: &str = "<!-- end of counts -->";

/// Compares the page with what is measured, or writes it when `UPDATE_GOLDEN` is set.
pub(crate) fn holds(exchanges: &[Exchange]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/accuracy.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let measured = format!("{before}{BEGIN}\n{}\n{END}{after}", tables(exchanges));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, measured).unwrap();
        return;
    }
    let differs = page
        .lines()
        .zip(measured.lines())
        .find(|(old, new)| old != new);
    assert!(
        page == measured,
        "docs/accuracy.md is not what is measured; scripts/accuracy writes it anew. First: {differs:?}"
    );
}

fn tables(exchanges: &[Exchange]) -> String {
    let cut = streams::cut(exchanges);
    let learned = |side| learning::rows(exchanges, side).table("model, counted by");
    let input = |bound| input::rows(exchanges, bound).table("request");
    let (whole, at_least) = output::rows(exchanges);
    let sections = [
        (
            "Input by the rules of OpenAI's models, those of Azure included, where the request \
             brings all that is billed:",
            input(Bound::Whole),
        ),
        (
            "Input that names what it does not bring: the vendor's own tools, an earlier response, \
             a remote image, a file, hidden reasoning. Each of these counts is marked as a lower \
             bound:",
            input(Bound::AtLeast),
        ),
        (
            "Output by the same rules, where all of it is shown:",
            whole.table("answer"),
        ),
        (
            "Output of models that may think unseen, or write to the vendor's own tools; marked as \
             a lower bound. What the provider tells apart as reasoning is subtracted, so this is how \
             close the visible part comes; but for the row where it tells nothing apart:",
            at_least.table("answer"),
        ),
        (
            "Streams cut off at ten random places each, the text up to there counted as it came, \
             against another implementation on the whole of it:",
            cut.table(),
        ),
        (
            "Output of other vendors, text only; errors of the second half of the calls, in twenty \
             random orders, each call estimated before it is learned from:",
            learned(Side::Output),
        ),
        (
            "Input of other vendors, text only, the same way; and Claude's with functions declared, \
             which is not learned from:",
            learned(Side::Input)
                + &format!(
                    "| Claude, functions declared: default | {} |\n",
                    learning::claude_with_tools(exchanges).cells()
                ),
        ),
    ];
    sections
        .map(|(head, table)| format!("{head}\n\n{table}"))
        .join("\n")
}
