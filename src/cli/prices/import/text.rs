//! What people see of a map: how its lists stand, where it disagrees, and what is not brought over.

use std::collections::BTreeMap;

use super::compare::{Change, Standing};
use super::found::Model;
use super::{Import, is_brought};
use crate::cli::numbers::count;
use crate::cli::output::wrapped_at;
use crate::cli::prices::columns::{self, Side};
use crate::cli::report::plain;
use crate::money::Pico;
use crate::pricing::Conditions;

/// Columns of a line at most.
const WIDTH: usize = 100;

/// All of it; `verbose` says each thing, not only how many there are.
pub(super) fn text(import: &Import, verbose: bool) -> String {
    let brought = import.brought().count();
    let mut out = vec![format!(
        "{} of {}: {} of {} models can be priced by it",
        import.format,
        plain(&import.file),
        number(brought),
        number(import.models.len()),
    )];
    out.push(String::new());
    out.extend(lists(import, verbose));
    out.push(String::new());
    out.extend(changes(import));
    if verbose {
        out.extend(new(import));
    }
    out.extend(told(import, verbose));
    out.push("Money for a million tokens, or for one of what is billed by number.".to_owned());
    out.join("\n") + "\n"
}

fn number(n: usize) -> String {
    count(u64::try_from(n).unwrap_or(u64::MAX))
}

/// A line's columns: how many models of a list there are, and how they stand.
#[derive(Clone, Copy, Default)]
struct Counts {
    all: usize,
    new: usize,
    same: usize,
    differ: usize,
    currency: usize,
    left_out: usize,
}

impl Counts {
    fn add(&mut self, standing: Option<&Standing>) {
        let column = match standing {
            None => &mut self.left_out,
            Some(standing) if !standing.known => &mut self.new,
            Some(standing) if standing.other_currency => &mut self.currency,
            Some(standing) if standing.changes.is_empty() => &mut self.same,
            Some(_) => &mut self.differ,
        };
        *column = column.saturating_add(1);
        self.all = self.all.saturating_add(1);
    }

    fn row(self, list: &str) -> [String; 7] {
        let Self {
            all,
            new,
            same,
            differ,
            currency,
            left_out,
        } = self;
        let [all, new, same, differ, currency, left_out] =
            [all, new, same, differ, currency, left_out].map(number);
        [list.to_owned(), all, new, same, differ, currency, left_out]
    }
}

/// A line for each list that is configured, and one for all others.
fn lists(import: &Import, verbose: bool) -> Vec<String> {
    let mut counts: BTreeMap<(bool, &str), Counts> = BTreeMap::new();
    let mut others = 0_usize;
    let mut total = Counts::default();
    for (model, standing) in import.models.iter().zip(&import.standings) {
        let list = model.list.as_str();
        let configured = import.ours.has_list(list);
        let key = (!configured, if configured || verbose { list } else { "" });
        counts.entry(key).or_default().add(standing.as_ref());
        total.add(standing.as_ref());
    }
    if !verbose {
        let mut lists: Vec<&str> = import
            .models
            .iter()
            .map(|model| model.list.as_str())
            .collect();
        lists.dedup();
        others = lists
            .iter()
            .filter(|list| !import.ours.has_list(list))
            .count();
    }
    let name = |list: &str| match list {
        "" if verbose => "?".to_owned(),
        "" => format!("{others} other lists"),
        list => plain(list),
    };
    let lines = counts.into_iter();
    let mut rows: Vec<_> = lines
        .map(|((_, list), counts)| counts.row(&name(list)))
        .collect();
    rows.push(total.row("all"));
    let headings = [
        ("list", Side::Left),
        ("models", Side::Right),
        ("new", Side::Right),
        ("same", Side::Right),
        ("differ", Side::Right),
        ("currency", Side::Right),
        ("left out", Side::Right),
    ];
    columns::lines(headings, &rows)
}

