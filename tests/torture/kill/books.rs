//! The three books of a round, each kept by who knows: the clients, the upstream, and the ledger's
//! rows. Compared, call by call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::load;
use crate::support::http1::Request;
use crate::support::rows::Rows;
use crate::support::upstream::{Moments, Script, Step};

/// What a client knows of a call, told by nobody but the bytes it got.
#[derive(Clone, Default)]
pub(super) struct Seen {
    /// Once the answer had begun.
    pub(super) id: Option<String>,
    /// Its end was seen.
    pub(super) whole: bool,
    /// The client hung up in the middle of it.
    pub(super) left: bool,
}

/// What the upstream knows of a call.
struct Asked {
    at: Instant,
    times: u32,
    /// When each part of the answer was about to be sent.
    sent: Moments,
    /// The part without which no client saw the end.
    closing: usize,
}

/// What clients and upstream wrote down in one life of the process.
#[derive(Default)]
pub(super) struct Books {
    seen: Mutex<BTreeMap<u64, Seen>>,
    asked: Mutex<BTreeMap<u64, Asked>>,
}

impl Books {
    /// A client writes down what it knows now.
    pub(super) fn saw(&self, number: u64, note: impl FnOnce(&mut Seen)) {
        note(self.seen.lock().unwrap().entry(number).or_default());
    }

    /// The upstream's answer to a call, which it writes down.
    pub(super) fn answer(&self, request: &Request) -> Script {
        let sent = Moments::default();
        let script = load::answer(request).noted(&sent);
        let parts = script
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Send(_)));
        let asked = Asked {
            at: Instant::now(),
            times: 0,
            sent,
            // Behind the event that ends a stream comes the last chunk of its body.
            closing: parts.count().saturating_sub(2),
        };
        let mut book = self.asked.lock().unwrap();
        book.entry(load::number_of(request)).or_insert(asked).times += 1;
        script
    }

    /// Holds the books against each other and the rows; `killed` is when the process was.
    pub(super) fn compare(&self, rows: &Rows, killed: Instant) -> Findings {
        let (seen, asked) = (self.seen.lock().unwrap(), self.asked.lock().unwrap());
        let mut findings = Findings {
            seen: seen.values().filter(|seen| seen.whole).count(),
            asked: asked.len(),
            sent: asked.values().filter_map(Asked::closing).count(),
            rows: rows.len(),
            ..Findings::default()
        };
        let mut by_number: BTreeMap<u64, &Value> = BTreeMap::new();
        for row in rows.iter() {
            let twice = by_number.insert(number_of(row), row);
            if let Some(other) = twice {
                findings.fault(format!("two rows of a call:\n{row}\n{other}"));
            }
        }
        // The journal is written in order, so what a client saw the end of is behind everything
        // that was asked before that end came.
        let kept_until = seen.iter().filter(|(_, seen)| seen.whole);
        let kept_until = kept_until
            .filter_map(|(number, _)| asked[number].closing())
            .max();
        for (number, asked) in asked.iter() {
            if asked.times > 1 {
                findings.fault(format!("call {number} reached the upstream twice"));
            }
            if by_number.contains_key(number) {
                continue;
            }
            if kept_until.is_some_and(|until| asked.at < until) {
                findings.fault(format!("call {number} has no row and is not the last"));
            }
            findings.no_row += 1;
            findings.no_row_age = findings.no_row_age.max(killed.duration_since(asked.at));
        }
        for (number, row) in &by_number {
            let known = seen.get(number).cloned().unwrap_or_default();
            match row_of(row, *number, &known, asked.get(number)) {
                Ok(end) => *findings.ends.entry(end).or_default() += 1,
                Err(why) => findings.fault(format!("call {number}, {why}: {row}")),
            }
            let marked = row["end"] == "interrupted" && !row["input_tokens"].is_null();
            findings.marked += usize::from(marked);
        }
        let lost = seen.iter().filter(|(number, seen)| {
            let row = by_number.get(number);
            seen.whole && !row.is_some_and(|row| load::is_right(row, **number))
        });
        for (number, _) in lost {
            findings.lost += 1;
            findings.fault(format!("the end of call {number} was seen and is lost"));
        }
        findings
    }
}

