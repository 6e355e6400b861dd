//! Measures one figure: both its runs at a time, each in a process of its own under callgrind.

use std::env;
use std::thread;

use anyhow::{anyhow, ensure};

use crate::callgrind::{Costs, Scope, callgrind};
use crate::figures::{Figure, Length, Place, Run};
use crate::process::{self, Threads};
use crate::shared::exchange::Exchange;
use crate::shared::house;
use crate::{meter, recorder};

/// The word before a figure's name and a length, by which this program is called under callgrind.
pub(crate) const RUN: &str = "run";

/// What one call or chunk cost, function by function.
pub(crate) struct Measured {
    costs: Costs,
    /// On threads that are not on the call's way. How they gather shows in it: it has no band.
    beside: Costs,
    more: i64,
}

impl Measured {
    /// Instructions of one call or chunk.
    pub(crate) fn instructions(&self) -> i64 {
        self.costs.total() / self.more
    }

    /// Instructions on other threads.
    pub(crate) fn beside(&self) -> i64 {
        self.beside.total() / self.more
    }

    /// The most expensive functions, each with its instructions in one call or chunk.
    pub(crate) fn top(&self, functions: usize) -> impl Iterator<Item = (&str, i64)> {
        let top = self.costs.top().into_iter().take(functions);
        top.map(|(function, cost)| (function, cost / self.more))
    }
}

pub(crate) fn measure(figure: &Figure) -> anyhow::Result<Measured> {
    let (longer, shorter) = thread::scope(|threads| {
        let shorter = threads.spawn(|| costs(figure, Length::Shorter));
        (costs(figure, Length::Longer), shorter.join())
    });
    let shorter = shorter.map_err(|_| anyhow!("the measuring thread panicked"))??;
    let longer = longer?;
    Ok(Measured {
        costs: longer.on_path.minus(&shorter.on_path),
        beside: longer.beside.minus(&shorter.beside),
        more: figure.more.try_into()?,
    })
}

fn costs(figure: &Figure, length: Length) -> anyhow::Result<Threads> {
    let run = figure.run(length);
    if run.place == Place::Process {
        return process::run(
            Exchange::new(run.format, run.shape, house::prices()?),
            run.calls,
        );
    }
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("profile");
    let status = callgrind(Scope::OneFunction, &profile)?
        .arg(env::current_exe()?)
        .args([RUN, figure.name, length.label()])
        .status()?;
    ensure!(status.success(), "{} did not run: {status}", figure.name);
    Ok(Threads {
        on_path: Costs::read(&profile)?,
        beside: Costs::default(),
    })
}

impl Run {
    /// Does the calls in this process.
    pub(crate) fn here(self) -> anyhow::Result<()> {
        match self.place {
            Place::Meter => {
                let exchange = Exchange::new(self.format, self.shape, house::prices()?);
                meter::run(&exchange, self.calls)
            }
            Place::Recorder => recorder::run(self.calls),
            Place::Process => Ok(()),
        }
    }
}
