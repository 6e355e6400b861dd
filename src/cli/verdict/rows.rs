//! The demand of a statement, from the rows of the calls.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::call::{CallRecord, Role};
use crate::cli::admin::{Admin, Page};
use crate::cli::house::{House, Options, Range, Settings as Where};
use crate::cli::{Failure, output};
use crate::economics::demand::BUCKET_SECONDS;
use crate::economics::{DemandMinute, Stream};
use crate::verdict::statement::{Gathered, Gathering, Statement, kind_of};
use crate::verdict::{Settings, demand_of};

/// How long before its minute a call may have arrived: one that lasts is counted where it ends.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The demand of rows, as they come.
pub(super) struct Rows {
    gathering: Gathering,
    minutes: BTreeMap<(i64, Stream), DemandMinute>,
    /// When the oldest call arrived.
    pub(super) first: Option<Timestamp>,
    /// What is missing among the rows, in words.
    pub(super) missing: Vec<String>,
}

impl Rows {
    pub(super) fn of(statement: &Statement) -> Result<Self, Failure> {
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
    pub(super) async fn read<H: House>(
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
    pub(super) fn gathered(mut self, statement: &Statement) -> Gathered {
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

pub(super) fn moment(minute: i64) -> Option<Timestamp> {
    Timestamp::from_second(minute.saturating_mul(BUCKET_SECONDS)).ok()
}

/// Its settings, or what they name, are not of this version.
pub(super) fn foreign() -> Failure {
    Failure::work("its settings cannot be judged by this version of tollgate")
}