impl Asked {
    fn closing(&self) -> Option<Instant> {
        self.sent.lock().unwrap().get(self.closing).copied()
    }
}

/// The end that a row says, if the other books allow it.
fn row_of(
    row: &Value,
    number: u64,
    seen: &Seen,
    asked: Option<&Asked>,
) -> Result<String, &'static str> {
    if seen.id.as_ref().is_some_and(|id| row["call_id"] != **id) {
        return Err("another id than the client's");
    }
    let end = row["end"].as_str().unwrap();
    let Some(asked) = asked else {
        let is_cut = end == "interrupted" || end == "client_gone";
        return if is_cut && row["status"].is_null() {
            Ok("interrupted, never asked".to_owned())
        } else {
            Err("which its upstream was never asked")
        };
    };
    let parts = u64::try_from(asked.sent.lock().unwrap().len()).unwrap();
    match end {
        "client_gone" if !seen.left => Err("whose client did not leave"),
        "interrupted" | "client_gone" if !load::is_no_more(row, number, parts) => {
            Err("more than its upstream said")
        }
        "interrupted" if seen.whole => Err("whose end was seen"),
        "interrupted" | "client_gone" => Ok(end.to_owned()),
        _ if asked.closing().is_none() => Err("whose end was not sent"),
        _ if !load::is_right(row, number) => Err("not what its upstream said"),
        _ => Ok(end.to_owned()),
    }
}

/// Each call has a tenant of its own: that is known from its begin on.
pub(super) fn tenant(number: u64) -> String {
    format!("n{number}")
}

fn number_of(row: &Value) -> u64 {
    let tenant = row["tenant"].as_str().unwrap();
    tenant.strip_prefix('n').unwrap().parse().unwrap()
}

/// What was found in one round, or in all of them.
#[derive(Default)]
pub(super) struct Findings {
    /// What must not be, in words.
    pub(super) faults: Vec<String>,
    seen: usize,
    asked: usize,
    /// Answered to their end.
    sent: usize,
    rows: usize,
    ends: BTreeMap<String, usize>,
    /// Cut calls with what had been reported of them.
    pub(super) marked: usize,
    /// Asked too short before the kill to have left anything.
    no_row: usize,
    /// The longest that one of these had been asked for.
    no_row_age: Duration,
    /// Ends that were seen and not kept.
    pub(super) lost: usize,
}

impl Findings {
    fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }

    pub(super) fn add(&mut self, other: Self) {
        self.faults.extend(other.faults);
        self.seen += other.seen;
        self.asked += other.asked;
        self.sent += other.sent;
        self.rows += other.rows;
        for (end, times) in other.ends {
            *self.ends.entry(end).or_default() += times;
        }
        self.marked += other.marked;
        self.no_row += other.no_row;
        self.no_row_age = self.no_row_age.max(other.no_row_age);
        self.lost += other.lost;
    }

    /// How many calls ended so.
    pub(super) fn ended(&self, end: &str) -> usize {
        self.ends.get(end).copied().unwrap_or(0)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            faults,
            seen,
            asked,
            sent,
            rows,
            ends,
            marked,
            no_row,
            no_row_age,
            lost,
        } = self;
        write!(
            f,
            "{seen} ends seen, {lost} of them lost; {asked} calls asked of the upstream, {sent} \
             answered to their end, {rows} rows {ends:?}, {marked} of the cut with what was reported; {no_row} asked at most \
             {no_row_age:?} before the kill left nothing; {} faults",
            faults.len()
        )
    }
}

/// For the upstream, which outlives each round.
pub(super) type Shared = Arc<Mutex<Arc<Books>>>;
