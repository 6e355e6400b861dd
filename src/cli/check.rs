//! `check`: whether the configuration would start.

use super::args::Check;
use super::house::{Checked, House, Options};
use super::{Failure, output};

/// Says that all is fine, or every problem.
pub(super) fn run<H: House>(house: &H, options: &Options, check: &Check) -> Result<(), Failure> {
    let Checked { summary, resolved } = house.check(options)?;
    if check.print {
        return output::print(resolved);
    }
    let file = options.config.as_ref().map_or_else(
        || "no file: built-in defaults".to_owned(),
        |file| file.display().to_string(),
    );
    output::print(format!("{file}: fine ({summary})\n"))
}