/// Every rate that is not the same.
fn changes(import: &Import) -> Vec<String> {
    let mut rows = Vec::new();
    let mut models = 0_usize;
    for (model, standing) in import.brought() {
        models = models.saturating_add(usize::from(!standing.changes.is_empty()));
        for change in &standing.changes {
            rows.push(row(model, change));
        }
    }
    if rows.is_empty() {
        return Vec::new();
    }
    let headings = [
        ("model", Side::Left),
        ("part", Side::Left),
        ("calls", Side::Left),
        ("configured", Side::Right),
        ("the map", Side::Right),
        ("", Side::Right),
    ];
    let mut out = vec![format!("{} models disagree:", number(models))];
    out.extend(columns::lines(headings, &rows));
    out.push(String::new());
    out
}

fn row(model: &Model, change: &Change) -> [String; 6] {
    let Change {
        calls,
        part,
        ours,
        theirs,
    } = change;
    [
        plain(&format!("{}/{}", model.list, model.name())),
        part.name().to_owned(),
        plain(&words(calls)),
        ours.to_string(),
        theirs.to_string(),
        percent(*ours, *theirs),
    ]
}

/// Which calls are meant; plain ones need no words.
fn words(calls: &Conditions) -> String {
    let Conditions {
        above_input_tokens,
        above_output_tokens,
        thinking,
        window,
        service_tier,
        speed,
        region,
    } = calls;
    let words = [
        above_input_tokens.map(|tokens| format!(">{tokens} in")),
        above_output_tokens.map(|tokens| format!(">{tokens} out")),
        thinking.map(|on| if on { "thinking" } else { "not thinking" }.to_owned()),
        window.as_ref().map(ToString::to_string),
        service_tier.clone(),
        speed.clone(),
        region.clone(),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    words.join(", ")
}

/// By how much the map is off, to a tenth of a percent.
pub(super) fn percent(ours: Pico, theirs: Pico) -> String {
    if ours == Pico::ZERO {
        return "from 0".to_owned();
    }
    let Pico(mille) = (theirs - ours).scaled(1_000, ours.0);
    let sign = if mille < 0 { '-' } else { '+' };
    let mille = mille.unsigned_abs();
    let (whole, tenth) = (mille.checked_div(10), mille.checked_rem(10));
    format!("{sign}{}.{} %", whole.unwrap_or(0), tenth.unwrap_or(0))
}

/// The models that only the map has.
fn new(import: &Import) -> Vec<String> {
    let new = import.brought().filter(|(_, standing)| !standing.known);
    let names =
        new.map(|(model, _)| format!("  {}", plain(&format!("{}/{}", model.list, model.name()))));
    let mut out = vec!["only the map has:".to_owned()];
    out.extend(names);
    out.push(String::new());
    out
}

/// What is not brought over, by reason: whole models first.
fn told(import: &Import, verbose: bool) -> Vec<String> {
    let mut reasons: BTreeMap<(bool, String), (usize, String)> = BTreeMap::new();
    let mut each = Vec::new();
    for model in &import.models {
        // Of a model that is left out, what leaves it out says enough.
        let out = !is_brought(model);
        let told = model
            .told
            .iter()
            .filter(|told| told.reason.leaves_out() == out);
        for told in told {
            let reason = told.reason.to_string();
            let place = [model.key.as_str(), told.field.as_str()];
            let place = place.join(if told.field.is_empty() { "" } else { ": " });
            each.push(format!("  {}: {reason}", plain(&place)));
            let known = reasons.entry((!out, reason)).or_insert((0, place));
            known.0 = known.0.saturating_add(1);
        }
    }
    if reasons.is_empty() {
        return Vec::new();
    }
    let mut out = vec!["not brought over:".to_owned()];
    for ((part, reason), (times, place)) in reasons {
        let what = match (part, times) {
            (true, 1) => "field",
            (true, _) => "fields",
            (false, 1) => "model",
            (false, _) => "models",
        };
        let line = format!("{:>7} {what}: {reason} ({})", number(times), plain(&place));
        out.extend(wrapped_at(WIDTH, &line, "").lines().map(str::to_owned));
    }
    out.push(String::new());
    if verbose {
        each.push(String::new());
        out.extend(each);
    }
    out
}
