//! What the provider goes on with by itself has been billed how far: each part is once, whoever asks
//! for it how often.
//!
//! A response or a run in the background is started by one call and shows its usage to another, each
//! time it is looked up; the results of a batch come with each download of them. The first answer
//! that has the usage carries its tokens and its money. A response is one part; of a batch each
//! result is one, so that a download that broke off is billed as far as it came.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::results::RESULTS;
use crate::call::{CallId, CallRecord, Flag, Pricing};
use crate::usage::TokenUsage;

/// So many are remembered, about 10 MiB; the oldest is forgotten first, and a look-up of one that
/// is forgotten would bill it again.
pub const BACKGROUND_IDS_MAX: usize = 65_536;

/// What was billed, by upstream and id.
#[derive(Debug, Default)]
pub(super) struct Background(Mutex<Billed>);

type Name = (String, String);

#[derive(Debug, Default)]
struct Billed {
    known: HashMap<Name, Parts>,
    order: VecDeque<Name>,
}

/// How many of the first parts were billed, and by whom last in this process.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    billed: u64,
    by: Option<CallId>,
    /// As far as calls that ended billed them. The others' may still grow: who begins meanwhile goes
    /// by this, and so does not take what is theirs for billed.
    ended: u64,
}

/// Whether a call has ended, or goes on and only leaves what it would be booked as now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Mark,
    End,
}

impl Background {
    /// How many parts of what is named so are billed.
    pub(super) fn billed_of(&self, upstream: &str, id: Option<&str>) -> u64 {
        let name = id.map(|id| (upstream.to_owned(), id.to_owned()));
        let billed = self.billed();
        let parts = name.and_then(|name| billed.known.get(&name).copied());
        parts.unwrap_or_default().ended
    }

    /// Lets a record, or what would be left of it now, bill the parts behind the first `from` only if
    /// none did before.
    pub(super) fn settle(&self, record: &mut CallRecord, from: u64, moment: Moment) {
        if record.flags.contains(&Flag::Background) && !self.bill(record, from, moment) {
            bill_nothing(record);
        }
    }

    /// Takes over what an earlier record says was billed.
    pub(super) fn learn(&self, record: &CallRecord) {
        if let Some(id) = &record.response_id
            && record.flags.contains(&Flag::Background)
        {
            let mut billed = self.billed();
            let known = billed.parts((record.upstream.clone(), id.clone()));
            known.billed = known.billed.saturating_add(parts(record));
            known.ended = known.billed;
        }
    }

    /// Whether the record is the first with these parts; they are known from now on. One without an
    /// id, or with one too long to be kept as `LiteLLM` makes them, is told from no other: better
    /// twice in a bill than never.
    fn bill(&self, record: &CallRecord, from: u64, moment: Moment) -> bool {
        let Some(id) = &record.response_id else {
            return true;
        };
        let mut billed = self.billed();
        let known = billed.parts((record.upstream.clone(), id.clone()));
        let by = Some(record.call_id);
        let is_next = known.by == by || known.billed == from;
        if is_next {
            let billed = from.saturating_add(parts(record));
            let ended = match moment {
                Moment::Mark => known.ended,
                Moment::End => billed,
            };
            *known = Parts { billed, by, ended };
        }
        is_next
    }

    fn billed(&self) -> MutexGuard<'_, Billed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Billed {
    /// What is known of the name; from now on something is.
    fn parts(&mut self, name: Name) -> &mut Parts {
        if !self.known.contains_key(&name) {
            if self.order.len() >= BACKGROUND_IDS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(name.clone());
        }
        self.known.entry(name).or_default()
    }
}

/// How many parts a record bills.
fn parts(record: &CallRecord) -> u64 {
    record.units.get(RESULTS).copied().unwrap_or(1)
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
    record.would_cost_usd = None;
    record.flags.retain(|flag| *flag != Flag::Background);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::call::tests::full;

    #[test]
    fn a_record_that_bills_nothing_has_no_tokens_and_no_money() {
        let known = Background::default();
        let mut first = response("resp_1");
        let shown = first.clone();
        known.settle(&mut first, 0, Moment::End);
        assert_eq!(first, shown);
        let mut second = response("resp_1");
        known.settle(&mut second, 0, Moment::End);
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

    /// As another call shows it.
    fn response(id: &str) -> CallRecord {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        CallRecord {
            call_id: CallId(uuid::Uuid::from_u128(call.into())),
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
            .map(|id| known.bill(&response(id), 0, Moment::End))
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
            known.settle(&mut nameless, 0, Moment::End);
            assert_eq!(nameless, billed);
        }
    }

    #[test]
    fn only_so_many_are_remembered() {
        let known = Background::default();
        for id in 0..=BACKGROUND_IDS_MAX {
            known.bill(&response(&id.to_string()), 0, Moment::End);
        }
        let billed = known.billed();
        assert_eq!(billed.known.len(), BACKGROUND_IDS_MAX);
        assert_eq!(billed.order.len(), BACKGROUND_IDS_MAX);
    }

    /// A download of so many results.
    fn download(results: u64) -> CallRecord {
        CallRecord {
            units: [(RESULTS.to_owned(), results)].into(),
            ..response("file_1")
        }
    }

    #[test]
    fn of_a_batch_each_result_is_billed_once() {
        let known = Background::default();
        let of_file = || known.billed_of("openai", Some("file_1"));
        assert_eq!(of_file(), 0);
        assert!(known.bill(&download(600), 0, Moment::End), "broke off");
        assert_eq!(of_file(), 600);
        assert!(
            !known.bill(&download(700), 0, Moment::End),
            "began before that"
        );
        assert!(known.bill(&download(400), 600, Moment::End), "the rest");
        assert_eq!(of_file(), 1_000);
        let later = Background::default();
        later.learn(&download(600));
        later.learn(&download(400));
        assert_eq!(later.billed_of("openai", Some("file_1")), 1_000);
    }

    #[test]
    fn what_a_call_leaves_if_it_is_cut_is_its_own_also_later() {
        let known = Background::default();
        let lasting = download(600);
        assert!(known.bill(&lasting, 0, Moment::Mark), "a mark");
        let from = known.billed_of("openai", Some("file_1"));
        assert_eq!(from, 0, "the first may still grow");
        assert!(
            !known.bill(&download(1_000), from, Moment::End),
            "another call"
        );
        let ended = CallRecord {
            units: download(900).units,
            ..lasting
        };
        assert!(known.bill(&ended, 0, Moment::End));
        assert_eq!(known.billed_of("openai", Some("file_1")), 900);
    }
}
