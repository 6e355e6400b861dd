//! `/api/v1/verdict/past`: which months are asked for, and for which plan.

use jiff::ToSpan;
use jiff::civil::Date;

use super::answer::Refusal;
use super::query::{in_order, parameters};
use crate::economics::catalogue::nearest;

/// The query of `/api/v1/verdict/past`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastQuery {
    /// The first day of the first month that is meant, UTC.
    pub since: Option<Date>,
    /// The first day of the first month that is not.
    pub until: Option<Date>,
    /// The one plan that is computed; all, if it is absent.
    pub plan: Option<String>,
}

impl PastQuery {
    /// Reads `since` and `until`, months such as `2026-01`, and `plan`.
    ///
    /// # Errors
    /// The first thing wrong, with what would do.
    pub fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let mut given = parameters(query, &["since", "until", "plan"])?;
        let mut month = |name| {
            let text = given.remove(name);
            text.map(|text| month(name, &text)).transpose()
        };
        let (since, until) = (month("since")?, month("until")?);
        in_order(since.as_ref(), until.as_ref())?;
        Ok(Self {
            since,
            until,
            plan: given.remove("plan"),
        })
    }

    /// Refuses a plan that is not among those there are.
    ///
    /// # Errors
    /// The plan that was meant, as far as names tell.
    pub fn check_plan(&self, known: &[&str]) -> Result<(), Refusal> {
        let Some(asked) = self.plan.as_deref().filter(|plan| !known.contains(plan)) else {
            return Ok(());
        };
        let alike = nearest(asked, known.iter().map(|name| (*name).to_owned()));
        let remedy = match alike.first() {
            Some(alike) => format!("did you mean {alike}? there are {}", known.join(", ")),
            None => format!("there are {}", known.join(", ")),
        };
        Err(Refusal::query(
            format!("plan: there is no plan {asked:?}"),
            remedy,
        ))
    }
}

/// A month as its first day.
fn month(name: &str, text: &str) -> Result<Date, Refusal> {
    let day = Some(text).filter(|text| text.len() == "2026-01".len());
    let day = day.and_then(|text| format!("{text}-01").parse::<Date>().ok());
    // The month before and the one after must be dates, too.
    let in_range =
        |day: &Date| day.checked_sub(1.month()).is_ok() && day.checked_add(1.month()).is_ok();
    day.filter(in_range).ok_or_else(|| {
        let message = format!("{name}: {text:?} is not a month");
        Refusal::query(message, "write a month of UTC, such as 2026-01")
    })
}
