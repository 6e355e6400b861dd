//! Facts in English.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Said;
use crate::alerts::fact::{Fact, Monthly, Switched};
use crate::economics::projection::AlternativeKind;
use crate::money::Pico;
use crate::verdict::dollars;

pub(super) fn said(fact: &Fact) -> Said {
    match fact {
        Fact::Switched(switched) => self::switched(switched),
        Fact::Unpriced {
            upstream,
            model,
            day,
            calls,
        } => unpriced([upstream, model], *day, *calls),
        Fact::Spike {
            day,
            until,
            spent,
            usual,
            weeks,
        } => spike((*day, *until), [*spent, *usual], *weeks),
        Fact::Budget {
            tenant,
            month,
            budget,
            so_far,
            projected,
        } => self::budget(tenant, *month, [*budget, *so_far], *projected),
        Fact::Test { .. } => Said {
            title: "tollgate: a test".to_owned(),
            text: "Alerts of this tollgate arrive here. Nothing has happened.".to_owned(),
        },
    }
}

fn switched(switched: &Switched) -> Said {
    let Switched {
        kind,
        name,
        cheaper,
        since,
        figures,
    } = switched;
    let way = match kind {
        AlternativeKind::Endpoint => format!("moving to the endpoint {name}"),
        AlternativeKind::Api => format!("leaving the hosting {name} for the API"),
        AlternativeKind::Selfhost | AlternativeKind::Stay | AlternativeKind::Optimised => {
            format!("hosting by the plan {name}")
        }
    };
    let (title, what, to_do) = if *cheaper {
        (
            format!("tollgate: {way} is cheaper"),
            format!("Since {since} (UTC) {way} is cheaper than every other way."),
            "Before you move: tollgate breakeven shows what this stands on.",
        )
    } else {
        (
            format!("tollgate: {way} is no longer cheaper"),
            format!("It was since {since} (UTC); for days in a row it is not clear any more."),
            "Before you decide anything by it: tollgate breakeven shows what has changed.",
        )
    };
    let figures = figures.as_ref().map(monthly).unwrap_or_default();
    Said {
        title,
        text: format!("{what}{figures} {to_do}"),
    }
}

fn monthly(at: &Monthly) -> String {
    let Monthly {
        days,
        api_usd,
        cost_usd,
        saving_usd: [low, expected, high],
        throughput,
        most_influence,
    } = at;
    let difference = |usd: f64| {
        let amount = dollars(usd.abs());
        if usd < 0.0 {
            format!("{amount} more")
        } else {
            format!("{amount} less")
        }
    };
    let throughput = throughput.as_ref();
    let throughput = throughput.map(|source| format!(" Throughput: {source}."));
    format!(
        " By the last {days} days: {} a month instead of {} for the same calls, {} (between {} and \
         {}).{} What moves the saving most: {}.",
        dollars(*cost_usd),
        dollars(*api_usd),
        difference(*expected),
        difference(*low),
        difference(*high),
        throughput.unwrap_or_default(),
        most_influence.join(", "),
    )
}

fn unpriced([upstream, model]: [&str; 2], day: Date, calls: u64) -> Said {
    let many = if calls == 1 { "call" } else { "calls" };
    Said {
        title: format!("tollgate: {model} on {upstream} has no price"),
        text: format!(
            "On {day} so far {calls} {many} of it; their cost is in no total. Add [[prices]] for it to \
             the configuration and reload; tollgate prices list shows which are known."
        ),
    }
}

fn spike((day, until): (Date, Option<Timestamp>), [spent, usual]: [Pico; 2], weeks: usize) -> Said {
    let [above, spent, usual] = [spent - usual, spent, usual].map(usd);
    let part = until.map_or_else(String::new, |until| format!(" until {until}"));
    Said {
        title: format!("tollgate: {spent} on {day}, where {usual} is usual"),
        text: format!(
            "{day}{part} cost {spent}, which is {above} more than the {usual} of the same hours of that \
             weekday (median of {weeks} weeks). Who it is: tollgate report --since {day} --by \
             upstream,model,tenant."
        ),
    }
}

fn budget(tenant: &str, month: Date, [budget, so_far]: [Pico; 2], projected: Option<Pico>) -> Said {
    let [budget, so_far] = [budget, so_far].map(usd);
    let month = month.strftime("%Y-%m");
    let to_do = format!(
        "What it goes to: tollgate report --since {month} --by tenant,model. tollgate stops nobody."
    );
    match projected.map(usd) {
        Some(projected) => Said {
            title: format!("tollgate: {tenant} is on the way over its budget"),
            text: format!(
                "{tenant} has spent {so_far} of {budget} in {month}; at the pace of the last 7 days the \
                 month comes to {projected}. {to_do}"
            ),
        },
        None => Said {
            title: format!("tollgate: {tenant} has used up its budget"),
            text: format!("{tenant} has spent {so_far} of {budget} in {month}. {to_do}"),
        },
    }
}

fn usd(amount: Pico) -> String {
    dollars(amount.to_f64())
}
