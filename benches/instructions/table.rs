//! What is printed: figure, expected, measured, change; and the functions that cost most.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use crate::expected::{Expectation, Standing};
use crate::measure::Measured;

/// Functions shown with `--profile-top`.
const TOP_FUNCTIONS: usize = 10;
/// A generic function's whole name is of no help.
const FUNCTION_CHARS: usize = 90;

pub(crate) fn head() {
    line(["instructions", "expected", "band", "measured", "change"]);
}

pub(crate) fn row(name: &str, expected: Expectation, costs: &Measured) {
    let measured = costs.instructions();
    let said = match expected.standing(measured) {
        Standing::Within => "",
        Standing::Worse => "   WORSE",
        Standing::Better => "   BETTER: lower the expectation, so that it stays",
    };
    line([
        name,
        &expected.instructions.to_string(),
        &format!("±{}", percent(expected.band_permille)),
        &measured.to_string(),
        &(change(expected.instructions, measured) + said),
    ]);
    if costs.beside() > 0 {
        line([
            "  journal and recorder",
            "",
            "",
            &costs.beside().to_string(),
            "",
        ]);
    }
}

fn line([name, expected, band, measured, change]: [&str; 5]) {
    println!("{name:<24}{expected:>10}{band:>9}{measured:>10}   {change}");
}

pub(crate) fn top(measured: &Measured) {
    for (function, instructions) in measured.top(TOP_FUNCTIONS) {
        let function: String = function.chars().take(FUNCTION_CHARS).collect();
        println!("{instructions:>53}  {function}");
    }
}

pub(crate) fn say(text: &str) {
    println!("{text}");
}

fn change(expected: i64, measured: i64) -> String {
    let Some(permille) = ((measured - expected) * 1_000).checked_div(expected) else {
        return "new".to_owned();
    };
    let sign = if permille < 0 { '-' } else { '+' };
    format!("{sign}{}", percent(permille.abs()))
}

/// Tenths are enough, and need no float.
fn percent(permille: i64) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}
