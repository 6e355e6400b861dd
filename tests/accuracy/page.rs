//! The tables of docs/accuracy.md, between their two marks.

use std::path::Path;
use std::{env, fs};

use tollgate::tokens::Side;

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
    let sections = [
        (
            "Input by the rules of OpenAI's models, those of Azure included:",
            input::rows(exchanges).table("request"),
        ),
        (
            "Output by the same:",
            output::rows(exchanges).table("answer"),
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
