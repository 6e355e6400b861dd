//! Which calls' texts are kept, and until when: as long as a count may be needed, and no longer.
//!
//! Most calls report their usage at the end, so their text is let go of at that moment; what a whole
//! answer says is not even kept until then. A few calls are studied: counted beside what was reported, to learn how a vendor counts and how far off counts are.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;

use crate::wire::{Report, RequestFacts};

/// Studies that may wait to be counted; a call above that is not studied.
pub const STUDIES_MAX: usize = 64;

/// More models are not told apart; what comes later is not learned from.
pub const STUDIED_MODELS_MAX: usize = 1_024;

/// What is kept of a call's texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Keeping {
    #[default]
    Nothing,
    /// The request: the answer will report its usage.
    Request,
    /// The request and the answer: nothing is reported yet.
    Both,
    /// The answer: the input is reported already.
    Answer,
    /// Both, to the end, although the usage is reported.
    Study,
}

/// Which calls are studied.
#[derive(Debug)]
pub struct Studies {
    share: f64,
    /// Models of which enough is known, by what they are called in requests and answers: only a share
    /// of their calls is studied.
    known: ArcSwap<BTreeSet<String>>,
    /// Upstreams that have answered whole without a usage.
    silent: ArcSwap<BTreeSet<String>>,
    pub(super) room: Arc<Semaphore>,
}

impl Studies {
    /// Studies every call of a model until it is known, and then this share of them; with 0 none.
    #[must_use]
    pub fn new(share: f64) -> Self {
        Self {
            share,
            known: ArcSwap::default(),
            silent: ArcSwap::default(),
            room: Arc::new(Semaphore::new(STUDIES_MAX)),
        }
    }

    /// Enough is known of a model.
    pub fn know(&self, model: &str) {
        let known = self.known.load();
        if known.len() < STUDIED_MODELS_MAX && !known.contains(model) {
            let mut more = BTreeSet::clone(&known);
            more.insert(model.to_owned());
            self.known.store(Arc::new(more));
        }
    }

    /// An upstream has answered whole without a usage; from now on the text of its answers is kept.
    pub(super) fn heard_nothing_of(&self, upstream: &str) {
        let silent = self.silent.load();
        if !silent.contains(upstream) {
            let mut more = BTreeSet::clone(&silent);
            more.insert(upstream.to_owned());
            self.silent.store(Arc::new(more));
        }
    }

    /// Whether the next call of a model is studied.
    fn wants(&self, model: Option<&str>) -> bool {
        let Some(model) = model.filter(|_| self.share > 0.0) else {
            return false;
        };
        let known = self.known.load();
        let is_new = known.len() < STUDIED_MODELS_MAX && !known.contains(model);
        is_new || fastrand::f64() < self.share
    }
}

impl Keeping {
    /// What is to be kept of a call whose answer begins.
    ///
    /// A whole answer has its usage with it, so of its text nothing is kept: copying it costs as much
    /// as reading it. A server that leaves its usage out is known by its first such answer.
    pub(super) fn of(asked: &RequestFacts, upstream: &str, studies: &Studies) -> Self {
        if asked.stream == Some(true) || studies.silent.load().contains(upstream) {
            Self::Both
        } else if studies.wants(asked.model.as_deref()) {
            Self::Study
        } else {
            Self::Request
        }
    }

    /// What is to be kept after more was reported; `None` where nothing changes.
    pub(super) fn after(self, report: &Report, studies: &Studies) -> Option<Self> {
        match self {
            Self::Both if report.usage.is_some() && studies.wants(report.model.as_deref()) => {
                Some(Self::Study)
            }
            Self::Both | Self::Request | Self::Answer if report.final_usage => Some(Self::Nothing),
            Self::Both if input_is_known(report) => Some(Self::Answer),
            Self::Nothing | Self::Study | Self::Request | Self::Both | Self::Answer => None,
        }
    }

    pub(super) fn keeps_request(self) -> bool {
        matches!(self, Self::Both | Self::Request | Self::Study)
    }

    pub(super) fn keeps_answer(self) -> bool {
        matches!(self, Self::Both | Self::Answer | Self::Study)
    }
}

fn input_is_known(report: &Report) -> bool {
    report.usage.is_some_and(|usage| usage.input.is_some())
}
