//! Calls that could not be read, by kind: where they went, what they asked, why; and one to look at.
//!
//! It is for people who wonder what tollgate does not know: in memory, from this process's start on.
//! Of a path it has the template only, and nothing of a body, a query or a key.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;
use jiff::Timestamp;

use super::Meter;
use super::open::Open;
use crate::call::{CallId, CallRecord, Flag, StreamEnd};
use crate::usage::UsageSource;
use crate::wire;

/// Kinds told apart, some 100 KB. Further ones of an upstream are one for each reason, whose method,
/// path and operation are `other`: paths come from clients.
pub const UNKNOWN_KINDS_MAX: usize = 256;

/// What stands for all that is not told apart.
const OTHER: &str = "other";

/// Why a call could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnknownReason {
    /// Its content coding is not known here, or stands for more than is decoded.
    Coding,
    /// Its bytes, or its counts, are not what its path promises.
    Malformed,
    /// Its operation is billed, and not read yet.
    UnreadOperation,
    /// Nobody here knows its path, and its answer shows a usage.
    UnknownPath,
    /// It was read whole, and no usage was in it.
    NoUsage,
}

impl UnknownReason {
    /// The name that answers show.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Coding => "coding",
            Self::Malformed => "malformed",
            Self::UnreadOperation => "unread_operation",
            Self::UnknownPath => "unknown_path",
            Self::NoUsage => "no_usage",
        }
    }
}

/// What calls that could not be read have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownKind {
    /// The configured name of where they went.
    pub upstream: String,
    /// Their method.
    pub method: &'static str,
    /// The template of their path, as the upstream sees it.
    pub path: String,
    /// What was asked, as in their rows.
    pub operation: String,
    /// Why they could not be read.
    pub reason: UnknownReason,
}

/// The calls of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCalls {
    /// How many.
    pub calls: u64,
    /// When the first of them began.
    pub first_seen: Timestamp,
    /// When the last of them began.
    pub last_seen: Timestamp,
    /// The one that began last.
    pub last_call_id: CallId,
}

/// All kinds there have been.
#[derive(Default)]
pub(super) struct Unknowns(Mutex<BTreeMap<UnknownKind, UnknownCalls>>);

impl Meter {
    /// The calls that could not be read, by kind.
    #[must_use]
    pub fn unknown(&self) -> Vec<(UnknownKind, UnknownCalls)> {
        let kinds = self.0.unknown.kinds();
        let kinds = kinds.iter();
        kinds.map(|(kind, calls)| (kind.clone(), *calls)).collect()
    }
}

impl Unknowns {
    /// Notes a call that has ended, if it could not be read.
    pub(super) fn note(&self, open: &Open, record: &CallRecord) {
        if let Some(reason) = reason(open, record) {
            let kind = UnknownKind {
                upstream: record.upstream.clone(),
                method: method(&open.method),
                path: wire::path_template(&open.path),
                operation: record.operation.clone().into_owned(),
                reason,
            };
            self.add(kind, record.started_at, record.call_id);
        }
    }

    fn add(&self, kind: UnknownKind, at: Timestamp, call_id: CallId) {
        let mut kinds = self.kinds();
        let is_told_apart = kinds.len() < UNKNOWN_KINDS_MAX || kinds.contains_key(&kind);
        let kind = if is_told_apart { kind } else { kind.other() };
        match kinds.entry(kind) {
            Entry::Vacant(new) => {
                new.insert(UnknownCalls {
                    calls: 1,
                    first_seen: at,
                    last_seen: at,
                    last_call_id: call_id,
                });
            }
            Entry::Occupied(mut known) => known.get_mut().add(at, call_id),
        }
    }

    fn kinds(&self) -> MutexGuard<'_, BTreeMap<UnknownKind, UnknownCalls>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnknownKind {
    fn other(self) -> Self {
        Self {
            method: OTHER,
            path: OTHER.to_owned(),
            operation: OTHER.to_owned(),
            ..self
        }
    }
}

impl UnknownCalls {
    /// Calls end in another order than they began in.
    fn add(&mut self, at: Timestamp, call_id: CallId) {
        self.calls = self.calls.saturating_add(1);
        self.first_seen = self.first_seen.min(at);
        if at >= self.last_seen {
            self.last_seen = at;
            self.last_call_id = call_id;
        }
    }
}

/// Why a call was not read, if it was answered and had something to read.
fn reason(open: &Open, record: &CallRecord) -> Option<UnknownReason> {
    let has = |flag| record.flags.contains(&flag);
    if !record
        .status
        .is_some_and(|status| (200..300).contains(&status))
    {
        return None;
    }
    let seen = [
        (has(Flag::Compressed), UnknownReason::Coding),
        (has(Flag::Malformed), UnknownReason::Malformed),
        (has(Flag::UnreadOperation), UnknownReason::UnreadOperation),
        // One that was cut may have had it in what did not come.
        (
            record.source == Some(UsageSource::Unknown) && record.end == StreamEnd::Complete,
            UnknownReason::NoUsage,
        ),
        (
            open.is_foreign() && open.shows_usage(),
            UnknownReason::UnknownPath,
        ),
    ];
    seen.into_iter().find_map(|(is, why)| is.then_some(why))
}

/// The method by a name of ours: a client may make up its own.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str) -> UnknownKind {
        UnknownKind {
            upstream: "openai".into(),
            method: "POST",
            path: path.into(),
            operation: "chat".into(),
            reason: UnknownReason::NoUsage,
        }
    }

    fn id(number: u128) -> CallId {
        CallId(uuid::Uuid::from_u128(number))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn first_and_last_are_told_by_when_calls_began() {
        let unknown = Unknowns::default();
        for (second, number) in [(5, 1), (9, 2), (1, 3), (7, 4)] {
            unknown.add(kind("/a"), at(second), id(number));
        }
        let expected = UnknownCalls {
            calls: 4,
            first_seen: at(1),
            last_seen: at(9),
            last_call_id: id(2),
        };
        assert_eq!(unknown.kinds().get(&kind("/a")), Some(&expected));
    }

    #[test]
    fn kinds_are_bounded_and_what_comes_later_is_other() {
        let unknown = Unknowns::default();
        for number in 0..UNKNOWN_KINDS_MAX + 3 {
            unknown.add(kind(&format!("/{number}")), at(1), id(1));
        }
        // One that is known is still told apart.
        unknown.add(kind("/0"), at(1), id(1));
        let kinds = unknown.kinds();
        assert_eq!(kinds.len(), UNKNOWN_KINDS_MAX + 1);
        let calls = |path: &str| kinds.get(&kind(path)).map(|seen| seen.calls);
        assert_eq!((calls("/0"), calls("/1")), (Some(2), Some(1)));
        let other = kinds.get(&kind("/x").other()).unwrap();
        assert_eq!(other.calls, 3);
    }
}
