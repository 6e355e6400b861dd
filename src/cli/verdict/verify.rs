//! `verdict verify`: every figure of a statement computed again from the rows of the calls.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use comfy_table::{Table, presets};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use super::text_of;
use crate::call::{CallRecord, Role};
use crate::cli::admin::{Admin, Page};
use crate::cli::house::{House, Options, Range, Settings as Where};
use crate::cli::{Failure, output};
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::{DemandMinute, Stream};
use crate::ledger::last_pass;
use crate::verdict::statement::{
    Broken, Compared, Gathered, Gathering, Statement, compared, kind_of, opened,
};
use crate::verdict::{Settings, demand_of};

/// How long before its minute a call may have arrived: one that lasts is counted where it ends.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Days of demand of one statement: those whose minutes are kept.
const DAYS_MAX: i32 = 35;
/// Days that one switch may have taken; the rule asks for a few.
const COUNTED_MAX: usize = 400;
/// Stretches of observed minutes: every other minute of those days.
const OBSERVED_MAX: usize = 25_200;

/// Reads the rows and says of each figure whether it holds.
pub(super) async fn run<H: House>(
    house: &H,
    options: &Options,
    path: &Path,
    quiet: bool,
) -> Result<(), Failure> {
    let statement = whole(path)?;
    let at = house.settings(options)?;
    let mut rows = Rows::of(&statement)?;
    rows.read(house, options, &at, quiet).await?;
    let (first_row, missing) = (rows.first, std::mem::take(&mut rows.missing));
    let gathered = rows.gathered(&statement);
    let again = gathered.recomputed(&statement).ok_or_else(foreign)?;
    let all = compared(&statement, &again);
    output::print(table(&all))?;
    let differ = all.iter().filter(|it| !it.equal).count();
    if differ == 0 {
        let figures = all.len();
        return output::print(format!("all {figures} figures follow from the rows\n"));
    }
    let priced = last_pass(&at.data_dir.join("calls")) > statement.priced_again;
    let mut why = missing;
    why.extend(reasons(&statement, first_row, priced));
    if again.demand.sha256 == statement.demand.sha256 {
        why.push("the rows are the same calls: the statement or its settings were changed, or another version computes otherwise".to_owned());
    }
    if why.is_empty() {
        why.push(
            "nothing explains it: the rows or the statement are not what they were".to_owned(),
        );
    }
    for reason in why {
        output::print(format!("- {reason}\n"))?;
    }
    Err(Failure::work(format!(
        "{differ} of {} figures differ",
        all.len()
    )))
}

/// A statement with its checksum in order.
fn whole(path: &Path) -> Result<Statement, Failure> {
    match opened(&text_of(path)?) {
        Ok((statement, _)) if is_bounded(&statement) => Ok(statement),
        Ok(_) => Err(Failure::use_or_config(format!(
            "{} is of more days than a statement of tollgate can be",
            path.display()
        ))),
        Err(error @ Broken::Changed { .. }) => {
            Err(Failure::work(path.display().to_string()).because(error))
        }
        Err(error) => Err(Failure::use_or_config(path.display().to_string()).because(error)),
    }
}

/// Whether it asks for no more than tollgate ever writes: anybody can seal a file.
fn is_bounded(statement: &Statement) -> bool {
    let days = statement.demand.days;
    days.last <= days.first.saturating_add(DAYS_MAX.days())
        && statement.counted.len() <= COUNTED_MAX
        && statement.demand.observed.len() <= OBSERVED_MAX
}

fn foreign() -> Failure {
    Failure::work("its settings cannot be judged by this version of tollgate")
}

