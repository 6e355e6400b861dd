//! `sources`: published claims about the cost of language models, beside what holds.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::args::{Sources, SourcesFormat};
use super::{Failure, output};
use crate::economics::claims::{Claim, Judged, THEMES, Theme, Verdict};

mod figures;

/// Columns for a claim and what is said of it; the rest goes on in the next line.
const CLAIM_COLUMNS: usize = 60;

const INTRODUCTION: &str = "Published claims about LLM costs: the figure that was said, and the \
    figure that the same arithmetic gives, computed now from the inputs named. Under \"off by\" \
    stands ours against theirs.\n";

/// Computes every figure and writes all claims.
pub(super) fn run(sources: &Sources) -> Result<(), Failure> {
    output::print(render(sources.format)?)
}

fn render(format: SourcesFormat) -> Result<String, Failure> {
    match format {
        SourcesFormat::Table => Ok(text()),
        SourcesFormat::Json => serde_json::to_string_pretty(&exact())
            .map(|json| json + "\n")
            .map_err(|error| Failure::work("cannot write the claims").because(error)),
    }
}

/// An introduction, a table a theme, and how the claims come out.
fn text() -> String {
    let mut lines = vec![output::wrapped(INTRODUCTION, "  ")];
    for theme in &THEMES {
        lines.push(format!("\n{}\n\n", theme.name));
        let table = table(theme);
        lines.extend(table.lines().map(|line| format!(" {}\n", line.trim_end())));
    }
    lines.push(format!("\n{}\n", tally()));
    lines.concat()
}

fn table(theme: &Theme) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["claim", "said", "what holds", "off by", "verdict"]);
    for claim in theme.claims {
        let judged = claim.judged();
        table.add_row([
            words(claim),
            figures::amount(claim.claimed),
            judged
                .holds
                .map_or_else(|| "none".to_owned(), figures::amount),
            figures::deviation(claim.claimed.unit, &judged),
            judged.verdict.label().to_owned(),
        ]);
    }
    for column in table.column_iter_mut().skip(1).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The claim, and under it what is said of it.
fn words(claim: &Claim) -> String {
    let text = format!("{}\n  {}", claim.says, claim.because);
    let wrapped = output::wrapped_at(CLAIM_COLUMNS, text.trim_end(), "");
    wrapped.trim_end().to_owned()
}

/// `50 claims: holds 27, off 10, ...`
fn tally() -> String {
    const VERDICTS: [Verdict; 7] = [
        Verdict::Holds,
        Verdict::Off,
        Verdict::Contradicts,
        Verdict::CountsTooMuch,
        Verdict::CountsTooLittle,
        Verdict::Depends,
        Verdict::Assumed,
    ];
    let claims = THEMES.iter().flat_map(|theme| theme.claims);
    let all: Vec<Verdict> = claims.map(|claim| claim.judged().verdict).collect();
    let counts: Vec<String> = VERDICTS
        .iter()
        .map(|verdict| {
            let count = all.iter().filter(|other| *other == verdict).count();
            format!("{} {count}", verdict.label())
        })
        .collect();
    format!("{} claims: {}", all.len(), counts.join(", "))
}

/// All claims, unrounded.
#[derive(Serialize)]
struct Exact {
    themes: Vec<ExactTheme>,
}

#[derive(Serialize)]
struct ExactTheme {
    theme: &'static str,
    claims: Vec<ExactClaim>,
}

#[derive(Serialize)]
struct ExactClaim {
    says: &'static str,
    claimed: ExactAmount,
    holds: Option<ExactAmount>,
    /// Ours minus theirs, and ours divided by theirs; null between figures of different kinds.
    difference: Option<f64>,
    ratio: Option<f64>,
    within: f64,
    verdict: &'static str,
    because: &'static str,
}

#[derive(Serialize)]
struct ExactAmount {
    value: f64,
    unit: String,
}

fn exact() -> Exact {
    let themes = THEMES.iter().map(|theme| ExactTheme {
        theme: theme.name,
        claims: theme.claims.iter().map(exact_claim).collect(),
    });
    Exact {
        themes: themes.collect(),
    }
}

fn exact_claim(claim: &Claim) -> ExactClaim {
    let Claim {
        says,
        claimed,
        holds: _,
        within,
        otherwise: _,
        because,
    } = *claim;
    let Judged {
        holds,
        difference,
        ratio,
        verdict,
    } = claim.judged();
    let amount = |amount: crate::economics::claims::Amount| ExactAmount {
        value: amount.value,
        unit: figures::unit(amount.unit),
    };
    ExactClaim {
        says,
        claimed: amount(claimed),
        holds: holds.map(amount),
        difference,
        ratio,
        within,
        verdict: verdict.label(),
        because,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What people and programs see; `UPDATE_GOLDEN=1 cargo test --lib cli` writes it anew.
    #[test]
    fn the_claims_are_what_the_golden_files_show() {
        let table = render(SourcesFormat::Table).unwrap();
        crate::cli::golden("sources.txt", &table);
        let json = render(SourcesFormat::Json).unwrap();
        crate::cli::golden("sources.json", &json);
    }
}
