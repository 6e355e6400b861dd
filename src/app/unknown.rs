//! What could not be read, as JSON: `/api/v1/unknown`.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::meter::{UnknownCalls, UnknownKind};

/// The kinds, those of most calls first; `since` is when this process began to look.
pub(super) fn json(since: Timestamp, mut kinds: Vec<(UnknownKind, UnknownCalls)>) -> Value {
    // Stable: kinds of as many calls stay in the order of their names.
    kinds.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.calls));
    let calls = kinds.iter().map(|(_, seen)| seen.calls);
    let calls = calls.fold(0, u64::saturating_add);
    let kinds: Vec<Value> = kinds.iter().map(kind).collect();
    json!({"since": since, "calls": calls, "unknown": kinds})
}

fn kind((kind, seen): &(UnknownKind, UnknownCalls)) -> Value {
    let UnknownKind {
        upstream,
        method,
        path,
        operation,
        reason,
    } = kind;
    let UnknownCalls {
        calls,
        first_seen,
        last_seen,
        last_call_id,
    } = seen;
    json!({
        "upstream": upstream,
        "method": method,
        "path": path,
        "operation": operation,
        "reason": reason.label(),
        "calls": calls,
        "first_seen": first_seen,
        "last_seen": last_seen,
        "last_call_id": last_call_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::CallId;
    use crate::meter::UnknownReason;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_392_000 + second).unwrap()
    }

    fn of(path: &str, reason: UnknownReason, calls: u64) -> (UnknownKind, UnknownCalls) {
        let kind = UnknownKind {
            upstream: "openai".into(),
            method: "POST",
            path: path.into(),
            operation: "other".into(),
            reason,
        };
        let seen = UnknownCalls {
            calls,
            first_seen: at(1),
            last_seen: at(60),
            last_call_id: CallId(uuid::Uuid::from_u128(7)),
        };
        (kind, seen)
    }

    /// As programs see it; `UPDATE_GOLDEN=1 cargo test --lib app::unknown` writes it anew.
    #[test]
    fn the_answer_is_the_golden_one() {
        let kinds = vec![
            of("/v1/a", UnknownReason::NoUsage, 1),
            of("/v1/new/{id}", UnknownReason::UnknownPath, 3),
        ];
        let said = format!("{:#}\n", json(at(0), kinds));
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/unknown.json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &said).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), said);
    }
}
