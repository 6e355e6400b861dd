//! `verdict`: what was decided, on what it stood, and whether it holds.

mod noted;
mod past;
mod rows;
mod verify;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets};

use super::admin::Admin;
use super::args::VerdictVerb;
use super::breakeven::words;
use super::house::{House, Options};
use super::real::failed;
use super::{Failure, output};
use crate::app::statements;
use crate::verdict::dollars;
use crate::verdict::statement::{Statement, opened};

/// Bytes of a statement: one has a few hundred thousand at most.
const STATEMENT_BYTES_MAX: usize = 16 << 20;
/// What is said where nothing was ever decided.
const NONE: &str = "No state has ever switched here: nothing was decided yet, neither for hosting nor \
                    against it.\n";

/// Does what was asked for.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    verb: &VerdictVerb,
    quiet: bool,
) -> Result<(), Failure> {
    let dir = statements::folder(&house.settings(options)?.data_dir);
    match verb {
        VerdictVerb::Past(asked) => past::run(house, options, asked, quiet).await,
        VerdictVerb::List => list(&dir),
        VerdictVerb::Show { file } => {
            let Some(path) = chosen(&dir, file.as_deref())? else {
                return output::print(NONE);
            };
            let (statement, _) = read(&path)?;
            output::print(output::wrapped(&statement.words(), ""))
        }
        VerdictVerb::Verify { file } => {
            let path = if file.exists() {
                file.clone()
            } else {
                dir.join(file)
            };
            verify::run(house, options, &path, quiet).await
        }
        VerdictVerb::Record => record(house, options, quiet).await,
    }
}

/// What each switch said and what came, from the running tollgate or the data directory.
async fn record<H: House>(house: &H, options: &Options, quiet: bool) -> Result<(), Failure> {
    let settings = house.settings(options)?;
    let admin = Admin::of(&settings)?;
    let answer = if let Some(answer) = admin.json("/api/v1/verdicts").await? {
        output::note(
            quiet,
            format!("from the running tollgate at {}", admin.base()),
        );
        answer
    } else {
        let dir = settings.data_dir.display();
        output::note(
            quiet,
            format!("nothing runs at {}; reading {dir}", admin.base()),
        );
        house.verdicts(options)?
    };
    output::print(output::wrapped(&words(&answer), ""))
}

/// A line a statement; of one that cannot be read, why.
fn list(dir: &Path) -> Result<(), Failure> {
    let files = statements::files(dir).map_err(failed)?;
    if files.is_empty() {
        return output::print(NONE);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["day", "kind", "name", "says", "saves a month", "file"]);
    for path in files {
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        table.add_row(match read(&path) {
            Ok((statement, _)) => row(&statement, name),
            Err(failure) => ["", "", "", "", &failure.to_string(), &name].map(str::to_owned),
        });
    }
    if let Some(column) = table.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    output::print(format!("{table}\n"))
}

fn row(statement: &Statement, file: String) -> [String; 6] {
    let saves = statement.said_usd_per_month();
    [
        statement.decided.to_string(),
        statement.kind.clone(),
        statement.name.clone(),
        format!("{} → {}", statement.from.label(), statement.to.label()),
        saves.map_or_else(String::new, |[_, expected, _]| dollars(expected)),
        file,
    ]
}

/// The file that is meant: a path, a name in the folder, or the last one there.
fn chosen(dir: &Path, file: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    match file {
        Some(path) if path.exists() => Ok(Some(path.to_owned())),
        Some(name) => Ok(Some(dir.join(name))),
        None => Ok(statements::files(dir).map_err(failed)?.pop()),
    }
}

/// A statement, and its checksum. One that cannot be read is bad use: exit code 2.
fn read(path: &Path) -> Result<(Statement, String), Failure> {
    let shown = path.display().to_string();
    opened(&text_of(path)?).map_err(|error| Failure::use_or_config(shown).because(error))
}

fn text_of(path: &Path) -> Result<String, Failure> {
    let failed = || Failure::use_or_config(format!("cannot read {}", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(|error| failed().because(error))?;
    let read = file
        .take(u64::try_from(STATEMENT_BYTES_MAX).unwrap_or(u64::MAX))
        .read_to_string(&mut text);
    read.map_err(|error| failed().because(error))?;
    if text.len() >= STATEMENT_BYTES_MAX {
        return Err(Failure::use_or_config(format!(
            "{} is too large for a statement",
            path.display()
        )));
    }
    Ok(text)
}
