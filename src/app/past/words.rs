//! What the months were computed from, and what cannot be told of them, in plain English.

use std::fmt::{self, Write as _};

use super::{Answer, month_at};
use crate::economics::past::untold;
use crate::economics::projection::ChosenOn;
use crate::verdict::PastMonth;

pub(super) fn words(answer: &Answer) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, answer);
    text
}

fn write(out: &mut String, answer: &Answer) -> fmt::Result {
    let Answer {
        settings,
        months,
        running,
    } = answer;
    let Some(last) = months.last() else {
        return writeln!(out, "No call is kept of these months: nothing to compute.");
    };
    writeln!(
        out,
        "What each month cost, and what it would have cost by the plans and prices as they are \
         configured now. Months are of UTC. No state comes of it."
    )?;
    writeln!(
        out,
        "Computed from hours: each is its busiest minute and others that are alike. Where a plan takes \
         several streams, their busiest minutes are added up, as if they had been the same one: the \
         replicas of a peak are an upper bound, at most so many were needed."
    )?;
    for plan in &settings.plans {
        writeln!(
            out,
            "{} ({}): {}.",
            plan.name,
            plan.policy.label(),
            untold(plan.policy)
        )?;
    }
    if months.iter().any(has_hindsight) {
        writeln!(
            out,
            "Replicas are chosen on the month before; where too little of it was observed, in \
             hindsight, which is too good."
        )?;
    }
    if month_at(last.minutes.start) == *running {
        writeln!(out, "{} has not ended.", running.strftime("%Y-%m"))?;
    }
    Ok(())
}

fn has_hindsight(month: &PastMonth) -> bool {
    let hosted = month
        .window
        .plans
        .iter()
        .filter_map(|it| it.hosted.as_ref());
    hosted
        .into_iter()
        .any(|hosted| hosted.chosen_on == ChosenOn::Hindsight)
}
