//! Which background responses have been billed: each is once, whoever asks for it how often.
//!
//! A response in the background is started by one call and shows its usage to another, each time it
//! is looked up. The first answer that has the usage carries its tokens and its money.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::call::{CallRecord, Flag, Pricing};
use crate::usage::TokenUsage;

/// So many are remembered, about 10 MiB; the oldest is forgotten first, and a look-up of one that
/// is forgotten would bill it again.
pub const BACKGROUND_IDS_MAX: usize = 65_536;

/// The background responses that were billed, by upstream and id.
#[derive(Debug, Default)]
pub(super) struct Background(Mutex<Billed>);

type Response = (String, String);

#[derive(Debug, Default)]
struct Billed {
    known: HashSet<Response>,
    order: VecDeque<Response>,
}

impl Background {
    /// Lets a record bill its response in the background only if none did before.
    pub(super) fn settle(&self, record: &mut CallRecord) {
        if record.flags.contains(&Flag::Background) && !self.bill(record) {
            bill_nothing(record);
        }
    }

    /// Takes over what an earlier record says was billed.
    pub(super) fn learn(&self, record: &CallRecord) {
        if record.flags.contains(&Flag::Background) {
            self.bill(record);
        }
    }

    /// Whether the record is the first with the usage of its response; it is known from now on.
    /// One without an id, or with one too long to be kept as `LiteLLM` makes them, is told from no
    /// other: better twice in a bill than never.
    fn bill(&self, record: &CallRecord) -> bool {
        let Some(id) = &record.response_id else {
            return true;
        };
        self.billed().add((record.upstream.clone(), id.clone()))
    }

    fn billed(&self) -> MutexGuard<'_, Billed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Billed {
    fn add(&mut self, response: Response) -> bool {
        if !self.known.insert(response.clone()) {
            return false;
        }
        if self.order.len() >= BACKGROUND_IDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(response);
        true
    }
}

/// Makes the record of a call bill nothing: what it shows is another record's, or is still to come.
pub(super) fn bill_nothing(record: &mut CallRecord) {
    record.source = None;
    record.usage = TokenUsage::default();
    record.units.clear();
    record.side.clear();
    record.pricing = Pricing::Free;
    record.cost_native = None;
    record.currency = None;
    record.cost_usd = None;
    record.cost_lines.clear();
    record.price_id = None;
    record.flags.retain(|flag| *flag != Flag::Background);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::full;

    #[test]
    fn a_record_that_bills_nothing_has_no_tokens_and_no_money() {
        let known = Background::default();
        let mut first = response("resp_1");
        known.settle(&mut first);
        assert_eq!(first, response("resp_1"));
        let mut second = response("resp_1");
        known.settle(&mut second);
        let free = CallRecord {
            source: None,
            pricing: Pricing::Free,
            flags: Vec::new(),
            usage: TokenUsage::default(),
            cost_usd: None,
            ..second.clone()
        };
        assert_eq!(second, free);
        assert!(second.units.is_empty() && second.side.is_empty() && second.cost_lines.is_empty());
    }

    fn response(id: &str) -> CallRecord {
        CallRecord {
            response_id: Some(id.into()),
            flags: vec![Flag::Background],
            ..full()
        }
    }

    #[test]
    fn a_response_is_billed_once_also_when_it_was_billed_before_a_restart() {
        let known = Background::default();
        known.learn(&response("resp_1"));
        let others = CallRecord {
            flags: Vec::new(),
            ..response("resp_2")
        };
        known.learn(&others);
        let billed: Vec<bool> = ["resp_1", "resp_2", "resp_2"]
            .map(|id| known.bill(&response(id)))
            .into();
        assert_eq!(billed, [false, true, false]);
    }

    #[test]
    fn a_response_that_cannot_be_told_from_others_is_billed() {
        let known = Background::default();
        for _ in 0..2 {
            let mut nameless = CallRecord {
                response_id: None,
                ..response("")
            };
            let billed = nameless.clone();
            known.settle(&mut nameless);
            assert_eq!(nameless, billed);
        }
    }

    #[test]
    fn only_so_many_are_remembered() {
        let known = Background::default();
        for id in 0..=BACKGROUND_IDS_MAX {
            known.bill(&response(&id.to_string()));
        }
        let billed = known.billed();
        assert_eq!(billed.known.len(), BACKGROUND_IDS_MAX);
        assert_eq!(billed.order.len(), BACKGROUND_IDS_MAX);
    }
}