/// What may explain a difference.
fn reasons(statement: &Statement, first_row: Option<Timestamp>, priced: bool) -> Vec<String> {
    let begin = statement.demand.observed.first();
    let begin = begin.and_then(|(minute, _)| moment(*minute));
    let late = match (begin, first_row) {
        (Some(begin), Some(first)) => first > begin.saturating_add(DAY).unwrap_or(begin),
        (Some(_), None) => true,
        (None, _) => false,
    };
    let since = first_row.map_or_else(|| "none".to_owned(), |at| at.to_string());
    let imported = statement.figure("/evidence/imported_calls").unwrap_or(0.0) > 0.0;
    let here = env!("CARGO_PKG_VERSION");
    [
        late.then(|| {
            format!(
                "rows before the oldest one that is left ({since}) are past their retention or gone"
            )
        }),
        priced.then(|| {
            "calls were priced again since: rows show what they cost by the newer prices".to_owned()
        }),
        imported.then(|| "imported history is in the windows: it has no rows".to_owned()),
        (statement.tollgate != here).then(|| {
            format!(
                "it was made by tollgate {}, this is {here}",
                statement.tollgate
            )
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A day.
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn moment(minute: i64) -> Option<Timestamp> {
    Timestamp::from_second(minute.saturating_mul(BUCKET_SECONDS)).ok()
}

/// The demand of rows, as they come.
struct Rows {
    gathering: Gathering,
    minutes: BTreeMap<(i64, Stream), DemandMinute>,
    first: Option<Timestamp>,
    missing: Vec<String>,
}

impl Rows {
    fn of(statement: &Statement) -> Result<Self, Failure> {
        let settings: Settings = serde_json::from_value(statement.settings.clone())
            .map_err(|error| foreign().because(error))?;
        let kind = kind_of(&statement.kind).ok_or_else(foreign)?;
        let of = (kind, statement.name.as_str());
        let gathering = Gathering::new(&Arc::new(settings), of, statement.demand.days);
        Ok(Self {
            gathering: gathering.ok_or_else(foreign)?,
            minutes: BTreeMap::new(),
            first: None,
            missing: Vec::new(),
        })
    }

    fn add(&mut self, call: &CallRecord) {
        self.first = Some(
            self.first
                .map_or(call.started_at, |first| first.min(call.started_at)),
        );
        if (call.role == Role::Own) != self.gathering.is_own() {
            return;
        }
        let Some((stream, demand)) = demand_of(call) else {
            return;
        };
        let minute = demand.place().minute;
        if self.gathering.minutes().contains(&minute) && self.gathering.wants(&stream) {
            self.minutes
                .entry((minute, stream))
                .or_default()
                .add(&demand);
        }
    }

    /// From the running tollgate, or from the data directory.
    async fn read<H: House>(
        &mut self,
        house: &H,
        options: &Options,
        at: &Where,
        quiet: bool,
    ) -> Result<(), Failure> {
        let minutes = self.gathering.minutes();
        let since = moment(minutes.start).and_then(|at| at.checked_sub(LONGEST_CALL).ok());
        let range = Range {
            since,
            until: moment(minutes.end),
        };
        let admin = Admin::of(at)?;
        let Some(first) = admin.calls(range, None).await? else {
            let dir = at.data_dir.display();
            output::note(
                quiet,
                format!("nothing runs at {}; reading {dir}", admin.base()),
            );
            return house.calls(options, range, &mut |call| {
                self.add(call);
                ControlFlow::Continue(())
            });
        };
        output::note(
            quiet,
            format!("from the running tollgate at {}", admin.base()),
        );
        let mut page = Some(first);
        while let Some(Page {
            lines,
            next,
            missing,
        }) = page
        {
            self.missing = missing;
            for line in lines.lines() {
                let call = serde_json::from_str(line)
                    .map_err(|error| Failure::work("a call is not JSON").because(error))?;
                self.add(&call);
            }
            page = match next {
                Some(next) => admin.calls(range, Some(next)).await?,
                None => None,
            };
        }
        Ok(())
    }

    /// All of it, with the minutes that are stated as observed: a minute with calls that is not among
    /// them shows as a difference.
    fn gathered(mut self, statement: &Statement) -> Gathered {
        let asked = self.gathering.minutes();
        for (from, until) in &statement.demand.observed {
            let observed = (*from).max(asked.start)..(*until).min(asked.end);
            observed.for_each(|minute| self.gathering.up(minute));
        }
        for ((minute, stream), sums) in &self.minutes {
            self.gathering.add(stream, *minute, sums);
        }
        self.gathering.finish()
    }
}

fn table(all: &[Compared]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["figure", "stated", "recomputed", ""]);
    for Compared {
        name,
        stated,
        recomputed,
        equal,
    } in all
    {
        let holds = if *equal { "equal" } else { "DIFFERS" };
        table.add_row([name.as_str(), &short(stated), &short(recomputed), holds]);
    }
    format!("{table}\n")
}

/// A value that fits a line.
fn short(value: &Value) -> String {
    /// Characters of a value that are shown.
    const SHOWN: usize = 32;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN - 1).chain(['…']).collect()
}
